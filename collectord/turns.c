/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See turns.h. */
#include "turns.h"

#include "grid.h"

#include <string.h>

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Whole turns between those of two times; none where nothing was before. */
static uint64_t
between(const struct turns *t, uint64_t before_ns, uint64_t after_ns)
{
	const uint64_t before = grid_turn(before_ns, t->interval_ns,
	    t->phase_ns);
	const uint64_t after = grid_turn(after_ns, t->interval_ns,
	    t->phase_ns);

	return before_ns != 0 && after > before + 1 ? after - before - 1 : 0;
}

/* It was killed behind a step that it had not counted up to. */
static void
settle(const struct turns *t)
{
	const uint64_t accounted_ns = t->ring->state.accounted_ns;
	uint64_t gap[MISSED_END] = { 0 };

	if (t->last.cut || t->last.boottime_ns <= accounted_ns)
		return;
	gap[MISSED_RESTART] = between(t, accounted_ns, t->last.boottime_ns);
	ring_account(t->ring, t->last.boottime_ns, gap);
}

void
turns_start(struct turns *t, struct ring *ring, uint32_t interval_ms,
    uint32_t phase_ms, uint64_t now_ns, const struct turns_last *last)
{
	*t = (struct turns){ .ring = ring, .interval_ms = interval_ms,
		.interval_ns = interval_ms * (uint64_t)GRID_NS_PER_MS,
		.phase_ns = phase_ms * (uint64_t)GRID_NS_PER_MS,
		.last = *last,
		.first_ns = grid_first(now_ns, interval_ms, phase_ms,
		    last->boottime_ns),
	};
	settle(t);
	t->restarted = between(t, ring->state.accounted_ns, t->first_ns);
}

bool
turns_begin_now(struct turns *t, uint64_t now_ns)
{
	t->now = grid_starts_now(now_ns, t->first_ns, t->last.boottime_ns,
	    t->interval_ms);
	return t->now;
}

bool
turns_clock(struct turns *t, uint64_t ahead_ns, int64_t *by_ns)
{
	struct ring_state *s = &t->ring->state;

	*by_ns = s->ahead_ns == 0 ? 0 : (int64_t)(ahead_ns - s->ahead_ns);
	/* kept with the count, or with the next one */
	s->ahead_ns = ahead_ns;
	if (*by_ns < TURNS_CLOCK_NS && *by_ns > -TURNS_CLOCK_NS)
		return false;
	ring_count_missed(t->ring, MISSED_CLOCK_STEP, 1);
	return true;
}

void
turns_step(struct turns *t, uint64_t boottime_ns, uint64_t slept,
    uint64_t gap[MISSED_END])
{
	const uint64_t accounted_ns = t->ring->state.accounted_ns;
	const uint64_t missed = between(t, accounted_ns, boottime_ns);
	uint64_t upto_ns = boottime_ns;

	memset(gap, 0, MISSED_END * sizeof(*gap));
	gap[MISSED_RESTART] = least(missed, t->restarted);
	gap[MISSED_SUSPENDED] = least(missed - gap[MISSED_RESTART], slept);
	gap[MISSED_LATE] = missed - gap[MISSED_RESTART] -
	    gap[MISSED_SUSPENDED];
	/* the very first one stands for a turn which is near: grid_first() */
	if (t->now && accounted_ns == 0 &&
	    boottime_ns + t->interval_ns < t->first_ns)
		upto_ns = t->first_ns - t->interval_ns;
	t->restarted = 0;
	t->now = false;
	ring_account(t->ring, upto_ns, gap);
}
