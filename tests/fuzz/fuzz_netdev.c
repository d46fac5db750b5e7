/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/network.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text t = text_of((const char *)data, len);
	struct net_sample n;
	int more;

	while ((more = netdev_next(&t, &n)) != 0) {
		if (more < 0)
			continue;
		if (n.name.len == 0)
			abort();
		for (int i = 0; i < NET_COLUMNS; i++)
			if (n.value[i] < 0)
				abort();
	}
	return 0;
}
