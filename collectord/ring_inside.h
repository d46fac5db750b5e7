/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  What the files of the ring share; see ring.h. */
#ifndef SLUICE_RING_INSIDE_H
#define SLUICE_RING_INSIDE_H

#include "ring.h"

/* A record's bytes behind its number and its times. */
enum { RECORD_OWN = 24 };

/* segment_head.committed: bytes, records << 24, check << 48. */
enum { COMMITTED_BITS = 24, COMMITTED_MAX = (1 << COMMITTED_BITS) - 1 };

static_assert(SEGMENT_MAX >> COMMITTED_BITS == 0, "an offset fits");
static_assert(RING_MAX / SEGMENT_MAX <= SEGMENTS_MAX, "the largest fits");

/* All but what is written before it is read, and what ring_divide() clears. */
void	ring_clear(struct ring *);
/* How many segments there are, of how many bytes; nothing in any of them. */
void	ring_divide(struct ring *, uint32_t nsegments, uint32_t bytes);

/* What is known of a generation; NULL: it is nowhere. */
static inline struct ring_segment *
segment_known(struct ring *r, uint64_t generation)
{
	struct ring_segment *k = &r->known[generation % r->nsegments];

	return generation > 0 && k->generation == generation ? k : NULL;
}

static inline uint8_t *
place_at(const struct ring *r, uint32_t place)
{
	return r->segments + (size_t)place * r->segment;
}

/* The one being written. */
static inline struct ring_segment *
ring_last(struct ring *r)
{
	return &r->known[r->head % r->nsegments];
}

/* Begins an empty segment, which is the last one from then on. */
void		segment_begin(struct ring *, uint64_t generation,
		    uint64_t first_seq);
/* Enters what lies at that place among what is known. */
void		segment_enter(struct ring *, const struct ring_segment *,
		    bool taken);
void		segment_free(struct ring *, uint64_t generation);
uint64_t	segment_head_crc(uint64_t generation, uint64_t first_seq);
uint64_t	segment_committed(uint64_t generation, uint32_t bytes,
		    uint32_t records);
/* Numbers of the first record in a segment, and of the last up to its end. */
uint64_t	segment_first_seq(struct ring *, uint64_t generation);
uint64_t	segment_last_seq(struct ring *, uint64_t generation);

/* As ring_take(), but nothing that is done to it goes beyond this process. */
const char	*ring_look(struct ring *, int fd);
/* Maps r->fd.  0 or -1. */
int		ring_map(struct ring *, int sharing);
/* Makes r->state what the next process finds. */
void		ring_keep_state(struct ring *);
/* Writes both copies, one after the other, with their checksum. */
void		ring_write_facts(struct ring *, struct ring_facts *);
uint64_t	ring_facts_crc(const struct ring_facts *);
uint64_t	ring_state_crc(const struct ring_state *);

/* The step at that offset; false where there is none or its head is bad. */
bool		ring_step_head(const uint8_t *segment, uint64_t generation,
		    uint32_t at, uint32_t end, struct ring_step *);
uint32_t	ring_step_crc(const struct ring_step *, uint64_t generation);
/* Adds one record to a step's checksum: all of it but number and times. */
uint32_t	ring_record_crc(uint32_t crc, const uint8_t *, size_t len);

enum step_fault {
	STEP_GOOD,
	STEP_DAMAGED,	/* it costs itself */
	STEP_HEADLESS,	/* its end is not known either */
};

/* Enters the step at that offset; the cursor's step goes behind it. */
enum step_fault	ring_read_step(struct ring *, uint64_t generation,
		    uint32_t at, struct ring_step *);
/* The record at the cursor, into out[]; the cursor's item goes behind it. */
bool		ring_read_item(struct ring *);

/* The cursor goes to a segment's start. */
void		cursor_enter(struct ring *, uint64_t generation);
/*
 * Those records will not be sent.  The caller keeps the state: what is lost
 * for want of room is counted at once, what is damaged when its turn has come.
 */
void		ring_add_hole(struct ring *, uint64_t first, uint64_t last,
		    enum loss);

#endif
