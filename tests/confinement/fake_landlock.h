/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Another kernel's Landlock: what this one would have to be
 * booted for.  seccomp_unotify(2) answers landlock_create_ruleset(2).
 */
#ifndef SLUICE_TEST_FAKE_LANDLOCK_H
#define SLUICE_TEST_FAKE_LANDLOCK_H

#include <stddef.h>
#include <stdint.h>

struct fake_landlock {
	int abi;		/* said when asked; 0: nothing is faked */
	int version_error;	/* errno when asked for the ABI; 0: none */
	int create_error;	/* errno when asked for a ruleset; 0: none */
	/* what the ruleset was asked for, once it was */
	size_t size;
	uint64_t attr[3];	/* file system, network, scopes */
};

/* In a child with no_new_privs, for the rest of its life. */
void	fake_landlock(struct fake_landlock *);

#endif
