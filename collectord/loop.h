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
#include "notify.h"
#include "status.h"

struct loop {
	struct link *link;
	struct cycle *cycle;
	struct notify *notify;
	struct status *status;
	/* filled, and not taken by the shipper's socket yet */
	size_t message_len;
	uint8_t message[FRAME_MAX];
	int timer_fd;
	uint32_t interval_ms;
	int64_t slept_ns;	/* BOOTTIME ahead of MONOTONIC, last seen */
	struct turns turns;
	uint64_t collected_ns;	/* BOOTTIME: the last one */
	uint32_t turn;		/* counted from the start */
	bool heard;		/* of the shipper, in this turn */
	bool gone;		/* it takes no records any more */
};

/*
 * Claims the timer and the signals, before the lock; link, cycle, notify and
 * status are the caller's.  Collections are at phase_ms after each whole
 * interval since boot: hosts that start together are not in step, and one
 * that starts again goes on in its own.  Fatal on failure.
 */
void	loop_init(struct loop *, uint32_t interval_ms, uint32_t phase_ms);

/* Returns at SIGTERM or SIGINT. */
void	loop_run(struct loop *);

#endif
