/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  Spreads a number over all 64 bits: the last step
 * of SplitMix64 (Steele, Lea, Flood 2014).  No secret, only even.
 */
#ifndef SLUICE_MIX_H
#define SLUICE_MIX_H

#include <stdint.h>

static inline uint64_t
mix64(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

#endif
