/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See cursor.h. */
#include "cursor.h"

#include <errno.h>

struct reader
reader_of(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	return (struct reader){ .p = p, .end = p + len };
}

uint64_t
read_varint_rest(struct reader *r)
{
	const uint8_t *p = r->p;
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && !r->bad && p < r->end;
	    shift += 7) {
		const uint8_t b = *p++;

		v |= (uint64_t)(b & 0x7f) << shift;
		if (b >= 0x80)
			continue;
		/* the tenth byte holds one bit; a last byte of 0 is padding */
		if ((shift == 63 && b > 1) || (shift > 0 && b == 0))
			break;
		r->p = p;
		return v;
	}
	r->bad = true;
	return 0;
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
