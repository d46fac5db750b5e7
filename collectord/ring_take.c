/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Takes the ring over that another process left, and
 * mends what can be: ring.h.
 */
#include "ring_inside.h"

#include "record.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW };

/* What is beyond it was never counted, and could only wrap. */
#define NUMBERS_END (UINT64_C(1) << 62)

static const struct ring_facts *
find_facts(const struct ring_page *p)
{
	for (int i = 0; i < 2; i++)
		if (p->facts[i].crc == ring_facts_crc(&p->facts[i]))
			return &p->facts[i];
	return NULL;
}

/* What must be right before anything in it is believed. */
static const char *
judge_facts(const struct ring_facts *f, uint64_t bytes)
{
	if (f == NULL || f->magic != RING_MAGIC)
		return "it is no ring";
	if (f->version != RING_VERSION || f->record_version != RECORD_VERSION)
		return "it is of another version";
	if (f->segment < SEGMENT_MIN || f->segment > SEGMENT_MAX ||
	    f->segment % RING_PAGE != 0 || f->nsegments < SEGMENTS_MIN ||
	    f->nsegments > SEGMENTS_MAX ||
	    bytes != RING_PAGE + (uint64_t)f->segment * f->nsegments)
		return "its sizes do not agree";
	if (f->start_ns == 0 || f->boot_ns == 0)
		return "it has no time";
	return NULL;
}

static bool
state_is_good(const struct ring_state *s)
{
	return s->number > 0 && s->crc == ring_state_crc(s);
}

/* The one before says less, but nothing wrong. */
static const struct ring_state *
find_state(const struct ring_page *p)
{
	const uint64_t number = p->number;
	const struct ring_state *s = &p->state[number & 1];
	const struct ring_state *other = &p->state[~number & 1];

	if (state_is_good(s) && s->number == number)
		return s;
	if (!state_is_good(other))
		return state_is_good(s) ? s : NULL;
	return state_is_good(s) && s->number > other->number ? s : other;
}

static bool
lost_and_found(const struct ring_state *s)
{
	uint64_t sum = s->acked;

	for (int i = 0; i < LOST_END; i++)
		sum += s->lost[i];
	return sum == s->acked_seq + s->lost_ahead + s->unnumbered;
}

/* As far as its steps can be followed. */
static uint64_t
measure(const struct ring *r, const uint8_t *segment, uint64_t generation,
    uint64_t first_seq)
{
	uint32_t at = sizeof(struct segment_head);
	struct ring_step step;
	uint64_t records = 0;

	while (ring_step_head(segment, generation, at, r->segment, &step)) {
		records = step.first_seq + step.nrecords - first_seq;
		at += (uint32_t)sizeof(step) + step.len;
	}
	return segment_committed(generation, at, records <= COMMITTED_MAX ?
	    (uint32_t)records : 0);
}

static bool
can_be(uint64_t number)
{
	return number > 0 && number < NUMBERS_END;
}

static bool
head_is_good(const struct segment_head *h)
{
	return can_be(h->generation) && can_be(h->first_seq) &&
	    h->crc == segment_head_crc(h->generation, h->first_seq);
}

static uint32_t
bytes_of(uint64_t committed)
{
	return (uint32_t)committed & COMMITTED_MAX;
}

static uint32_t
records_of(uint64_t committed)
{
	return (uint32_t)(committed >> COMMITTED_BITS) & COMMITTED_MAX;
}

/* Enters a segment whose head is good. */
static void
enter(struct ring *r, uint32_t place)
{
	uint8_t *segment = place_at(r, place);
	struct segment_head *h = (struct segment_head *)segment;
	struct ring_segment s = { .generation = h->generation,
		.first_seq = h->first_seq, .place = place };
	uint64_t word = h->committed;

	if (word != segment_committed(s.generation, bytes_of(word),
	    records_of(word)))
		h->committed = word = measure(r, segment, s.generation,
		    s.first_seq);
	s.used = bytes_of(word);
	if (s.used < sizeof(*h) || s.used > r->segment)
		return;
	segment_enter(r, &s, s.generation >= r->state.tail);
	if (s.generation > r->head)
		r->head = s.generation;
}

/* A segment whose head is damaged still is known by its first step. */
static void
mend(struct ring *r, uint32_t place, uint64_t last)
{
	uint8_t *segment = place_at(r, place);
	struct segment_head *h = (struct segment_head *)segment;
	struct ring_step step;

	for (uint64_t g = r->state.tail; g <= last; g++) {
		if (segment_known(r, g) != NULL ||
		    !ring_step_head(segment, g, sizeof(*h), r->segment,
		    &step) || !can_be(step.first_seq))
			continue;
		h->generation = 0;
		atomic_thread_fence(memory_order_seq_cst);
		h->first_seq = step.first_seq;
		h->crc = segment_head_crc(g, h->first_seq);
		h->committed = measure(r, segment, g, h->first_seq);
		atomic_store_explicit(&h->generation, g,
		    memory_order_release);
		enter(r, place);
		return;
	}
}

