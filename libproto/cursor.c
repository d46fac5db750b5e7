/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See cursor.h. */
#include "cursor.h"

#include <errno.h>

/* As the format says it, a byte at a time, up to the last byte there is. */
static uint64_t
read_varint_bytes(struct reader *r)
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

/* Eight bytes' lower seven bits become 56 in a row. */
static uint64_t
gather(uint64_t w)
{
	w = (w & 0x007f007f007f007f) | (w & 0x7f007f007f007f00) >> 1;
	w = (w & 0x00003fff00003fff) | (w & 0x3fff00003fff0000) >> 2;
	return (w & 0x000000000fffffff) | (w & 0x0fffffff00000000) >> 4;
}

/* A word at a time: no branch for each byte, which none can foresee. */
uint64_t
read_varint_rest(struct reader *r)
{
	uint64_t word;
	const unsigned len = r->bad ? 0 : varint_len(r->p, r->end, &word);

	if (len == 0)
		return read_varint_bytes(r);
	r->p += len;
	return gather(word);
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

void
write_varint_rest(struct writer *w, uint64_t v)
{
	uint8_t bytes[VARINT_LONGEST];

	if (!w->full && w->end - w->p >= VARINT_LONGEST)
		w->p = varint_put(w->p, v);
	else
		write_span(w, bytes, (size_t)(varint_put(bytes, v) - bytes));
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
