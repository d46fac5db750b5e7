/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/storage.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(int (*parse)(struct text, struct named_sample *), struct text t)
{
	struct named_sample s;

	memset(&s, 0, sizeof(s));
	parse(t, &s);
	for (size_t i = 0; i < storage_table.n; i++)
		if (s.found[i] && s.value[i] < 0)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text t = text_of((const char *)data, len);
	const unsigned state = zfs_state(t);

	check(xfs_parse, t);
	check(arc_parse, t);
	check(btrfs_errors_parse, t);
	if (state != 0 && registry_point(state) == NULL)
		abort();
	return 0;
}
