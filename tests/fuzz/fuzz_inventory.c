/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/inventory.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text t = text_of((const char *)data, len);
	char buf[INVENTORY_NAME_MAX];
	struct text model;
	const size_t n = inventory_clean(t, buf, sizeof(buf));

	if (n > sizeof(buf) || (n > 0 && (!registry_value_ok(KEY_HW_MODEL,
		(const uint8_t *)buf, n) || buf[n - 1] == ' ')))
		abort();
	inventory_cpu_model(t, &model);
	return 0;
}
