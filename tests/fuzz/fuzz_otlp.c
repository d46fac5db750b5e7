/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Several records, each u16 length and bytes, go through both
 * encoders: they agree on what there is, and no capacity is ever exceeded.
 */
#include "otlp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { RECORDS_MAX = 16, CAP = 1 << 20, GUARD = 64 };

static size_t
split(struct batch_record record[RECORDS_MAX], const uint8_t *bytes,
    size_t len)
{
	struct reader r = reader_of(bytes, len);
	size_t n = 0;

	while (n < RECORDS_MAX && reader_left(&r) > 0) {
		const size_t size = read_u8(&r) | (size_t)read_u8(&r) << 8;
		const uint8_t *p = read_span(&r, size);

		if (p == NULL)
			break;
		if (record_check(p, size) == 0)
			record[n++] = (struct batch_record){ p, size };
	}
	return n;
}

static ptrdiff_t
encode(enum protocol protocol, const struct otlp_request *rq, size_t cap,
    uint64_t *points)
{
	static uint8_t out[CAP + GUARD];
	ptrdiff_t len;

	memset(out + cap, 0xa5, GUARD);
	len = otlp_encode(protocol, rq, out, cap, points);
	for (size_t i = 0; i < GUARD; i++)
		if (out[cap + i] != 0xa5)
			abort();
	if (len > (ptrdiff_t)cap)
		abort();
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct shipconf conf = { .nattrs = 1, .attr = {
		{ "service.name", "s" } } };
	struct batch_record record[RECORDS_MAX];
	const struct otlp_request rq = { &conf, "0", record,
		split(record, bytes, len) };
	uint64_t n[PROTOCOL_OTLP_END];

	for (int p = 0; p < PROTOCOL_OTLP_END; p++) {
		const ptrdiff_t size = encode((enum protocol)p, &rq, CAP,
		    &n[p]);

		if (size < 0 ? size != (rq.nrecords == 0 ? -ENODATA : -ENOBUFS)
		    : n[p] == 0 || n[p] != n[0])
			abort();
		/* one byte less is too little, and is told */
		if (size > 0 && encode((enum protocol)p, &rq,
		    (size_t)size - 1, &n[p]) != -ENOBUFS)
			abort();
	}
	return 0;
}
