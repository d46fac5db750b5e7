/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  Landlock (landlock(7)) by raw system calls, with
 * our own constants: the floor's headers know none of the later ones.  What a
 * kernel does not know is left out and the ABI that was used reported.
 */
#ifndef SLUICE_LANDLOCK_H
#define SLUICE_LANDLOCK_H

#include <stddef.h>
#include <stdint.h>

struct landlock_policy {
	const int *read_dirs;	/* O_PATH descriptors: read below them */
	size_t nread_dirs;
	const uint16_t *connect_ports;	/* TCP; all others are refused */
	size_t nconnect_ports;
};

/* ABI version of this kernel; 0: none, or switched off at boot. */
int	landlock_abi(void);

/*
 * Handles every right that the ABI knows, grants only what the policy lists,
 * and restricts this thread for good.  Needs no_new_privs.  Returns the ABI
 * in force, 0 where there is no Landlock, -1 with errno.
 */
int	landlock_restrict(const struct landlock_policy *);

#endif
