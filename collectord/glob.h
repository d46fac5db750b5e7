/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Patterns for names: "*" is any text, also none, "?"
 * one character, everything else itself.  Nothing else: no class, no escape.
 * A pattern is made into bits once; then each byte of a name costs the same
 * few operations, whatever the two are: there is nothing to go back to.
 */
#ifndef SLUICE_GLOB_H
#define SLUICE_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GLOB_TEXT_MAX = 63 };

struct glob {
	uint64_t step[256];	/* places from which that byte goes on */
	uint64_t any;		/* places that stay, whatever the byte: "*" */
	uint64_t rest;		/* that stay for the rest of "?" in UTF-8 */
	uint64_t end;		/* the place behind the last */
};

/* False: empty, or longer than GLOB_TEXT_MAX. */
bool	glob_make(struct glob *, const char *pattern);
/* The whole name. */
bool	glob_match(const struct glob *, const uint8_t *name, size_t len);

#endif
