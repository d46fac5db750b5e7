/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See batch.h. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

struct batch *
batch_new(size_t cap)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->cap = cap;
	if ((b->space = malloc(cap)) == NULL) {
		free(b);
		return NULL;
	}
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	free(b->space);
	free(b);
}

void
batch_clear(struct batch *b)
{
	b->used = 0;
	b->nrecords = 0;
	b->wall_ns = 0;
	b->last_seq = 0;
	b->closed = false;
	b->cut = false;
}

static bool
takes(const struct batch *b, const struct record_head *h, size_t len)
{
	return !b->closed && b->nrecords < BATCH_RECORDS_MAX &&
	    len <= b->cap - b->used &&
	    (b->nrecords == 0 || h->wall_ns == b->wall_ns);
}

bool
batch_add(struct batch *b, const struct record_head *h, const void *record,
    size_t len)
{
	uint8_t *copy = b->space + b->used;

	if (!takes(b, h, len)) {
		b->cut = !b->closed && h->wall_ns == b->wall_ns;
		b->closed = true;
		return false;
	}
	memcpy(copy, record, len);
	b->record[b->nrecords++] = (struct batch_record){ copy, len };
	b->used += len;
	b->wall_ns = h->wall_ns;
	b->last_seq = h->seq;
	b->closed = (h->flags & RECORD_LAST) != 0;
	return true;
}
