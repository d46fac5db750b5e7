/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Status line, header lines and the end of a head. */
#include "reply_bytes.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define EMPTY "Content-Length: 0\r\n\r\n"

TEST(a_plain_answer_is_read)
{
	const struct http_reply *r = reply_is_done(OK
	    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
	    200, "{}");

	CHECK(r->keep_alive);
	CHECK_INT(r->type, REPLY_TYPE_JSON);
	CHECK(!r->has_retry_after);
	CHECK_STR(r->date, "");
	CHECK(r->fault == NULL);
}

TEST(a_status_line_needs_no_reason)
{
	reply_is_done("HTTP/1.1 503 \r\n" EMPTY, 503, "");
	reply_is_done("HTTP/1.1 200 Fein \xc3\xbc\r\n" EMPTY, 200, "");
	reply_is_done("HTTP/1.1 599 Last\r\n" EMPTY, 599, "");
}

TEST(a_bad_status_line_is_refused)
{
	static const char *const lines[] = {
		"<html>hello</html>", "SSH-2.0-OpenSSH_9.2", "", "HTTP/1.1",
		"HTTP/0.9 200 OK", "HTTP/9.9 200 OK", "HTTP/2 200 OK",
		"HTTP/2.0 200 OK", "HTTP/1.2 200 OK", "HTTP/1.10 200 OK",
		"HTTP/01.1 200 OK", "http/1.1 200 OK", " HTTP/1.1 200 OK",
		"HTTP/1.1 000 OK", "HTTP/1.1 099 OK", "HTTP/1.1 600 OK",
		"HTTP/1.1 999 OK", "HTTP/1.1 9999 OK", "HTTP/1.1 20 OK",
		"HTTP/1.1 2e2 OK", "HTTP/1.1 -20 OK", "HTTP/1.1 +20 OK",
		"HTTP/1.1 200", "HTTP/1.1 200OK", "HTTP/1.1  200 OK",
		"HTTP/1.1\t200 OK", "HTTP/1.1 200\tOK", "ICY 200 OK",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		text_start(lines[i]);
		text_add("\r\n" EMPTY);
		TEXT_IS_BAD("status_line");
	}
}

TEST(a_head_that_ends_early_is_cut)
{
	reply_is_cut("");
	reply_is_cut("H");
	reply_is_cut("HTTP/1.1 200 OK");
	reply_is_cut("HTTP/1.1 200 OK\r");
	reply_is_cut(OK);
	reply_is_cut(OK "Content-Length: 0\r\n");
	reply_is_cut(OK "Content-Length: 0\r\n\r");
}

TEST(an_answer_stays_what_it_is_once_it_has_ended)
{
	static struct http_reply r;
	static const uint8_t done[] = OK EMPTY;
	size_t used;

	http_reply_start(&r);
	CHECK_INT(http_reply_feed(&r, done, sizeof(done) - 1, &used),
	    REPLY_DONE);
	CHECK_INT(http_reply_feed(&r, done, 4, &used), REPLY_DONE);
	CHECK_INT(used, 0);
	CHECK_INT(http_reply_eof(&r), REPLY_DONE);
	http_reply_start(&r);
	CHECK_INT(http_reply_feed(&r, done + 1, 20, &used), REPLY_BAD);
	CHECK_INT(http_reply_eof(&r), REPLY_BAD);
	http_reply_start(&r);
	CHECK_INT(http_reply_eof(&r), REPLY_CUT);
	CHECK_INT(http_reply_feed(&r, done, 4, &used), REPLY_CUT);
	CHECK_INT(used, 0);
}

TEST(bytes_of_a_second_unasked_answer_are_left_over)
{
	static const char two[] = OK EMPTY "HTTP/1.1 200 OK\r\n" EMPTY;
	size_t used;

	CHECK_INT(reply_of(two, sizeof(two) - 1, false, &used)->step,
	    REPLY_DONE);
	CHECK_INT(used, (sizeof(two) - 1) / 2);
}

TEST(a_line_ends_with_cr_lf_and_with_nothing_else)
{
	BAD("HTTP/1.1 200 OK\n" EMPTY, "line_end");
	BAD(OK "Content-Length: 0\n\n", "line_end");
	BAD(OK "Content-Length: 0\r\n\n", "line_end");
	BAD(OK "X: 1\rY: 2\r\n" EMPTY, "line_end");
	BAD(OK "X: 1\r\r\n" EMPTY, "line_end");
	BAD("\n" OK EMPTY, "line_end");
}

TEST(a_nul_or_another_control_byte_in_a_head_is_refused)
{
	for (int c = 0; c < 256; c++) {
		const bool control = (c < ' ' && c != '\t') || c == 0x7f;
		size_t used;

		text_start(OK "X: a");
		text.bytes[text.len++] = (char)c;
		text_add("b\r\n" EMPTY);
		if (c == '\r' || c == '\n')
			TEXT_IS_BAD("line_end");
		else if (control)
			TEXT_IS_BAD("control_byte");
		else
			CHECK_INT(reply_of(text.bytes, text.len, false,
			    &used)->step, REPLY_DONE);
	}
	BAD("HTTP/1.1 200 O\0K\r\n" EMPTY, "control_byte");
	BAD("\0", "control_byte");
}

