/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See ring_live.h. */
#include "ring_inside.h"

void
live_begin(struct ring_live *l, uint64_t first_seq)
{
	l->open = true;
	l->generation = 0;
	l->first_seq = first_seq;
	l->nrecords = l->len = 0;
}

void
live_forget(struct ring_live *l)
{
	l->open = false;
}

void
live_add(struct ring_live *l, const struct ring_step *step,
    const struct record_head *h, const uint8_t *record, size_t len)
{
	struct writer w = writer_of(l->bytes + l->len, RING_LIVE - l->len);

	if (!l->open)
		return;
	write_varint(&w, len);
	write_u64(&w, l->first_seq + l->nrecords);
	write_u64(&w, step->boottime_ns);
	write_u64(&w, step->wall_ns);
	write_span(&w, record + RECORD_OWN, len - RECORD_OWN);
	/* the times in it were judged by its own wall clock */
	if (w.full || h->wall_ns != step->wall_ns) {
		live_forget(l);
		return;
	}
	l->len += (uint32_t)(w.p - w.start);
	l->nrecords++;
}

void
live_commit(struct ring_live *l, uint64_t generation, uint32_t at,
    uint32_t end)
{
	if (!l->open)
		return;
	l->open = false;
	l->generation = l->nrecords > 0 ? generation : 0;
	l->at = at;
	l->end = end;
}

const uint8_t *
live_next(const struct ring_live *l, uint32_t *at, size_t *len)
{
	struct reader r = reader_of(l->bytes + *at, l->len - *at);
	const uint8_t *record;

	*len = (size_t)read_varint(&r);
	record = read_span(&r, *len);
	*at = (uint32_t)(r.p - l->bytes);
	return record;
}
