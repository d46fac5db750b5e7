/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/cgroup_parse.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int64_t value[CGROUP_VALUES];

static void
check(void)
{
	cgroup_derive(value);
	for (int i = 0; i < CGROUP_VALUES; i++)
		if (value[i] < -1)
			abort();
	memset(value, -1, sizeof(value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct cgroup_key keys[] = {
		{ "usage_usec", CGROUP_USAGE_US, 1, 1 },
		{ "oom", CGROUP_OOM, 1, 1 }, { "oom_kill", CGROUP_OOM_KILL, 1,
		    1 },
		{ "nr_periods", CGROUP_NR_PERIODS, 1, 1 },
		{ "throttled_time", CGROUP_THROTTLED_US, 1, 1000 },
		{ "user", CGROUP_USER_US, 10000, 1 },
	};
	const struct text t = text_of((const char *)data, len);

	memset(value, -1, sizeof(value));
	cgroup_keyed(t, keys, sizeof(keys) / sizeof(keys[0]), value);
	check();
	cgroup_memory_stat(t, value);
	check();
	cgroup_cpu_max(t, value);
	check();
	cgroup_number(t, &value[0]);
	cgroup_descendants(t, &value[1]);
	if (cgroup_numbers(t, &value[2]) < 0)
		value[2] = 0;
	check();
	return 0;
}