TEST(a_folded_header_is_refused)
{
	BAD(OK "X: 1\r\n 2\r\n" EMPTY, "header_fold");
	BAD(OK "X: 1\r\n\t2\r\n" EMPTY, "header_fold");
	BAD(OK " X: 1\r\n" EMPTY, "header_fold");
	BAD(OK " \r\n" EMPTY, "header_fold");
}

TEST(white_space_before_the_colon_is_refused)
{
	BAD(OK "Content-Length : 0\r\n\r\n", "header_name");
	BAD(OK "Content-Length\t: 0\r\n\r\n", "header_name");
}

TEST(a_header_without_colon_or_name_is_refused)
{
	BAD(OK "nonsense\r\n" EMPTY, "header_name");
	BAD(OK ": nonsense\r\n" EMPTY, "header_name");
}

TEST(only_token_bytes_make_a_header_name)
{
	static const char tokens[] = "!#$%&'*+-.^_`|~0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (int c = ' ' + 1; c < 256; c++) {
		size_t used;

		if (c == ':' || c == 0x7f)
			continue;
		text_start(OK "X");
		text.bytes[text.len++] = (char)c;
		text_add(": v\r\n" EMPTY);
		if (strchr(tokens, c) == NULL)
			TEXT_IS_BAD("header_name");
		else
			CHECK_INT(reply_of(text.bytes, text.len, false,
			    &used)->step, REPLY_DONE);
	}
}

TEST(header_names_are_told_apart_without_regard_to_case)
{
	const struct http_reply *r = reply_is_done(OK
	    "cOnTeNt-LeNgTh:1\r\nCONTENT-TYPE:APPLICATION/X-PROTOBUF\r\n"
	    "retry-AFTER: \t 7 \t\r\n\r\nx", 200, "x");

	CHECK_INT(r->type, REPLY_TYPE_PROTOBUF);
	CHECK(r->has_retry_after);
	CHECK_STR(r->retry_after, "7");
}

TEST(endless_headers_end_at_the_bound)
{
	text_start(OK);
	while (text.len <= REPLY_HEAD_MAX)
		text_add("X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "\r\n");
	TEXT_IS_BAD("head_size");
	text_start(OK "X: ");
	text_add_times(REPLY_HEAD_MAX, "a");
	TEXT_IS_BAD("head_size");
	text_start("");
	text_add_times(REPLY_HEAD_MAX + 1, "a");
	TEXT_IS_BAD("head_size");
}

TEST(a_head_of_exactly_the_bound_is_read)
{
	size_t used;

	text_start(OK EMPTY);
	text.len -= 2;
	text_add("X:");
	text_add_times(REPLY_HEAD_MAX - 4 - text.len, "a");
	text_add("\r\n\r\n");
	CHECK_INT(text.len, REPLY_HEAD_MAX);
	CHECK_INT(reply_of(text.bytes, text.len, false, &used)->step,
	    REPLY_DONE);
	CHECK_INT(used, REPLY_HEAD_MAX);
}

TEST(thousands_of_small_headers_are_refused)
{
	size_t used;

	text_start(OK);
	text_add_times(REPLY_HEADERS_MAX - 1, "A:\r\n");
	text_add(EMPTY);
	CHECK_INT(reply_of(text.bytes, text.len, false, &used)->step,
	    REPLY_DONE);
	text_start(OK);
	text_add_times(20000, "A:\r\n");
	TEXT_IS_BAD("header_count");
}

TEST(interim_answers_are_read_over)
{
	const struct http_reply *r = reply_is_done(
	    "HTTP/1.1 100 Continue\r\n\r\n"
	    "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\nDate: x\r\n"
	    "Content-Type: text/html\r\nConnection: close\r\n\r\n"
	    OK EMPTY, 200, "");

	CHECK(r->keep_alive);
	CHECK_INT(r->type, REPLY_TYPE_NONE);
	CHECK(!r->has_retry_after);
	CHECK_STR(r->date, "");
}

TEST(endless_interim_answers_end_at_the_bound)
{
	size_t used;

	text_start("");
	text_add_times(REPLY_INTERIM_MAX, "HTTP/1.1 100 \r\n\r\n");
	text_add(OK EMPTY);
	CHECK_INT(reply_of(text.bytes, text.len, false, &used)->status, 200);
	text_start("");
	text_add_times(1000, "HTTP/1.1 103 \r\n\r\n");
	TEXT_IS_BAD("interim_count");
}

TEST(a_stream_that_ends_after_an_interim_answer_is_cut)
{
	reply_is_cut("HTTP/1.1 100 Continue\r\n\r\n");
	reply_is_cut("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ");
}

TEST(an_interim_answer_has_no_body)
{
	BAD("HTTP/1.1 100 \r\nContent-Length: 2\r\n\r\nxx", "interim_body");
	BAD("HTTP/1.1 100 \r\nContent-Length: 0\r\n\r\n", "interim_body");
	BAD("HTTP/1.1 103 \r\nTransfer-Encoding: chunked\r\n\r\n",
	    "interim_body");
}

TEST(an_unasked_switch_of_protocols_is_refused)
{
	BAD("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
	    "protocol_switch");
}
