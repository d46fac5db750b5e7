/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  What this process takes from itself, in order. */
#ifndef SLUICE_COLLECTOR_LOCKDOWN_H
#define SLUICE_COLLECTOR_LOCKDOWN_H

#include "confine.h"
#include "host.h"

extern const struct syscall_row collector_calls[];
extern const size_t collector_ncalls;

/* Keeps reading below the host's roots, and the table.  See confine(). */
void	collector_lock(const struct host *, bool require_landlock,
	    bool require_selinux, struct layers *layers);

#endif
