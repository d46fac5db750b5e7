/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/paging.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text t = text_of((const char *)data, len);
	struct swap s;

	while (swaps_next(&t, &s) == 1)
		if (s.used < 0 || s.free < 0 || s.name_len == 0 ||
		    s.name_len > sizeof(s.name))
			abort();
	return 0;
}
