/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  A first look at the configuration's bytes, for what
 * json-c takes in silence: a key given twice (the last would win), comments
 * (its strict mode knows none), NaN, single quotes, control bytes, a NUL.
 * What comes out is plain JSON of the same length, so that every offset still
 * counts.  Grammar is json-c's.  No allocation.
 */
#ifndef SLUICE_CONFIG_SCAN_H
#define SLUICE_CONFIG_SCAN_H

#include <stddef.h>

enum {
	SCAN_DEPTH_MAX = 8,	/* objects and lists inside of each other */
	SCAN_KEYS_MAX = 128,	/* keys of all objects that are open at once */
	SCAN_PATH_MAX = 320,
};

struct scan_fault {
	const char *what;	/* a constant */
	size_t at;		/* offset of the first byte that is wrong */
	/* a key given twice: its path and where it stood first, else "" */
	char path[SCAN_PATH_MAX];
	size_t first;
};

/* Makes comments blank, in place.  0, or -1 with *fault. */
int	config_scan(char *text, size_t len, struct scan_fault *fault);

/* Both from 1; a column is a character, not a byte. */
void	config_position(const char *text, size_t at, unsigned *line,
	    unsigned *column);

#endif
