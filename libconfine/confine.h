/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  The lock as a whole: each process's lockdown.c
 * says what it may keep, confine() takes all the rest, in one order.
 */
#ifndef SLUICE_CONFINE_H
#define SLUICE_CONFINE_H

#include "harden.h"
#include "landlock.h"
#include "seccomp_table.h"

#include <stdbool.h>

struct confinement {
	const struct limit *limit;
	size_t nlimits;
	struct landlock_policy landlock;
	bool require_landlock;
	const struct syscall_row *call;
	size_t ncalls;
};

/* What came to be in force. */
struct layers {
	uint8_t landlock_abi;	/* 0: not in this kernel */
	uint8_t mdwe;		/* 1: memory-deny-write-execute is on */
};

/*
 * Limits, process flags, Landlock, seccomp.  Returns or the process dies;
 * only Landlock may be absent, and then only where it is not required.
 */
void	confine(const struct confinement *, struct layers *);

#endif
