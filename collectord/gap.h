/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Why something was not delivered: each cause is a
 * point of sluice.records.lost or sluice.intervals.missed, a word in the log
 * and a line in docs/operations.md.
 */
#ifndef SLUICE_GAP_H
#define SLUICE_GAP_H

#include <stdint.h>

/* Records that were read and will never arrive. */
enum loss {
	LOST_QUEUE_FULL,	/* the oldest made room for the newest */
	LOST_REJECTED,		/* the receiver will never take them */
	LOST_OVERSIZE,		/* larger than a frame or a request */
	LOST_UNREADABLE,	/* their checksum is wrong */
	LOST_END
};

/* Collections that were late, cut short or did not happen. */
enum miss {
	MISSED_LATE,		/* the cycle before, or the machine, was slow */
	MISSED_SUSPENDED,	/* the machine slept */
	MISSED_CLOCK_STEP,	/* the wall clock jumped; nothing is missing */
	MISSED_RESTART,		/* the agent was not running */
	MISSED_SOURCE_TIMEOUT,	/* a source took too long and was left out */
	MISSED_UNREADABLE,	/* the ring left behind cannot be read */
	MISSED_END
};

const char	*loss_name(enum loss);

#endif
