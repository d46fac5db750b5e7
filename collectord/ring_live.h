/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The step that was just read, as it came: while the
 * shipper keeps up each step is sent at once, and what is still at hand need
 * not be made out of its differences again.
 *
 * The ring's memory does not depend on it, and who takes the ring over does
 * not have it: these are the very bytes that the memory gives, or there are
 * none here.
 */
#ifndef SLUICE_RING_LIVE_H
#define SLUICE_RING_LIVE_H

#include "bounds.h"
#include "record.h"
#include "ring_format.h"

/* What does not fit one message is not sent at once. */
enum { RING_LIVE = FRAME_MAX };

struct ring_live {
	bool open;		/* the step is being written */
	uint64_t generation;	/* the segment that it is in; 0: not yet */
	uint32_t at, end;	/* offsets there: the step, behind it */
	uint64_t first_seq;
	uint32_t nrecords;
	uint32_t len;
	uint8_t bytes[RING_LIVE];	/* of each: its length, varint; it */
};

/* In place of the step before, which has been sent. */
void		live_begin(struct ring_live *, uint64_t first_seq);
/* The next one, judged; gets the number and the times that it will have. */
void		live_add(struct ring_live *, const struct ring_step *,
		    const struct record_head *, const uint8_t *record,
		    size_t len);
/* The step that is being written, if any, is to be had from the ring only. */
void		live_forget(struct ring_live *);
/* It is in the ring, there. */
void		live_commit(struct ring_live *, uint64_t generation,
		    uint32_t at, uint32_t end);
/* The record at that offset, which goes behind it. */
const uint8_t	*live_next(const struct ring_live *, uint32_t *at,
		    size_t *len);

#endif
