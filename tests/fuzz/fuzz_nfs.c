/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/nfs.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text t = text_of((const char *)data, len);
	struct nfs_sample s;

	if (nfs_parse(t, &s) < 0)
		return 0;
	for (size_t i = 0; i < NFS_VALUES; i++)
		if (s.value[i] < -1)
			abort();
	return 0;
}
