/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See otlp_reply.h. */
#include "otlp_reply.h"

#include "reply_body.h"

#include <limits.h>
#include <string.h>

static const struct reply_status statuses[] = {
	{ 200, 299, VERDICT_DELIVERED, "delivered" },
	{ 300, 399, VERDICT_REFUSED, "redirect" },
	{ 400, 400, VERDICT_DROP, "http_400" },
	{ 401, 401, VERDICT_REFUSED, "http_401" },
	{ 403, 403, VERDICT_REFUSED, "http_403" },
	{ 404, 404, VERDICT_REFUSED, "http_404" },
	{ 405, 405, VERDICT_REFUSED, "http_405" },
	{ 407, 407, VERDICT_REFUSED, "http_407" },
	{ 413, 413, VERDICT_DROP, "http_413" },
	{ 415, 415, VERDICT_DROP, "http_415" },
	{ 429, 429, VERDICT_RETRY, "http_429" },
	{ 400, 499, VERDICT_DROP, "http_4xx" },
	{ 500, 500, VERDICT_DROP, "http_500" },
	{ 501, 501, VERDICT_DROP, "http_501" },
	{ 502, 502, VERDICT_RETRY, "http_502" },
	{ 503, 503, VERDICT_RETRY, "http_503" },
	{ 504, 504, VERDICT_RETRY, "http_504" },
	{ 511, 511, VERDICT_REFUSED, "http_511" },
	{ 0, UINT_MAX, VERDICT_DROP, "http_5xx" },
};

void
otlp_reply_warm(void)
{
	static const uint8_t body[] = "{\"partialSuccess\":{}}";
	struct otlp_verdict v = { 0 };

	reply_json_success(&v, body, sizeof(body) - 1);
}

void
reply_message(struct otlp_verdict *v, const void *words, size_t len)
{
	v->message_len = len < REPLY_MESSAGE_MAX ? len : REPLY_MESSAGE_MAX;
	memcpy(v->message, words, v->message_len);
}

bool
reply_rejected(struct otlp_verdict *v, int64_t n)
{
	if (n < 0 || n > REQUEST_MAX)
		return false;
	v->rejected = (uint64_t)n;
	return true;
}

void
reply_judge_status(struct otlp_verdict *v, const struct reply_status *row,
    unsigned status)
{
	while (status < row->low || status > row->high)
		row++;
	v->verdict = row->verdict;
	v->reason = row->reason;
}

/* An answer in HTML does not come from an OTLP receiver. */
static void
judge_html(struct otlp_verdict *v, unsigned status)
{
	if (v->verdict == VERDICT_DELIVERED)
		v->reason = "captive_portal";
	else if (status == 400)
		v->reason = "client_refused";
	else
		return;
	v->verdict = VERDICT_REFUSED;
}

/* NULL: no body that we could read. */
static reply_body_reader *
choose_reader(const struct otlp_verdict *v, enum reply_type type,
    enum protocol sent)
{
	const bool delivered = v->verdict == VERDICT_DELIVERED;

	if (type == REPLY_TYPE_NONE)
		type = sent == PROTOCOL_HTTP_JSON ? REPLY_TYPE_JSON :
		    REPLY_TYPE_PROTOBUF;
	if (type == REPLY_TYPE_JSON)
		return delivered ? reply_json_success : reply_json_status;
	if (type == REPLY_TYPE_PROTOBUF)
		return delivered ? reply_pb_success : reply_pb_status;
	return NULL;
}

void
otlp_judge(struct otlp_verdict *v, const struct http_reply *reply,
    enum protocol sent)
{
	reply_body_reader *read;

	memset(v, 0, sizeof(*v));
	reply_judge_status(v, statuses, reply->status);
	v->too_large = reply->status == 413;
	if (reply->type == REPLY_TYPE_HTML)
		judge_html(v, reply->status);
	if (reply->body_len == 0)
		return;
	read = choose_reader(v, reply->type, sent);
	if (read != NULL && read(v, reply->body, reply->body_len) == 0)
		return;
	if (v->verdict == VERDICT_DELIVERED) {
		v->odd_body = true;
		v->reason = "odd_body";
		v->rejected = 0;
	}
	reply_message(v, reply->body, reply->body_len);
}
