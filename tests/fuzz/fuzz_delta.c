/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Two byte strings, the first's length in front: where both
 * are lists of instances their difference leads from one to the other; as a
 * difference from the first, the second is decoded without harm.
 */
#include "bounds.h"
#include "delta.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { SPACE = 1 << 17 };

static void
there_and_back(const uint8_t *before, size_t before_len, const uint8_t *now,
    size_t now_len)
{
	static uint8_t delta[SPACE], again[SPACE];
	const ptrdiff_t n = delta_encode(delta, sizeof(delta), before,
	    before_len, now, now_len);

	if (n < 0)
		return;
	if (delta_decode(again, now_len, before, before_len, delta,
	    (size_t)n) != (ptrdiff_t)now_len ||
	    memcmp(again, now, now_len) != 0)
		abort();
	/* it can as well be told to stop at any size */
	if (n > 0 && delta_encode(delta, (size_t)n / 2, before, before_len,
	    now, now_len) >= 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t out[RECORD_MAX];
	size_t cut;

	if (len < 2 || len > RECORD_MAX)
		return 0;
	cut = ((size_t)bytes[0] << 8 | bytes[1]) % (len - 1);
	bytes += 2;
	len -= 2;
	there_and_back(bytes, cut, bytes + cut, len - cut);
	there_and_back(bytes + cut, len - cut, bytes, cut);
	delta_decode(out, sizeof(out), bytes, cut, bytes + cut, len - cut);
	return 0;
}
