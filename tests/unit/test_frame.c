/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "frame.h"
#include "test.h"

#include <errno.h>

static uint8_t msg[FRAME_MAX + 1];

static int
take(unsigned type, size_t payload, int nfds, enum frame_path path,
    enum frame_stage *stage)
{
	struct frame f;

	msg[0] = (uint8_t)type;
	return frame_take(&f, msg, payload + 1, nfds, path, stage);
}

TEST(each_type_is_taken_at_its_smallest_and_largest_and_leads_on)
{
	for (unsigned type = 1; type < FRAME_END; type++) {
		const struct frame_row *row = frame_row(type);
		const size_t sizes[] = { row->smallest, row->largest };

		for (size_t i = 0; i < 2; i++) {
			enum frame_stage stage = row->stage;
			struct frame f;

			msg[0] = (uint8_t)type;
			CHECK_INT(frame_take(&f, msg, sizes[i] + 1, row->nfds,
			    row->path, &stage), 0);
			CHECK_INT(f.type, type);
			CHECK(f.payload == msg + 1);
			CHECK_INT(f.len, sizes[i]);
			CHECK_INT(stage, row->next);
		}
	}
}

TEST(a_byte_less_or_more_than_a_types_bounds_is_refused)
{
	for (unsigned type = 1; type < FRAME_END; type++) {
		const struct frame_row *row = frame_row(type);
		enum frame_stage stage = row->stage;

		if (row->smallest > 0)
			CHECK_INT(take(type, row->smallest - 1, row->nfds,
			    row->path, &stage), -EBADMSG);
		CHECK_INT(take(type, row->largest + 1, row->nfds, row->path,
		    &stage), -EBADMSG);
		CHECK_INT(stage, row->stage);
	}
}

TEST(a_frame_of_the_wrong_path_stage_or_descriptors_changes_nothing)
{
	for (unsigned type = 1; type < FRAME_END; type++) {
		const struct frame_row *row = frame_row(type);
		const size_t len = row->smallest;

		for (int path = FROM_COLLECTOR; path <= FROM_SHIPPER_ON_P;
		    path++)
			for (int s = STAGE_HELLO; s <= STAGE_ACK; s++)
				for (int nfds = 0; nfds <= 2; nfds++) {
					enum frame_stage stage =
					    (enum frame_stage)s;
					const bool good =
					    path == (int)row->path &&
					    s == (int)row->stage &&
					    nfds == row->nfds;

					CHECK_INT(take(type, len, nfds,
					    (enum frame_path)path, &stage),
					    good ? 0 : -EBADMSG);
					if (!good)
						CHECK_INT(stage, s);
				}
	}
}

TEST(types_without_a_row_and_empty_messages_are_refused)
{
	struct frame f;

	for (unsigned type = 0; type < 256; type++)
		for (int s = STAGE_HELLO; s <= STAGE_ACK; s++) {
			enum frame_stage stage = (enum frame_stage)s;

			if (frame_row(type) == NULL)
				CHECK_INT(take(type, 8, 0, FROM_COLLECTOR,
				    &stage), -EBADMSG);
			CHECK_INT(frame_take(&f, msg, 0, 0, FROM_COLLECTOR,
			    &stage), -EBADMSG);
		}
	CHECK(frame_row(0) == NULL);
	CHECK(frame_row(FRAME_END) == NULL);
	CHECK(frame_row(UINT32_MAX) == NULL);
}

TEST(the_shipper_gets_one_configuration_secrets_and_then_only_records)
{
	static const enum frame_type order[] = { FRAME_WELCOME, FRAME_CONFIG,
	    FRAME_SECRET, FRAME_SECRET, FRAME_START, FRAME_RECORDS,
	    FRAME_RECORDS };
	enum frame_stage stage = STAGE_WELCOME;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct frame_row *row = frame_row(order[i]);

		CHECK_INT(take(order[i], row->smallest, row->nfds,
		    FROM_COLLECTOR, &stage), 0);
	}
	for (unsigned type = 1; type < FRAME_END; type++)
		if (type != FRAME_RECORDS)
			CHECK_INT(take(type, frame_row(type)->smallest,
			    frame_row(type)->nfds, FROM_COLLECTOR, &stage),
			    -EBADMSG);
}

