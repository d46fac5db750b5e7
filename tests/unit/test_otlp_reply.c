/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "otlp_reply.h"
#include "test.h"

#include <stdlib.h>

static struct http_reply reply;
static struct otlp_verdict v;

static void
judge(unsigned status, enum reply_type type, enum protocol sent,
    const void *body, size_t len)
{
	CHECK(len <= sizeof(reply.body));
	reply.status = status;
	reply.type = type;
	reply.body_len = len;
	memcpy(reply.body, body, len);
	/* what was in the verdict before must not show */
	memset(&v, 0xff, sizeof(v));
	otlp_judge(&v, &reply, sent);
}

static void
judge_text(unsigned status, enum reply_type type, const char *body)
{
	judge(status, type, PROTOCOL_HTTP_PROTOBUF, body, strlen(body));
}

static void
judge_json(const char *body)
{
	judge_text(200, REPLY_TYPE_JSON, body);
}

#define JUDGE_PB(status, literal) judge(status, REPLY_TYPE_PROTOBUF, \
	PROTOCOL_HTTP_PROTOBUF, literal, sizeof(literal) - 1)

static void
is_delivered(uint64_t rejected, const char *message)
{
	CHECK_INT(v.verdict, VERDICT_DELIVERED);
	CHECK_STR(v.reason, "delivered");
	CHECK(!v.odd_body && !v.too_large);
	CHECK_INT(v.rejected, rejected);
	CHECK_INT(v.message_len, strlen(message));
	CHECK_MEM(v.message, message, v.message_len);
}

/* A success that is taken as one, with a word of warning. */
static void
is_odd(void)
{
	CHECK_INT(v.verdict, VERDICT_DELIVERED);
	CHECK_STR(v.reason, "odd_body");
	CHECK(v.odd_body);
	CHECK_INT(v.rejected, 0);
	CHECK_INT(v.message_len, reply.body_len < REPLY_MESSAGE_MAX ?
	    reply.body_len : REPLY_MESSAGE_MAX);
	CHECK_MEM(v.message, reply.body, v.message_len);
}

