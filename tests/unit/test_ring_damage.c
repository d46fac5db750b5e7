/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Any byte of the ring's memory may turn into any other: no
 * record that never was is sent, what is lost is counted, and one byte costs
 * no more than the steps that stand on it.
 */
#include "ring_inside.h"
#include "ring_world.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct ring ring, taken;

static void
begin(int steps)
{
	CHECK_INT(ring_new(&ring, WORLD_SMALL, world_boot + 5, world_boot), 0);
	while (steps-- > 0)
		CHECK(world_push_step(&ring));
}

static const char *
look(void)
{
	return ring_look(&taken, fcntl(ring.fd, F_DUPFD_CLOEXEC, 0));
}

/* What one that takes the ring over sends, loses and goes on with. */
static uint64_t
check_taken(uint64_t read)
{
	const uint64_t made = taken.made;
	const int64_t sent = world_send_all(&taken);
	uint64_t unreadable;

	CHECK(sent >= 0);
	CHECK(world_adds_up(&taken));
	CHECK_INT(ring_read(&taken), read);
	CHECK_INT(ring_queued(&taken), sent);
	unreadable = ring_lost(&taken, LOST_UNREADABLE);
	/* and it goes on: the world's numbers do not depend on what was lost */
	while (taken.made < made + 3 * WORLD_STEP)
		CHECK(world_push_step(&taken));
	CHECK_INT(world_send_all(&taken), 3 * WORLD_STEP);
	CHECK_INT(ring_ack(&taken, taken.made, LOST_END), 0);
	CHECK_INT(ring_queued(&taken), 0);
	CHECK(world_adds_up(&taken));
	CHECK_INT(ring_lost(&taken, LOST_UNREADABLE), unreadable);
	return unreadable;
}

/* The most that any one change of these bytes costs, in records. */
static uint64_t
worst_of(size_t from, size_t to)
{
	uint8_t *memory = (uint8_t *)ring.page;
	const uint64_t read = ring_read(&ring);
	uint64_t worst = 0;

	for (size_t at = from; at < to; at++) {
		const uint8_t was = memory[at];
		const uint8_t into[] = { was ^ 1, was ^ 0x80, 0, 0xff,
			(uint8_t)world_mix(at) };

		for (size_t i = 0; i < sizeof(into); i++) {
			const char *fault;
			uint64_t lost;

			memory[at] = into[i];
			if ((fault = look()) != NULL)
				test_fail(__FILE__, __LINE__,
				    "byte %zu into %02x: %s", at,
				    (unsigned)into[i], fault);
			lost = check_taken(read);
			ring_done(&taken);
			worst = lost > worst ? lost : worst;
		}
		memory[at] = was;
	}
	return worst;
}

TEST(no_byte_of_the_page_costs_anything)
{
	begin(3);
	CHECK_INT(world_send_all(&ring), 12);
	CHECK_INT(ring_ack(&ring, 2, LOST_END), 0);
	CHECK_INT(ring_ack(&ring, 3, LOST_END), 0);
	CHECK_INT(worst_of(0, sizeof(struct ring_page)), 0);
	ring_done(&ring);
}

TEST(no_byte_of_a_segment_s_head_costs_anything)
{
	begin(3);
	CHECK_INT(worst_of(RING_PAGE, RING_PAGE +
	    sizeof(struct segment_head)), 0);
	ring_done(&ring);
}

TEST(a_byte_of_a_step_costs_that_step_or_those_that_differ_from_it)
{
	size_t first, second;

	begin(1);
	first = RING_PAGE + ring_last(&ring)->used;
	CHECK(world_push_step(&ring));
	second = RING_PAGE + ring_last(&ring)->used;
	CHECK(world_push_step(&ring));
	CHECK(world_push_step(&ring));
	CHECK_INT(worst_of(RING_PAGE + sizeof(struct segment_head),
	    RING_PAGE + sizeof(struct segment_head) +
	    sizeof(struct ring_step)), WORLD_STEP);
	CHECK_INT(worst_of(RING_PAGE + sizeof(struct segment_head) +
	    sizeof(struct ring_step), first), 4 * WORLD_STEP);
	/* one of its records is not like the one before, and a base itself */
	CHECK_INT(worst_of(first, second), 2 * WORLD_STEP);
	ring_done(&ring);
}

static uint64_t
records_in(uint64_t first, uint64_t last)
{
	return segment_last_seq(&ring, last) -
	    segment_first_seq(&ring, first) + 1;
}

