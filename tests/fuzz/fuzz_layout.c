/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Requests one after the other, each of records of u16 length
 * and bytes; the length's highest bit begins the next request, the one below
 * it ends one with descriptions.  What is made of the one before is what the
 * encoder makes of nothing, to the last byte and error.
 */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { RECORDS_MAX = 16, NEXT_REQUEST = 0x8000,
	DESCRIBED = 0x4000 };

static struct layout layout;
static uint8_t *plain;
static struct shipconf conf = { .nattrs = 1, .attr = {
	{ "service.name", "s" } } };

static void
start(void)
{
	const struct otlp_request fixed = { .conf = &conf, .version = "0" };
	static uint8_t *space, *spare;

	if (plain == NULL) {
		plain = malloc(REQUEST_MAX);
		space = malloc(REQUEST_MAX);
		spare = malloc(REQUEST_MAX);
		if (plain == NULL || space == NULL || spare == NULL ||
		    declared_add(&conf.declared, "jobs", "counter {job}") !=
		    NULL || !declared_seal(&conf.declared))
			abort();
	}
	free(layout.shapes.space);
	layout_init(&layout, &fixed, space, spare);
}

static void
compare(const struct batch_record *record, size_t n, bool terse)
{
	const struct otlp_request rq = { &conf, "0", record, n, terse };
	uint64_t points, want_points;
	const ptrdiff_t want = otlp_encode(PROTOCOL_HTTP_PROTOBUF, &rq, plain,
	    REQUEST_MAX, &want_points);
	const ptrdiff_t len = layout_encode(&layout, PROTOCOL_HTTP_PROTOBUF,
	    &rq, &points);

	if (len != want || points != want_points ||
	    (len > 0 && memcmp(layout.body, plain, (size_t)len) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct batch_record record[RECORDS_MAX];
	struct reader r = reader_of(bytes, len);
	size_t n = 0;

	start();
	while (reader_left(&r) > 0) {
		const unsigned word = read_u8(&r) | (unsigned)read_u8(&r) << 8;
		const size_t size = word & (DESCRIBED - 1);
		const uint8_t *p = read_span(&r, size);

		if (p == NULL)
			break;
		if (n == RECORDS_MAX || (word & NEXT_REQUEST) != 0) {
			compare(record, n, (word & DESCRIBED) == 0);
			n = 0;
		}
		record[n++] = (struct batch_record){ p, size };
	}
	compare(record, n, true);
	return 0;
}
