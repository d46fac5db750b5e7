/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  RFC 3629, section 4. */
#ifndef SLUICE_UTF8_H
#define SLUICE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes of the well-formed sequence at the start, 0 where there is none:
 * overlong forms, surrogates and code points above U+10FFFF are malformed.
 */
size_t	utf8_sequence(const uint8_t *, size_t);
bool	utf8_valid(const uint8_t *, size_t);

#endif
