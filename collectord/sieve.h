/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Passes over the lines of a file that cannot begin
 * with one of a few names: of vmstat's 200 five are wanted.  Two bytes of a
 * line tell most of the others; what is left has to be looked up by name.
 */
#ifndef SLUICE_SIEVE_H
#define SLUICE_SIEVE_H

#include "text.h"

/* All 0: no names yet. */
struct sieve {
	uint64_t marks;
};

enum { SIEVE_FIRST = 0, SIEVE_SECOND = 5 };	/* the bytes looked at */

static inline uint64_t
sieve_mark(const char *line)
{
	return UINT64_C(1) << (((unsigned char)line[SIEVE_FIRST] * 2U +
	    (unsigned char)line[SIEVE_SECOND]) % 64);
}

/* A name too short to have both bytes lets every line pass. */
static inline void
sieve_add(struct sieve *s, const char *name, size_t len)
{
	s->marks |= len > SIEVE_SECOND ? sieve_mark(name) : UINT64_MAX;
}

/* False: the line does not begin with any of the names. */
static inline bool
sieve_passes(const struct sieve *s, struct text line)
{
	return line.len <= SIEVE_SECOND || (s->marks & sieve_mark(line.p));
}

#endif
