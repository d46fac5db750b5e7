/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The rest of its life: collect when the timer says so,
 * send what the shipper takes, drop what it has answered for.  Never blocks
 * on the shipper.
 */
#ifndef SLUICE_LOOP_H
#define SLUICE_LOOP_H

#include "cycle.h"
#include "launch.h"

struct loop {
	struct link *link;
	struct cycle *cycle;
	int timer_fd;
	uint32_t interval_ms;
	uint64_t slept_ns;	/* BOOTTIME ahead of MONOTONIC, last seen */
	int64_t offset_ns;	/* REALTIME ahead of BOOTTIME, last seen */
};

/*
 * Claims the timer and the signals, before the lock.  The first collection is
 * at once; the next after phase_ms, then every interval, so that hosts that
 * start together do not stay in step.  Fatal on failure.
 */
void	loop_init(struct loop *, struct link *, struct cycle *,
	    uint32_t interval_ms, uint32_t phase_ms);

/* Returns at SIGTERM or SIGINT. */
void	loop_run(struct loop *);

#endif
