/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  One breaker for each endpoint, in order of preference:
 * one that failed is left alone for a while that grows, and the next one has
 * its turn meanwhile.  Pure: the caller has the clock.
 */
#ifndef SLUICE_BREAKER_H
#define SLUICE_BREAKER_H

#include <stddef.h>
#include <stdint.h>

struct breaker {
	uint32_t first_ms;	/* the longest wait after one failure */
	unsigned failures;	/* in a row */
	uint64_t rests_until_ns;	/* CLOCK_MONOTONIC */
};

/*
 * It failed.  at_least_ms: what the server asked for, or the floor of a
 * configuration error; jitter comes on top.  random: 64 uniform bits.
 * Returns the milliseconds to wait.
 */
uint32_t	breaker_failed(struct breaker *, uint64_t now_ns,
		    uint32_t at_least_ms, uint64_t random);
void		breaker_worked(struct breaker *);

/*
 * The endpoint to use now: the first that may be used, or the one that may
 * be used first.  *when_ns: not before.
 */
size_t		breaker_choose(const struct breaker *, size_t n,
		    uint64_t now_ns, uint64_t *when_ns);

#endif
