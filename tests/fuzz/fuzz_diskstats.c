/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/disk.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text t = text_of((const char *)data, len);
	struct disk_sample d;
	int more;

	while ((more = diskstats_next(&t, &d)) != 0) {
		if (more < 0)
			continue;
		if (d.name.len == 0 || d.value[DISK_READ_BYTES] % 512 != 0)
			abort();
		for (int i = 0; i < DISK_COLUMNS; i++)
			if (d.value[i] < 0)
				abort();
	}
	return 0;
}
