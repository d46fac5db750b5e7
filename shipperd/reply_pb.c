/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  See reply_body.h.  The protobuf encoding, as far as two
 * small messages need it; fields may come in any order and more than once,
 * and the last one counts.
 */
#include "reply_body.h"

#include "cursor.h"

#include <errno.h>

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2,
	WIRE_FIXED32 = 5 };

struct field {
	uint64_t number;
	enum wire wire;
	uint64_t value;			/* WIRE_VARINT */
	const uint8_t *bytes;		/* WIRE_BYTES */
	size_t len;
};

/* Unlike ours, a protobuf varint may be longer than it need be. */
static uint64_t
read_pb_varint(struct reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		const uint8_t b = read_u8(r);

		if (shift == 63 && b > 1)
			break;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return v;
	}
	r->bad = true;
	return 0;
}

/* False: there is no further field, or none that can be read. */
static bool
next_field(struct reader *r, struct field *f)
{
	uint64_t tag;

	*f = (struct field){ 0 };
	if (reader_left(r) == 0)
		return false;
	tag = read_pb_varint(r);
	f->number = tag >> 3;
	f->wire = (enum wire)(tag & 7);
	if (f->wire == WIRE_VARINT)
		f->value = read_pb_varint(r);
	else if (f->wire == WIRE_FIXED64)
		read_span(r, 8);
	else if (f->wire == WIRE_FIXED32)
		read_span(r, 4);
	else if (f->wire == WIRE_BYTES) {
		const uint64_t len = read_pb_varint(r);

		/* a length beyond size_t is beyond the body as well */
		f->len = len > SIZE_MAX ? SIZE_MAX : (size_t)len;
		f->bytes = read_span(r, f->len);
	} else
		r->bad = true;		/* groups are not in these messages */
	if (f->number == 0)
		r->bad = true;
	return !r->bad;
}

/* ExportMetricsPartialSuccess */
static int
read_partial(struct otlp_verdict *v, const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	struct field f;

	while (next_field(&r, &f)) {
		if (f.number == 1 && (f.wire != WIRE_VARINT ||
		    !reply_rejected(v, (int64_t)f.value)))
			return -EBADMSG;
		if (f.number == 2 && f.wire != WIRE_BYTES)
			return -EBADMSG;
		if (f.number == 2)
			reply_message(v, f.bytes, f.len);
	}
	return reader_finish(&r);
}

int
reply_pb_success(struct otlp_verdict *v, const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	struct field f;

	while (next_field(&r, &f))
		if (f.number == 1 && (f.wire != WIRE_BYTES ||
		    read_partial(v, f.bytes, f.len) < 0))
			return -EBADMSG;
	return reader_finish(&r);
}

int
reply_pb_status(struct otlp_verdict *v, const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	struct field f;

	while (next_field(&r, &f)) {
		if (f.number == 2 && f.wire != WIRE_BYTES)
			return -EBADMSG;
		if (f.number == 2)
			reply_message(v, f.bytes, f.len);
	}
	return reader_finish(&r);
}
