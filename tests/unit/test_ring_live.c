/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A step that is still at hand when it is sent: the bytes
 * are those that another finds who takes the same memory over.
 */
#include "ring_inside.h"
#include "ring_world.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>

static struct ring ring, taken;
static uint64_t state, step;

/* How the records left the ring. */
static struct { uint64_t live, plain; } seen;

static uint64_t
random_below(uint64_t n)
{
	state = world_mix(state);
	return state % n;
}

static void
begin(void)
{
	CHECK_INT(ring_new(&ring, WORLD_SMALL, world_boot + 5, world_boot), 0);
	state = 3;
	step = seen.live = seen.plain = 0;
}

/* So many instances whose names make them long. */
static void
long_names(struct record_writer *rw, uint64_t n)
{
	uint8_t name[ATTR_TEXT_MAX];
	const struct attr a = { KEY_FS_MOUNTPOINT, sizeof(name), name };

	memset(name, 'x', sizeof(name));
	for (uint64_t i = 0; i < n; i++) {
		name[0] = (uint8_t)('a' + i % 26);
		name[1] = (uint8_t)('a' + i / 26);
		record_instance(rw, 0, &a, 1);
		record_point(rw, FS_USAGE_USED, (int64_t)(step * i));
	}
}

static void
push_record(uint64_t longer, uint8_t flags)
{
	static uint8_t bytes[RECORD_MAX];
	const bool disk = random_below(2) == 0;
	const struct record_head head = {
		.source = longer > 0 ? SOURCE_FILESYSTEM :
		    disk ? SOURCE_DISK : SOURCE_CPU, .seq = 999,
		.boottime_ns = 1, .wall_ns = world_wall(step),
		.start_ns = world_boot + random_below(3), .flags = flags };
	struct record_writer rw;
	ptrdiff_t len;

	record_begin(&rw, bytes, sizeof(bytes), &head);
	if (longer > 0)
		long_names(&rw, longer);
	else if (disk)
		world_disks(&rw, step);
	else
		world_cpus(&rw, step);
	len = record_finish(&rw);
	CHECK(len > 0);
	CHECK_INT(record_check(bytes, (size_t)len), 0);
	CHECK_INT(ring_push(&ring, bytes, (size_t)len), 0);
}

static void
push_step(uint64_t records, uint64_t longer)
{
	ring_begin(&ring, world_boottime(step), world_wall(step));
	while (records-- > 0)
		push_record(longer, records == 0 ? RECORD_LAST : 0);
	ring_commit(&ring);
	step++;
	CHECK(world_adds_up(&ring));
}

/* What the memory gives for that number. */
static void
check_taken(uint64_t seq, const uint8_t *record, size_t len)
{
	const uint8_t *other = NULL;
	size_t other_len = 0;

	do {
		CHECK(ring_unsent(&taken, &other, &other_len));
		CHECK(!taken.cursor.live);
		ring_sent(&taken);
	} while (taken.sent_seq < seq);
	CHECK_INT(other_len, len);
	CHECK_MEM(other, record, len);
	CHECK_INT(world_seq(record, len), seq);
	CHECK_INT(record_check(record, len), 0);
}

static void
send_some(uint64_t most)
{
	const uint8_t *record;
	size_t len;

	CHECK(ring_look(&taken, fcntl(ring.fd, F_DUPFD_CLOEXEC, 0)) == NULL);
	while (most-- > 0 && ring_unsent(&ring, &record, &len)) {
		check_taken(ring.cursor.seq - 1, record, len);
		if (ring.cursor.live)
			seen.live++;
		else
			seen.plain++;
		ring_sent(&ring);
	}
	ring_done(&taken);
}

static void
check_seen(uint64_t live, uint64_t plain)
{
	CHECK_INT(seen.live, live);
	CHECK_INT(seen.plain, plain);
	seen.live = seen.plain = 0;
}

TEST(a_step_that_is_sent_at_once_is_never_read_back_and_is_what_memory_gives)
{
	uint64_t whole = 0, over_an_end = 0;

	begin();
	while (ring.head < 3 * SEGMENTS_MIN) {
		const uint64_t n = 1 + random_below(9), head = ring.head;
		const bool fits = ring_last(&ring)->used <
		    ring.segment - 4096;

		push_step(n, 0);
		send_some(n);
		CHECK_INT(ring_ack(&ring, ring.made, LOST_END), 0);
		if (fits)
			CHECK_INT(seen.live, n);
		CHECK_INT(ring.cursor.step, ring_last(&ring)->used);
		whole += seen.live;
		over_an_end += seen.plain > 0 && ring.head > head;
		CHECK(seen.live == 0 || seen.plain == 0);
		seen.live = seen.plain = 0;
	}
	CHECK(whole > 1000);
	CHECK(over_an_end > 5);
	ring_done(&ring);
}

TEST(one_left_half_way_goes_on_and_the_next_comes_from_the_memory)
{
	const uint8_t *record, *again;
	size_t len;

	begin();
	push_step(6, 0);
	send_some(2);
	check_seen(2, 0);
	/* looked at, and the message was full */
	CHECK(ring_unsent(&ring, &record, &len));
	push_step(5, 0);
	CHECK(ring_unsent(&ring, &again, &len));
	CHECK(again == record);
	push_step(4, 0);
	send_some(20);
	check_seen(4, 9);
	push_step(3, 0);
	send_some(20);
	check_seen(3, 0);
	ring_done(&ring);
}

