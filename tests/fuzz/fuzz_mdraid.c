/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/mdraid.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text t = text_of((const char *)data, len);
	struct md_array a;

	if (md_begin(&t) < 0)
		return 0;
	while (md_next(&t, &a) > 0)
		if (a.working > a.disks || a.sync > MD_IDLE)
			abort();
	return 0;
}
