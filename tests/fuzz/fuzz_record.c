/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Whatever record_check() takes is one value in its one
 * encoding: read and written again it is the same bytes.
 */
#include "record_again.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t again[RECORD_MAX];
	ptrdiff_t n;

	if (record_check(bytes, len) < 0) {
		/* what the check refuses must still be read without harm */
		record_again(bytes, len, again, sizeof(again));
		return 0;
	}
	n = record_again(bytes, len, again, sizeof(again));
	if (n != (ptrdiff_t)len || memcmp(again, bytes, len) != 0)
		abort();
	return 0;
}
