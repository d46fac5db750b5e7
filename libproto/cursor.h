/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  Reads and writes little-endian integers, LEB128
 * varints and byte strings.  The first error sticks: everything after it
 * reads as zero or writes nothing, so that a decoder is checked once, at its
 * end, and cannot go past its bytes on the way.
 */
#ifndef SLUICE_CURSOR_H
#define SLUICE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

/* Borrows the bytes; they must outlive the reader and its spans. */
struct reader	reader_of(const void *, size_t);
uint8_t		read_u8(struct reader *);
uint64_t	read_u64(struct reader *);
/* Only the shortest form is accepted: one value, one encoding. */
uint64_t	read_varint(struct reader *);
int64_t		read_zigzag(struct reader *);
/* NULL and a stuck error where fewer than that many bytes are left. */
const uint8_t	*read_span(struct reader *, size_t);
/* A length byte, then that many bytes; at least min, at most max. */
const uint8_t	*read_text(struct reader *, size_t min, size_t max,
		    size_t *len);
size_t		reader_left(const struct reader *);
/* 0 when all was read and nothing was wrong, else -EBADMSG. */
int		reader_finish(const struct reader *);

struct writer {
	uint8_t *start;
	uint8_t *p;
	uint8_t *end;
	bool full;
};

struct writer	writer_of(void *, size_t);
void		write_u8(struct writer *, uint8_t);
void		write_u64(struct writer *, uint64_t);
void		write_varint(struct writer *, uint64_t);
void		write_zigzag(struct writer *, int64_t);
void		write_span(struct writer *, const void *, size_t);
/* A length byte and the bytes; more than 255 is the error "full". */
void		write_text(struct writer *, const void *, size_t);
/* Bytes written, or -ENOBUFS when they did not fit. */
ptrdiff_t	writer_finish(const struct writer *);

#endif
