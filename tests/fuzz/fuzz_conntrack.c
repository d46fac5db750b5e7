/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/conntrack.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct named_sample s;

	if (conntrack_stat_parse(text_of((const char *)data, len), &s) < 0)
		return 0;
	for (size_t i = 0; i < conntrack_table.n; i++)
		if (s.found[i] && s.value[i] < 0)
			abort();
	return 0;
}
