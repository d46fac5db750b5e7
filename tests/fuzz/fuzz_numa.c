/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/numa.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_name(const uint8_t *data, size_t len)
{
	char *name = malloc(len + 1);
	int64_t size;

	if (name == NULL)
		return;
	memcpy(name, data, len);
	name[len] = '\0';
	if (numa_pool_parse(name, &size) && size < 0)
		abort();
	free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text t = text_of((const char *)data, len);
	struct named_sample s;
	struct numa_memory m;

	if (numa_memory_parse(t, &m) == 0 &&
	    (m.free < 0 || m.free > m.total))
		abort();
	memset(&s, 0, sizeof(s));
	named_lines(t, &numa_table, 0, &s);
	check_name(data, len);
	return 0;
}