TEST(the_last_one_of_a_step_that_was_only_looked_at_stays_as_it_is)
{
	const uint8_t *record;
	size_t len;

	begin();
	push_step(1, 0);
	CHECK(ring_unsent(&ring, &record, &len));
	push_step(1, 0);
	send_some(20);
	check_seen(1, 1);
	ring_done(&ring);
}

TEST(what_goes_with_its_segment_is_not_sent_though_it_is_at_hand)
{
	uint64_t queued;

	begin();
	push_step(6, 0);
	send_some(2);
	while (ring_lost(&ring, LOST_QUEUE_FULL) == 0)
		push_step(9, 0);
	queued = ring_queued(&ring);
	check_seen(2, 0);
	send_some(UINT64_MAX);
	check_seen(0, queued - 2);
	CHECK_INT(ring_ack(&ring, ring.made, LOST_END), 0);
	push_step(6, 0);
	send_some(20);
	check_seen(6, 0);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(who_takes_the_ring_over_reads_the_memory)
{
	int fd;

	begin();
	push_step(6, 0);
	send_some(3);
	fd = fcntl(ring.fd, F_DUPFD_CLOEXEC, 0);
	ring_done(&ring);
	CHECK(ring_take(&ring, fd) == NULL);
	send_some(20);
	check_seen(3, 6);
	push_step(6, 0);
	send_some(20);
	check_seen(6, 0);
	ring_done(&ring);
}

TEST(a_step_that_is_too_much_comes_from_the_memory)
{
	begin();
	push_step(30, 3);
	send_some(UINT64_MAX);
	check_seen(30, 0);
	ring_done(&ring);
	begin();
	push_step(30, 5);
	send_some(UINT64_MAX);
	CHECK_INT(ring.head, 1);
	check_seen(0, 30);
	ring_done(&ring);
	begin();
	push_step(1, 115);
	send_some(UINT64_MAX);
	check_seen(1, 0);
	/* and so does one that is more than a segment */
	push_step(9, 110);
	send_some(UINT64_MAX);
	check_seen(0, 9);
	push_step(2, 0);
	send_some(UINT64_MAX);
	check_seen(2, 0);
	ring_done(&ring);
}

static void
count(void *n, const uint8_t *record, size_t len)
{
	(void)record;
	(void)len;
	++*(uint64_t *)n;
}

/* All is sent again, from the start. */
static void
go_back(uint64_t last_step)
{
	uint64_t n = 0;

	ring_last_step(&ring, count, &n);
	CHECK_INT(n, last_step);
}

TEST(a_step_of_nothing_leaves_nothing_at_hand)
{
	begin();
	push_step(0, 0);
	send_some(20);
	push_step(2, 0);
	push_step(0, 0);
	send_some(20);
	check_seen(2, 0);
	push_step(0, 0);
	go_back(2);
	push_step(3, 0);
	send_some(20);
	check_seen(0, 5);
	ring_done(&ring);
}

TEST(what_another_step_has_taken_the_place_of_comes_from_the_memory)
{
	begin();
	push_step(4, 0);
	go_back(4);
	send_some(20);
	check_seen(4, 0);
	go_back(4);
	send_some(20);
	check_seen(4, 0);
	push_step(30, 5);
	go_back(30);
	send_some(40);
	check_seen(0, 34);
	ring_done(&ring);
}

TEST(behind_one_that_is_damaged_numbers_come_from_the_memory)
{
	begin();
	push_step(4, 0);
	send_some(20);
	check_seen(4, 0);
	push_step(3, 0);
	memset(ring.segments + sizeof(struct segment_head), 0xa5,
	    sizeof(struct ring_step));
	go_back(0);
	send_some(20);
	check_seen(0, 3);
	CHECK_INT(ring_lost(&ring, LOST_UNREADABLE), 4);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

/* It was judged by the time in it, not by the one that it gets. */
TEST(a_record_of_another_time_than_its_step_is_judged_again)
{
	const uint8_t *record;
	size_t len;

	begin();
	ring_begin(&ring, world_boottime(0), world_boot - 1);
	push_record(0, RECORD_LAST);
	ring_commit(&ring);
	CHECK(!ring_unsent(&ring, &record, &len));
	CHECK_INT(ring_lost(&ring, LOST_UNREADABLE), 1);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(in_whatever_order_it_happens_memory_gives_the_same)
{
	begin();
	for (int i = 0; i < 3000; i++) {
		if (random_below(20) == 0)
			push_step(9, random_below(60));
		else
			push_step(random_below(9), 0);
		/* now it keeps up, now it does not */
		if (i / 300 % 2 == 0 && random_below(3) > 0)
			send_some(random_below(30) + 1);
		if (random_below(200) == 0)
			send_some(UINT64_MAX);
		if (random_below(4) == 0 &&
		    ring.sent_seq > ring.state.acked_seq)
			ring_ack(&ring, ring.sent_seq, LOST_END);
	}
	CHECK(seen.live > 500);
	CHECK(seen.plain > 500);
	CHECK(ring_lost(&ring, LOST_QUEUE_FULL) > 0);
	CHECK_INT(ring_lost(&ring, LOST_UNREADABLE), 0);
	ring_done(&ring);
}
