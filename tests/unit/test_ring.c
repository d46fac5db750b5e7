/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Every record is in the ring once, whole, and counted. */
#include "ring_world.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ring ring;
static uint8_t buf[RECORD_MAX + 1];

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
	CHECK(world_adds_up(&ring));
}

/* Sends one; its number, or 0: there was none. */
static uint64_t
send_next(void)
{
	const uint8_t *record;
	uint64_t seq;
	size_t len;

	if (!ring_unsent(&ring, &record, &len))
		return 0;
	seq = world_seq(record, len);
	CHECK(world_is_same(seq, record, len));
	ring_sent(&ring);
	return seq;
}

static void
fill_segments(uint64_t generations)
{
	const uint64_t until = ring.head + generations;

	while (ring.head < until)
		CHECK(world_push_step(&ring));
}

static uint64_t
memory_touched(void)
{
	struct stat st;

	CHECK_INT(fstat(ring.fd, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

TEST(a_new_ring_is_empty)
{
	begin(WORLD_SMALL);
	CHECK_INT(send_next(), 0);
	CHECK_INT(ring_read(&ring), 0);
	CHECK_INT(ring_queued(&ring), 0);
	CHECK_INT(ring_usage(&ring), 0);
	CHECK_INT(ring_limit(&ring), SEGMENTS_MIN * SEGMENT_MIN);
	CHECK(!ring_is_complete(&ring));
	ring_complete(&ring);
	CHECK(ring_is_complete(&ring));
	ring_done(&ring);
}

TEST(its_memory_can_neither_shrink_nor_grow_nor_be_unsealed)
{
	begin(WORLD_SMALL);
	CHECK_INT(fcntl(ring.fd, F_GET_SEALS) &
	    (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	CHECK(ftruncate(ring.fd, 0) < 0 && errno == EPERM);
	CHECK(ftruncate(ring.fd, 4 * WORLD_SMALL) < 0 && errno == EPERM);
	CHECK(fcntl(ring.fd, F_ADD_SEALS, F_SEAL_WRITE) < 0);
	CHECK_INT(fcntl(ring.fd, F_GETFD), FD_CLOEXEC);
	ring_done(&ring);
}

TEST(a_size_is_cut_to_whole_segments_and_an_impossible_one_is_an_error)
{
	static const uint64_t good[] = { RING_MIN, RING_MIN + 1, 3 << 20,
		16 << 20, 100 << 20, RING_MAX };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		begin(good[i]);
		CHECK_INT(ring.bytes, ring_bytes(good[i]));
		CHECK(ring.bytes <= good[i]);
		CHECK(good[i] - ring.bytes < ring.segment);
		CHECK(ring.nsegments >= SEGMENTS_MIN);
		CHECK(ring.nsegments <= SEGMENTS_MAX);
		ring_done(&ring);
	}
	CHECK_INT(ring_new(&ring, RING_MAX + UINT64_C(1), 1, 1), -1);
	CHECK_INT(errno, EFBIG);
}

TEST(records_are_numbered_from_one_and_leave_in_order_as_they_came)
{
	begin(WORLD_SMALL);
	push_steps(50);
	CHECK_INT(ring_read(&ring), 50 * WORLD_STEP);
	for (uint64_t n = 1; n <= 50 * WORLD_STEP; n++)
		CHECK_INT(send_next(), n);
	CHECK_INT(send_next(), 0);
	/* sent is not answered: they stay */
	CHECK_INT(ring_queued(&ring), 50 * WORLD_STEP);
	push_steps(1);
	CHECK_INT(send_next(), 50 * WORLD_STEP + 1);
	ring_done(&ring);
}

TEST(nothing_of_a_step_is_there_before_its_end)
{
	begin(WORLD_SMALL);
	push_steps(1);
	ring_begin(&ring, world_boottime(1), world_wall(1));
	for (uint64_t n = 5; n <= 8; n++) {
		CHECK_INT(ring_push(&ring, buf, world_record(n, buf)), 0);
		CHECK_INT(ring_read(&ring), 4);
	}
	CHECK_INT(world_send_all(&ring), 4);
	ring_commit(&ring);
	CHECK_INT(ring_read(&ring), 8);
	CHECK_INT(world_send_all(&ring), 4);
	ring_done(&ring);
}

TEST(one_that_is_looked_at_and_not_sent_is_next_again)
{
	const uint8_t *record;
	size_t len;

	begin(WORLD_SMALL);
	push_steps(1);
	CHECK(ring_unsent(&ring, &record, &len));
	CHECK(ring_unsent(&ring, &record, &len));
	CHECK_INT(world_seq(record, len), 1);
	CHECK_INT(ring_ack(&ring, 1, LOST_END), -EPROTO);
	ring_done(&ring);
}

TEST(an_answer_lets_all_up_to_it_go_and_no_other)
{
	begin(WORLD_SMALL);
	push_steps(2);
	for (int i = 0; i < 7; i++)
		CHECK(send_next() > 0);
	CHECK_INT(ring_ack(&ring, 3, LOST_END), 0);
	CHECK_INT(ring.state.acked, 3);
	CHECK_INT(ring_queued(&ring), 5);
	CHECK_INT(ring_ack(&ring, 7, LOST_END), 0);
	CHECK_INT(send_next(), 8);
	CHECK_INT(ring_ack(&ring, 8, LOST_END), 0);
	CHECK_INT(ring_queued(&ring), 0);
	CHECK_INT(ring_usage(&ring), 0);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(an_answer_for_what_was_never_sent_or_once_more_is_refused)
{
	static const uint64_t wrong[] = { 0, 1, 2, 4, 8, 9, UINT64_MAX };

	begin(WORLD_SMALL);
	CHECK_INT(ring_ack(&ring, 0, LOST_END), -EPROTO);
	CHECK_INT(ring_ack(&ring, 1, LOST_END), -EPROTO);
	push_steps(2);
	CHECK_INT(ring_ack(&ring, 1, LOST_END), -EPROTO);
	for (int i = 0; i < 3; i++)
		CHECK(send_next() > 0);
	CHECK_INT(ring_ack(&ring, 2, LOST_END), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_INT(ring_ack(&ring, wrong[i], LOST_END), -EPROTO);
	CHECK_INT(ring.state.acked, 2);
	CHECK_INT(ring_queued(&ring), 6);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(what_the_receiver_will_never_take_is_lost_by_its_cause)
{
	begin(WORLD_SMALL);
	push_steps(3);
	CHECK_INT(world_send_all(&ring), 12);
	CHECK_INT(ring_ack(&ring, 4, LOST_REJECTED), 0);
	CHECK_INT(ring_ack(&ring, 5, LOST_OVERSIZE), 0);
	CHECK_INT(ring_ack(&ring, 12, LOST_END), 0);
	CHECK_INT(ring_lost(&ring, LOST_REJECTED), 4);
	CHECK_INT(ring_lost(&ring, LOST_OVERSIZE), 1);
	CHECK_INT(ring.state.acked, 7);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(what_never_was_a_record_is_counted_without_a_number)
{
	begin(WORLD_SMALL);
	push_steps(1);
	ring_count_lost(&ring, LOST_OVERSIZE, 3);
	CHECK_INT(ring_read(&ring), 7);
	CHECK_INT(ring_queued(&ring), 4);
	CHECK_INT(ring_lost(&ring, LOST_OVERSIZE), 3);
	ring_count_missed(&ring, MISSED_LATE, 2);
	CHECK_INT(ring.state.missed[MISSED_LATE], 2);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(what_is_no_record_is_refused_and_costs_nothing)
{
	begin(WORLD_SMALL);
	ring_begin(&ring, 1, world_wall(0));
	memset(buf, 0, sizeof(buf));
	CHECK_INT(ring_push(&ring, buf, 0), -EMSGSIZE);
	CHECK_INT(ring_push(&ring, buf, RECORD_HEAD_SIZE), -EMSGSIZE);
	CHECK_INT(ring_push(&ring, buf, RECORD_MAX + 1), -EMSGSIZE);
	ring_commit(&ring);
	CHECK_INT(ring_read(&ring), 0);
	CHECK_INT(send_next(), 0);
	ring_done(&ring);
}

/* As long as there can be: names of 255 bytes, to the last byte. */
static size_t
longest_record(uint64_t salt)
{
	const struct record_head head = { .source = SOURCE_FILESYSTEM,
		.boottime_ns = 1, .wall_ns = world_wall(0),
		.start_ns = world_boot };
	struct record_writer rw;
	uint8_t name[ATTR_TEXT_MAX];
	struct attr a = { KEY_FS_MOUNTPOINT, 0, name };
	size_t len = RECORD_HEAD_SIZE;

	memset(name, 'a' + (int)(salt % 26), sizeof(name));
	record_begin(&rw, buf, RECORD_MAX, &head);
	for (uint64_t i = 0; RECORD_MAX - len > 8; i++) {
		const size_t room = RECORD_MAX - len - 8;

		a.len = (uint8_t)(room > 255 ? room < 255 + 16 ? 200 : 255 :
		    room);
		memcpy(name, &(char[]){ (char)('a' + i % 26), (char)('a' +
		    i / 26) }, 2);
		record_instance(&rw, 0, &a, 1);
		record_point(&rw, FS_USAGE_USED, 1);
		len = (size_t)(rw.w.p - buf);
	}
	CHECK(record_finish(&rw) > 0);
	CHECK_INT(record_check(buf, len), 0);
	return len;
}

TEST(the_longest_record_fits_every_ring_and_comes_out_whole)
{
	static uint8_t kept[RECORD_MAX];
	const uint8_t *record;
	size_t len, out;

	begin(WORLD_SMALL);
	for (uint64_t i = 0; i < 40; i++) {
		len = longest_record(i);
		CHECK(len >= RECORD_MAX - 8);
		memcpy(kept, buf, len);
		ring_begin(&ring, 1, world_wall(0));
		CHECK_INT(ring_push(&ring, buf, len), 0);
		ring_commit(&ring);
		CHECK(ring_unsent(&ring, &record, &out));
		CHECK_INT(out, len);
		world_number(kept, i + 1);
		CHECK_MEM(record, kept, len);
		ring_sent(&ring);
		CHECK_INT(ring_ack(&ring, i + 1, LOST_END), 0);
	}
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(more_records_of_one_source_than_can_differ_from_the_step_before)
{
	static uint8_t record[RECORD_MAX];
	const size_t len = world_record(1, record);
	const uint8_t *out;
	size_t out_len;

	begin(WORLD_SMALL);
	for (int step = 0; step < 2; step++) {
		ring_begin(&ring, world_boottime(0), world_wall(0));
		for (int i = 0; i < RING_BASES_MAX + 9; i++)
			CHECK_INT(ring_push(&ring, record, len), 0);
		ring_commit(&ring);
	}
	for (uint64_t n = 1; n <= 2 * (RING_BASES_MAX + 9); n++) {
		CHECK(ring_unsent(&ring, &out, &out_len));
		CHECK_INT(out_len, len);
		world_number(record, n);
		CHECK_MEM(out, record, len);
		ring_sent(&ring);
	}
	ring_done(&ring);
}

TEST(a_full_ring_drops_the_oldest_and_counts_what_it_dropped)
{
	uint64_t lost, seq, n = 0;

	begin(WORLD_SMALL);
	fill_segments(SEGMENTS_MIN + 3);
	lost = ring_lost(&ring, LOST_QUEUE_FULL);
	CHECK(lost > 0);
	CHECK_INT(ring_queued(&ring), ring_read(&ring) - lost);
	CHECK(ring_usage(&ring) <= ring_limit(&ring));
	while ((seq = send_next()) != 0)
		CHECK_INT(seq, lost + ++n);
	CHECK_INT(n, ring_queued(&ring));
	CHECK_INT(ring_ack(&ring, ring.made, LOST_END), 0);
	CHECK_INT(ring_queued(&ring), 0);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

/* Steps of one record lie at the same offsets in each segment. */
TEST(a_place_that_is_used_again_keeps_nothing_of_what_was_there)
{
	const size_t len = world_record(1, buf);
	const uint8_t *out;
	size_t out_len;

	begin(WORLD_SMALL);
	while (ring.head < 3 * SEGMENTS_MIN) {
		ring_begin(&ring, world_boottime(0), world_wall(0));
		CHECK_INT(ring_push(&ring, buf, len), 0);
		ring_commit(&ring);
	}
	for (uint64_t n = ring_queued(&ring); n > 0; n--) {
		CHECK(ring_unsent(&ring, &out, &out_len));
		CHECK_INT(out_len, len);
		CHECK_MEM(out + 8, buf + 8, len - 8);
		ring_sent(&ring);
	}
	CHECK_INT(ring_lost(&ring, LOST_UNREADABLE), 0);
	ring_done(&ring);
}

TEST(one_dropped_while_it_was_in_flight_counts_by_its_answer)
{
	begin(WORLD_SMALL);
	push_steps(2);
	CHECK_INT(world_send_all(&ring), 8);
	fill_segments(SEGMENTS_MIN);
	CHECK(ring.state.tail > 1);
	CHECK(world_adds_up(&ring));
	CHECK_INT(ring_ack(&ring, 3, LOST_END), 0);
	CHECK_INT(ring_ack(&ring, 8, LOST_REJECTED), 0);
	CHECK_INT(ring.state.acked, 3);
	CHECK_INT(ring_lost(&ring, LOST_REJECTED), 5);
	CHECK(world_adds_up(&ring));
	/* and the hole behind it is passed at once */
	CHECK_INT(ring.state.acked_seq, 8 + ring_lost(&ring,
	    LOST_QUEUE_FULL));
	CHECK_INT(send_next(), ring.state.acked_seq + 1);
	ring_done(&ring);
}

TEST(one_that_is_decoded_and_not_sent_is_lost_with_its_segment)
{
	const uint8_t *record;
	size_t len;

	begin(WORLD_SMALL);
	push_steps(1);
	CHECK_INT(send_next(), 1);
	CHECK(ring_unsent(&ring, &record, &len));
	fill_segments(SEGMENTS_MIN);
	CHECK(world_adds_up(&ring));
	CHECK(ring_unsent(&ring, &record, &len));
	CHECK(world_seq(record, len) > 2);
	CHECK_INT(ring_ack(&ring, 1, LOST_END), 0);
	CHECK_INT(ring.state.acked, 1);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(an_answer_for_one_in_a_hole_is_refused)
{
	uint64_t hole_end;

	begin(WORLD_SMALL);
	push_steps(1);
	CHECK_INT(world_send_all(&ring), 4);
	fill_segments(SEGMENTS_MIN);
	hole_end = 4 + ring_lost(&ring, LOST_QUEUE_FULL);
	CHECK_INT(send_next(), hole_end + 1);
	CHECK_INT(ring_ack(&ring, 5, LOST_END), -EPROTO);
	CHECK_INT(ring_ack(&ring, hole_end, LOST_END), -EPROTO);
	CHECK(world_adds_up(&ring));
	CHECK_INT(ring_ack(&ring, hole_end + 1, LOST_END), 0);
	CHECK_INT(ring.state.acked, 5);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(numbers_add_up_whatever_happens_in_whatever_order)
{
	uint64_t random = 1;

	begin(WORLD_SMALL);
	for (int i = 0; i < 30000; i++) {
		uint64_t sent = ring.sent_seq;

		random = world_mix(random);
		if (random % 8 < 4)
			CHECK(world_push_step(&ring));
		else if (random % 8 == 4)
			for (int k = 0; k < 40; k++)
				send_next();
		else if (random % 8 == 5 && sent > ring.state.acked_seq)
			ring_ack(&ring, sent - random / 8 % (sent -
			    ring.state.acked_seq), random / 999 % (LOST_END +
			    1));
		else if (random % 8 == 6)
			ring_count_lost(&ring, LOST_OVERSIZE, 1);
		CHECK(world_adds_up(&ring));
	}
	CHECK(ring_lost(&ring, LOST_QUEUE_FULL) > 0);
	CHECK(ring.state.acked > 0);
	ring_done(&ring);
}

TEST(no_more_memory_is_touched_than_waits)
{
	begin(16 << 20);
	for (int i = 0; i < 15000; i++) {
		CHECK(world_push_step(&ring));
		CHECK_INT(world_send_all(&ring), WORLD_STEP);
		CHECK_INT(ring_ack(&ring, ring.made, LOST_END), 0);
	}
	CHECK(ring.head > 20);
	CHECK(memory_touched() <= RING_PAGE + 3 * ring.segment);
	ring_done(&ring);
}
