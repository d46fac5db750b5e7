/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Any text as an HTTP-date and as Retry-After.  A date that
 * is taken must come back when the C library prints it.
 */
#include "retry.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
check_date(int64_t seconds)
{
	const time_t t = (time_t)seconds;
	struct tm tm;
	char s[64];

	check(gmtime_r(&t, &tm) != NULL);
	check(strftime(s, sizeof(s), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
	/* a leap second may be the first of the year 10000 */
	check(tm.tm_year + 1900 == 10000 || http_date_parse(s) == seconds);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *s = malloc(len + 1);
	uint32_t ms = 0;
	int64_t seconds;

	if (s == NULL)
		return 0;
	memcpy(s, bytes, len);
	s[len] = '\0';
	if ((seconds = http_date_parse(s)) >= 0)
		check_date(seconds);
	check(seconds >= -1);
	if (retry_after_ms(s, "Sun, 06 Nov 1994 08:49:37 GMT", &ms))
		check(ms <= RETRY_AFTER_MAX_MS && ms % 1000 == 0);
	free(s);
	return 0;
}