TEST(each_status_has_its_verdict)
{
	static const struct {
		unsigned status;
		enum verdict verdict;
		const char *reason;
	} cases[] = {
		{ 200, VERDICT_DELIVERED, "delivered" },
		{ 201, VERDICT_DELIVERED, "delivered" },
		{ 202, VERDICT_DELIVERED, "delivered" },
		{ 204, VERDICT_DELIVERED, "delivered" },
		{ 299, VERDICT_DELIVERED, "delivered" },
		{ 300, VERDICT_REFUSED, "redirect" },
		{ 301, VERDICT_REFUSED, "redirect" },
		{ 304, VERDICT_REFUSED, "redirect" },
		{ 307, VERDICT_REFUSED, "redirect" },
		{ 399, VERDICT_REFUSED, "redirect" },
		{ 400, VERDICT_DROP, "http_400" },
		{ 401, VERDICT_REFUSED, "http_401" },
		{ 402, VERDICT_DROP, "http_4xx" },
		{ 403, VERDICT_REFUSED, "http_403" },
		{ 404, VERDICT_REFUSED, "http_404" },
		{ 405, VERDICT_REFUSED, "http_405" },
		{ 406, VERDICT_DROP, "http_4xx" },
		{ 407, VERDICT_REFUSED, "http_407" },
		{ 408, VERDICT_DROP, "http_4xx" },
		{ 413, VERDICT_DROP, "http_413" },
		{ 415, VERDICT_DROP, "http_415" },
		{ 429, VERDICT_RETRY, "http_429" },
		{ 499, VERDICT_DROP, "http_4xx" },
		{ 500, VERDICT_DROP, "http_500" },
		{ 501, VERDICT_DROP, "http_501" },
		{ 502, VERDICT_RETRY, "http_502" },
		{ 503, VERDICT_RETRY, "http_503" },
		{ 504, VERDICT_RETRY, "http_504" },
		{ 505, VERDICT_DROP, "http_5xx" },
		{ 511, VERDICT_REFUSED, "http_511" },
		{ 599, VERDICT_DROP, "http_5xx" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		judge_text(cases[i].status, REPLY_TYPE_NONE, "");
		CHECK_INT(v.verdict, cases[i].verdict);
		CHECK_STR(v.reason, cases[i].reason);
		CHECK_INT(v.too_large, cases[i].status == 413);
		CHECK(!v.odd_body);
		CHECK_INT(v.rejected, 0);
		CHECK_INT(v.message_len, 0);
	}
}

TEST(only_the_four_codes_of_otlp_are_retried)
{
	for (unsigned status = 200; status < 600; status++) {
		judge_text(status, REPLY_TYPE_NONE, "");
		CHECK_INT(v.verdict == VERDICT_RETRY, status == 429 ||
		    status == 502 || status == 503 || status == 504);
		CHECK_INT(v.verdict == VERDICT_DELIVERED, status < 300);
	}
}

TEST(success_without_a_body_is_delivered)
{
	judge_text(200, REPLY_TYPE_NONE, "");
	is_delivered(0, "");
	judge_text(201, REPLY_TYPE_OTHER, "");
	is_delivered(0, "");
	JUDGE_PB(200, "");
	is_delivered(0, "");
	judge_json("");
	is_delivered(0, "");
}

TEST(the_bodies_of_real_receivers_are_understood)
{
	judge_json("{\"partialSuccess\":{}}");		/* Collector */
	is_delivered(0, "");
	judge_json("{\"acceptedMetrics\":6}");		/* autotel */
	is_delivered(0, "");
	judge_json("{}");
	is_delivered(0, "");
	judge_json("{}\r\n");
	is_delivered(0, "");
	judge_json(" \t{ } \n");
	is_delivered(0, "");
	judge_json("{\"partialSuccess\":null}");
	is_delivered(0, "");
	JUDGE_PB(200, "\x0a\x00");
	is_delivered(0, "");
}

TEST(a_client_certificate_that_nginx_does_not_like_is_configuration)
{
	static const char html[] = "<html>\r\n<head><title>400 No required"
	    " SSL certificate was sent</title></head>";

	judge_text(400, REPLY_TYPE_HTML, html);
	CHECK_INT(v.verdict, VERDICT_REFUSED);
	CHECK_STR(v.reason, "client_refused");
	CHECK_INT(v.message_len, sizeof(html) - 1);
	CHECK_MEM(v.message, html, v.message_len);
	judge_text(400, REPLY_TYPE_HTML, "");
	CHECK_INT(v.verdict, VERDICT_REFUSED);
}

TEST(a_400_in_any_other_type_drops_the_batch)
{
	judge_text(400, REPLY_TYPE_JSON,
	    "{\"code\":3,\"message\":\"out of order sample\"}");
	CHECK_INT(v.verdict, VERDICT_DROP);
	CHECK_INT(v.message_len, 19);
	CHECK_MEM(v.message, "out of order sample", 19);
	JUDGE_PB(400, "\x08\x03\x12\x03" "bad");
	CHECK_INT(v.verdict, VERDICT_DROP);
	CHECK_INT(v.message_len, 3);
	CHECK_MEM(v.message, "bad", 3);
	judge_text(400, REPLY_TYPE_OTHER, "invalid content type");
	CHECK_INT(v.verdict, VERDICT_DROP);
	CHECK_INT(v.message_len, 20);
	CHECK_MEM(v.message, "invalid content type", 20);
}

TEST(html_from_a_proxy_changes_no_other_verdict)
{
	judge_text(413, REPLY_TYPE_HTML, "<html>");
	CHECK_INT(v.verdict, VERDICT_DROP);
	CHECK(v.too_large);
	judge_text(503, REPLY_TYPE_HTML, "<html>");
	CHECK_INT(v.verdict, VERDICT_RETRY);
	CHECK_STR(v.reason, "http_503");
	judge_text(500, REPLY_TYPE_HTML, "<html>");
	CHECK_INT(v.verdict, VERDICT_DROP);
	judge_text(404, REPLY_TYPE_HTML, "<html>");
	CHECK_STR(v.reason, "http_404");
}

TEST(a_captive_portal_has_not_taken_the_batch)
{
	judge_text(200, REPLY_TYPE_HTML, "<html>Welcome!</html>");
	CHECK_INT(v.verdict, VERDICT_REFUSED);
	CHECK_STR(v.reason, "captive_portal");
	CHECK(!v.odd_body);
	judge_text(200, REPLY_TYPE_HTML, "");
	CHECK_INT(v.verdict, VERDICT_REFUSED);
}

TEST(a_partial_success_in_json_counts_what_was_rejected)
{
	judge_json("{\"partialSuccess\":{\"rejectedDataPoints\":\"7\","
	    "\"errorMessage\":\"too old\"}}");
	is_delivered(7, "too old");
	judge_json("{\"partialSuccess\":{\"rejectedDataPoints\":7}}");
	is_delivered(7, "");
	judge_json("{\"partialSuccess\":{\"rejectedDataPoints\":\"0\","
	    "\"errorMessage\":\"soon deprecated\"}}");
	is_delivered(0, "soon deprecated");
	judge_json("{\"x\":[1,{\"partialSuccess\":0}],\"partialSuccess\":"
	    "{\"y\":2,\"rejectedDataPoints\":\"4194304\","
	    "\"errorMessage\":null},\"z\":3.5}");
	is_delivered(4194304, "");
	judge_json("{\"partialSuccess\":{\"rejectedDataPoints\":null}}");
	is_delivered(0, "");
}

TEST(a_partial_success_in_protobuf_counts_what_was_rejected)
{
	JUDGE_PB(200, "\x0a\x0b\x08\x07\x12\x07too old");
	is_delivered(7, "too old");
	JUDGE_PB(200, "\x0a\x0b\x12\x07too old\x08\x07");
	is_delivered(7, "too old");
	JUDGE_PB(200, "\x0a\x04\x08\xac\x82\x00");
	is_delivered(300, "");
	JUDGE_PB(200, "\x0a\x02\x08\x07\x0a\x02\x08\x09");
	is_delivered(9, "");
}

TEST(unknown_fields_in_protobuf_are_ignored)
{
	JUDGE_PB(200, "\x10\x05\x1a\x03" "abc" "\x21" "12345678" "\x2d" "1234"
	    "\x0a\x07\x18\x01\x22\x01x\x08\x07");
	is_delivered(7, "");
}

TEST(a_negative_or_absurd_count_is_odd)
{
	static const char *const counts[] = { "-1", "\"-1\"", "4194305",
		"\"4194305\"", "9223372036854775807", "18446744073709551615",
		"\"18446744073709551617\"", "1e300", "1.5", "\"1.5\"", "\"\"",
		"\"x\"", "\" 1\"", "\"1\\u0000\"", "true", "[]", "{}" };
	char body[128];

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		body[0] = '\0';
		strcat(body, "{\"partialSuccess\":{\"rejectedDataPoints\":");
		strcat(body, counts[i]);
		judge_json(strcat(body, "}}"));
		is_odd();
	}
	JUDGE_PB(200, "\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	is_odd();
	JUDGE_PB(200, "\x0a\x05\x08\x81\x80\x80\x02");
	is_odd();
	JUDGE_PB(200, "\x0a\x05\x08\x80\x80\x80\x02");
	is_delivered(4194304, "");
}

TEST(a_success_with_broken_json_is_delivered_and_odd)
{
	static const char *const bodies[] = { "{", "}", "{]", "[", "[]",
		"null", "1", "\"x\"", "OK", "{}{}", "{} x", "{\"a\":}",
		"{\"a\":1,}", "{a:1}", "{\"a\":01}", "/* */ {}",
		"{\"partialSuccess\":[]}", "{\"partialSuccess\":7}",
		"{\"partialSuccess\":{\"errorMessage\":7}}",
		"{\"partialSuccess\":{\"rejectedDataPoints\":1}",
		("{\"partialSuccess\":{\"rejectedDataPoints\":1,"
		    "\"errorMessage\":[]}}") };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		judge_json(bodies[i]);
		is_odd();
	}
	judge(200, REPLY_TYPE_JSON, PROTOCOL_HTTP_JSON, "{}\0{}", 5);
	is_odd();
	judge(200, REPLY_TYPE_JSON, PROTOCOL_HTTP_JSON, "{}\0", 3);
	is_odd();
}

