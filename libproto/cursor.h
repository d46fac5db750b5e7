/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  Reads and writes little-endian integers, LEB128
 * varints and byte strings.  The first error sticks: everything after it
 * reads as zero or writes nothing, so that a decoder is checked once, at its
 * end, and cannot go past its bytes on the way.
 */
#ifndef SLUICE_CURSOR_H
#define SLUICE_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

/* A length byte, then that many bytes; at least min, at most max. */
const uint8_t	*read_text(struct reader *, size_t min, size_t max,
		    size_t *len);
/* 0 when all was read and nothing was wrong, else -EBADMSG. */
int		reader_finish(const struct reader *);
uint64_t	read_varint_rest(struct reader *);

/* What is read most often is here, so that it costs no call. */

/* Borrows the bytes; they must outlive the reader and its spans. */
static inline struct reader
reader_of(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	return (struct reader){ .p = p, .end = p + len };
}

/*
 * The length of a varint of two to eight bytes, and its bytes as a word; 0
 * where it is no good one, or only to be told by going byte by byte: longer,
 * or with fewer than eight bytes left to look at.
 */
static inline unsigned
varint_len(const uint8_t *p, const uint8_t *end, uint64_t *word)
{
	const uint64_t tops = UINT64_C(0x8080808080808080);
	uint64_t w, ends;
	unsigned last;

	if (end - p < (ptrdiff_t)sizeof(w))
		return 0;
	memcpy(&w, p, sizeof(w));
	w = le64toh(w);
	if ((ends = ~w & tops) == 0)
		return 0;
	last = (unsigned)__builtin_ctzll(ends) / 8;
	ends ^= ends - 1;	/* all bits of its bytes */
	*word = w & ends;
	/* a last byte of 0 is padding */
	return *word > ends >> 8 ? last + 1 : 0;
}

static inline size_t
reader_left(const struct reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

/* NULL and a stuck error where fewer than that many bytes are left. */
static inline const uint8_t *
read_span(struct reader *r, size_t len)
{
	const uint8_t *span = r->p;

	if (r->bad || (size_t)(r->end - r->p) < len) {
		r->bad = true;
		return NULL;
	}
	r->p += len;
	return span;
}

static inline uint8_t
read_u8(struct reader *r)
{
	const uint8_t *b = read_span(r, 1);

	return b == NULL ? 0 : *b;
}

static inline uint64_t
read_u64(struct reader *r)
{
	const uint8_t *b = read_span(r, sizeof(uint64_t));
	uint64_t v = 0;

	if (b != NULL)
		memcpy(&v, b, sizeof(v));
	return le64toh(v);
}

/* Only the shortest form is accepted: one value, one encoding. */
static inline uint64_t
read_varint(struct reader *r)
{
	const uint8_t *p = r->p;

	if (r->bad || r->end - p < 2)
		return read_varint_rest(r);
	if (p[0] < 0x80) {
		r->p = p + 1;
		return p[0];
	}
	if (p[1] < 0x80 && p[1] != 0) {
		r->p = p + 2;
		return (p[0] & 0x7fu) | p[1] * 128u;
	}
	return read_varint_rest(r);
}

static inline int64_t
read_zigzag(struct reader *r)
{
	const uint64_t v = read_varint(r);

	return (int64_t)(v >> 1 ^ -(v & 1));
}

struct writer {
	uint8_t *start;
	uint8_t *p;
	uint8_t *end;
	bool full;
};

/* A length byte and the bytes; more than 255 is the error "full". */
void		write_text(struct writer *, const void *, size_t);
/* Bytes written, or -ENOBUFS when they did not fit. */
ptrdiff_t	writer_finish(const struct writer *);
void		write_varint_rest(struct writer *, uint64_t);

static inline struct writer
writer_of(void *bytes, size_t cap)
{
	uint8_t *p = bytes;

	return (struct writer){ .start = p, .p = p, .end = p + cap };
}

static inline void
write_u8(struct writer *w, uint8_t v)
{
	if (w->full || w->p == w->end) {
		w->full = true;
		return;
	}
	*w->p++ = v;
}

static inline void
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

static inline void
write_u64(struct writer *w, uint64_t v)
{
	v = htole64(v);
	write_span(w, &v, sizeof(v));
}

enum { VARINT_LONGEST = 10 };	/* bytes */

/* Where there is room for the longest; behind what was written. */
static inline uint8_t *
varint_put(uint8_t *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static inline void
write_varint(struct writer *w, uint64_t v)
{
	if (v < 0x80)
		write_u8(w, (uint8_t)v);
	else
		write_varint_rest(w, v);
}

/* Small numbers of both signs are small. */
static inline uint64_t
zigzag_of(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v < 0 ? -1 : 0);
}

static inline void
write_zigzag(struct writer *w, int64_t v)
{
	write_varint(w, zigzag_of(v));
}

#endif
