/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  SipHash-2-4 (Aumasson and Bernstein, 2012): who does
 * not know the key can make no two names of devices collide.  Pure.
 */
#ifndef SLUICE_SIPHASH_H
#define SLUICE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { SIPHASH_KEY = 16 };

/* Taken in pieces; the hash is that of the pieces put together. */
struct siphash {
	uint64_t v[4];
	uint64_t word;		/* bytes not yet mixed in, lowest first */
	uint64_t len;
};

struct siphash	siphash_begin(const uint8_t key[SIPHASH_KEY]);
void		siphash_add(struct siphash *, const void *, size_t);
uint64_t	siphash_end(struct siphash *);

#endif
