/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  How records come into the ring: ring.h. */
#include "ring_inside.h"

#include "cursor.h"
#include "delta.h"
#include "record.h"

#include <errno.h>
#include <string.h>

/* The oldest segment goes; what was never sent of it is lost. */
static void
drop_oldest(struct ring *r)
{
	const uint64_t last = segment_last_seq(r, r->state.tail);

	if (r->cursor.generation == r->state.tail) {
		/* one may be decoded and not sent */
		ring_add_hole(r, r->cursor.seq - (r->cursor.ready > 0), last,
		    LOST_QUEUE_FULL);
		cursor_enter(r, r->state.tail + 1);
	}
	segment_free(r, r->state.tail);
	r->state.tail++;
	ring_keep_state(r);
}

static void
open_segment(struct ring *r)
{
	const uint64_t next = r->head + 1;

	if (next - r->state.tail >= r->nsegments)
		drop_oldest(r);
	segment_begin(r, next, r->made + 1);
	memset(r->base, 0, sizeof(r->base));
}

static uint8_t *
last_place(struct ring *r)
{
	return place_at(r, ring_last(r)->place);
}

/* Makes known what was written since ring_begin(), or the part before. */
static void
commit_part(struct ring *r)
{
	struct ring_step *step = &r->step;
	struct ring_segment *s = ring_last(r);
	uint8_t *segment = last_place(r);

	if (step->nrecords == 0)
		return;
	step->first_seq = r->made + 1;
	step->len = r->end - s->used - (uint32_t)sizeof(*step);
	step->head_crc = ring_step_crc(step, r->head);
	memcpy(segment + s->used, step, sizeof(*step));
	s->used = r->end;
	r->nrecords += step->nrecords;
	r->made += step->nrecords;
	step->nrecords = 0;
	step->crc = 0;
	atomic_store_explicit(&((struct segment_head *)segment)->committed,
	    segment_committed(r->head, s->used, r->nrecords),
	    memory_order_release);
}

static void
begin_part(struct ring *r)
{
	if (r->segment - ring_last(r)->used <= sizeof(r->step))
		open_segment(r);
	r->end = ring_last(r)->used + (uint32_t)sizeof(r->step);
}

/* All before it has been sent: what comes now will be, at once. */
static bool
is_caught_up(const struct ring *r)
{
	return r->cursor.seq == r->made + 1 && r->cursor.ready == 0;
}

void
ring_begin(struct ring *r, uint64_t boottime_ns, uint64_t wall_ns)
{
	r->step = (struct ring_step){ .boottime_ns = boottime_ns,
		.wall_ns = wall_ns };
	memset(r->nth, 0, sizeof(r->nth));
	if (is_caught_up(r))
		live_begin(&r->live, r->made + 1);
	begin_part(r);
}

/* The instances that a record is said to differ from; NULL: there is none. */
static const uint8_t *
find_base(struct ring *r, uint32_t base, size_t *len)
{
	struct reader reader = reader_of(last_place(r) + base,
	    r->segment - base);

	if (base == 0)
		return NULL;
	*len = read_varint(&reader);
	return read_span(&reader, *len);
}

/* False: it does not fit into what is left of the segment. */
static bool
write_item(struct ring *r, const struct record_head *h, const uint8_t *body,
    size_t len)
{
	static uint8_t difference[RECORD_MAX];
	const uint32_t nth = r->nth[h->source];
	uint32_t none = 0;
	uint32_t *base = nth < RING_BASES_MAX ? &r->base[nth][h->source] :
	    &none;
	struct writer w = writer_of(last_place(r) + r->end,
	    r->segment - r->end);
	uint8_t flags = h->flags;
	ptrdiff_t less = -1;
	const uint8_t *before;
	size_t before_len;

	if ((before = find_base(r, *base, &before_len)) != NULL)
		less = delta_encode(difference, len - len / 4, before,
		    before_len, body, len);
	if (h->start_ns != r->boot_ns)
		flags |= ITEM_START;
	if (less >= 0)
		flags |= ITEM_DELTA;
	write_u8(&w, (uint8_t)h->source);
	write_u8(&w, flags);
	if (h->start_ns != r->boot_ns)
		write_u64(&w, h->start_ns);
	if (less >= 0) {
		write_varint(&w, *base);
		write_varint(&w, (uint64_t)less);
		write_span(&w, difference, (size_t)less);
	} else {
		const uint32_t place = (uint32_t)(w.p - last_place(r));

		write_varint(&w, len);
		write_span(&w, body, len);
		if (!w.full)
			*base = place;
	}
	if (w.full)
		return false;
	r->end = (uint32_t)(w.p - last_place(r));
	return true;
}

int
ring_push(struct ring *r, const uint8_t *record, size_t len)
{
	struct record_reader rr;
	const uint8_t *body = record + RECORD_HEAD_SIZE;

	if (len > RECORD_MAX || record_open(&rr, record, len) < 0)
		return -EMSGSIZE;
	len -= RECORD_HEAD_SIZE;
	if (!write_item(r, &rr.head, body, len)) {
		live_forget(&r->live);
		commit_part(r);
		open_segment(r);
		begin_part(r);
		if (!write_item(r, &rr.head, body, len))
			return -EMSGSIZE;
	}
	r->step.nrecords++;
	r->step.crc = ring_record_crc(r->step.crc, record,
	    RECORD_HEAD_SIZE + len);
	live_add(&r->live, &r->step, &rr.head, record,
	    RECORD_HEAD_SIZE + len);
	r->nth[rr.head.source]++;
	return 0;
}

void
ring_commit(struct ring *r)
{
	const uint32_t at = ring_last(r)->used;

	commit_part(r);
	live_commit(&r->live, r->head, at, r->end);
}
