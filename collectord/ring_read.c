/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  How records leave the ring: ring.h. */
#include "ring_inside.h"

#include <errno.h>
#include <string.h>

void
cursor_enter(struct ring *r, uint64_t generation)
{
	r->cursor = (struct ring_cursor){ .generation = generation,
		.step = sizeof(struct segment_head),
		.seq = segment_first_seq(r, generation) };
}

static bool
is_counted_at_once(enum loss cause)
{
	return cause == LOST_QUEUE_FULL;
}

/* Nothing before it waits for an answer any more. */
static void
close_hole(struct ring *r, const struct ring_hole *h)
{
	if (is_counted_at_once(h->cause))
		r->state.lost_ahead -= h->n;
	else
		r->state.lost[h->cause] += h->n;
}

/* Reading stops long before there are too many: ring_unsent(). */
static struct ring_hole *
next_hole(struct ring *r, uint64_t first, enum loss cause)
{
	struct ring_hole *last = r->nholes > 0 ? &r->hole[r->nholes - 1] :
	    NULL;

	if (last != NULL && last->cause == cause &&
	    last->first + last->n == first)
		return last;
	last = &r->hole[r->nholes++];
	*last = (struct ring_hole){ .first = first, .cause = cause };
	return last;
}

void
ring_add_hole(struct ring *r, uint64_t first, uint64_t last, enum loss cause)
{
	struct ring_hole *h;
	uint64_t n;

	if (first <= r->state.acked_seq)
		first = r->state.acked_seq + 1;
	if (first > last)
		return;
	n = last - first + 1;
	if (first == r->state.acked_seq + 1) {
		r->state.acked_seq = last;
		r->state.lost[cause] += n;
		return;
	}
	h = next_hole(r, first, cause);
	h->n += n;
	if (is_counted_at_once(cause)) {
		r->state.lost[cause] += n;
		r->state.lost_ahead += n;
	}
}

static void
lose(struct ring *r, uint64_t n)
{
	ring_add_hole(r, r->cursor.seq, r->cursor.seq + n - 1,
	    LOST_UNREADABLE);
	r->cursor.seq += n;
	ring_keep_state(r);
}

/* All before that number that were not read cannot be. */
static void
skip_to(struct ring *r, uint64_t seq)
{
	if (seq > r->cursor.seq)
		lose(r, seq - r->cursor.seq);
}

/* Any step behind one whose head is damaged, or the end. */
static uint32_t
next_step(struct ring *r, const struct ring_segment *s, uint32_t at)
{
	struct ring_step step;

	while (++at < s->used && !ring_step_head(place_at(r, s->place),
	    s->generation, at, s->used, &step))
		;
	return at;
}

/* Its checksum does not say that its numbers are of this segment. */
static bool
is_within(const struct ring_step *s, uint64_t first, uint64_t last)
{
	return s->first_seq >= first && s->first_seq <= last &&
	    s->nrecords - 1 <= last - s->first_seq;
}

/* The step at the cursor, where it is the one that is still at hand. */
static bool
enter_live(struct ring *r)
{
	const struct ring_live *l = &r->live;
	struct ring_cursor *c = &r->cursor;

	if (c->generation != l->generation || c->step != l->at ||
	    c->seq != l->first_seq)
		return false;
	c->step = l->end;
	c->left = l->nrecords;
	c->item = 0;
	c->live = true;
	return true;
}

/* The step at the cursor; false where its segment has no further one. */
static bool
enter_step(struct ring *r)
{
	struct ring_cursor *c = &r->cursor;
	const struct ring_segment *s = segment_known(r, c->generation);
	const uint32_t start = c->step;
	struct ring_step step;
	enum step_fault fault;

	if (s == NULL || start >= s->used)
		return false;
	if (enter_live(r))
		return true;
	fault = ring_read_step(r, c->generation, start, &step);
	if (fault == STEP_HEADLESS || !is_within(&step, c->seq,
	    segment_last_seq(r, c->generation))) {
		c->left = 0;
		c->step = next_step(r, s, start);
		return true;
	}
	skip_to(r, step.first_seq);
	if (fault == STEP_DAMAGED)
		lose(r, step.nrecords);
	return true;
}

/* To the next segment with something in it; false: that is all. */
static bool
advance(struct ring *r)
{
	struct ring_cursor *c = &r->cursor;

	if (enter_step(r))
		return true;
	skip_to(r, segment_last_seq(r, c->generation) + 1);
	if (c->generation == r->head)
		return false;
	cursor_enter(r, c->generation + 1);
	return true;
}

