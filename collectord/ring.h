/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The records that wait for the receiver's answer, in a
 * sealed memfd: bounded in bytes, first in first out, never on a disk, whole
 * at every instruction (ring_format.h), so that the next process can take it
 * over from one that was killed.
 *
 * At any time: read = acked + queued + the sum of lost.
 */
#ifndef SLUICE_RING_H
#define SLUICE_RING_H

#include "bounds.h"
#include "registry.h"
#include "ring_format.h"
#include "ring_live.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	RING_BASES_MAX = 64,	/* records of one source in one step */
	RING_HOLES_MAX = 32,
};

/* Records that are not sent any more, between those that were. */
struct ring_hole {
	uint64_t first, n;
	enum loss cause;
};

/* Where the next record is read. */
struct ring_cursor {
	uint64_t generation;
	uint64_t seq;		/* its number */
	uint32_t step;		/* offset of the step behind the one entered */
	uint32_t left;		/* records left in the one entered */
	uint32_t item, end;	/* offsets: the record, the step's end */
	bool live;		/* these are of ring.live */
	uint64_t boottime_ns, wall_ns;
	const uint8_t *record;	/* number seq - 1 */
	size_t ready;		/* its bytes; 0: none */
};

/* What was in a segment's head when it was taken over, or was put there. */
struct ring_segment {
	uint64_t generation;	/* 0: none */
	uint64_t first_seq;
	uint32_t place;
	uint32_t used;		/* bytes that are committed */
};

struct ring_place {
	uint64_t generation;	/* whose it is, or was */
	bool taken;
};

struct ring {
	int fd;
	struct ring_page *page;
	uint8_t *segments;
	size_t bytes;
	/* our own copies: never read back from the memory */
	uint32_t segment, nsegments;
	uint64_t head;
	uint64_t boot_ns, start_ns;
	uint8_t id[RING_ID], replaces[RING_ID];
	struct ring_state state;
	uint64_t made;		/* number of the last record */
	uint64_t sent_seq;	/* of the last one sent */
	/* the step being written */
	struct ring_step step;
	uint32_t end;		/* behind what is written and not committed */
	uint32_t nrecords;	/* of the segment, committed */
	/* most sources have one record: those of all lie together */
	uint32_t base[RING_BASES_MAX][SOURCE_END];
	uint32_t nth[SOURCE_END];
	/* reading */
	struct ring_cursor cursor;
	size_t nholes;
	struct ring_hole hole[RING_HOLES_MAX];
	/* touched only as far as they are used: ring_clear(), ring_divide() */
	struct ring_segment known[SEGMENTS_MAX]; /* generation % nsegments */
	struct ring_place place[SEGMENTS_MAX];
	struct ring_live live;
	uint8_t out[RECORD_MAX];
};

/* Makes the memory, of that many bytes in all.  0, or -1 with errno. */
int	ring_new(struct ring *, uint64_t bytes, uint64_t start_ns,
	    uint64_t boot_ns);
/*
 * Takes over a ring that another process left.  Owns fd from now on; on
 * failure it is closed.  NULL, or what is wrong with it.
 */
const char	*ring_take(struct ring *, int fd);
/* What ring_new() makes of that many bytes: whole segments. */
uint64_t	ring_bytes(uint64_t bytes);
void	ring_done(struct ring *);
/* One that is not complete holds nothing: its process died making it. */
void	ring_complete(struct ring *);
bool	ring_is_complete(const struct ring *);
/*
 * All that waits in a ring, its counters and its last step go to a new one,
 * which is complete afterwards; the old one stays as it is.  0, or -1 with
 * errno.
 */
int	ring_move(struct ring *to, const struct ring *from);

/*
 * What is read at one time.  Nothing of it counts or is sent before the end,
 * unless it is so much that it fills a segment.  Each beginning has its end.
 */
void	ring_begin(struct ring *, uint64_t boottime_ns, uint64_t wall_ns);
/*
 * Puts a record into the step; the oldest go to make room.  It has been
 * checked: what is sent at once is not judged again.  The head's number and
 * times are not used.  0, or -EMSGSIZE where it could never fit.
 */
int	ring_push(struct ring *, const uint8_t *record, size_t len);
void	ring_commit(struct ring *);

/*
 * The first record that was not sent yet, checked and numbered; valid until
 * the next call.  False: there is none.
 */
bool	ring_unsent(struct ring *, const uint8_t **record, size_t *len);
/* It has been sent. */
void	ring_sent(struct ring *);

/*
 * All up to seq have been answered for: LOST_END where they were delivered,
 * else why they never will be.  0, or -EPROTO: that one was never sent, or
 * was answered for before.
 */
int	ring_ack(struct ring *, uint64_t seq, enum loss);

void	ring_count_lost(struct ring *, enum loss, uint64_t n);
void	ring_count_missed(struct ring *, enum miss, uint64_t n);
/* Counts those, and says that all is counted up to then: one change. */
void	ring_account(struct ring *, uint64_t boottime_ns,
	    const uint64_t gap[MISSED_END]);
/* Records: all that were read, and those that wait for an answer. */
uint64_t	ring_read(const struct ring *);
uint64_t	ring_queued(const struct ring *);
/* Bytes of the memory in use. */
uint64_t	ring_usage(const struct ring *);
uint64_t	ring_limit(const struct ring *);
/* The live counter: what is known to be lost, answered for or not. */
uint64_t	ring_lost(const struct ring *, enum loss);

/*
 * Calls back with each record of the last step that was committed, answered
 * for or not, as far as it still can be read.  Before the first one is sent.
 */
void	ring_last_step(struct ring *, void (*)(void *arg,
	    const uint8_t *record, size_t len), void *arg);

#endif
