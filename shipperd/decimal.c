/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd, and `sluice show`.  See decimal.h. */
#include "decimal.h"

#include <string.h>

__extension__ typedef unsigned __int128 uint128;

enum { DIGITS_MAX = 20 };	/* of 2^64 - 1 */

static uint64_t
divisor(enum scale scale)
{
	return scale == SCALE_INT ? 1 : (uint64_t)scale;
}

static uint64_t
magnitude(int64_t v)
{
	return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

/* At least min digits, zeros in front. */
static void
write_digits(struct writer *w, uint64_t v, size_t min)
{
	char digits[DIGITS_MAX];
	size_t at = DIGITS_MAX;

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0 || DIGITS_MAX - at < min);
	write_span(w, digits + at, DIGITS_MAX - at);
}

void
decimal_write_unsigned(struct writer *w, uint64_t v)
{
	write_digits(w, v, 1);
}

void
decimal_write(struct writer *w, int64_t value, enum scale scale)
{
	const uint64_t whole = magnitude(value), by = divisor(scale);
	size_t places = 0;

	if (value < 0)
		write_u8(w, '-');
	write_digits(w, whole / by, 1);
	if (scale == SCALE_INT)
		return;
	for (uint64_t v = by; v > 1; v /= 10)
		places++;
	write_u8(w, '.');
	write_digits(w, whole % by, places);
}

/*
 * Above 2^53 the integer itself would be rounded, and then the quotient once
 * more.  So divide with 32 further bits, of which the last stands for all
 * that were cut off, and round that once.
 */
static double
divide_long(uint64_t v, uint64_t by)
{
	const uint128 n = (uint128)v << 32;
	const uint128 q = n / by | (n % by != 0);

	return (double)q * 0x1p-32;
}

double
decimal_double(int64_t value, enum scale scale)
{
	const uint64_t v = magnitude(value), by = divisor(scale);
	const double d = v <= UINT64_C(1) << 53 ? (double)v / (double)by :
	    divide_long(v, by);

	return value < 0 ? -d : d;
}
