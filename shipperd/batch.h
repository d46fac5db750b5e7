/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The records of one time step (or of a part of one),
 * byte for byte as they came, each already judged by record_check().
 */
#ifndef SLUICE_BATCH_H
#define SLUICE_BATCH_H

#include "record.h"

enum { BATCH_RECORDS_MAX = 4096 };

struct batch_record {
	const uint8_t *bytes;	/* in the batch's space */
	size_t len;
};

struct batch {
	uint8_t *space;		/* cap bytes, owned */
	size_t cap, used;
	size_t nrecords;
	struct batch_record record[BATCH_RECORDS_MAX];
	uint64_t wall_ns;	/* of every record in it */
	uint64_t last_seq;	/* what an ACK for all of it says */
	bool closed;		/* takes no more: step ended, or full */
	bool cut;		/* full: its step goes on in the next one */
};

/* NULL: no memory. */
struct batch	*batch_new(size_t cap);
void		batch_free(struct batch *);
void		batch_clear(struct batch *);
/*
 * True: copied in.  False: the record belongs to another time step or does
 * not fit; the batch is closed now and the record must go to the next one.
 */
bool		batch_add(struct batch *, const struct record_head *,
		    const void *record, size_t len);

#endif
