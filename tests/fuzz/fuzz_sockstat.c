/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/socket.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text t = text_of((const char *)data, len);
	struct named_sample s;

	memset(&s, 0, sizeof(s));
	if (named_words(t, &socket_table, SOCKET_SOCKSTAT, &s) == 0)
		socket_pages(&s, 65536);
	named_words(t, &socket_table, SOCKET_SOCKSTAT6, &s);
	for (size_t i = 0; i < socket_table.n; i++)
		if (s.found[i] && s.value[i] < 0)
			abort();
	return 0;
}
