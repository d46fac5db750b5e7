/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  The calls with which sources read a host, in the place of
 * libc's: at random they fail, are cut short, or find that time has passed.
 * What was removed is gone from its descriptors too, as in procfs and sysfs.
 */
#ifndef SLUICE_TESTS_SHAKEN_CALLS_H
#define SLUICE_TESTS_SHAKEN_CALLS_H

#include <stdbool.h>
#include <stdint.h>

struct shaken {
	uint64_t random;	/* the seed, then the generator's state */
	unsigned one_in;	/* of so many calls one fails; 0: none does */
	bool changed;		/* poll(2) says so once */
	uint64_t clock_ns;	/* CLOCK_BOOTTIME: each look at it takes 1 us */
	int slow_fd;		/* reading it takes as long; 0: none */
	uint64_t slow_ns;
	unsigned nfailed;
};

extern struct shaken	shaken;

/* Below n, which is not 0. */
unsigned	shaken_random(unsigned n);

#endif
