/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Every record is in the ring once, whole, and counted. */
#include "record.h"
#include "ring.h"
#include "test.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SMALL = 2 * RING_PAGE };		/* one page of data */
enum { TRIES = 20000 };

static struct ring ring;
static uint8_t buf[RECORD_MAX + 1];

static uint32_t
random_number(void)
{
	static uint64_t state = 42;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(state >> 33);
}

/* What a record of that number and length is made of. */
static uint8_t
byte_of(uint64_t seq, size_t i)
{
	return (uint8_t)(seq * 131 + i * 7);
}

static int
push(size_t len)
{
	for (size_t i = sizeof(uint64_t); i < len; i++)
		buf[i] = byte_of(ring.next_seq, i);
	return ring_push(&ring, buf, len);
}

static uint64_t
seq_of(const uint8_t *record)
{
	uint64_t seq;

	memcpy(&seq, record, sizeof(seq));
	return le64toh(seq);
}

static bool
is_whole(const uint8_t *record, size_t len)
{
	for (size_t i = sizeof(uint64_t); i < len; i++)
		if (record[i] != byte_of(seq_of(record), i))
			return false;
	return true;
}

static void
check_sum(void)
{
	const struct ring_count *c = &ring.count;

	CHECK_INT(c->made, c->acked + c->waiting + c->lost_full +
	    c->lost_damaged + c->unknown);
}

static void
check_counts(void)
{
	const struct ring_count *c = &ring.count;

	check_sum();
	CHECK(c->waiting_bytes <= ring.size);
	CHECK((c->waiting == 0) == (c->waiting_bytes == 0));
}

/* Takes the next one out as sent; its number, or 0: there was none. */
static uint64_t
send_next(size_t want_len)
{
	const uint8_t *record;
	size_t len;

	if (!ring_unsent(&ring, &record, &len))
		return 0;
	if (want_len > 0)
		CHECK_INT(len, want_len);
	CHECK(is_whole(record, len));
	ring_sent(&ring);
	return seq_of(record);
}

/* Bytes that a record of this length takes from the data. */
static uint64_t
room_for(size_t len)
{
	uint64_t bytes;

	CHECK_INT(ring_new(&ring, SMALL), 0);
	CHECK_INT(push(len), 0);
	bytes = ring.count.waiting_bytes;
	ring_done(&ring);
	return bytes;
}

/* The shortest record that takes that much. */
static size_t
length_taking(uint64_t bytes)
{
	for (size_t len = RECORD_HEAD_SIZE; len < SMALL / 2; len++)
		if (room_for(len) == bytes)
			return len;
	test_fail(__FILE__, __LINE__, "no length takes %llu bytes",
	    (unsigned long long)bytes);
}

TEST(a_new_ring_is_empty)
{
	const uint8_t *record;
	size_t len;

	CHECK_INT(ring_new(&ring, SMALL), 0);
	CHECK(!ring_unsent(&ring, &record, &len));
	CHECK_INT(ring.size, SMALL - RING_PAGE);
	CHECK_INT(ring.count.made, 0);
	check_counts();
	ring_done(&ring);
}

