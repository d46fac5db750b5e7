/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See intake.h. */
#include "intake.h"

#include "log.h"

#include <errno.h>
#include <string.h>

enum { RECORDS_A_TURN = 64 };	/* then the network has its turn */

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
	return in->stashed == 0 &&
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
add(struct intake *in, const uint8_t *record, size_t len)
{
	struct record_reader rr;

	if (record_open(&rr, record, len) < 0)
		fatal_text("RECORD", "malformed");
	if (in->filling->closed && in->ready->nrecords == 0)
		swap_batches(in);
	if (!in->filling->closed && batch_add(in->filling, &rr.head, record,
	    len))
		return true;
	/* that closed it: there may be room in the other one */
	if (in->ready->nrecords > 0)
		return false;
	swap_batches(in);
	return batch_add(in->filling, &rr.head, record, len);
}

/* A peer that breaks the format or the order is not our collector. */
static void
judge(struct intake *in, const uint8_t *record, size_t len)
{
	struct record_reader rr;

	if (record_check(record, len) < 0 ||
	    record_open(&rr, record, len) < 0)
		fatal_text("RECORD", "malformed");
	if (rr.head.seq <= in->last_seq)
		fatal_text("RECORD", "not the next one");
	in->last_seq = rr.head.seq;
}

int
intake_read(struct intake *in)
{
	const uint8_t *record;
	size_t len;
	int got = 0;

	for (int i = 0; i < RECORDS_A_TURN && intake_has_room(in); i++) {
		if ((got = link_receive(in->link, &record, &len)) <= 0)
			break;
		judge(in, record, len);
		if (!add(in, record, len)) {
			memcpy(in->stash, record, len);
			in->stashed = len;
		}
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
	size_t len = in->stashed;

	batch_clear(in->ready);
	in->stashed = 0;
	if (len > 0 && !add(in, in->stash, len))
		fatal_text("RECORD", "larger than a batch");
}
