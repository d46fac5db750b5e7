/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The checksum of the gzip format (RFC 1952, section 8).
 * A body is as long as all its other work is short: by a table the checksum
 * was a third of packing it, so the processor multiplies where it can.
 *
 * A remainder of a division is linear: what a word adds to the checksum is
 * its product with a power of x, that of the distance to the end.  So bytes
 * that are known but for a few words need not be read for it.
 */
#ifndef SLUICE_CRC32_H
#define SLUICE_CRC32_H

#include <stddef.h>
#include <stdint.h>

struct crc32 {
	uint32_t table[8][256];
};

/* Eight bytes, and what they are multiplied by. */
struct crc32_term {
	uint32_t at, factor;
};

/* The factors of the last eight bytes, and of a sum with nothing behind it. */
#define CRC32_LAST UINT32_C(1)
#define CRC32_SAME UINT32_C(0xdb710641)

/* Once. */
void		crc32_init(struct crc32 *);
uint32_t	crc32_of(const struct crc32 *, const uint8_t *, size_t);
/* A sum in the making: from UINT32_MAX on, inverted at the end. */
uint32_t	crc32_add(const struct crc32 *, uint32_t sum, const uint8_t *,
		    size_t);
/* The same for n bytes of zero; and a factor n bytes farther from the end. */
uint32_t	crc32_zeros(const struct crc32 *, uint32_t sum, size_t n);
/* The sum times its factor, and each term's eight bytes times theirs. */
uint32_t	crc32_terms(const struct crc32 *, uint32_t sum,
		    uint32_t factor, const struct crc32_term *, size_t n,
		    const uint8_t *);

/* The same, as any processor can. */
uint32_t	crc32_by_table(const struct crc32 *, const uint8_t *, size_t);
uint32_t	crc32_terms_by_table(const struct crc32 *, uint32_t sum,
		    uint32_t factor, const struct crc32_term *, size_t n,
		    const uint8_t *);

#endif