static uint64_t
highest(const struct ring *r)
{
	uint64_t generation = 0;

	for (uint32_t i = 0; i < r->nsegments; i++) {
		const struct segment_head *h =
		    (const struct segment_head *)place_at(r, i);

		if (head_is_good(h) && h->generation > generation)
			generation = h->generation;
	}
	return generation;
}

/* Those that overlap a later one are none of this ring. */
static void
forget_impossible(struct ring *r)
{
	uint64_t limit = ring_last(r)->first_seq;

	for (uint64_t g = r->head; g-- > r->state.tail;) {
		struct ring_segment *s = segment_known(r, g);

		if (s == NULL)
			continue;
		if (s->first_seq <= limit) {
			limit = s->first_seq;
			continue;
		}
		r->place[s->place].taken = false;
		s->generation = 0;
	}
}

/* False: the one being written is nowhere. */
static bool
find_segments(struct ring *r)
{
	const uint64_t last = highest(r);

	/* the state was older than what it leads to */
	if (last >= r->state.tail && last - r->state.tail >= r->nsegments)
		r->state.tail = last - r->nsegments + 1;
	for (uint32_t i = 0; i < r->nsegments; i++) {
		const struct segment_head *h =
		    (const struct segment_head *)place_at(r, i);

		if (head_is_good(h) && (h->generation >= r->state.tail ||
		    h->generation + 1 == last) &&
		    segment_known(r, h->generation) == NULL)
			enter(r, i);
	}
	for (uint32_t i = 0; i < r->nsegments; i++)
		if (!head_is_good((struct segment_head *)place_at(r, i)))
			mend(r, i, last >= r->state.tail ? last + 1 :
			    r->state.tail);
	if (r->head < r->state.tail || r->head - r->state.tail >=
	    r->nsegments)
		return false;
	forget_impossible(r);
	return true;
}

/* The last process knew what was in flight; its answer will never come. */
static bool
forget_in_flight(struct ring *r)
{
	struct ring_state *s = &r->state;
	const uint64_t before = segment_first_seq(r, s->tail) - 1;
	const bool found = segment_known(r, s->tail) != NULL;
	const uint64_t gone = before > s->acked_seq ? before - s->acked_seq :
	    0;

	if (s->acked_seq > r->made || gone < s->lost_ahead ||
	    !lost_and_found(s))
		return false;
	s->lost[found ? LOST_QUEUE_FULL : LOST_UNREADABLE] +=
	    gone - s->lost_ahead;
	s->acked_seq += gone;
	s->lost_ahead = 0;
	return true;
}

static void
believe(struct ring *r, const struct ring_facts *f)
{
	ring_divide(r, f->nsegments, f->segment);
	r->start_ns = f->start_ns;
	r->boot_ns = f->boot_ns;
	memcpy(r->id, f->id, RING_ID);
	memcpy(r->replaces, f->replaces, RING_ID);
}

static const char *
take(struct ring *r)
{
	const struct ring_facts *facts = find_facts(r->page);
	const struct ring_state *state = find_state(r->page);
	const char *fault = judge_facts(facts, r->bytes);
	const struct segment_head *last;
	struct ring_facts copy;

	if (fault != NULL)
		return fault;
	if (state == NULL || state->tail == 0 || state->tail > NUMBERS_END)
		return "its state is damaged";
	copy = *facts;
	believe(r, &copy);
	r->state = *state;
	if (!find_segments(r))
		return "its last segment is not there";
	last = (struct segment_head *)place_at(r, ring_last(r)->place);
	r->nrecords = records_of(last->committed);
	r->made = ring_last(r)->first_seq + r->nrecords - 1;
	if (!forget_in_flight(r))
		return "its numbers do not agree";
	ring_write_facts(r, &copy);
	ring_keep_state(r);
	r->sent_seq = r->state.acked_seq;
	cursor_enter(r, r->state.tail);
	return NULL;
}

static const char *
take_sharing(struct ring *r, int fd, int sharing)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	const char *fault;
	struct stat st;

	ring_clear(r);
	r->fd = fd;
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0 ||
	    st.st_size < RING_PAGE) {
		close(fd);
		return "it is not a sealed memory";
	}
	r->bytes = (size_t)st.st_size;
	if (ring_map(r, sharing) < 0) {
		close(fd);
		return "it cannot be mapped";
	}
	if ((fault = take(r)) != NULL)
		ring_done(r);
	return fault;
}

const char *
ring_take(struct ring *r, int fd)
{
	return take_sharing(r, fd, MAP_SHARED);
}

const char *
ring_look(struct ring *r, int fd)
{
	return take_sharing(r, fd, MAP_PRIVATE);
}