static void
judge_nested(size_t depth)
{
	static char body[REPLY_BODY_MAX];
	size_t n = 0;

	for (size_t i = 1; i < depth; i++)
		n += (size_t)(stpcpy(body + n, "{\"a\":") - (body + n));
	body[n++] = '{';
	memset(body + n, '}', depth);
	judge(200, REPLY_TYPE_JSON, PROTOCOL_HTTP_JSON, body, n + depth);
}

TEST(deep_json_is_odd_and_costs_nothing)
{
	static char deep[REPLY_BODY_MAX];

	judge_nested(1);
	is_delivered(0, "");
	judge_nested(REPLY_JSON_DEPTH - 1);
	is_delivered(0, "");
	judge_nested(REPLY_JSON_DEPTH + 1);
	is_odd();
	judge_nested(900);
	is_odd();
	memset(deep, '[', sizeof(deep));
	judge(200, REPLY_TYPE_JSON, PROTOCOL_HTTP_JSON, deep, sizeof(deep));
	is_odd();
}

TEST(json_of_many_values_is_odd)
{
	static char wide[REPLY_BODY_MAX];
	size_t n;

	strcpy(wide, "{\"a\":[0");
	for (n = strlen(wide); n < 2 * 1022 + 7; n += 2)
		memcpy(wide + n, ",0", 2);
	memcpy(wide + n, "]}", 2);
	judge(200, REPLY_TYPE_JSON, PROTOCOL_HTTP_JSON, wide, n + 2);
	is_delivered(0, "");
	memcpy(wide + n, ",0]}", 4);
	judge(200, REPLY_TYPE_JSON, PROTOCOL_HTTP_JSON, wide, n + 4);
	is_odd();
}

