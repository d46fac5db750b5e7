/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/memory.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct meminfo_sample s;
	int64_t used, cached;

	if (meminfo_parse(text_of((const char *)data, len), &s) < 0)
		return 0;
	used = meminfo_used(&s);
	cached = meminfo_cached(&s);
	if (used < -1 || cached < -1)
		abort();
	if (used >= 0 && used + s.free + s.buffers + cached != s.total)
		abort();
	return 0;
}
