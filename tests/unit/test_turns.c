/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Many lives over one ring, each ended at any point. */
#include "grid.h"
#include "ring_world.h"
#include "test.h"
#include "turns.h"

#include <unistd.h>

#define MS UINT64_C(1000000)

enum { INTERVAL = 1000, PHASE = 300, LIVES = 4000 };

/* Where a life ends. */
enum end {
	BEFORE_STEP,
	IN_STEP,		/* a part of it was committed */
	BEFORE_ACCOUNT,		/* all of it, and nothing was counted */
	AFTER_ACCOUNT,
	ENDS,
};

static struct ring ring;
static struct turns turns;
static struct turns_last last;
static uint64_t clock_ms, dice;
/* the model: turns that have a whole step, or that the first one stands for */
static uint64_t first_turn, last_turn, with_step;

static uint64_t
roll(uint64_t below)
{
	return world_mix(++dice) % below;
}

static uint64_t
turn_of(uint64_t at_ms)
{
	return (at_ms + INTERVAL - PHASE) / INTERVAL;
}

static uint64_t
counted(void)
{
	uint64_t n = 0;

	for (int i = 0; i < MISSED_END; i++)
		n += ring.state.missed[i];
	return n;
}

static void
next_life(void)
{
	const int fd = dup(ring.fd);

	ring_done(&ring);
	CHECK(ring_take(&ring, fd) == NULL);
	turns_start(&turns, &ring, INTERVAL, PHASE, clock_ms * MS, &last);
	turns_begin_now(&turns, clock_ms * MS);
}

static void
begin_ring(void)
{
	CHECK_INT(ring_new(&ring, WORLD_SMALL, world_boot, world_boot), 0);
	ring_complete(&ring);
	last = (struct turns_last){ 0 };
	clock_ms = 100000 + roll(5000);
	first_turn = last_turn = with_step = 0;
	next_life();
}

static void
note_turn(uint64_t turn)
{
	if (first_turn == 0)
		first_turn = turn;
	with_step += turn > last_turn;
	last_turn = turn > last_turn ? turn : last_turn;
}

static void
commit(bool cut)
{
	static uint8_t buf[RECORD_MAX];

	ring_begin(&ring, clock_ms * MS, world_boot + clock_ms * MS);
	CHECK_INT(ring_push(&ring, buf, world_record(3, buf)), 0);
	ring_commit(&ring);
	last = (struct turns_last){ clock_ms * MS, cut };
	if (!cut)
		note_turn(turn_of(clock_ms));
}

/* One collection at that time; false: the life ended in it. */
static bool
step(uint64_t slept, enum end end)
{
	uint64_t gap[MISSED_END];

	if (end == BEFORE_STEP)
		return false;
	commit(end == IN_STEP);
	if (end == IN_STEP || end == BEFORE_ACCOUNT)
		return false;
	if (turns.now && ring.state.accounted_ns == 0 &&
	    turns.first_ns / MS > clock_ms + INTERVAL)
		note_turn(turn_of(turns.first_ns / MS) - 1);
	turns_step(&turns, clock_ms * MS, slept, gap);
	return end != AFTER_ACCOUNT;
}

static bool
step_at(uint64_t at_ms, enum end end)
{
	clock_ms = at_ms;
	return step(0, end);
}

TEST(a_turn_is_of_its_grid)
{
	CHECK_INT(grid_turn(0, 1000, 300), 0);
	CHECK_INT(grid_turn(299, 1000, 300), 0);
	CHECK_INT(grid_turn(300, 1000, 300), 1);
	CHECK_INT(grid_turn(1299, 1000, 300), 1);
	CHECK_INT(grid_turn(1300, 1000, 0), 2);
}

TEST(no_turn_is_counted_where_none_was_missed)
{
	begin_ring();
	for (uint64_t n = 0; n < 5; n++)
		step_at(turns.first_ns / MS + n * INTERVAL, ENDS);
	clock_ms += 20;
	next_life();
	step_at(turns.first_ns / MS, ENDS);
	CHECK_INT(counted(), 0);
	ring_done(&ring);
}

TEST(each_cause_has_its_own)
{
	begin_ring();
	step_at(turns.first_ns / MS, ENDS);
	step_at(clock_ms + 3 * INTERVAL, ENDS);
	CHECK_INT(ring.state.missed[MISSED_LATE], 2);
	clock_ms += 6 * INTERVAL;
	step(4, ENDS);
	CHECK_INT(ring.state.missed[MISSED_SUSPENDED], 4);
	CHECK_INT(ring.state.missed[MISSED_LATE], 3);
	clock_ms += 5 * INTERVAL - 100;
	next_life();
	/* one that starts and then is late has both */
	step_at(turns.first_ns / MS + 2 * INTERVAL, ENDS);
	CHECK_INT(ring.state.missed[MISSED_RESTART], 4);
	CHECK_INT(ring.state.missed[MISSED_LATE], 5);
	ring_done(&ring);
}

TEST(what_was_counted_is_not_counted_by_the_one_behind_it)
{
	for (enum end end = BEFORE_STEP; end <= AFTER_ACCOUNT; end++) {
		begin_ring();
		step_at(turns.first_ns / MS, ENDS);
		clock_ms += 5 * INTERVAL - 100;
		next_life();
		/* the first turn of this life is the fifth behind */
		step_at(turns.first_ns / MS, end);
		clock_ms += 50;
		next_life();
		step_at(turns.first_ns / MS, ENDS);
		CHECK_INT(counted(), end <= IN_STEP ? 5 : 4);
		ring_done(&ring);
	}
}

