/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "batch.h"
#include "test.h"

enum { CAP = 64 };

static const uint8_t bytes[CAP + 1] = "a record is only bytes to a batch";
static const struct record_head step = { .seq = 7, .wall_ns = 1000 };

static struct batch *
open_batch(size_t cap)
{
	static struct batch *b;

	batch_free(b);
	b = batch_new(cap);
	CHECK(b != NULL);
	return b;
}

TEST(a_new_batch_is_empty_and_open)
{
	const struct batch *b = open_batch(CAP);

	CHECK_INT(b->cap, CAP);
	CHECK_INT(b->used, 0);
	CHECK_INT(b->nrecords, 0);
	CHECK_INT(b->last_seq, 0);
	CHECK(!b->closed);
}

TEST(a_record_is_copied)
{
	struct batch *b = open_batch(CAP);
	uint8_t mine[] = { 1, 2, 3 };

	CHECK(batch_add(b, &step, mine, sizeof(mine)));
	memset(mine, 0, sizeof(mine));
	CHECK_INT(b->nrecords, 1);
	CHECK_INT(b->record[0].len, 3);
	CHECK_MEM(b->record[0].bytes, "\1\2\3", 3);
	CHECK_INT(b->used, 3);
	CHECK_INT(b->wall_ns, 1000);
	CHECK_INT(b->last_seq, 7);
	CHECK(!b->closed);
}

TEST(records_of_one_step_stand_one_after_the_other)
{
	struct batch *b = open_batch(CAP);
	struct record_head next = step;

	next.seq = 8;
	CHECK(batch_add(b, &step, bytes, 10));
	CHECK(batch_add(b, &next, bytes + 10, 5));
	CHECK_INT(b->nrecords, 2);
	CHECK(b->record[1].bytes == b->record[0].bytes + 10);
	CHECK_MEM(b->space, bytes, 15);
	CHECK_INT(b->last_seq, 8);
}

TEST(the_last_record_of_a_step_closes_the_batch)
{
	struct batch *b = open_batch(CAP);
	struct record_head last = step;

	last.flags = RECORD_LAST;
	CHECK(batch_add(b, &last, bytes, 10));
	CHECK(b->closed);
	CHECK(!batch_add(b, &step, bytes, 1));
	CHECK(!b->cut);
	CHECK_INT(b->nrecords, 1);
}

TEST(a_record_of_another_step_closes_the_batch_and_stays_out)
{
	struct batch *b = open_batch(CAP);
	struct record_head other = step;

	other.wall_ns++;
	other.seq++;
	CHECK(batch_add(b, &step, bytes, 10));
	CHECK(!batch_add(b, &other, bytes, 10));
	CHECK(b->closed && !b->cut);
	CHECK_INT(b->nrecords, 1);
	CHECK_INT(b->used, 10);
	CHECK_INT(b->wall_ns, 1000);
	CHECK_INT(b->last_seq, 7);
}

TEST(a_record_fits_to_the_last_byte_and_not_beyond)
{
	struct batch *b = open_batch(CAP);

	CHECK(batch_add(b, &step, bytes, CAP - 1));
	CHECK(batch_add(b, &step, bytes, 1));
	CHECK_INT(b->used, CAP);
	CHECK(!b->closed);
	CHECK(!batch_add(b, &step, bytes, 1));
	CHECK(b->closed && b->cut);
	CHECK_INT(b->used, CAP);
	CHECK_INT(b->nrecords, 2);
}

TEST(a_record_larger_than_the_whole_batch_is_not_taken)
{
	struct batch *b = open_batch(CAP);

	CHECK(!batch_add(b, &step, bytes, CAP + 1));
	CHECK(b->closed);
	CHECK_INT(b->nrecords, 0);
	batch_clear(b);
	CHECK(batch_add(b, &step, bytes, CAP));
}

TEST(there_are_never_more_records_than_the_table_holds)
{
	struct batch *b = open_batch(BATCH_RECORDS_MAX + 1);

	for (unsigned i = 0; i < BATCH_RECORDS_MAX; i++)
		CHECK(batch_add(b, &step, bytes, 1));
	CHECK(!batch_add(b, &step, bytes, 1));
	CHECK(b->closed);
	CHECK_INT(b->nrecords, BATCH_RECORDS_MAX);
	CHECK(b->cut);
	batch_clear(b);
	CHECK(!b->cut);
}

TEST(a_closed_batch_takes_not_even_what_would_fit)
{
	struct batch *b = open_batch(CAP);

	CHECK(!batch_add(b, &step, bytes, CAP + 1));
	CHECK(!batch_add(b, &step, bytes, 1));
	CHECK_INT(b->nrecords, 0);
}

TEST(a_cleared_batch_is_as_new_for_any_step)
{
	struct batch *b = open_batch(CAP);
	struct record_head last = step;

	last.flags = RECORD_LAST;
	CHECK(batch_add(b, &last, bytes, CAP));
	batch_clear(b);
	CHECK_INT(b->used, 0);
	CHECK_INT(b->nrecords, 0);
	CHECK_INT(b->last_seq, 0);
	CHECK(!b->closed);
	last.wall_ns = 1;
	CHECK(batch_add(b, &last, bytes, CAP));
	CHECK_INT(b->wall_ns, 1);
}

TEST(no_batch_can_be_freed)
{
	batch_free(NULL);
}