TEST(nothing_but_locked_once_acks_and_states_goes_back)
{
	static const enum frame_path back[] = { FROM_SHIPPER,
	    FROM_SHIPPER_ON_P };
	enum frame_stage stage = STAGE_HELLO;

	CHECK_INT(take(FRAME_HELLO, NONCE_SIZE, 1, FROM_SHIPPER_ON_P,
	    &stage), 0);
	CHECK_INT(take(FRAME_LOCKED, NONCE_SIZE + 3, 0, FROM_SHIPPER,
	    &stage), 0);
	for (int i = 0; i < 3; i++)
		CHECK_INT(take(FRAME_ACK, 9, 0, FROM_SHIPPER, &stage), 0);
	for (unsigned type = 0; type < 256; type++)
		for (size_t len = 0; len <= 100; len++)
			for (size_t i = 0; i < 2; i++) {
				const bool good = back[i] == FROM_SHIPPER &&
				    ((type == FRAME_ACK && len == 9) ||
				    (type == FRAME_STATE &&
				    len == SHIPSTATE_SIZE));

				CHECK_INT(take(type, len, 0, back[i], &stage),
				    good ? 0 : -EBADMSG);
			}
}

TEST(the_numbers_on_the_wire_are_the_documented_ones)
{
	static const char *const names[] = { "HELLO", "WELCOME", "CONFIG",
	    "SECRET", "START", "RECORDS", "LOCKED", "ACK",
	    "STATE" };

	CHECK_INT(FRAME_END, 10);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK_STR(frame_row(i + 1)->name, names[i]);
}

TEST(records_of_a_message_come_out_as_they_went_in)
{
	static uint8_t message[FRAME_MAX - 1], record[RECORD_MAX];
	const size_t sizes[] = { RECORD_HEAD_SIZE + 1, 127, 128, 16383, 9999 };
	struct writer w = writer_of(message, sizeof(message));
	const uint8_t *got;
	struct reader r;
	size_t len;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(record, (int)i, sizes[i]);
		CHECK(frame_add_record(&w, record, sizes[i]));
	}
	r = reader_of(message, (size_t)writer_finish(&w));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CHECK_INT(frame_next_record(&r, &got, &len), 1);
		CHECK_INT(len, sizes[i]);
		CHECK(got[0] == i && got[len - 1] == i);
	}
	CHECK_INT(frame_next_record(&r, &got, &len), 0);
}

TEST(the_longest_record_fills_a_message_and_one_more_finds_no_room)
{
	static uint8_t message[FRAME_MAX - 1], record[RECORD_MAX];
	struct writer w = writer_of(message, sizeof(message));

	CHECK(frame_add_record(&w, record, RECORD_MAX));
	CHECK_INT(w.p - w.start, sizeof(message));
	CHECK(!frame_add_record(&w, record, RECORD_HEAD_SIZE + 1));
	CHECK_INT(writer_finish(&w), sizeof(message));
}

TEST(a_record_of_an_impossible_size_is_malformed)
{
	static const uint8_t bad[][4] = { { 0 }, { RECORD_HEAD_SIZE },
	    { 0x80, 0x00 }, { 0xff, 0xff, 0x03 }, { 50, 1, 2 } };
	const uint8_t *got;
	size_t len;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct reader r = reader_of(bad[i], sizeof(bad[i]));

		CHECK_INT(frame_next_record(&r, &got, &len), -EBADMSG);
		CHECK_INT(frame_next_record(&r, &got, &len), -EBADMSG);
	}
}
