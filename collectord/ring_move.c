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
}

static void
count_record(void *arg, const uint8_t *record, size_t len)
{
	(void)record;
	(void)len;
	++*(uint64_t *)arg;
}

/* Counters go on from there, and nothing waits. */
static void
copy_state(struct ring *to, const struct ring *from)
{
	struct ring_state s = from->state;

	s.tail = to->state.tail;
	s.number = to->state.number;
	s.acked_seq = to->sent_seq = to->made;
	to->state = s;
	to->nholes = 0;
	ring_keep_state(to);
}

/* An empty ring's numbers go on behind that one. */
static void
continue_from(struct ring *to, const struct ring *from, uint64_t made)
{
	to->made = made;
	segment_free(to, to->head);
	segment_begin(to, to->head, made + 1);
	cursor_enter(to, to->head);
	copy_state(to, from);
}

static void
say_replaces(struct ring *to, const struct ring *from)
{
	struct ring_facts facts = to->page->facts[0];

	memcpy(facts.replaces, from->id, RING_ID);
	memcpy(to->replaces, from->id, RING_ID);
	ring_write_facts(to, &facts);
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
	cursor_enter(to, to->head);
	copy_state(to, from);
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
	say_replaces(to, from);
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
	ring_complete(to);
	return 0;
}

int
ring_move(struct ring *to, const struct ring *from)
{
	struct ring *look = malloc(sizeof(*look));
	const int fd = look == NULL ? -1 :
	    fcntl(from->fd, F_DUPFD_CLOEXEC, 0);
	int result = -1;

	if (fd < 0) {
		free(look);
		return -1;
	}
	errno = 0;
	if (ring_look(look, fd) == NULL) {
		result = move_all(to, look);
		ring_done(look);
	}
	free(look);
	/* no system call failed: what stands there did */
	if (result < 0 && errno == 0)
		errno = EBADMSG;
	return result;
}