TEST(its_memory_can_neither_shrink_nor_grow_nor_be_unsealed)
{
	CHECK_INT(ring_new(&ring, SMALL), 0);
	CHECK_INT(fcntl(ring.fd, F_GET_SEALS) &
	    (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	CHECK(ftruncate(ring.fd, 0) < 0 && errno == EPERM);
	CHECK(ftruncate(ring.fd, 2 * SMALL) < 0 && errno == EPERM);
	CHECK(fcntl(ring.fd, F_ADD_SEALS, F_SEAL_WRITE) < 0);
	CHECK_INT(fcntl(ring.fd, F_GETFD), FD_CLOEXEC);
	ring_done(&ring);
}

TEST(a_size_is_cut_to_whole_pages_and_an_impossible_one_is_an_error)
{
	CHECK_INT(ring_new(&ring, SMALL + RING_PAGE - 1), 0);
	CHECK_INT(ring.size, SMALL - RING_PAGE);
	ring_done(&ring);
	CHECK_INT(ring_new(&ring, 0), -1);
	CHECK_INT(ring_new(&ring, UINT64_C(1) << 62), -1);
	CHECK_INT(ring_new(&ring, UINT64_MAX), -1);
	/* no room for any record, but it says so */
	CHECK_INT(ring_new(&ring, RING_PAGE), 0);
	CHECK_INT(push(RECORD_HEAD_SIZE), -EMSGSIZE);
	ring_done(&ring);
}

TEST(records_are_numbered_from_one_and_leave_in_order)
{
	CHECK_INT(ring_new(&ring, SMALL), 0);
	for (size_t i = 1; i <= 9; i++)
		CHECK_INT(push(RECORD_HEAD_SIZE + i), 0);
	CHECK_INT(ring.count.made, 9);
	CHECK_INT(ring.count.waiting, 9);
	for (size_t i = 1; i <= 9; i++)
		CHECK_INT(send_next(RECORD_HEAD_SIZE + i), i);
	CHECK_INT(send_next(0), 0);
	/* sent is not answered: they stay */
	CHECK_INT(ring.count.waiting, 9);
	check_counts();
	ring_done(&ring);
}

TEST(one_that_is_looked_at_and_not_sent_is_next_again)
{
	const uint8_t *first, *again;
	size_t len;

	CHECK_INT(ring_new(&ring, SMALL), 0);
	CHECK_INT(push(RECORD_HEAD_SIZE), 0);
	CHECK(ring_unsent(&ring, &first, &len));
	CHECK(ring_unsent(&ring, &again, &len));
	CHECK(first == again);
	ring_done(&ring);
}

TEST(an_answer_lets_all_up_to_it_go_and_no_other)
{
	CHECK_INT(ring_new(&ring, SMALL), 0);
	for (int i = 0; i < 5; i++)
		CHECK_INT(push(RECORD_HEAD_SIZE), 0);
	for (int i = 0; i < 4; i++)
		CHECK(send_next(0) > 0);
	CHECK_INT(ring_ack(&ring, 3), 0);
	CHECK_INT(ring.count.acked, 3);
	CHECK_INT(ring.count.waiting, 2);
	CHECK_INT(ring_ack(&ring, 4), 0);
	CHECK_INT(ring.count.acked, 4);
	CHECK_INT(send_next(0), 5);
	CHECK_INT(ring_ack(&ring, 5), 0);
	CHECK_INT(ring.count.waiting, 0);
	check_counts();
	ring_done(&ring);
}

TEST(an_answer_for_what_was_never_sent_or_once_more_is_refused)
{
	static const uint64_t wrong[] = { 0, 1, 2, 4, 5, UINT64_MAX };

	CHECK_INT(ring_new(&ring, SMALL), 0);
	CHECK_INT(ring_ack(&ring, 0), -EPROTO);
	CHECK_INT(ring_ack(&ring, 1), -EPROTO);
	for (int i = 0; i < 5; i++)
		CHECK_INT(push(RECORD_HEAD_SIZE), 0);
	CHECK_INT(ring_ack(&ring, 1), -EPROTO);
	for (int i = 0; i < 3; i++)
		CHECK(send_next(0) > 0);
	CHECK_INT(ring_ack(&ring, 2), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_INT(ring_ack(&ring, wrong[i]), -EPROTO);
	CHECK_INT(ring.count.acked, 2);
	CHECK_INT(ring.count.waiting, 3);
	CHECK_INT(ring_ack(&ring, 3), 0);
	check_counts();
	ring_done(&ring);
}

TEST(it_holds_to_its_last_byte_and_the_next_costs_the_oldest)
{
	const size_t len = length_taking(SMALL / 2 / 8);

	CHECK_INT(ring_new(&ring, SMALL), 0);
	for (int i = 0; i < 8; i++)
		CHECK_INT(push(len), 0);
	CHECK_INT(ring.count.waiting_bytes, ring.size);
	CHECK_INT(ring.count.lost_full, 0);
	CHECK_INT(push(len), 0);
	CHECK_INT(ring.count.lost_full, 1);
	CHECK_INT(ring.count.waiting, 8);
	for (uint64_t seq = 2; seq <= 9; seq++)
		CHECK_INT(send_next(len), seq);
	CHECK_INT(send_next(0), 0);
	check_counts();
	ring_done(&ring);
}

TEST(a_long_one_costs_as_many_of_the_oldest_as_it_needs)
{
	const size_t eighth = length_taking(SMALL / 2 / 8);
	const size_t half = length_taking(SMALL / 2 / 2);

	CHECK_INT(ring_new(&ring, SMALL), 0);
	for (int i = 0; i < 8; i++)
		CHECK_INT(push(eighth), 0);
	CHECK_INT(push(half), 0);
	CHECK_INT(ring.count.lost_full, 4);
	CHECK_INT(ring.count.waiting, 5);
	for (uint64_t seq = 5; seq <= 8; seq++)
		CHECK_INT(send_next(eighth), seq);
	CHECK_INT(send_next(half), 9);
	check_counts();
	ring_done(&ring);
}

TEST(one_dropped_after_it_was_sent_is_unknown_until_it_is_answered)
{
	const size_t len = length_taking(SMALL / 2 / 8);

	CHECK_INT(ring_new(&ring, SMALL), 0);
	for (int i = 0; i < 8; i++)
		CHECK_INT(push(len), 0);
	for (int i = 0; i < 3; i++)
		CHECK(send_next(0) > 0);
	for (int i = 0; i < 4; i++)
		CHECK_INT(push(len), 0);
	CHECK_INT(ring.count.unknown, 3);
	CHECK_INT(ring.count.lost_full, 1);
	CHECK_INT(ring_ack(&ring, 2), 0);
	CHECK_INT(ring.count.unknown, 1);
	CHECK_INT(ring.count.acked, 2);
	CHECK_INT(ring_ack(&ring, 3), 0);
	CHECK_INT(ring.count.unknown, 0);
	CHECK_INT(send_next(0), 5);
	check_counts();
	ring_done(&ring);
}

TEST(the_longest_record_fits_and_a_byte_more_is_refused)
{
	CHECK_INT(ring_new(&ring, RING_MIN), 0);
	CHECK_INT(push(RECORD_MAX), 0);
	CHECK_INT(push(RECORD_MAX + 1), -EMSGSIZE);
	CHECK_INT(push(RECORD_HEAD_SIZE), 0);
	CHECK_INT(send_next(RECORD_MAX), 1);
	/* the one that was refused took no number */
	CHECK_INT(send_next(RECORD_HEAD_SIZE), 2);
	CHECK_INT(ring.count.made, 2);
	check_counts();
	ring_done(&ring);
}

TEST(two_of_the_longest_fit_a_small_ring_and_longer_ones_are_refused)
{
	const size_t half = length_taking(SMALL / 2 / 2);

	CHECK_INT(ring_new(&ring, SMALL), 0);
	CHECK_INT(push(half), 0);
	CHECK_INT(push(half), 0);
	CHECK_INT(push(half + 8), -EMSGSIZE);
	CHECK_INT(ring.count.waiting, 2);
	CHECK_INT(ring.count.lost_full, 0);
	CHECK_INT(send_next(half), 1);
	CHECK_INT(send_next(half), 2);
	check_counts();
	ring_done(&ring);
}

/* Random lengths, so that the end of the data is met at every distance. */
static void
push_and_send(size_t longest)
{
	static size_t length[TRIES + 2];
	uint64_t expected = 1, sent;

	for (int i = 1; i <= TRIES; i++) {
		length[i] = RECORD_HEAD_SIZE +
		    random_number() % (longest - RECORD_HEAD_SIZE + 1);
		CHECK_INT(push(length[i]), 0);
		check_counts();
		if (random_number() % 3 == 0)
			continue;
		if ((sent = send_next(0)) == 0)
			continue;
		/* what is missing in between was dropped, and counted */
		CHECK(sent >= expected);
		expected = sent + 1;
		if (random_number() % 4 == 0)
			CHECK_INT(ring_ack(&ring, sent), 0);
		check_counts();
	}
	CHECK_INT(ring.next_seq, TRIES + 1);
	while ((sent = send_next(length[expected])) != 0)
		CHECK_INT(sent, expected++);
	CHECK_INT(expected, TRIES + 1);
}

TEST(records_are_whole_wherever_the_end_of_the_memory_falls)
{
	const size_t longest = length_taking(SMALL / 2 / 2);

	CHECK_INT(ring_new(&ring, SMALL), 0);
	push_and_send(longest);
	CHECK(ring.count.lost_full > 0 && ring.count.unknown > 0);
	CHECK_INT(ring_ack(&ring, TRIES), 0);
	CHECK_INT(ring.count.waiting, 0);
	/* answered for: they may have made room, but they arrived */
	CHECK_INT(ring.count.unknown, 0);
	check_counts();
	ring_done(&ring);
}

TEST(nothing_is_lost_while_the_answers_keep_up)
{
	CHECK_INT(ring_new(&ring, SMALL), 0);
	for (uint64_t seq = 1; seq <= TRIES; seq++) {
		const size_t len = RECORD_HEAD_SIZE + seq % 1000;

		CHECK_INT(push(len), 0);
		CHECK_INT(send_next(len), seq);
		CHECK_INT(ring_ack(&ring, seq), 0);
		CHECK_INT(ring.count.waiting_bytes, 0);
	}
	CHECK_INT(ring.count.acked, TRIES);
	check_counts();
	ring_done(&ring);
}

/* A ring behind which no byte can be read. */
static void
guarded_ring(void)
{
	void *place = mmap(NULL, SMALL + RING_PAGE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(place != MAP_FAILED);
	CHECK_INT(ring_new(&ring, SMALL), 0);
	ring.page = mremap(ring.page, SMALL, SMALL,
	    MREMAP_MAYMOVE | MREMAP_FIXED, place);
	CHECK(ring.page == place);
	ring.data = (uint8_t *)ring.page + RING_PAGE;
}

static void
guarded_done(void)
{
	uint8_t *guard = (uint8_t *)ring.page + SMALL;

	ring_done(&ring);
	munmap(guard, RING_PAGE);
}

/* Flips a byte of the first of three; true when that was noticed. */
static bool
damage_is_noticed(size_t at)
{
	bool noticed;

	guarded_ring();
	for (int i = 0; i < 3; i++)
		CHECK_INT(push(RECORD_HEAD_SIZE), 0);
	ring.data[at] ^= 0x55;
	/* CHECKs by itself that nothing but a whole record comes out */
	noticed = send_next(RECORD_HEAD_SIZE) != 1;
	CHECK_INT(ring.count.lost_damaged, noticed ? 3 : 0);
	CHECK_INT(ring.count.waiting, noticed ? 0 : 3);
	check_counts();
	CHECK_INT(push(RECORD_HEAD_SIZE), 0);
	CHECK_INT(send_next(RECORD_HEAD_SIZE), noticed ? 4 : 2);
	guarded_done();
	return noticed;
}

TEST(a_damaged_record_is_never_sent_whichever_byte_it_is)
{
	const uint64_t room = room_for(RECORD_HEAD_SIZE);
	size_t padding = 0;

	for (size_t at = 0; at < room; at++)
		padding += !damage_is_noticed(at);
	CHECK(padding < 8);
}

TEST(those_sent_before_the_damage_are_not_lost)
{
	CHECK_INT(ring_new(&ring, SMALL), 0);
	for (int i = 0; i < 5; i++)
		CHECK_INT(push(RECORD_HEAD_SIZE), 0);
	CHECK_INT(send_next(0), 1);
	CHECK_INT(send_next(0), 2);
	ring.data[ring.count.waiting_bytes / 5 * 3 - 6] ^= 1;
	CHECK_INT(send_next(0), 0);
	CHECK_INT(ring.count.lost_damaged, 3);
	CHECK_INT(ring.count.unknown, 2);
	check_counts();
	CHECK_INT(ring_ack(&ring, 2), 0);
	CHECK_INT(ring.count.acked, 2);
	CHECK_INT(ring.count.unknown, 0);
	check_counts();
	ring_done(&ring);
}

TEST(those_dropped_before_the_damage_are_not_counted_twice)
{
	const size_t len = length_taking(SMALL / 2 / 8);

	CHECK_INT(ring_new(&ring, SMALL), 0);
	for (int i = 0; i < 8; i++)
		CHECK_INT(push(len), 0);
	CHECK_INT(send_next(0), 1);
	for (int i = 0; i < 3; i++)
		CHECK_INT(push(len), 0);
	memset(ring.data, 0xff, ring.size);
	CHECK_INT(send_next(0), 0);
	CHECK_INT(ring.count.unknown, 1);
	CHECK_INT(ring.count.lost_full, 2);
	CHECK_INT(ring.count.lost_damaged, 8);
	check_counts();
	ring_done(&ring);
}

TEST(bytes_damaged_all_over_never_lead_out_of_the_memory)
{
	guarded_ring();
	for (int i = 0; i < TRIES; i++) {
		uint64_t sent;

		CHECK_INT(push(RECORD_HEAD_SIZE + random_number() % 900), 0);
		if (random_number() % 4 == 0)
			ring.data[random_number() % ring.size] ^= 1;
		sent = random_number() % 2 == 0 ? send_next(0) : 0;
		if (sent != 0 && random_number() % 2 == 0)
			ring_ack(&ring, sent);
		CHECK_INT(ring.count.made, i + 1);
		check_sum();
	}
	CHECK(ring.count.lost_damaged > 0);
	guarded_done();
}