TEST(a_success_with_broken_protobuf_is_delivered_and_odd)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bodies[] = {
#define B(literal) { literal, sizeof(literal) - 1 }
		B("{}"),			/* a length beyond the end */
		B("\x0a"), B("\x0a\x01"), B("\x0a\x02\x08"),
		B("\x0a\x01\x08"), B("\x0a\x02\x08\x80"),
		B("\x08\x01"),			/* wrong wire types */
		B("\x0a\x03\x0a\x01x"), B("\x0a\x02\x10\x01"),
		B("\x00\x00"), B("\x02\x00"),	/* field 0 */
		B("\x13\x14"), B("\x14"), B("\x16"), B("\x17"),
		B("\x11" "1234567"), B("\x15" "123"),
		B("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		B("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
		B("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
#undef B
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		judge(200, REPLY_TYPE_PROTOBUF, PROTOCOL_HTTP_PROTOBUF,
		    bodies[i].bytes, bodies[i].len);
		is_odd();
	}
}

TEST(a_success_in_a_type_that_is_not_ours_is_delivered_and_odd)
{
	judge_text(200, REPLY_TYPE_OTHER, "ok");
	is_odd();
}

TEST(an_answer_without_a_type_is_read_as_what_was_sent)
{
	judge(200, REPLY_TYPE_NONE, PROTOCOL_HTTP_JSON,
	    "{\"partialSuccess\":{\"rejectedDataPoints\":\"3\"}}", 45);
	is_delivered(3, "");
	judge(200, REPLY_TYPE_NONE, PROTOCOL_HTTP_PROTOBUF, "\x0a\x02\x08\x03",
	    4);
	is_delivered(3, "");
}

TEST(the_type_that_an_answer_names_goes_before_what_was_sent)
{
	judge(200, REPLY_TYPE_PROTOBUF, PROTOCOL_HTTP_JSON,
	    "\x0a\x02\x08\x03", 4);
	is_delivered(3, "");
}

TEST(a_failure_says_why_in_either_encoding)
{
	judge_text(503, REPLY_TYPE_JSON, "{\"code\":14,\"message\":\"full\","
	    "\"details\":[{\"@type\":\"x\"}]}");
	CHECK_INT(v.verdict, VERDICT_RETRY);
	CHECK_INT(v.message_len, 4);
	CHECK_MEM(v.message, "full", 4);
	JUDGE_PB(503, "\x08\x0e\x12\x04" "full\x1a\x02xx");
	CHECK_INT(v.verdict, VERDICT_RETRY);
	CHECK_INT(v.message_len, 4);
	CHECK_MEM(v.message, "full", 4);
}

TEST(a_failure_whose_body_is_broken_says_its_first_bytes)
{
	judge_text(500, REPLY_TYPE_JSON, "{\"message\":7}");
	CHECK_INT(v.verdict, VERDICT_DROP);
	CHECK(!v.odd_body);
	CHECK_INT(v.message_len, 13);
	JUDGE_PB(500, "\x10\x01");
	CHECK_INT(v.message_len, 2);
	CHECK_MEM(v.message, "\x10\x01", 2);
}

TEST(messages_are_cut_to_what_fits)
{
	static char body[2000], pb[3 + 300];

	memset(body, 'x', sizeof(body));
	memcpy(body, "{\"message\":\"", 12);
	memcpy(body + sizeof(body) - 2, "\"}", 2);
	judge(400, REPLY_TYPE_JSON, PROTOCOL_HTTP_JSON, body, sizeof(body));
	CHECK_INT(v.message_len, REPLY_MESSAGE_MAX);
	CHECK_INT(v.message[0], 'x');
	memset(pb, 'y', sizeof(pb));
	memcpy(pb, "\x12\xac\x02", 3);
	judge(400, REPLY_TYPE_PROTOBUF, PROTOCOL_HTTP_JSON, pb, sizeof(pb));
	CHECK_INT(v.message_len, REPLY_MESSAGE_MAX);
	CHECK_INT(v.message[0], 'y');
	judge(400, REPLY_TYPE_OTHER, PROTOCOL_HTTP_JSON, body, sizeof(body));
	CHECK_INT(v.message_len, REPLY_MESSAGE_MAX);
	CHECK_INT(v.message[0], '{');
}

TEST(warming_up_needs_nothing)
{
	otlp_reply_warm();
	otlp_reply_warm();
	judge_json("{}");
	is_delivered(0, "");
}
