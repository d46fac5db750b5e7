/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/paging.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct vmstat_sample s;

	if (vmstat_parse(text_of((const char *)data, len), &s) < 0)
		return 0;
	if (s.faults < -1 || s.major_faults < -1 || s.swapped_in < -1 ||
	    s.swapped_out < -1 || s.oom_kills < -1)
		abort();
	if (s.faults >= 0 && s.major_faults > s.faults)
		abort();
	return 0;
}
