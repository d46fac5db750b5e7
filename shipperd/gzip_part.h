/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Packs a piece of a body whose bytes stay as they are
 * but for fields of eight bytes, by a plan that is made once and kept.
 *
 * Why: a request differs from the one before it by its values and its time.
 * To look for the same repetitions again each second was the most expensive
 * thing that shipperd did.  A plan holds the codes of all that stays, so that
 * packing is: copy bits, pack one field, copy bits; and what each field adds
 * to the checksum, so that nothing but the fields is read.
 *
 * Must agree with: gzip.c, whose stream it writes to; what comes out of it is
 * for any unpacker what gzip_put() of the patched bytes is.  The caller keeps
 * the bytes between the fields as they were when the plan was made.
 */
#ifndef SLUICE_GZIP_PART_H
#define SLUICE_GZIP_PART_H

#include "gzip.h"

enum gzip_field_kind {
	GZIP_FIELD_VALUE,
	GZIP_FIELD_TIME,	/* all of a piece hold the same */
};

enum { GZIP_FIELD_SIZE = 8 };

struct gzip_field {
	uint32_t at;
	uint8_t kind;
};

/*
 * A term for each field that is packed by itself: each value, and a time that
 * repeats nothing before it.  Behind the terms, words with the codes of what
 * stands before, between and behind those fields: each but the last of a run
 * has GZIP_BITS_MAX bits; the last says how many, with GZIP_PART_LAST.
 */
struct gzip_part {
	_Alignas(uint64_t) uint32_t nterms;
	uint32_t nwords;
	uint32_t len;			/* of the piece */
	uint32_t most;			/* bytes that it may become */
	uint32_t sum, factor;		/* of the checksum, without the terms */
	struct crc32_term term[];
};

#define GZIP_PART_LAST (UINT64_C(1) << 63)

/*
 * Bytes of the plan in space, which is aligned for words; 0: it does not fit,
 * or room for a term for each field was missing while it was made.  The
 * fields ascend and do not overlap.  Costs some forty times what one
 * gzip_put() does: worth it for a piece that has been seen to stay.
 */
size_t		gzip_part_make(struct gzip *, const uint8_t *bytes,
		    size_t len, const struct gzip_field *, size_t n,
		    void *space, size_t cap);
/*
 * The piece's bytes of this time, of which only the fields are read.  Becomes
 * -ENOBUFS at the end where the most that it could be has no room.
 */
void		gzip_part_put(struct gzip_stream *, const struct gzip_part *,
		    const uint8_t *bytes, size_t len);

#endif