TEST(damage_in_one_segment_leaves_the_others_alone)
{
	uint64_t read, most = 0;

	begin(0);
	while (ring.head < 5)
		CHECK(world_push_step(&ring));
	read = ring_read(&ring);
	for (uint64_t g = 1; g <= 5; g++)
		if (records_in(g, g) > most)
			most = records_in(g, g);
	for (uint64_t i = 0; i < 400; i++) {
		uint8_t *at = (uint8_t *)ring.page + world_mix(i) %
		    (RING_PAGE + 5 * SEGMENT_MIN);
		const uint8_t was = *at;

		*at ^= 1 << i % 8;
		CHECK(look() == NULL);
		CHECK(check_taken(read) <= most);
		ring_done(&taken);
		*at = was;
	}
	ring_done(&ring);
}

/* A segment that cannot be found at all, head and first step. */
static void
destroy(uint64_t generation)
{
	uint8_t *segment = place_at(&ring, segment_known(&ring,
	    generation)->place);

	memset(segment, 0xa5, sizeof(struct segment_head) +
	    sizeof(struct ring_step));
}

TEST(segments_that_are_gone_are_counted_wherever_they_were)
{
	static const uint64_t gone[][2] = { { 1, 1 }, { 2, 2 }, { 2, 3 },
		{ 1, 4 }, { 4, 4 } };

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		uint64_t lost = 0;

		begin(0);
		while (ring.head < 5)
			CHECK(world_push_step(&ring));
		for (uint64_t g = gone[i][0]; g <= gone[i][1]; g++) {
			lost += records_in(g, g);
			destroy(g);
		}
		CHECK(look() == NULL);
		CHECK_INT(check_taken(ring_read(&ring)), lost);
		ring_done(&taken);
		ring_done(&ring);
	}
}

TEST(a_ring_whose_last_segment_is_gone_goes_on_with_the_others)
{
	uint64_t before;

	begin(0);
	while (ring.head < 5)
		CHECK(world_push_step(&ring));
	before = segment_first_seq(&ring, 5) - 1;
	destroy(5);
	CHECK(look() == NULL);
	CHECK_INT(ring_read(&taken), before);
	CHECK_INT(world_send_all(&taken), before);
	CHECK(world_adds_up(&taken));
	ring_done(&taken);
	ring_done(&ring);
}

/* Not by damage, but by someone who can make checksums. */
static const uint64_t wrapping[] = { UINT64_MAX, UINT64_MAX - 1,
    UINT64_MAX - WORLD_STEP + 1, UINT64_C(1) << 63, 0 };

enum { WRAPPING = sizeof(wrapping) / sizeof(wrapping[0]) };

static void
number_first_step(uint64_t generation, uint64_t first)
{
	uint8_t *segment = place_at(&ring, segment_known(&ring,
	    generation)->place);
	struct ring_step *step = (struct ring_step *)(segment +
	    sizeof(struct segment_head));

	step->first_seq = first;
	step->head_crc = ring_step_crc(step, generation);
}

TEST(a_step_whose_numbers_wrap_is_none)
{
	for (size_t i = 0; i < WRAPPING; i++) {
		begin(3);
		number_first_step(1, wrapping[i]);
		CHECK(look() == NULL);
		CHECK_INT(check_taken(ring_read(&ring)), WORLD_STEP);
		ring_done(&taken);
		ring_done(&ring);
	}
}

TEST(a_segment_is_not_known_by_a_step_whose_numbers_wrap)
{
	for (size_t i = 0; i < 2 * WRAPPING; i++) {
		const uint64_t g = i < WRAPPING ? 3 : 5;
		struct segment_head *head;

		begin(0);
		while (ring.head < 5)
			CHECK(world_push_step(&ring));
		head = (struct segment_head *)place_at(&ring,
		    segment_known(&ring, g)->place);
		head->crc++;
		number_first_step(g, wrapping[i % WRAPPING]);
		CHECK(look() == NULL);
		CHECK_INT(check_taken(g == 5 ? segment_first_seq(&ring, 5) -
		    1 : ring_read(&ring)), g == 5 ? 0 : records_in(3, 3));
		ring_done(&taken);
		ring_done(&ring);
	}
}

