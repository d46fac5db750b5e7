/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Judged records, as a batch would hold them:
 *
 *	forget_records();
 *	open_record(SOURCE_CPU);
 *	record_instance(&rw, 0, NULL, 0);
 *	record_point(&rw, CPU_COUNT_ALL, 4);
 *	close_record();			now record[0], of nrecords
 */
#ifndef SLUICE_MAKE_RECORDS_H
#define SLUICE_MAKE_RECORDS_H

#include "batch.h"
#include "test.h"

enum { MADE_MAX = 8 };

static const uint64_t made_start = UINT64_C(1763600000000000000);
static const uint64_t made_wall = UINT64_C(1763650000000000000);

static uint8_t made_space[MADE_MAX][RECORD_MAX];
static struct batch_record record[MADE_MAX];
static size_t nrecords;
static struct record_writer rw;

static inline void
forget_records(void)
{
	nrecords = 0;
}

static inline void
open_record(enum source_id source)
{
	const struct record_head head = { .seq = nrecords + 1,
		.boottime_ns = 1, .wall_ns = made_wall,
		.start_ns = made_start, .source = source };

	CHECK(nrecords < MADE_MAX);
	record_begin(&rw, made_space[nrecords], RECORD_MAX, &head);
}

static inline void
close_record(void)
{
	const ptrdiff_t len = record_finish(&rw);

	CHECK(len > 0);
	record[nrecords] = (struct batch_record){ made_space[nrecords],
		(size_t)len };
	CHECK_INT(record_check(record[nrecords].bytes, (size_t)len), 0);
	nrecords++;
}

static inline struct attr
made_attr(enum key key, const char *s)
{
	return (struct attr){ key, (uint8_t)strlen(s), (const uint8_t *)s };
}

/* As many instances as one record may have, of one point each. */
static inline void
make_crowd(void)
{
	open_record(SOURCE_LOAD);
	for (unsigned i = 0; i < RECORD_INSTANCES_MAX; i++) {
		record_instance(&rw, 0, NULL, 0);
		record_point(&rw, LOAD_1M_ALL, i);
	}
	close_record();
}

#endif
