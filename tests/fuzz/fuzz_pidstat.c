/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/pidstat.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct pidstat *s, const char *text, size_t len)
{
	for (int i = 0; i < PROCESS_COUNTERS; i++)
		if (s->counter[i] < 0)
			abort();
	if (s->threads < 0 || s->start < 0 || s->rss < 0 ||
	    s->state >= PROCESS_STATES)
		abort();
	if (s->name.p < text || s->name.p + s->name.len > text + len)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text t = text_of((const char *)data, len);
	struct pidstat s;

	if (pidstat_parse(t, &s) == 0)
		check(&s, t.p, len);
	return 0;
}
