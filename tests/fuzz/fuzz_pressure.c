/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/pressure.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pressure_sample s;

	if (pressure_parse(text_of((const char *)data, len), &s) < 0)
		return 0;
	if (s.some < -1 || s.full < -1 || (s.some < 0 && s.full < 0))
		abort();
	return 0;
}
