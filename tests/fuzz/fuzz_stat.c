/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/cpu.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text t = text_of((const char *)data, len);
	struct stat_sample s;
	struct stat_cpu cpu;
	int64_t cpus = 0;
	int more;

	if (stat_parse(t, &s) < 0)
		return 0;
	while ((more = stat_next_cpu(&t, &cpu)) == 1) {
		cpus++;
		if (cpu.number < 0 || cpu.time[3] < 0)
			abort();
	}
	/* both walks see the same lines */
	if (s.time[3] < 0 || cpus > s.cpus || (more == 0 && cpus != s.cpus))
		abort();
	return 0;
}
