/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See breaker.h. */
#include "breaker.h"

#include "retry.h"

enum { NS_PER_MS = 1000000 };

uint32_t
breaker_failed(struct breaker *b, uint64_t now_ns, uint32_t at_least_ms,
    uint64_t random)
{
	/* on top of it: a fleet that was told "60" must not come in one */
	const uint32_t wait_ms = at_least_ms +
	    retry_backoff_ms(b->first_ms, ++b->failures, random);

	b->rests_until_ns = now_ns + (uint64_t)wait_ms * NS_PER_MS;
	return wait_ms;
}

void
breaker_worked(struct breaker *b)
{
	b->failures = 0;
	b->rests_until_ns = 0;
}

size_t
breaker_choose(const struct breaker *b, size_t n, uint64_t now_ns,
    uint64_t *when_ns)
{
	size_t best = 0;

	for (size_t i = 0; i < n; i++) {
		if (b[i].rests_until_ns <= now_ns) {
			*when_ns = now_ns;
			return i;
		}
		if (b[i].rests_until_ns < b[best].rests_until_ns)
			best = i;
	}
	*when_ns = b[best].rests_until_ns;
	return best;
}
