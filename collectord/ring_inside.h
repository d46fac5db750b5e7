/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  What the files of the ring share; see ring.h. */
#ifndef SLUICE_RING_INSIDE_H
#define SLUICE_RING_INSIDE_H

#include "ring.h"

static inline uint8_t *
segment_at(const struct ring *r, uint64_t generation)
{
	return r->segments +
	    (size_t)r->place_of[generation % r->nsegments] * r->segment;
}

static inline struct segment_head *
segment_head(const struct ring *r, uint64_t generation)
{
	return (struct segment_head *)segment_at(r, generation);
}

static inline uint32_t
committed_bytes(const struct segment_head *s)
{
	return (uint32_t)atomic_load_explicit(&s->committed,
	    memory_order_acquire);
}

static inline uint32_t
committed_records(const struct segment_head *s)
{
	return (uint32_t)(atomic_load_explicit(&s->committed,
	    memory_order_acquire) >> 32);
}

/* A place for a new generation; the oldest goes out of its own. */
void		segment_place(struct ring *, uint64_t generation);
void		segment_free(struct ring *, uint64_t generation);
/* As ring_take(), but nothing that is done to it goes beyond this process. */
const char	*ring_look(struct ring *, int fd);
/* Makes r->state what the next process finds. */
void		ring_keep_state(struct ring *);
/* What is known of a segment's head makes sense. */
bool		segment_is_whole(const struct ring *, uint64_t generation);
/* Numbers of the first record in a segment, and of the last up to its end. */
uint64_t	segment_first_seq(const struct ring *, uint64_t generation);
uint64_t	segment_last_seq(const struct ring *, uint64_t generation);
uint32_t	ring_step_crc(const struct ring_step *);

/* DAMAGED costs itself; ENDLESS all behind it. */
enum step_fault { STEP_GOOD, STEP_DAMAGED, STEP_ENDLESS };
enum item_fault { ITEM_GOOD, ITEM_DAMAGED, ITEM_ENDLESS };

/* Enters the step at that offset; the cursor's step goes behind it. */
enum step_fault	ring_read_step(struct ring *, uint64_t generation,
		    uint32_t at, uint32_t *records);
/* The record at the cursor, into out[]; the cursor's item goes behind it. */
enum item_fault	ring_read_item(struct ring *);

/* The cursor goes to a segment's start, if it is not beyond it. */
void		cursor_enter(struct ring *, uint64_t generation);
/*
 * Those records will not be sent.  The caller keeps the state: what is lost
 * for want of room is counted at once, what is damaged when its turn has come.
 */
void		ring_add_hole(struct ring *, uint64_t first, uint64_t last,
		    enum loss);

#endif
