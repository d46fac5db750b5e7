/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  CRC-32C (RFC 3720, appendix B.4). */
#ifndef SLUICE_CRC32C_H
#define SLUICE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* crc: 0, or what came of the bytes before. */
uint32_t	crc32c(uint32_t crc, const void *, size_t);
/* The same, as any processor can. */
uint32_t	crc32c_by_table(uint32_t crc, const void *, size_t);

#endif
