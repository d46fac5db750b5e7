/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/bonding.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text t = text_of((const char *)data, len);
	struct bond_part part;

	while (bond_next(&t, &part) > 0)
		if (part.up < 0 || part.up > 1 || part.failures < -1)
			abort();
	return 0;
}
