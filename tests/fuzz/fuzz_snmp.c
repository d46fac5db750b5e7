/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/columns.h"
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

/* What other inputs left in columns must make no difference. */
static void
pairs(struct text t, int file)
{
	static struct columns columns;
	struct named_sample s, known;
	int error;

	memset(&s, 0, sizeof(s));
	memset(&known, 0, sizeof(known));
	error = named_pairs(t, &protocol_table, file, NULL, &s);
	check(&s, error, file);
	for (int i = 0; i < 2; i++)
		if (named_pairs(t, &protocol_table, file, &columns, &known) !=
		    error)
			abort();
	for (size_t i = 0; i < protocol_table.n; i++)
		if (s.found[i] != known.found[i] ||
		    (s.found[i] && s.value[i] != known.value[i]))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct text t = text_of((const char *)data, len);
	struct named_sample s;

	pairs(t, PROTOCOL_SNMP);
	pairs(t, PROTOCOL_NETSTAT);
	memset(&s, 0, sizeof(s));
	check(&s, named_lines(t, &protocol_table, PROTOCOL_SNMP6, &s),
	    PROTOCOL_SNMP6);
	return 0;
}
