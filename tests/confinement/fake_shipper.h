/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A shipper that misbehaves.  launch.c executes it in the
 * real one's place: a symbolic link of the misbehaviour's name leads to the
 * test program itself, which finds that name and does that instead of tests.
 */
#ifndef SLUICE_TEST_FAKE_SHIPPER_H
#define SLUICE_TEST_FAKE_SHIPPER_H

#include <stddef.h>

struct misbehaviour {
	const char *name;
	void (*act)(void);
	const char *answer;	/* what the collector's log line must hold */
};

extern const struct misbehaviour misbehaviours[];
extern const size_t nmisbehaviours;

#endif
