/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Two bytes choose status, type and protocol; the rest is
 * the body.
 */
#include "otlp_reply.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const unsigned statuses[] = { 200, 400, 503, 204, 307, 413, 500, 599 };

static void
check(bool good)
{
	if (!good)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct http_reply reply;
	struct otlp_verdict v;

	if (len < 2 || len - 2 > sizeof(reply.body))
		return 0;
	reply.status = statuses[bytes[0] % 8];
	reply.type = (enum reply_type)(bytes[1] % (REPLY_TYPE_OTHER + 1));
	reply.body_len = len - 2;
	memcpy(reply.body, bytes + 2, len - 2);
	otlp_judge(&v, &reply, bytes[1] & 0x80 ? PROTOCOL_HTTP_JSON :
	    PROTOCOL_HTTP_PROTOBUF);
	check(v.verdict <= VERDICT_REFUSED && v.reason != NULL);
	check(v.rejected <= REQUEST_MAX);
	check(v.message_len <= REPLY_MESSAGE_MAX);
	check(v.rejected == 0 || v.verdict == VERDICT_DELIVERED);
	check(!v.odd_body || v.verdict == VERDICT_DELIVERED);
	check((v.verdict == VERDICT_RETRY) == (reply.status == 503));
	return 0;
}