TEST(damage_between_records_in_flight_is_counted_when_its_turn_has_come)
{
	uint8_t *step;

	begin(1);
	step = (uint8_t *)ring.segments + ring_last(&ring)->used +
	    sizeof(struct ring_step);
	for (int i = 0; i < 2; i++)
		CHECK(world_push_step(&ring));
	*step ^= 1;
	CHECK_INT(world_send_all(&ring), 2 * WORLD_STEP);
	CHECK_INT(ring_lost(&ring, LOST_UNREADABLE), WORLD_STEP);
	CHECK_INT(ring.state.lost[LOST_UNREADABLE], 0);
	CHECK(world_adds_up(&ring));
	CHECK_INT(ring_ack(&ring, 5, LOST_END), -EPROTO);
	CHECK_INT(ring_ack(&ring, 3, LOST_END), 0);
	CHECK_INT(ring.state.acked_seq, 3);
	CHECK_INT(ring_ack(&ring, 4, LOST_END), 0);
	CHECK_INT(ring.state.acked_seq, 8);
	CHECK_INT(ring.state.lost[LOST_UNREADABLE], WORLD_STEP);
	CHECK(world_adds_up(&ring));
	CHECK_INT(ring_ack(&ring, 12, LOST_END), 0);
	CHECK_INT(ring.state.acked, 2 * WORLD_STEP);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

/* Every second step is damaged: more holes than can be noted at once. */
TEST(many_holes_between_records_in_flight_all_add_up)
{
	uint64_t delivered = 0;

	begin(0);
	for (int i = 0; i < 200; i++) {
		uint8_t *step = ring.segments + ring_last(&ring)->used +
		    sizeof(struct ring_step);

		CHECK(world_push_step(&ring));
		if (i % 2 == 1)
			*step ^= 0x55;
	}
	for (int turns = 0; ring_queued(&ring) > 0; turns++) {
		const uint64_t sent = (uint64_t)world_send_all(&ring);

		CHECK(turns < 100);
		CHECK(world_adds_up(&ring));
		CHECK(sent > 0);
		CHECK_INT(ring_ack(&ring, ring.sent_seq, LOST_END), 0);
		delivered += sent;
		CHECK(world_adds_up(&ring));
	}
	CHECK_INT(delivered, 400);
	CHECK_INT(ring_lost(&ring, LOST_UNREADABLE), 400);
	ring_done(&ring);
}

TEST(a_process_that_lives_trusts_its_own_numbers_not_the_memory)
{
	begin(0);
	while (ring.head < 3)
		CHECK(world_push_step(&ring));
	memset(ring.page, 0x5a, RING_PAGE);
	for (uint64_t g = 1; g <= 3; g++)
		memset(place_at(&ring, segment_known(&ring, g)->place), 0x5a,
		    sizeof(struct segment_head));
	CHECK_INT(world_send_all(&ring), ring_read(&ring));
	while (ring.head < 3 * SEGMENTS_MIN)
		CHECK(world_push_step(&ring));
	CHECK(world_send_all(&ring) > 0);
	CHECK_INT(ring_lost(&ring, LOST_UNREADABLE), 0);
	CHECK(world_adds_up(&ring));
	ring_done(&ring);
}

TEST(memory_that_rots_while_it_is_used_never_makes_a_record_that_never_was)
{
	uint64_t random = 7, lost;

	begin(0);
	for (int i = 0; i < 20000; i++) {
		CHECK(world_push_step(&ring));
		random = world_mix(random);
		if (random % 4 == 0)
			((uint8_t *)ring.page)[random / 8 % ring.bytes] ^= 4;
		if (random % 16 < 5) {
			CHECK(world_send_all(&ring) >= 0);
			if (ring.sent_seq > ring.state.acked_seq)
				CHECK_INT(ring_ack(&ring, ring.sent_seq,
				    LOST_END), 0);
		}
		CHECK(world_adds_up(&ring));
		if (random % 1024 == 0) {
			const int fd = fcntl(ring.fd, F_DUPFD_CLOEXEC, 0);

			ring_done(&ring);
			if (ring_take(&ring, fd) != NULL)
				begin(0);
		}
	}
	lost = ring_lost(&ring, LOST_UNREADABLE);
	CHECK(lost > 0);
	ring_done(&ring);
}

TEST(a_record_that_is_none_is_not_sent_whatever_its_checksum_says)
{
	static uint8_t record[RECORD_MAX];
	const uint8_t *out;
	size_t len;

	begin(0);
	ring_begin(&ring, world_boottime(0), world_wall(0));
	CHECK_INT(ring_push(&ring, record, world_record(1, record)), 0);
	len = world_record(2, record);
	record[len - 1] = 0x80;
	CHECK_INT(record_check(record, len), -EBADMSG);
	CHECK_INT(ring_push(&ring, record, len), 0);
	CHECK_INT(ring_push(&ring, record, world_record(3, record)), 0);
	ring_commit(&ring);
	CHECK(look() == NULL);
	CHECK(ring_unsent(&taken, &out, &len));
	CHECK(world_is_same(1, out, len));
	ring_sent(&taken);
	CHECK(!ring_unsent(&taken, &out, &len));
	CHECK_INT(ring_ack(&taken, 1, LOST_END), 0);
	CHECK_INT(ring_lost(&taken, LOST_UNREADABLE), 2);
	CHECK_INT(ring_queued(&taken), 0);
	CHECK(world_adds_up(&taken));
	ring_done(&taken);
	ring_done(&ring);
}
