/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  The real sources, collections and ring, on a clock that
 * this file makes: half a day without a receiver takes seconds.
 */
#include "../unit/test.h"
#include "cycle.h"

#include <stdlib.h>
#include <time.h>

enum { INTERVAL_S = 10, HOURS = 12, TURNS = HOURS * 3600 / INTERVAL_S };

#define NS_PER_S UINT64_C(1000000000)

static const uint64_t boot_ns = 1700000000 * NS_PER_S;
static uint64_t up_ns = 3600 * NS_PER_S;

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	const uint64_t ns = clock == CLOCK_REALTIME ? boot_ns + up_ns : up_ns;

	*ts = (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
		.tv_nsec = (long)(ns % NS_PER_S) };
	return 0;
}

static struct world {
	struct host host;
	struct self self;
	struct source_options options;
	struct cycle cycle;
	struct ring ring;
} w;

static void
begin(void)
{
	const char *which;

	memset(&w, 0, sizeof(w));
	w.self.status_fd[0] = w.self.status_fd[1] = -1;
	w.self.stat_fd[0] = w.self.stat_fd[1] = -1;
	w.self.start_ns = boot_ns + up_ns;
	w.options.cpu_per_cpu = true;
	w.options.enabled = source_profile(PROFILE_STANDARD);
	CHECK_INT(host_open(&w.host, "/proc", "/sys", &which), 0);
	CHECK_INT(ring_new(&w.ring, RING_MIN, boot_ns + up_ns, boot_ns), 0);
	cycle_init(&w.cycle, &w.host, &w.ring, &w.self, &w.options);
}

static void
end(void)
{
	series_free(w.cycle.series);
	free(w.cycle.space);
	host_close(&w.host);
	ring_done(&w.ring);
}

static void
check_sum(void)
{
	uint64_t found = w.ring.state.acked + ring_queued(&w.ring);

	for (int i = 0; i < LOST_END; i++)
		found += ring_lost(&w.ring, (enum loss)i);
	CHECK_INT(ring_read(&w.ring), found);
	CHECK(ring_usage(&w.ring) <= ring_limit(&w.ring));
}

static void
pass(unsigned turns)
{
	for (unsigned i = 0; i < turns; i++) {
		up_ns += INTERVAL_S * NS_PER_S;
		cycle_run(&w.cycle);
		check_sum();
	}
}

/* What came out last; each record has to be the one behind it. */
struct last {
	uint64_t seq, wall_ns, steps;
	bool ended;
};

static void
take(struct last *l, const uint8_t *record, size_t len)
{
	struct record_reader rr;
	const struct record_head *h = &rr.head;

	CHECK_INT(record_check(record, len), 0);
	CHECK_INT(record_open(&rr, record, len), 0);
	CHECK_INT(h->seq, l->seq + 1);
	CHECK_INT(h->wall_ns, h->boottime_ns + boot_ns);
	if (l->wall_ns != 0)
		CHECK_INT(h->wall_ns, l->ended ?
		    l->wall_ns + INTERVAL_S * NS_PER_S : l->wall_ns);
	l->seq = h->seq;
	l->wall_ns = h->wall_ns;
	l->ended = (h->flags & RECORD_LAST) != 0;
	l->steps += l->ended;
}

/* A shipper that takes what there is and answers at once. */
static void
drain(struct last *l, uint64_t most)
{
	const uint8_t *record;
	size_t len;

	while (most-- > 0 && ring_unsent(&w.ring, &record, &len)) {
		take(l, record, len);
		ring_sent(&w.ring);
		CHECK_INT(ring_ack(&w.ring, l->seq, LOST_END), 0);
		check_sum();
	}
}

TEST(half_a_day_without_a_receiver_costs_the_oldest_and_the_rest_comes_in_order)
{
	struct last l = { 0 };
	uint64_t lost, queued;

	begin();
	pass(TURNS);
	lost = ring_lost(&w.ring, LOST_QUEUE_FULL);
	queued = ring_queued(&w.ring);
	CHECK(lost > 0 && queued > 0);
	CHECK_INT(w.ring.state.acked, 0);
	l.seq = lost;
	drain(&l, UINT64_MAX);
	CHECK_INT(w.ring.state.acked, queued);
	CHECK_INT(ring_queued(&w.ring), 0);
	CHECK_INT(ring_lost(&w.ring, LOST_QUEUE_FULL), lost);
	CHECK_INT(l.wall_ns, boot_ns + up_ns);
	/* a part of an hour's worth is dropped at a time, no more */
	CHECK(l.steps > TURNS / 4);
	end();
}

TEST(while_a_backlog_goes_out_what_is_new_waits_behind_it)
{
	struct last l = { 0 };
	uint64_t lost;

	begin();
	pass(TURNS);
	l.seq = lost = ring_lost(&w.ring, LOST_QUEUE_FULL);
	/* the first that comes in may need a segment of its own */
	while (ring_limit(&w.ring) - ring_usage(&w.ring) < w.ring.segment)
		drain(&l, 17);
	/* ten steps go out for each that comes in */
	for (int i = 0; i < TURNS && ring_queued(&w.ring) > 0; i++) {
		pass(1);
		CHECK_INT(ring_lost(&w.ring, LOST_QUEUE_FULL), lost);
		drain(&l, 10 * 17);
	}
	CHECK_INT(ring_queued(&w.ring), 0);
	CHECK_INT(l.wall_ns, boot_ns + up_ns);
	end();
}
