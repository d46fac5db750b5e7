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

uint32_t
ring_step_crc(const struct ring_step *s, uint64_t generation)
{
	return crc32c(crc32c(0, &generation, sizeof(generation)), s,
	    offsetof(struct ring_step, head_crc));
}

uint32_t
ring_record_crc(uint32_t crc, const uint8_t *record, size_t len)
{
	return crc32c(crc, record + RECORD_OWN, len - RECORD_OWN);
}

bool
ring_step_head(const uint8_t *segment, uint64_t generation, uint32_t at,
    uint32_t end, struct ring_step *step)
{
	if (at > end || end - at < sizeof(*step))
		return false;
	memcpy(step, segment + at, sizeof(*step));
	return step->nrecords > 0 && step->nrecords < step->len &&
	    step->len <= end - at - sizeof(*step) &&
	    step->head_crc == ring_step_crc(step, generation);
}

/* The instances of an item, behind the head; what delta_decode() says. */
static ptrdiff_t
read_body(struct ring *r, const uint8_t *segment, struct reader *item,
    uint64_t base)
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
	if (base < sizeof(struct segment_head) || base >= c->item)
		return -EBADMSG;
	there = reader_of(segment + base, c->item - (size_t)base);
	before_len = read_varint(&there);
	before = read_span(&there, before_len);
	return before == NULL ? -EBADMSG : delta_decode(out, room, before,
	    before_len, bytes, len);
}

/* The next item's bytes, which only their checksum can speak for. */
static bool
decode_item(struct ring *r)
{
	struct ring_cursor *c = &r->cursor;
	const uint8_t *segment = place_at(r,
	    r->known[c->generation % r->nsegments].place);
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
	len = read_body(r, segment, &item, (flags & ITEM_DELTA) != 0 ?
	    read_varint(&item) : 0);
	if (item.bad || len < 0)
		return false;
	record_begin(&rw, r->out, RECORD_HEAD_SIZE, &head);
	c->item = (uint32_t)(item.p - segment);
	c->record = r->out;
	c->ready = RECORD_HEAD_SIZE + (size_t)len;
	return true;
}

bool
ring_read_item(struct ring *r)
{
	if (!decode_item(r))
		return false;
	if (record_check(r->out, r->cursor.ready) == 0)
		return true;
	r->cursor.ready = 0;
	return false;
}

/* The very records that were put in come out of it. */
static bool
step_is_good(struct ring *r, const struct ring_step *step)
{
	struct ring_cursor *c = &r->cursor;
	uint32_t crc = 0;

	for (uint32_t i = 0; i < step->nrecords; i++) {
		/* each is judged when its turn comes */
		if (!decode_item(r))
			return false;
		crc = ring_record_crc(crc, r->out, c->ready);
	}
	return c->item == c->end && crc == step->crc;
}

enum step_fault
ring_read_step(struct ring *r, uint64_t generation, uint32_t at,
    struct ring_step *step)
{
	const struct ring_segment *s = segment_known(r, generation);
	const uint32_t start = at + (uint32_t)sizeof(*step);
	struct ring_cursor *c = &r->cursor;
	bool good;

	if (s == NULL || !ring_step_head(place_at(r, s->place), generation, at,
	    s->used, step))
		return STEP_HEADLESS;
	c->item = start;
	c->live = false;
	c->end = c->step = start + step->len;
	c->boottime_ns = step->boottime_ns;
	c->wall_ns = step->wall_ns;
	good = step_is_good(r, step);
	c->item = start;
	c->ready = 0;
	c->left = good ? step->nrecords : 0;
	return good ? STEP_GOOD : STEP_DAMAGED;
}

/* The wall time of the last step in a segment; 0: there is none. */
static uint64_t
last_wall(struct ring *r, uint64_t generation)
{
	const struct ring_segment *s = segment_known(r, generation);
	uint32_t at = sizeof(struct segment_head);
	struct ring_step step;
	uint64_t wall_ns = 0;

	while (s != NULL && ring_step_head(place_at(r, s->place), generation,
	    at, s->used, &step)) {
		wall_ns = step.wall_ns;
		at += (uint32_t)sizeof(step) + step.len;
	}
	return wall_ns;
}

static void
read_steps_of(struct ring *r, uint64_t generation, uint64_t wall_ns,
    void (*call)(void *, const uint8_t *, size_t), void *arg)
{
	const struct ring_segment *s = segment_known(r, generation);
	uint32_t at = sizeof(struct segment_head);
	struct ring_cursor *c = &r->cursor;
	struct ring_step step;

	*c = (struct ring_cursor){ .generation = generation, .seq = 1 };
	for (; s != NULL && ring_step_head(place_at(r, s->place), generation,
	    at, s->used, &step); at += (uint32_t)sizeof(step) + step.len) {
		if (step.wall_ns != wall_ns ||
		    ring_read_step(r, generation, at, &step) != STEP_GOOD)
			continue;
		for (; c->left > 0 && ring_read_item(r); c->left--)
			call(arg, r->out, c->ready);
	}
}

void
ring_last_step(struct ring *r, void (*call)(void *, const uint8_t *, size_t),
    void *arg)
{
	const uint64_t before = r->head - 1;
	uint64_t wall_ns = last_wall(r, r->head);

	if (wall_ns == 0)
		wall_ns = last_wall(r, before);
	read_steps_of(r, before, wall_ns, call, arg);
	read_steps_of(r, r->head, wall_ns, call, arg);
	cursor_enter(r, r->state.tail);
}
