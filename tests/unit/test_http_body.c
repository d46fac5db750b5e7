/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Where a body ends, and what the headers say of it. */
#include "reply_bytes.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

TEST(a_body_cut_short_of_its_length_is_cut)
{
	reply_is_cut(OK "Content-Length: 10\r\n\r\n");
	reply_is_cut(OK "Content-Length: 10\r\n\r\n123456789");
}

TEST(a_body_that_only_the_end_of_the_stream_ends_is_cut)
{
	reply_is_cut(OK "\r\n");
	reply_is_cut(OK "Content-Type: application/json\r\n\r\n{}");
	reply_is_cut("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n{}");
}

TEST(a_body_that_never_ends_is_refused_at_the_bound)
{
	size_t used;

	text_start(OK "\r\n");
	text_add_times(REPLY_BODY_MAX, "x");
	CHECK_INT(reply_of(text.bytes, text.len, true, &used)->step,
	    REPLY_CUT);
	text_add("x");
	TEXT_IS_BAD("body_size");
}

TEST(a_content_length_that_is_no_number_is_refused)
{
	BAD(OK "Content-Length: -1\r\n\r\n", "content_length");
	BAD(OK "Content-Length: +2\r\n\r\nxx", "content_length");
	BAD(OK "Content-Length: 0x2\r\n\r\nxx", "content_length");
	BAD(OK "Content-Length: 2 2\r\n\r\nxx", "content_length");
	BAD(OK "Content-Length: 2.0\r\n\r\nxx", "content_length");
	BAD(OK "Content-Length:\r\n\r\n", "content_length");
	BAD(OK "Content-Length: \t\r\n\r\n", "content_length");
	BAD(OK "Content-Length: \xd9\xa2\r\n\r\nxx", "content_length");
}

TEST(two_content_lengths_are_refused_even_if_they_agree)
{
	BAD(OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nxxx",
	    "content_length");
	BAD(OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nxx",
	    "content_length");
	BAD(OK "Content-Length: 2, 2\r\n\r\nxx", "content_length");
	BAD(OK "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
	    "content_length");
}

TEST(a_huge_content_length_is_refused)
{
	BAD(OK "Content-Length: 65537\r\n\r\n", "body_size");
	BAD(OK "Content-Length: 10485760\r\n\r\n", "body_size");
	BAD(OK "Content-Length: 9223372036854775808\r\n\r\n", "body_size");
	BAD(OK "Content-Length: 18446744073709551616\r\n\r\n", "body_size");
	BAD(OK "Content-Length: 18446744073709551618\r\n\r\nxx", "body_size");
	BAD(OK "Content-Length: 340282366920938463463374607431768211458"
	    "\r\n\r\nxx", "body_size");
}

TEST(the_largest_content_length_is_read)
{
	size_t used;

	text_start(OK "Content-Length: 65536\r\n\r\n");
	text_add_times(REPLY_BODY_MAX, "x");
	CHECK_INT(reply_of(text.bytes, text.len, false, &used)->step,
	    REPLY_DONE);
	CHECK_INT(reply_of(text.bytes, text.len, false, &used)->body_len,
	    65536);
}

TEST(content_length_beside_transfer_encoding_is_refused)
{
	BAD(OK "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nxx",
	    "length_and_chunked");
	BAD(OK "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0",
	    "length_and_chunked");
}

