/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The checksum of the gzip format (RFC 1952, section 8).
 * A body is as long as all its other work is short: by a table the checksum
 * was a third of packing it, so the processor multiplies where it can.
 */
#ifndef SLUICE_CRC32_H
#define SLUICE_CRC32_H

#include <stddef.h>
#include <stdint.h>

struct crc32 {
	uint32_t table[8][256];
};

/* Once. */
void		crc32_init(struct crc32 *);
uint32_t	crc32_of(const struct crc32 *, const uint8_t *, size_t);
/* The same, as any processor can. */
uint32_t	crc32_by_table(const struct crc32 *, const uint8_t *, size_t);

#endif
