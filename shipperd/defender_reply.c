/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  What an answer to a Device Defender report means (AWS
 * IoT Developer Guide, "HTTPS"; the errors of the API's Publish).
 */
#include "otlp_reply.h"

#include "reply_body.h"

#include <limits.h>
#include <string.h>

/*
 * Who is refused is so for good: what grew is in the next report, which comes
 * when it would have come anyway.
 */
static const struct reply_status statuses[] = {
	{ 200, 299, VERDICT_DELIVERED, "delivered" },
	{ 300, 399, VERDICT_REFUSED, "redirect" },
	{ 400, 400, VERDICT_DROP, "http_400" },
	{ 401, 401, VERDICT_DROP, "http_401" },
	{ 403, 403, VERDICT_DROP, "http_403" },
	{ 404, 404, VERDICT_DROP, "http_404" },
	{ 405, 405, VERDICT_DROP, "http_405" },
	{ 407, 407, VERDICT_REFUSED, "http_407" },
	{ 413, 413, VERDICT_DROP, "http_413" },
	{ 429, 429, VERDICT_RETRY, "http_429" },
	{ 400, 499, VERDICT_DROP, "http_4xx" },
	{ 500, 500, VERDICT_RETRY, "http_500" },
	{ 502, 502, VERDICT_RETRY, "http_502" },
	{ 503, 503, VERDICT_RETRY, "http_503" },
	{ 504, 504, VERDICT_RETRY, "http_504" },
	{ 0, UINT_MAX, VERDICT_RETRY, "http_5xx" },
};

/* An object of JSON is no page, whatever it is called. */
static bool
is_page(const struct http_reply *r)
{
	return r->type == REPLY_TYPE_HTML &&
	    (r->body_len == 0 || r->body[0] != '{');
}

void
defender_judge(struct otlp_verdict *v, const struct http_reply *reply)
{
	memset(v, 0, sizeof(*v));
	reply_judge_status(v, statuses, reply->status);
	if (v->verdict == VERDICT_DELIVERED) {
		if (!is_page(reply))
			return;
		v->verdict = VERDICT_REFUSED;
		v->reason = "captive_portal";
	}
	reply_message(v, reply->body, reply->body_len);
}