TEST(a_transfer_coding_other_than_chunked_is_refused)
{
	BAD(OK "Transfer-Encoding: gzip\r\n\r\n", "transfer_encoding");
	BAD(OK "Transfer-Encoding: gzip, chunked\r\n\r\n",
	    "transfer_encoding");
	BAD(OK "Transfer-Encoding: chunked, chunked\r\n\r\n",
	    "transfer_encoding");
	BAD(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
	    "\r\n0\r\n\r\n", "transfer_encoding");
	BAD(OK "Transfer-Encoding: xchunked\r\n\r\n", "transfer_encoding");
	BAD(OK "Transfer-Encoding: \"chunked\"\r\n\r\n", "transfer_encoding");
	BAD(OK "Transfer-Encoding: chunked;q=1\r\n\r\n", "transfer_encoding");
	BAD(OK "Transfer-Encoding: identity\r\n\r\n", "transfer_encoding");
	BAD(OK "Transfer-Encoding:\r\n\r\n", "transfer_encoding");
	BAD("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "transfer_encoding");
}

TEST(an_unasked_compressed_body_is_refused_and_never_inflated)
{
	BAD(OK "Content-Encoding: gzip\r\n\r\n", "content_encoding");
	BAD(OK "Content-Encoding: br\r\n\r\n", "content_encoding");
	BAD(OK "Content-Encoding: identity, gzip\r\n\r\n",
	    "content_encoding");
	BAD(OK "Content-Encoding:\r\n\r\n", "content_encoding");
	reply_is_done(OK "Content-Encoding: Identity\r\n"
	    "Content-Length: 1\r\n\r\nx", 200, "x");
}

TEST(chunks_are_put_together)
{
	const struct http_reply *r = reply_is_done(CHUNKED
	    "5\r\nhello\r\n1;name=\"value\"\r\n \r\n0000A\r\nwide world\r\n"
	    "0;last\r\nTrailer: x\r\nContent-Length: 99\r\n\r\n", 200,
	    "hello wide world");

	CHECK(r->keep_alive);
	reply_is_done(OK "transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n", 200,
	    "");
}

TEST(a_chunk_size_that_is_no_number_is_refused)
{
	BAD(CHUNKED "\r\n", "chunk_size");
	BAD(CHUNKED "xyz\r\n", "chunk_size");
	BAD(CHUNKED "-1\r\n", "chunk_size");
	BAD(CHUNKED "+1\r\nx\r\n", "chunk_size");
	BAD(CHUNKED "0x1\r\nx\r\n", "chunk_size");
	BAD(CHUNKED " 1\r\nx\r\n", "chunk_size");
	BAD(CHUNKED "1 \r\nx\r\n", "chunk_size");
	BAD(CHUNKED "1 ;a\r\nx\r\n", "chunk_size");
	BAD(CHUNKED "1g\r\nx\r\n", "chunk_size");
	BAD(CHUNKED ";a\r\n", "chunk_size");
	BAD(CHUNKED "1\xff\r\nx\r\n", "chunk_size");
}

TEST(a_chunk_size_that_overflows_is_refused)
{
	BAD(CHUNKED "10001\r\n", "body_size");
	BAD(CHUNKED "ffffffff\r\n", "body_size");
	BAD(CHUNKED "100000000\r\n", "body_size");
	BAD(CHUNKED "ffffffffffffffff\r\n", "body_size");
	BAD(CHUNKED "10000000000000001\r\nx\r\n", "chunk_size");
	BAD(CHUNKED "00000000000000001\r\nx\r\n", "chunk_size");
	BAD(CHUNKED "3\r\nabc\r\nfffe\r\n", "body_size");
	reply_is_done(CHUNKED "0000000000000001\r\nx\r\n0\r\n\r\n", 200, "x");
}

TEST(a_chunk_ends_where_it_says)
{
	BAD(CHUNKED "1\r\nxy\r\n0\r\n\r\n", "chunk_end");
	BAD(CHUNKED "4\r\nxy\r\n0\r\n\r\n", "chunk_end");
	BAD(CHUNKED "3\r\nxy\r\n0\r\n\r\n", "line_end");
	BAD(CHUNKED "1\r\nx0\r\n\r\n", "chunk_end");
	BAD(CHUNKED "1\r\nx\n0\r\n\r\n", "line_end");
	BAD(CHUNKED "1\nx\r\n0\r\n\r\n", "line_end");
}

TEST(a_body_without_its_last_chunk_is_cut)
{
	reply_is_cut(CHUNKED);
	reply_is_cut(CHUNKED "2\r\nx");
	reply_is_cut(CHUNKED "2\r\nxx");
	reply_is_cut(CHUNKED "2\r\nxx\r\n");
	reply_is_cut(CHUNKED "2\r\nxx\r\n0\r\n");
	reply_is_cut(CHUNKED "2\r\nxx\r\n0\r\nTrailer: x\r\n");
}

TEST(endless_chunks_end_at_the_bound_of_a_body)
{
	size_t used;

	text_start(CHUNKED);
	text_add_times(REPLY_BODY_MAX, "1\r\nx\r\n");
	text_add("0\r\n\r\n");
	CHECK_INT(reply_of(text.bytes, text.len, false, &used)->body_len,
	    REPLY_BODY_MAX);
	CHECK_INT(used, text.len);
	text.len -= 5;
	text_add("1\r\n");
	TEXT_IS_BAD("body_size");
}

TEST(an_endless_chunk_extension_ends_at_the_bound_of_a_head)
{
	text_start(CHUNKED "1;");
	text_add_times(REPLY_HEAD_MAX, "a");
	TEXT_IS_BAD("head_size");
}

TEST(extensions_of_all_chunks_count_together)
{
	text_start(CHUNKED);
	text_add_times(200, "1;0123456789012345678901234567890123456"
	    "789012345678901234567890123456789012345678901234567890\r\nx\r\n");
	TEXT_IS_BAD("head_size");
}

TEST(endless_trailers_end_at_the_bounds_of_a_head)
{
	text_start(CHUNKED "0\r\nX: ");
	text_add_times(REPLY_HEAD_MAX, "a");
	TEXT_IS_BAD("head_size");
	text_start(CHUNKED "0\r\n");
	text_add_times(REPLY_HEADERS_MAX, "A:\r\n");
	TEXT_IS_BAD("header_count");
}

TEST(trailers_are_as_strict_as_headers)
{
	BAD(CHUNKED "0\r\nnonsense\r\n\r\n", "header_name");
	BAD(CHUNKED "0\r\n folded\r\n\r\n", "header_fold");
	BAD(CHUNKED "0\r\nX: \0\r\n\r\n", "control_byte");
	BAD(CHUNKED "0\r\nX : 1\r\n\r\n", "header_name");
}

TEST(answers_without_a_body_end_with_their_head)
{
	CHECK(reply_is_done("HTTP/1.1 204 No Content\r\n\r\n", 204,
	    "")->keep_alive);
	CHECK(reply_is_done("HTTP/1.1 204 \r\nContent-Length: 0\r\n\r\n", 204,
	    "")->keep_alive);
	CHECK(reply_is_done("HTTP/1.1 304 \r\n\r\n", 304, "")->keep_alive);
}

TEST(an_answer_that_cannot_have_the_body_it_claims_ends_the_connection)
{
	CHECK(!reply_is_done("HTTP/1.1 204 \r\nContent-Length: 5\r\n\r\n",
	    204, "")->keep_alive);
	CHECK(!reply_is_done("HTTP/1.1 304 \r\nTransfer-Encoding: chunked"
	    "\r\n\r\n", 304, "")->keep_alive);
}

TEST(a_205_says_how_long_it_is_like_any_other)
{
	reply_is_done("HTTP/1.1 205 \r\nContent-Length: 0\r\n\r\n", 205, "");
	reply_is_cut("HTTP/1.1 205 \r\n\r\n");
}

TEST(the_connection_is_kept_as_version_and_header_say)
{
	static const struct {
		const char *version, *header;
		bool kept;
	} cases[] = {
		{ "1.1", "X: close\r\n", true },
		{ "1.1", "Connection: close\r\n", false },
		{ "1.1", "connection: CLOSE\r\n", false },
		{ "1.1", "Connection: keep-alive, close\r\n", false },
		{ "1.1", "Connection: close, keep-alive\r\n", false },
		{ "1.1", "Connection: x ,\tclose\t,,\r\n", false },
		{ "1.1", "Connection: close\r\nConnection: x\r\n", false },
		{ "1.1", "Connection: closed\r\n", true },
		{ "1.1", "Connection:\r\n", true },
		{ "1.0", "X: keep-alive\r\n", false },
		{ "1.0", "Connection: Keep-Alive\r\n", true },
		{ "1.0", "Connection: keep-alive\r\nConnection: close\r\n",
		    false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_start("HTTP/");
		text_add(cases[i].version);
		text_add(" 200 \r\n");
		text_add(cases[i].header);
		text_add("Content-Length: 0\r\n\r\n");
		CHECK_INT(reply_is_done(text.bytes, 200, "")->keep_alive,
		    cases[i].kept);
	}
}

TEST(the_type_is_known_with_any_parameters)
{
	static const struct {
		const char *value;
		enum reply_type type;
	} cases[] = {
		{ "application/json", REPLY_TYPE_JSON },
		{ "Application/JSON; charset=utf-8", REPLY_TYPE_JSON },
		{ "application/json ;x", REPLY_TYPE_JSON },
		{ "application/x-protobuf;", REPLY_TYPE_PROTOBUF },
		{ "text/html", REPLY_TYPE_HTML },
		{ "TEXT/HTML; charset=iso-8859-1", REPLY_TYPE_HTML },
		{ "application/xhtml+xml", REPLY_TYPE_HTML },
		{ "text/plain", REPLY_TYPE_OTHER },
		{ "application/jsonx", REPLY_TYPE_OTHER },
		{ "application/json, text/html", REPLY_TYPE_OTHER },
		{ "", REPLY_TYPE_OTHER },
		{ "application/json\r\nContent-Type: application/json",
		    REPLY_TYPE_OTHER },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_start(OK "Content-Length: 0\r\nContent-Type: ");
		text_add(cases[i].value);
		text_add("\r\n\r\n");
			CHECK_INT(reply_is_done(text.bytes, 200, "")->type,
		    cases[i].type);
	}
}

TEST(retry_after_and_date_are_kept_if_they_fit)
{
	const struct http_reply *r = reply_is_done("HTTP/1.1 503 \r\n"
	    "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Date: Sun, 06 Nov 1994 08:49:00 GMT\r\n"
	    "Content-Length: 0\r\n\r\n", 503, "");

	CHECK(r->has_retry_after);
	CHECK_STR(r->retry_after, "Sun, 06 Nov 1994 08:49:37 GMT");
	CHECK_STR(r->date, "Sun, 06 Nov 1994 08:49:00 GMT");
	text_start("HTTP/1.1 503 \r\nContent-Length: 0\r\nRetry-After: ");
	text_add_times(sizeof(r->retry_after), "1");
	text_add("\r\nDate: ");
	text_add_times(sizeof(r->date), "1");
	text_add("\r\n\r\n");
	r = reply_is_done(text.bytes, 503, "");
	CHECK(!r->has_retry_after);
	CHECK_STR(r->date, "");
	CHECK(!reply_is_done("HTTP/1.1 503 \r\nContent-Length: 0\r\n"
	    "Retry-After: \r\n\r\n", 503, "")->has_retry_after);
}
