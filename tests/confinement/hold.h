/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A process that gets ready, says so and waits, to be looked
 * at from outside.  It waits by read(2) and says so by write(2) on standard
 * input and output, which both locks allow.
 */
#ifndef SLUICE_TEST_HOLD_H
#define SLUICE_TEST_HOLD_H

#include "child.h"

struct hold {
	struct child child;
	int ready, go;
};

/* In the test: returns once it waits; the test fails where it does not. */
struct hold	hold_start(int (*what)(void *), void *arg);
const struct ended *hold_end(struct hold);
/* In the child: ready; waits for hold_end(). */
void		hold_here(void);

#endif
