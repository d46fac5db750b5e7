/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  How the ring lies in its memory, which may outlive
 * the process that wrote it: a page of struct ring_page, then segments of one
 * size.  Each stands alone, so that the oldest can go, and has a generation:
 * the next one takes the first place that is free, so that no more memory is
 * touched than waits.  The highest generation is the one being written.
 *
 * A segment: struct segment_head, then steps.  A step is what was collected
 * at one time, or a part of it: struct ring_step, then its records, each
 *
 *	u8 source, u8 flags	enum record_flag and enum item_flag
 *	[u64 start]		ITEM_START: it is not ring_facts.boot_ns
 *	[varint base]		ITEM_DELTA: offset in the segment of the size
 *				of the record that this one differs from
 *	varint size, bytes	the instances (record.h), or their difference
 *				(delta.h)
 *
 * A record's number is its place: first_seq of its segment and one for each
 * record before it.  Every change of the whole is one release-store behind
 * what it makes known (segment_head.generation and .committed, number of the
 * state): what a killed process left behind is what it had made known.
 *
 * Everything is checked by CRC-32C, so that damage costs the step that it is
 * in and those that differ from it, and no more: what is one for the whole
 * ring stands twice, what a segment's head says can be told from its steps.
 */
#ifndef SLUICE_RING_FORMAT_H
#define SLUICE_RING_FORMAT_H

#include "bounds.h"
#include "gap.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#define RING_MAGIC UINT64_C(0x33676e6952656c53)	/* "SleRing3" */

enum {
	RING_PAGE = 4096,
	RING_VERSION = 3,
	SEGMENT_MIN = 65536,
	SEGMENT_MAX = 1048576,
	SEGMENTS_MIN = 8,
	SEGMENTS_MAX = 1024,
	SEGMENTS_WANTED = 128,	/* what a full ring drops at once: 1/128 */
};

/* Beside enum record_flag, which is below. */
enum item_flag {
	ITEM_START = 0x40,
	ITEM_DELTA = 0x80,
};

/* What does not change once there are records. */
struct ring_facts {
	uint64_t magic;
	uint32_t version;
	uint32_t record_version;
	uint32_t segment;	/* bytes */
	uint32_t nsegments;
	uint8_t id[RING_ID];	/* random: tells one ring from another */
	uint8_t replaces[RING_ID];	/* whose records it takes over, or 0 */
	uint64_t start_ns;	/* wall clock when it was made */
	uint64_t boot_ns;	/* wall clock at boot, as known then */
	uint64_t crc;		/* of all before */
};

/* What changes together.  Records are numbered from 1. */
struct ring_state {
	uint64_t number;	/* of this state, from 1 */
	uint64_t tail;		/* generation of the oldest segment kept */
	uint64_t acked_seq;	/* up to here all is answered for, or lost */
	uint64_t acked;		/* records delivered */
	uint64_t lost_ahead;	/* counted lost, with numbers > acked_seq */
	uint64_t unnumbered;	/* counted lost, without any number */
	uint64_t lost[LOST_END];
	uint64_t missed[MISSED_END];
	/* CLOCK_BOOTTIME: the turns up to then have a step or are in missed */
	uint64_t accounted_ns;
	/* the wall clock ahead of it, as missed knows it; 0: not known yet */
	uint64_t ahead_ns;
	uint64_t crc;		/* of all before */
};

struct ring_page {
	struct ring_facts facts[2];
	/* all bits 0: its memory is not whole yet; all bits 1: it is */
	_Atomic uint32_t complete;
	struct ring_state state[2];
	alignas(64) _Atomic uint64_t number;	/* state[number & 1] is valid */
};

struct segment_head {
	_Atomic uint64_t generation;	/* from 1; 0: nothing here is valid */
	uint64_t first_seq;
	uint64_t crc;		/* of both */
	/* bytes, head included | records << 24 | check << 48 */
	_Atomic uint64_t committed;
};

struct ring_step {
	uint64_t boottime_ns, wall_ns;
	uint64_t first_seq;
	uint32_t len;		/* bytes behind this header */
	uint32_t nrecords;
	uint32_t crc;		/* of its records as they were: ring_item_crc */
	uint32_t head_crc;	/* of the generation and this up to here */
};

#endif
