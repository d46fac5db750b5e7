/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/process.h"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum process_state state = PROCESS_STATES;
	const int error = pidstat_state(text_of((const char *)data, len),
	    &state);

	if ((error == 0) != (state < PROCESS_STATES))
		abort();
	return 0;
}
