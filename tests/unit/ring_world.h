/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Records that can be told from their number alone, so that
 * whoever takes a ring over knows whether what comes out is what went in:
 * number n is record (n - 1) % WORLD_STEP of step (n - 1) / WORLD_STEP.
 */
#ifndef SLUICE_TESTS_RING_WORLD_H
#define SLUICE_TESTS_RING_WORLD_H

#include "record.h"
#include "ring.h"

#include <stdio.h>
#include <string.h>

enum { WORLD_STEP = 4, WORLD_SMALL = RING_PAGE + SEGMENTS_MIN * SEGMENT_MIN };

static const uint64_t world_boot = UINT64_C(1763600000000000000);

static inline uint64_t
world_mix(uint64_t n)
{
	n += UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

static inline uint64_t
world_wall(uint64_t step)
{
	return world_boot + (step + 1) * UINT64_C(10000000000);
}

static inline uint64_t
world_boottime(uint64_t step)
{
	return (step + 1) * UINT64_C(10000000000);
}

static inline void
world_name(struct record_writer *rw, uint64_t start_ns, enum key key,
    const char *prefix, unsigned n)
{
	char name[16];
	struct attr a = { key, 0, (const uint8_t *)name };

	a.len = (uint8_t)snprintf(name, sizeof(name), "%s%u",
	    prefix, n);
	record_instance(rw, start_ns, &a, 1);
}

/* CPUs whose counters go on, each at its own pace, some not at all. */
static inline void
world_cpus(struct record_writer *rw, uint64_t step)
{
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		world_name(rw, 0, KEY_CPU, "", cpu);
		for (unsigned i = 0; i < 8; i++)
			record_point(rw, CPU_TIME_USER + i,
			    (int64_t)(world_mix(cpu * 8 + i) % 1000000 +
			    (i % 3 == 0 ? step * (cpu + i) : 0)));
	}
}

/* Disks that come and go, and one that starts anew. */
static inline void
world_disks(struct record_writer *rw, uint64_t step)
{
	for (unsigned disk = 0; disk < 5; disk++) {
		if (disk > 0 && world_mix(step / 3 * 5 + disk) % 4 == 0)
			continue;
		world_name(rw, disk == 2 ? world_boot + step / 7 : 0,
		    KEY_DEVICE, "sd", disk);
		record_point(rw, DISK_IO_READ, (int64_t)(step << disk * 8));
		record_point(rw, DISK_IO_WRITE, (int64_t)(world_mix(step) >>
		    (2 + disk * 12)));
	}
}

/* The record of that number, without it; returns its length. */
static inline size_t
world_record(uint64_t n, uint8_t out[RECORD_MAX])
{
	const uint64_t step = (n - 1) / WORLD_STEP;
	const unsigned nth = (n - 1) % WORLD_STEP;
	static const enum source_id source[WORLD_STEP] = { SOURCE_CPU,
		SOURCE_DISK, SOURCE_LOAD, SOURCE_MEMORY };
	const struct record_head head = { .source = source[nth],
		.boottime_ns = world_boottime(step),
		.wall_ns = world_wall(step),
		.start_ns = world_boot + (nth == 2 ? 77 : 0),
		.flags = nth == WORLD_STEP - 1 ? RECORD_LAST : 0 };
	struct record_writer rw;

	record_begin(&rw, out, RECORD_MAX, &head);
	if (nth == 0)
		world_cpus(&rw, step);
	else if (nth == 1)
		world_disks(&rw, step);
	else
		record_instance(&rw, 0, NULL, 0);
	if (nth == 2)
		record_point(&rw, LOAD_1M_ALL, (int64_t)world_mix(step));
	if (nth == 3)
		record_point(&rw, MEMORY_LIMIT_ALL, 1 << 30);
	return (size_t)record_finish(&rw);
}

/* As the ring numbers it. */
static inline void
world_number(uint8_t *record, uint64_t seq)
{
	seq = htole64(seq);
	memcpy(record, &seq, sizeof(seq));
}

/* That record came out as it went in; its number says which one it is. */
static inline bool
world_is_same(uint64_t seq, const uint8_t *record, size_t len)
{
	static uint8_t want[RECORD_MAX];

	if (seq == 0 || world_record(seq, want) != len)
		return false;
	world_number(want, seq);
	return memcmp(want, record, len) == 0;
}

static inline uint64_t
world_seq(const uint8_t *record, size_t len)
{
	struct record_reader rr;

	return record_open(&rr, record, len) < 0 ? 0 : rr.head.seq;
}

/* The rest of a step, from record number ring.made + 1 on. */
static inline bool
world_push_step(struct ring *r)
{
	static uint8_t record[RECORD_MAX];
	const uint64_t first = r->made + 1;
	const uint64_t step = (first - 1) / WORLD_STEP;

	ring_begin(r, world_boottime(step), world_wall(step));
	for (uint64_t n = first; (n - 1) / WORLD_STEP == step; n++)
		if (ring_push(r, record, world_record(n, record)) < 0)
			return false;
	ring_commit(r);
	return true;
}

static inline uint64_t
world_lost(const struct ring *r)
{
	uint64_t lost = 0;

	for (int i = 0; i < LOST_END; i++)
		lost += ring_lost(r, (enum loss)i);
	return lost;
}

/* read = delivered + queued + lost. */
static inline bool
world_adds_up(const struct ring *r)
{
	return ring_queued(r) <= ring_read(r) && ring_read(r) ==
	    r->state.acked + ring_queued(r) + world_lost(r);
}

/* Sends all there is.  How many; -1: one of them never was put in. */
static inline int64_t
world_send_all(struct ring *r)
{
	const uint8_t *record;
	uint64_t last = 0;
	int64_t n = 0;
	size_t len;

	while (ring_unsent(r, &record, &len)) {
		const uint64_t seq = world_seq(record, len);

		if (seq <= last || !world_is_same(seq, record, len))
			return -1;
		last = seq;
		ring_sent(r);
		n++;
	}
	return n;
}

#endif
