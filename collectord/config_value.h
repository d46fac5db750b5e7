/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Durations and sizes as the configuration writes them:
 * a whole number and its unit, nothing between and nothing around.  Pure.
 */
#ifndef SLUICE_CONFIG_VALUE_H
#define SLUICE_CONFIG_VALUE_H

#include <stddef.h>
#include <stdint.h>

enum { VALUE_TEXT_MAX = 32 };

/* The largest first; the last has no name. */
struct value_unit {
	const char *name;
	uint64_t factor;
};

extern const struct value_unit value_time[];	/* ms s m h: milliseconds */
extern const struct value_unit value_bytes[];	/* B KiB MiB GiB: bytes */

/* 0; -EBADMSG: not of that form; -ERANGE: no room in 64 bits. */
int	value_parse(const char *, const struct value_unit *, uint64_t *);

/* In the largest unit that needs no fraction.  Returns its buffer. */
const char	*value_print(char buf[VALUE_TEXT_MAX],
		    const struct value_unit *, uint64_t);

#endif
