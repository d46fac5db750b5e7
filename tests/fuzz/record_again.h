/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What is read from a record, written again: for a record
 * that record_check() takes these must be the same bytes. */
#ifndef SLUICE_RECORD_AGAIN_H
#define SLUICE_RECORD_AGAIN_H

#include "record.h"

/* Bytes written, or negative where the record could not be read. */
static inline ptrdiff_t
record_again(const void *bytes, size_t len, void *out, size_t cap)
{
	struct record_reader rr;
	struct record_writer rw;
	struct instance inst;
	struct point p;
	int more;

	if (record_open(&rr, bytes, len) < 0)
		return -1;
	record_begin(&rw, out, cap, &rr.head);
	while ((more = record_next_instance(&rr, &inst)) == 1) {
		record_instance(&rw, inst.start_ns, inst.attr, inst.nattrs);
		while ((more = record_next_point(&inst, &p)) == 1)
			record_point(&rw, p.id, p.value);
		if (more < 0)
			return -1;
	}
	return more < 0 ? -1 : record_finish(&rw);
}

#endif