TEST(who_collects_at_once_has_not_missed_that_turn)
{
	begin_ring();
	step_at(turns.first_ns / MS, ENDS);
	clock_ms += 5 * INTERVAL + 400;
	next_life();
	CHECK(turns.now);
	step(0, ENDS);
	CHECK_INT(ring.state.missed[MISSED_RESTART], 4);
	CHECK_INT(ring.state.missed[MISSED_LATE], 0);
	step_at(turns.first_ns / MS, ENDS);
	CHECK_INT(counted(), 4);
	ring_done(&ring);
}

/* It collects at once, and the turn that is near has no other. */
TEST(the_very_first_one_stands_for_the_turn_that_is_near)
{
	begin_ring();
	clock_ms = 100 * INTERVAL;
	next_life();
	CHECK(turns.now);
	CHECK_INT(turns.first_ns, (101 * INTERVAL + PHASE) * MS);
	step(0, ENDS);
	step_at(turns.first_ns / MS, ENDS);
	CHECK_INT(counted(), 0);
	ring_done(&ring);
}

/* So soon after a boot that there was no whole interval yet. */
TEST(before_the_first_turn_since_boot_there_is_none)
{
	begin_ring();
	clock_ms = 10;
	turns_start(&turns, &ring, INTERVAL, 900, clock_ms * MS, &last);
	CHECK(turns_begin_now(&turns, clock_ms * MS));
	CHECK_INT(turns.first_ns, 900 * MS);
	step(0, ENDS);
	step_at(900, ENDS);
	CHECK_INT(counted(), 0);
	step_at(900 + 3 * INTERVAL, ENDS);
	CHECK_INT(counted(), 2);
	ring_done(&ring);
}

static void
look_at_clock(uint64_t ahead_ns, bool was_set, int64_t by_ns)
{
	int64_t by;

	CHECK(turns_clock(&turns, ahead_ns, &by) == was_set);
	CHECK_INT(by, by_ns);
}

TEST(a_clock_that_is_set_is_counted_once_whoever_is_killed_and_when)
{
	const uint64_t set = world_boot + 3600 * 1000 * MS;

	for (enum end end = BEFORE_STEP; end <= AFTER_ACCOUNT; end++) {
		begin_ring();
		look_at_clock(world_boot, false, 0);
		step_at(turns.first_ns / MS, ENDS);
		/* it was set, which is seen and counted; then it is killed */
		look_at_clock(set, true, 3600 * 1000 * (int64_t)MS);
		step_at(clock_ms + INTERVAL, end);
		next_life();
		look_at_clock(set, false, 0);
		CHECK_INT(ring.state.missed[MISSED_CLOCK_STEP], 1);
		ring_done(&ring);
	}
}

/* It may well have collected at once before it looks at the clock again. */
TEST(a_clock_that_was_set_while_nobody_ran_is_counted_once)
{
	begin_ring();
	look_at_clock(world_boot, false, 0);
	step_at(turns.first_ns / MS, ENDS);
	clock_ms += 50;
	next_life();
	step(0, AFTER_ACCOUNT);
	next_life();
	look_at_clock(world_boot - 7000 * MS, true, -7000 * (int64_t)MS);
	next_life();
	look_at_clock(world_boot - 7000 * MS, false, 0);
	CHECK_INT(ring.state.missed[MISSED_CLOCK_STEP], 1);
	ring_done(&ring);
}

TEST(what_a_clock_moves_by_and_by_is_no_step)
{
	begin_ring();
	for (uint64_t i = 0; i < 5; i++)
		look_at_clock(world_boot + i * 90 * MS, false,
		    i == 0 ? 0 : 90 * (int64_t)MS);
	CHECK_INT(counted(), 0);
	/* from a ring of who knows whom: any number */
	ring.state.ahead_ns = UINT64_C(1) << 63;
	look_at_clock(UINT64_MAX, true, INT64_MAX);
	ring_done(&ring);
}

/* A life that starts, collects now and then late, and ends somewhere. */
static void
live(void)
{
	uint64_t at_ms = turns.first_ns / MS;
	bool lives = true;

	if (turns.now) {
		clock_ms += roll(100) == 0 ? roll(3000) : 5;
		lives = step(0, (enum end)roll(ENDS + 1));
	}
	while (lives) {
		if (at_ms > clock_ms)
			clock_ms = at_ms;
		clock_ms += roll(10) == 0 ? roll(4000) : roll(20);
		lives = step(roll(20) == 0 ? roll(3) : 0,
		    (enum end)roll(ENDS + 3));
		at_ms += INTERVAL;
	}
	clock_ms += roll(8) == 0 ? roll(9000) : roll(1200);
}

TEST(every_turn_without_a_step_is_counted_once_whoever_is_killed_and_when)
{
	for (unsigned run = 0; run < 50; run++) {
		begin_ring();
		for (unsigned n = 0; n < LIVES / 50; n++) {
			live();
			next_life();
		}
		CHECK_INT(counted(), last_turn - first_turn + 1 - with_step);
		ring_done(&ring);
	}
}
