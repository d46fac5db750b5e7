/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Any bytes as a name server's answer.  The first says what
 * was asked; id and question are made to fit, or little else is ever read.
 */
#include "dns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { HEAD_SIZE = 12, ID = 0x1234, RAW = 2 };

static void
check(bool good)
{
	if (!good)
		abort();
}

/* Head of the input, our own question, rest of the input. */
static size_t
fit(uint8_t *out, const uint8_t *bytes, size_t len, enum dns_type type)
{
	uint8_t query[64];
	const ptrdiff_t n = dns_query(query, sizeof(query), "a.b", type, ID);
	const size_t question = (size_t)n - 2 - HEAD_SIZE;

	memcpy(out, bytes, HEAD_SIZE);
	memcpy(out, query + 2, 2);
	out[2] |= 0x80;
	memcpy(out + HEAD_SIZE, query + 2 + HEAD_SIZE, question);
	memcpy(out + HEAD_SIZE + question, bytes + HEAD_SIZE,
	    len - HEAD_SIZE);
	return len + question;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct dns_answer answer = { 0 };
	enum dns_result result;
	enum dns_type type;
	uint8_t *message;

	if (len < 1 + HEAD_SIZE || len > DNS_MESSAGE_MAX)
		return 0;
	type = bytes[0] & 1 ? DNS_AAAA : DNS_A;
	/* of its own size, so that a read past its end is seen */
	if ((message = malloc(bytes[0] & RAW ? len - 1 : len - 1 + 9)) == NULL)
		return 0;
	if (bytes[0] & RAW)
		memcpy(message, bytes + 1, --len);
	else
		len = fit(message, bytes + 1, len - 1, type);
	result = dns_parse(&answer, message, len, "a.b", type, ID);
	free(message);
	check(answer.naddrs <= DNS_FAMILY_MAX);
	check(answer.naddrs == 0 || result == DNS_OK);
	for (size_t i = 0; i < answer.naddrs; i++)
		check(answer.addr[i].family == (type == DNS_A ? 4 : 6));
	return 0;
}
