/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/protocol.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct named_sample *s, int error, int file)
{
	for (size_t i = 0; i < protocol_table.n; i++)
		if (s->found[i] && (error < 0 || s->value[i] < 0 ||
		    protocol_table.row[i].file != file))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text t = text_of((const char *)data, len);
	struct named_sample s;

	memset(&s, 0, sizeof(s));
	check(&s, named_pairs(t, &protocol_table, PROTOCOL_SNMP, &s),
	    PROTOCOL_SNMP);
	memset(&s, 0, sizeof(s));
	check(&s, named_pairs(t, &protocol_table, PROTOCOL_NETSTAT, &s),
	    PROTOCOL_NETSTAT);
	memset(&s, 0, sizeof(s));
	check(&s, named_lines(t, &protocol_table, PROTOCOL_SNMP6, &s),
	    PROTOCOL_SNMP6);
	return 0;
}
