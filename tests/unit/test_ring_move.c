/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  The ring's last step, and a ring that moves to another. */
#include "ring_world.h"
#include "test.h"

#include <errno.h>

static struct ring ring, other;

static void
begin(uint64_t bytes)
{
	CHECK_INT(ring_new(&ring, bytes, world_boot + 5, world_boot), 0);
}

static void
push_steps(int n)
{
	while (n-- > 0)
		CHECK(world_push_step(&ring));
}

static void
fill_segments(uint64_t generations)
{
	const uint64_t until = ring.head + generations;

	while (ring.head < until)
		CHECK(world_push_step(&ring));
}

static uint64_t seen_step[2];

static void
see_step(void *arg, const uint8_t *record, size_t len)
{
	struct record_reader rr;

	(void)arg;
	CHECK_INT(record_check(record, len), 0);
	CHECK_INT(record_open(&rr, record, len), 0);
	seen_step[0]++;
	seen_step[1] = rr.head.wall_ns;
}

TEST(the_last_step_can_be_read_answered_for_or_not_over_a_segment_s_end)
{
	begin(WORLD_SMALL);
	for (uint64_t step = 0; step < 1500; step++) {
		memset(seen_step, 0, sizeof(seen_step));
		ring_last_step(&ring, see_step, NULL);
		CHECK_INT(seen_step[0], step == 0 ? 0 : WORLD_STEP);
		CHECK_INT(seen_step[1], step == 0 ? 0 : world_wall(step - 1));
		CHECK(world_push_step(&ring));
		CHECK_INT(world_send_all(&ring), WORLD_STEP);
		CHECK_INT(ring_ack(&ring, ring.made, LOST_END), 0);
	}
	CHECK(ring.head > 2);
	ring_done(&ring);
}

/* From ring to other, and that the two say the same. */
static void
move_to(uint64_t bytes)
{
	CHECK_INT(ring_new(&other, bytes, ring.start_ns, ring.boot_ns), 0);
	CHECK_INT(ring_move(&other, &ring), 0);
	CHECK(ring_is_complete(&other));
	CHECK_MEM(other.replaces, ring.id, RING_ID);
	CHECK_INT(ring_read(&other), ring_read(&ring));
	CHECK_INT(other.state.acked, ring.state.acked);
	CHECK(world_adds_up(&other));
}

TEST(a_ring_of_another_size_gets_all_records_and_all_counters)
{
	begin(RING_MIN);
	push_steps(700);
	CHECK_INT(world_send_all(&ring), 2800);
	CHECK_INT(ring_ack(&ring, 1001, LOST_END), 0);
	CHECK_INT(ring_ack(&ring, 1004, LOST_REJECTED), 0);
	ring_count_lost(&ring, LOST_OVERSIZE, 5);
	ring_count_missed(&ring, MISSED_CLOCK_STEP, 2);
	move_to(4 << 20);
	CHECK_INT(ring_queued(&other), 1796);
	CHECK_INT(ring_lost(&other, LOST_REJECTED), 3);
	CHECK_INT(ring_lost(&other, LOST_OVERSIZE), 5);
	CHECK_INT(other.state.missed[MISSED_CLOCK_STEP], 2);
	CHECK_INT(world_send_all(&other), 1796);
	CHECK_INT(ring_ack(&other, 2800, LOST_END), 0);
	CHECK(world_adds_up(&other));
	ring_done(&other);
	ring_done(&ring);
}

TEST(a_smaller_ring_gets_the_newest_and_counts_the_rest_as_lost)
{
	begin(4 << 20);
	fill_segments(20);
	move_to(WORLD_SMALL);
	CHECK(ring_lost(&other, LOST_QUEUE_FULL) > 0);
	CHECK_INT(world_send_all(&other), ring_queued(&other));
	CHECK_INT(ring_ack(&other, other.made, LOST_END), 0);
	CHECK_INT(other.made, ring.made);
	CHECK(world_adds_up(&other));
	ring_done(&other);
	ring_done(&ring);
}

TEST(the_last_step_moves_too_when_nothing_waits)
{
	begin(RING_MIN);
	push_steps(300);
	CHECK_INT(world_send_all(&ring), 1200);
	CHECK_INT(ring_ack(&ring, 1200, LOST_END), 0);
	move_to(2 << 20);
	CHECK_INT(ring_queued(&other), 0);
	memset(seen_step, 0, sizeof(seen_step));
	ring_last_step(&other, see_step, NULL);
	CHECK_INT(seen_step[0], WORLD_STEP);
	CHECK_INT(seen_step[1], world_wall(299));
	CHECK_INT(world_send_all(&other), 0);
	CHECK(world_push_step(&other));
	CHECK_INT(world_send_all(&other), WORLD_STEP);
	CHECK(world_adds_up(&other));
	ring_done(&other);
	ring_done(&ring);
}

TEST(a_move_leaves_the_old_ring_as_it_was)
{
	begin(RING_MIN);
	push_steps(200);
	for (int i = 0; i < 3; i++) {
		move_to(2 << 20);
		CHECK_INT(ring_queued(&other), 800);
		ring_done(&other);
	}
	CHECK_INT(ring_queued(&ring), 800);
	CHECK_INT(world_send_all(&ring), 800);
	ring_done(&ring);
}

TEST(what_is_unreadable_on_the_way_is_counted_there)
{
	begin(RING_MIN);
	push_steps(100);
	ring.segments[200] ^= 1;
	CHECK_INT(ring_new(&other, 2 << 20, 1, world_boot), 0);
	CHECK_INT(ring_move(&other, &ring), 0);
	CHECK(ring_lost(&other, LOST_UNREADABLE) > 0);
	CHECK_INT(ring_read(&other), 400);
	CHECK(world_adds_up(&other));
	ring_done(&other);
	ring_done(&ring);
}

TEST(what_cannot_be_moved_says_why)
{
	begin(RING_MIN);
	CHECK_INT(ring_new(&other, 2 << 20, 1, world_boot), 0);
	memset(ring.page, 0, sizeof(ring.page->facts));
	errno = ENOTTY;
	CHECK_INT(ring_move(&other, &ring), -1);
	CHECK_INT(errno, EBADMSG);
	ring_done(&other);
	ring_done(&ring);
}
