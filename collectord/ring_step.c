/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  How the bytes of a segment become records again; what
 * a damaged one costs is for others to say (ring_read.c).
 */
#include "ring_inside.h"

#include "crc32c.h"
#include "cursor.h"
#include "delta.h"
#include "record.h"

#include <errno.h>
#include <string.h>

/* False where the head itself is damaged. */
static bool
step_head(const struct ring *r, uint64_t generation, uint32_t at,
    struct ring_step *step)
{
	const uint32_t end = committed_bytes(segment_head(r, generation));

	if (end > r->segment || at > end || end - at < sizeof(*step))
		return false;
	memcpy(step, segment_at(r, generation) + at, sizeof(*step));
	return step->head_crc == ring_step_crc(step) && step->nrecords > 0 &&
	    step->len <= end - at - sizeof(*step);
}

enum step_fault
ring_read_step(struct ring *r, uint64_t generation, uint32_t at,
    uint32_t *records)
{
	struct ring_cursor *c = &r->cursor;
	struct ring_step step;

	if (!step_head(r, generation, at, &step))
		return STEP_ENDLESS;
	*records = step.nrecords;
	c->item = at + (uint32_t)sizeof(step);
	c->end = c->step = c->item + step.len;
	c->boottime_ns = step.boottime_ns;
	c->wall_ns = step.wall_ns;
	c->left = 0;
	if (crc32c(0, segment_at(r, generation) + c->item, step.len) !=
	    step.crc)
		return STEP_DAMAGED;
	c->left = step.nrecords;
	return STEP_GOOD;
}

static bool
is_trusted(const struct ring_cursor *c, uint64_t base)
{
	return base >= sizeof(struct segment_head) && base < c->item &&
	    (base < c->bad_from || base >= c->bad_to);
}

/* The instances of an item, behind the head; what delta_decode() says. */
static ptrdiff_t
read_body(struct ring *r, struct reader *item, uint64_t base)
{
	const struct ring_cursor *c = &r->cursor;
	const size_t len = read_varint(item);
	const uint8_t *bytes = read_span(item, len), *before;
	uint8_t *out = r->out + RECORD_HEAD_SIZE;
	const size_t room = sizeof(r->out) - RECORD_HEAD_SIZE;
	struct reader there;
	size_t before_len;

	if (bytes == NULL || len > room)
		return -EBADMSG;
	if (base == 0) {
		memcpy(out, bytes, len);
		return (ptrdiff_t)len;
	}
	if (!is_trusted(c, base))
		return -EBADMSG;
	there = reader_of(segment_at(r, c->generation) + base,
	    c->item - (size_t)base);
	before_len = read_varint(&there);
	before = read_span(&there, before_len);
	return before == NULL ? -EBADMSG : delta_decode(out, room, before,
	    before_len, bytes, len);
}

enum item_fault
ring_read_item(struct ring *r)
{
	struct ring_cursor *c = &r->cursor;
	const uint8_t *segment = segment_at(r, c->generation);
	struct reader item = reader_of(segment + c->item, c->end - c->item);
	struct record_head head = { .seq = c->seq,
		.boottime_ns = c->boottime_ns, .wall_ns = c->wall_ns };
	struct record_writer rw;
	ptrdiff_t len;
	uint8_t flags;

	head.source = read_u8(&item);
	flags = read_u8(&item);
	head.flags = flags & (uint8_t)~(ITEM_START | ITEM_DELTA);
	head.start_ns = (flags & ITEM_START) != 0 ? read_u64(&item) :
	    r->boot_ns;
	len = read_body(r, &item, (flags & ITEM_DELTA) != 0 ?
	    read_varint(&item) : 0);
	c->item = (uint32_t)(item.p - segment);
	if (item.bad)
		return ITEM_ENDLESS;
	if (len < 0)
		return ITEM_DAMAGED;
	record_begin(&rw, r->out, RECORD_HEAD_SIZE, &head);
	c->ready = RECORD_HEAD_SIZE + (size_t)len;
	if (record_check(r->out, c->ready) == 0)
		return ITEM_GOOD;
	c->ready = 0;
	return ITEM_DAMAGED;
}

/* Wall time of the last step in a segment; 0: there is none. */
static uint64_t
last_wall(const struct ring *r, uint64_t generation)
{
	uint32_t at = sizeof(struct segment_head);
	struct ring_step step;
	uint64_t wall_ns = 0;

	while (step_head(r, generation, at, &step)) {
		wall_ns = step.wall_ns;
		at += (uint32_t)sizeof(step) + step.len;
	}
	return wall_ns;
}

static void
read_steps_of(struct ring *r, uint64_t generation, uint64_t wall_ns,
    void (*call)(void *, const uint8_t *, size_t), void *arg)
{
	struct ring_cursor *c = &r->cursor;
	uint32_t records;

	*c = (struct ring_cursor){ .generation = generation, .seq = 1,
		.step = sizeof(struct segment_head) };
	while (ring_read_step(r, generation, c->step, &records) ==
	    STEP_GOOD)
		for (; c->left > 0 && c->wall_ns == wall_ns; c->left--)
			if (ring_read_item(r) == ITEM_GOOD)
				call(arg, r->out, c->ready);
}

void
ring_last_step(struct ring *r, void (*call)(void *, const uint8_t *, size_t),
    void *arg)
{
	const struct ring_cursor kept = r->cursor;
	const bool two = r->head > 0 && segment_is_whole(r, r->head - 1);
	uint64_t wall_ns = last_wall(r, r->head);

	if (wall_ns == 0 && two)
		wall_ns = last_wall(r, r->head - 1);
	if (two)
		read_steps_of(r, r->head - 1, wall_ns, call, arg);
	read_steps_of(r, r->head, wall_ns, call, arg);
	r->cursor = kept;
}
