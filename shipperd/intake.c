/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See intake.h. */
#include "intake.h"

#include "log.h"

#include <errno.h>
#include <string.h>

void
intake_init(struct intake *in, struct link *l, size_t batch_bytes)
{
	memset(in, 0, sizeof(*in));
	in->link = l;
	in->filling = batch_new(batch_bytes);
	in->ready = batch_new(batch_bytes);
	if (in->filling == NULL || in->ready == NULL)
		fatal("memory for two batches", ENOMEM);
}

bool
intake_has_room(const struct intake *in)
{
	return reader_left(&in->pending) == 0 &&
	    !(in->filling->closed && in->ready->nrecords > 0);
}

static void
swap_batches(struct intake *in)
{
	struct batch *closed = in->filling;

	in->filling = in->ready;
	in->ready = closed;
}

static bool
add(struct intake *in, const struct record_head *head, const uint8_t *record,
    size_t len)
{
	if (in->filling->closed && in->ready->nrecords == 0)
		swap_batches(in);
	if (!in->filling->closed && batch_add(in->filling, head, record, len))
		return true;
	/* that closed it: there may be room in the other one */
	if (in->ready->nrecords > 0)
		return false;
	swap_batches(in);
	return batch_add(in->filling, head, record, len);
}

/* A peer that breaks the format or the order is not our collector. */
static struct record_head
judge(const struct intake *in, const uint8_t *record, size_t len)
{
	struct record_reader rr;

	if (record_check(record, len) < 0 ||
	    record_open(&rr, record, len) < 0)
		fatal_text("RECORDS", "malformed");
	if (rr.head.seq <= in->last_seq)
		fatal_text("RECORDS", "not the next one");
	return rr.head;
}

/* What came and found no room stays in the message. */
static void
take_pending(struct intake *in)
{
	const uint8_t *record;
	size_t len;
	int got;

	for (;;) {
		const struct reader before = in->pending;
		struct record_head head;

		if ((got = frame_next_record(&in->pending, &record,
		    &len)) <= 0)
			break;
		head = judge(in, record, len);
		if (!add(in, &head, record, len)) {
			in->pending = before;
			return;
		}
		in->last_seq = head.seq;
	}
	if (got < 0)
		fatal_text("RECORDS", "malformed");
}

int
intake_read(struct intake *in)
{
	const uint8_t *payload;
	size_t len;
	int got;

	if (!intake_has_room(in))
		return 0;
	if ((got = link_receive(in->link, &payload, &len)) == 1) {
		in->pending = reader_of(payload, len);
		take_pending(in);
	}
	return got < 0 ? -1 : 0;
}

struct batch *
intake_ready(struct intake *in)
{
	if (in->ready->nrecords == 0 && in->filling->closed)
		swap_batches(in);
	return in->ready->nrecords > 0 ? in->ready : NULL;
}

void
intake_release(struct intake *in)
{
	batch_clear(in->ready);
	take_pending(in);
}
