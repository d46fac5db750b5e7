/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A conversation: each step is u8 path, u8 descriptors, u8
 * length, a message.  What is taken obeys its row, what is refused changes
 * nothing, and a conversation can never go back to an earlier stage.
 */
#include "frame.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
walk(struct reader r)
{
	const uint8_t *record, *end = r.p;
	size_t len;
	int got;

	while ((got = frame_next_record(&r, &record, &len)) == 1) {
		if (record < end || len > RECORD_MAX ||
		    record + len != r.p)
			abort();
		end = r.p;
	}
	if (got == 0 && reader_finish(&r) < 0)
		abort();
}

static void
step(const uint8_t *msg, size_t len, int nfds, enum frame_path path,
    enum frame_stage *stage)
{
	const enum frame_stage before = *stage;
	const struct frame_row *row;
	struct frame f;

	if (frame_take(&f, msg, len, nfds, path, stage) < 0) {
		if (*stage != before)
			abort();
		return;
	}
	if (f.type == FRAME_RECORDS)
		walk(reader_of(f.payload, f.len));
	row = frame_row(msg[0]);
	if (row->path != path || row->nfds != nfds || row->stage != before ||
	    *stage != row->next || *stage < before || f.payload != msg + 1 ||
	    f.len < row->smallest || f.len > row->largest ||
	    f.len != len - 1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	enum frame_stage stage = STAGE_HELLO;
	struct reader r = reader_of(bytes, len);

	if (read_u8(&r) & 1)
		stage = STAGE_WELCOME;
	while (!r.bad && reader_left(&r) > 0) {
		const enum frame_path path = read_u8(&r) % 3;
		const int nfds = read_u8(&r);
		const size_t n = read_u8(&r);
		const uint8_t *msg = read_span(&r, n);

		if (msg != NULL)
			step(msg, n, nfds, path, &stage);
	}
	return 0;
}
