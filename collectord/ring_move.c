/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  From a ring of one size into one of another: ring.h. */
#include "ring_inside.h"

#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Puts records into a ring, those of one time as one step. */
struct mover {
	struct ring *to;
	uint64_t wall_ns;	/* of the step that is open; 0: none */
	uint64_t n;
	int error;
};

static void
move_record(void *arg, const uint8_t *record, size_t len)
{
	struct mover *m = arg;
	struct record_reader rr;

	if (record_open(&rr, record, len) < 0)
		return;
	if (rr.head.wall_ns != m->wall_ns) {
		ring_commit(m->to);
		ring_begin(m->to, rr.head.boottime_ns, rr.head.wall_ns);
		m->wall_ns = rr.head.wall_ns;
	}
	if (ring_push(m->to, record, len) < 0)
		m->error = -EMSGSIZE;
	m->n++;
}

static void
count_record(void *arg, const uint8_t *record, size_t len)
{
	(void)record;
	(void)len;
	++*(uint64_t *)arg;
}

/* Numbers and counters go on from there. */
static void
continue_from(struct ring *to, const struct ring *from, uint64_t made)
{
	const uint64_t tail = to->state.tail;

	to->state = from->state;
	to->state.tail = tail;
	to->state.acked_seq = to->made = to->sent_seq = made;
	to->state.lost_ahead = 0;
	segment_head(to, to->head)->first_seq = made + 1;
	memcpy(to->page->replaces, from->page->id, RING_ID);
	cursor_enter(to, to->head);
	ring_keep_state(to);
}

/* So that the next one can learn where its counters stood: ring_last_step. */
static void
move_last_step(struct ring *to, struct ring *from)
{
	struct mover m = { .to = to };
	const uint64_t acked = from->state.acked_seq;
	uint64_t n = 0;

	ring_last_step(from, count_record, &n);
	if (n > acked)
		return;
	continue_from(to, from, acked - n);
	ring_last_step(from, move_record, &m);
	ring_commit(to);
	to->state.acked_seq = to->sent_seq = to->made;
	ring_keep_state(to);
}

/* What is found unreadable on the way never gets a number over there. */
static void
add_losses(struct ring *to, const struct ring *from,
    const uint64_t before[LOST_END])
{
	for (int i = 0; i < LOST_END; i++) {
		const uint64_t n = from->state.lost[i] - before[i];

		to->state.lost[i] += n;
		to->state.unnumbered += n;
	}
	ring_keep_state(to);
}

static int
move_all(struct ring *to, struct ring *from)
{
	struct mover m = { .to = to };
	uint64_t before[LOST_END];
	const uint8_t *record;
	size_t len;

	memcpy(before, from->state.lost, sizeof(before));
	continue_from(to, from, from->state.acked_seq);
	if (ring_queued(from) == 0)
		move_last_step(to, from);
	while (ring_unsent(from, &record, &len)) {
		move_record(&m, record, len);
		ring_sent(from);
		if (ring_ack(from, from->sent_seq, LOST_END) < 0)
			return -1;
	}
	ring_commit(to);
	add_losses(to, from, before);
	if (m.error < 0)
		return -1;
	atomic_store_explicit(&to->page->complete, 1, memory_order_release);
	return 0;
}

int
ring_move(struct ring *to, const struct ring *from)
{
	struct ring *look = malloc(sizeof(*look));
	const int fd = fcntl(from->fd, F_DUPFD_CLOEXEC, 0);
	int result = -1;

	if (look != NULL && fd >= 0 && ring_look(look, fd) == NULL) {
		result = move_all(to, look);
		ring_done(look);
	}
	free(look);
	return result;
}
