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
#include "selinux.h"

#include <stdbool.h>

struct confinement {
	const struct limit *limit;
	size_t nlimits;
	/* the domain it is to be in, and the one it goes there from; or NULL */
	const char *selinux, *selinux_from;
	bool require_selinux;
	struct landlock_policy landlock;
	bool require_landlock;
	const struct syscall_row *call;
	size_t ncalls;
};

/* What came to be in force. */
struct layers {
	uint8_t landlock_abi;	/* 0: not in this kernel */
	uint8_t mdwe;		/* 1: memory-deny-write-execute is on */
	/*
	 * enum selinux_layer; ENFORCED of a process that took the step only
	 * says that it is in its domain, since no file says more to it
	 */
	uint8_t selinux;
};

/*
 * Limits, process flags, SELinux, Landlock, seccomp.  Returns or the process
 * dies; SELinux and Landlock may be absent where they are not required.
 */
void	confine(const struct confinement *, struct layers *);

/*
 * What there is of SELinux for a process of that domain: said where it is
 * less than enforced, fatal where that is required.
 */
enum selinux_layer	confine_selinux_layer(const char *domain,
			    bool required);

#endif