static bool
read_item(struct ring *r)
{
	struct ring_cursor *c = &r->cursor;

	if (!c->live)
		return ring_read_item(r);
	c->record = live_next(&r->live, &c->item, &c->ready);
	return true;
}

static void
read_next(struct ring *r)
{
	struct ring_cursor *c = &r->cursor;

	if (!read_item(r)) {
		/* it was good when the step was entered */
		const uint32_t left = c->left;

		c->left = 0;
		lose(r, left);
		return;
	}
	c->left--;
	c->seq++;
	/* taken over in the middle of a step */
	if (c->seq - 1 <= r->state.acked_seq)
		c->ready = 0;
}

bool
ring_unsent(struct ring *r, const uint8_t **record, size_t *len)
{
	struct ring_cursor *c = &r->cursor;

	while (c->ready == 0) {
		/* room is left for what drop_oldest() has to say */
		if (r->nholes >= RING_HOLES_MAX / 2)
			return false;
		if (c->left > 0)
			read_next(r);
		else if (!advance(r))
			return false;
	}
	*record = c->record;
	*len = c->ready;
	return true;
}

void
ring_sent(struct ring *r)
{
	r->sent_seq = r->cursor.seq - 1;
	r->cursor.ready = 0;
}

/* Holes that start up to there, oldest first.  Returns their records. */
static uint64_t
close_holes(struct ring *r, uint64_t seq)
{
	uint64_t n = 0;
	size_t closed = 0;

	for (; closed < r->nholes && r->hole[closed].first <= seq; closed++) {
		close_hole(r, &r->hole[closed]);
		n += r->hole[closed].n;
	}
	r->nholes -= closed;
	memmove(r->hole, r->hole + closed, r->nholes * sizeof(r->hole[0]));
	return n;
}

static void
free_segments(struct ring *r)
{
	while (r->state.tail < r->cursor.generation &&
	    segment_last_seq(r, r->state.tail) <= r->state.acked_seq) {
		segment_free(r, r->state.tail);
		r->state.tail++;
	}
}

static bool
is_in_hole(const struct ring *r, uint64_t seq)
{
	for (size_t i = 0; i < r->nholes; i++)
		if (seq >= r->hole[i].first &&
		    seq - r->hole[i].first < r->hole[i].n)
			return true;
	return false;
}

int
ring_ack(struct ring *r, uint64_t seq, enum loss cause)
{
	struct ring_state *s = &r->state;
	uint64_t answered, behind;

	if (seq <= s->acked_seq || seq > r->sent_seq || is_in_hole(r, seq))
		return -EPROTO;
	answered = seq - s->acked_seq - close_holes(r, seq);
	if (cause == LOST_END)
		s->acked += answered;
	else
		s->lost[cause] += answered;
	s->acked_seq = seq;
	while ((behind = close_holes(r, s->acked_seq + 1)) > 0)
		s->acked_seq += behind;
	free_segments(r);
	ring_keep_state(r);
	return 0;
}

void
ring_count_lost(struct ring *r, enum loss cause, uint64_t n)
{
	r->state.lost[cause] += n;
	r->state.unnumbered += n;
	ring_keep_state(r);
}

void
ring_count_missed(struct ring *r, enum miss cause, uint64_t n)
{
	r->state.missed[cause] += n;
	ring_keep_state(r);
}

void
ring_account(struct ring *r, uint64_t boottime_ns,
    const uint64_t gap[MISSED_END])
{
	for (int i = 0; i < MISSED_END; i++)
		r->state.missed[i] += gap[i];
	r->state.accounted_ns = boottime_ns;
	ring_keep_state(r);
}

uint64_t
ring_read(const struct ring *r)
{
	return r->made + r->state.unnumbered;
}

uint64_t
ring_queued(const struct ring *r)
{
	uint64_t n = r->made - r->state.acked_seq;

	for (size_t i = 0; i < r->nholes; i++)
		n -= r->hole[i].n;
	return n;
}

uint64_t
ring_lost(const struct ring *r, enum loss cause)
{
	uint64_t n = r->state.lost[cause];

	for (size_t i = 0; i < r->nholes; i++)
		if (r->hole[i].cause == cause && !is_counted_at_once(cause))
			n += r->hole[i].n;
	return n;
}

uint64_t
ring_usage(const struct ring *r)
{
	return ring_queued(r) == 0 ? 0 :
	    (r->head - r->state.tail) * r->segment +
	    r->known[r->head % r->nsegments].used;
}

uint64_t
ring_limit(const struct ring *r)
{
	return (uint64_t)r->nsegments * r->segment;
}
