/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See retry.h. */
#include "retry.h"

#include "mix.h"

#include <stddef.h>

enum { RETRY_LEAST_MS = 50, MS_PER_S = 1000 };

/* One of n numbers from 0, each as likely as its share of 2^32 allows. */
static uint32_t
scale(uint64_t random, uint32_t n)
{
	return (uint32_t)((random >> 32) * n >> 32);
}

uint32_t
retry_backoff_ms(uint32_t first_ms, unsigned failures, uint64_t random)
{
	uint32_t ceiling = first_ms > RETRY_FIRST_MS ? first_ms :
	    RETRY_FIRST_MS;

	for (unsigned i = 1; i < failures && ceiling < RETRY_CAP_MS; i++)
		ceiling *= 2;
	if (ceiling > RETRY_CAP_MS)
		ceiling = RETRY_CAP_MS;
	return RETRY_LEAST_MS + scale(random, ceiling - RETRY_LEAST_MS + 1);
}

/* False: not digits alone.  Stops counting where it no longer matters. */
static bool
parse_seconds(const char *s, int64_t *seconds)
{
	*seconds = 0;
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		if (*seconds <= RETRY_AFTER_MAX_MS)
			*seconds = *seconds * 10 + (*s - '0');
	}
	return true;
}

bool
retry_after_ms(const char *retry_after, const char *date, uint32_t *ms)
{
	int64_t seconds;

	if (!parse_seconds(retry_after, &seconds)) {
		const int64_t until = http_date_parse(retry_after);
		const int64_t from = http_date_parse(date);

		if (until < 0 || from < 0 || until < from)
			return false;
		seconds = until - from;
	}
	*ms = seconds < RETRY_AFTER_MAX_MS / MS_PER_S ?
	    (uint32_t)seconds * MS_PER_S : RETRY_AFTER_MAX_MS;
	return true;
}

/* The seed need not be random: host identifiers that differ in one bit do. */
uint32_t
retry_phase_ms(uint64_t seed, uint32_t interval_ms)
{
	return scale(mix64(seed), interval_ms);
}
