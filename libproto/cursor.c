/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See cursor.h. */
#include "cursor.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

struct reader
reader_of(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	return (struct reader){ .p = p, .end = p + len };
}

size_t
reader_left(const struct reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

const uint8_t *
read_span(struct reader *r, size_t len)
{
	const uint8_t *span = r->p;

	if (reader_left(r) < len || r->bad) {
		r->bad = true;
		return NULL;
	}
	r->p += len;
	return span;
}

uint8_t
read_u8(struct reader *r)
{
	const uint8_t *b = read_span(r, 1);

	return b == NULL ? 0 : *b;
}

uint64_t
read_u64(struct reader *r)
{
	uint64_t v = 0;
	const uint8_t *b = read_span(r, sizeof(v));

	if (b != NULL)
		memcpy(&v, b, sizeof(v));
	return le64toh(v);
}

uint64_t
read_varint(struct reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = read_u8(r);

		/* the tenth byte holds one bit; a last byte of 0 is padding */
		if (r->bad || (shift == 63 && b > 1) || (shift > 0 && b == 0))
			break;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return v;
	}
	r->bad = true;
	return 0;
}

int64_t
read_zigzag(struct reader *r)
{
	uint64_t v = read_varint(r);

	return (int64_t)(v >> 1 ^ -(v & 1));
}

const uint8_t *
read_text(struct reader *r, size_t min, size_t max, size_t *len)
{
	*len = read_u8(r);
	if (*len < min || *len > max)
		r->bad = true;
	if (r->bad)
		*len = 0;
	return read_span(r, *len);
}

int
reader_finish(const struct reader *r)
{
	return r->bad || r->p != r->end ? -EBADMSG : 0;
}

struct writer
writer_of(void *bytes, size_t cap)
{
	uint8_t *p = bytes;

	return (struct writer){ .start = p, .p = p, .end = p + cap };
}

void
write_span(struct writer *w, const void *bytes, size_t len)
{
	if (w->full || (size_t)(w->end - w->p) < len) {
		w->full = true;
		return;
	}
	if (len > 0)
		memcpy(w->p, bytes, len);
	w->p += len;
}

void
write_u8(struct writer *w, uint8_t v)
{
	if (w->full || w->p == w->end) {
		w->full = true;
		return;
	}
	*w->p++ = v;
}

void
write_u64(struct writer *w, uint64_t v)
{
	v = htole64(v);
	write_span(w, &v, sizeof(v));
}

void
write_varint(struct writer *w, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		write_u8(w, (uint8_t)(v | 0x80));
	write_u8(w, (uint8_t)v);
}

void
write_zigzag(struct writer *w, int64_t v)
{
	write_varint(w, (uint64_t)v << 1 ^ (uint64_t)(v < 0 ? -1 : 0));
}

void
write_text(struct writer *w, const void *bytes, size_t len)
{
	if (len > UINT8_MAX) {
		w->full = true;
		return;
	}
	write_u8(w, (uint8_t)len);
	write_span(w, bytes, len);
}

ptrdiff_t
writer_finish(const struct writer *w)
{
	return w->full ? -ENOBUFS : w->p - w->start;
}
