/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  The head of our one request, byte for byte. */
#include "http_request.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static char head[REQUEST_HEAD_MAX];

static const char *
head_of(const char *text, const char *type, size_t body_len)
{
	const struct http_body body = { .content_type = type,
		.len = body_len };
	struct url url;

	CHECK(url_parse(&url, text) == NULL);
	CHECK_INT(http_request_head(head, sizeof(head), &url, &body),
	    strlen(head));
	return head;
}

static bool
has(const char *line)
{
	char whole[300];

	snprintf(whole, sizeof(whole), "\r\n%s\r\n", line);
	return strstr(head, whole) != NULL;
}

TEST(a_request_says_where_what_and_how_long_and_ends_its_head)
{
	head_of("https://otlp.example.net:4318/v1/metrics?a=b",
	    "application/x-protobuf", 1234);
	CHECK_INT(strncmp(head, "POST /v1/metrics?a=b HTTP/1.1\r\n", 31), 0);
	CHECK(has("Host: otlp.example.net:4318"));
	CHECK(has("Content-Type: application/x-protobuf"));
	CHECK(has("Accept: application/x-protobuf"));
	CHECK(has("Content-Length: 1234"));
	CHECK_STR(strstr(head, "\r\n\r\n"), "\r\n\r\n");
}

TEST(nothing_else_is_said_but_the_name_of_the_agent)
{
	size_t lines = 0;

	head_of("https://h/", "application/json", 0);
	for (const char *p = head; (p = strstr(p, "\r\n")) != NULL; p += 2)
		lines++;
	CHECK_INT(lines, 7);
	CHECK(strstr(head, "\r\nUser-Agent: sluice/") != NULL);
	CHECK(has("Content-Length: 0"));
}

TEST(the_type_is_sent_exactly_as_given)
{
	head_of("https://h/", "application/json", 1);
	CHECK(has("Content-Type: application/json"));
	CHECK(has("Accept: application/json"));
}

TEST(an_ipv6_address_stands_in_brackets_and_others_do_not)
{
	head_of("https://[2001:db8::1]:4318/", "application/json", 1);
	CHECK(has("Host: [2001:db8::1]:4318"));
	head_of("https://192.0.2.1:4318/", "application/json", 1);
	CHECK(has("Host: 192.0.2.1:4318"));
}

TEST(the_port_of_the_scheme_is_left_out)
{
	head_of("https://h:443/", "application/json", 1);
	CHECK(has("Host: h"));
	head_of("https://h:4430/", "application/json", 1);
	CHECK(has("Host: h:4430"));
}

TEST(the_longest_url_fits_and_a_small_buffer_is_refused)
{
	static struct url url = { .port = 65535, .is_ipv6 = true };
	const struct http_body body = { .len = SIZE_MAX, .gzip = true,
		.content_type = "application/x-protobuf" };
	ptrdiff_t len;

	memset(url.host, 'h', sizeof(url.host) - 1);
	memset(url.path, 'p', sizeof(url.path) - 1);
	len = http_request_head(head, sizeof(head), &url, &body);
	CHECK(len > 2 * FRAME_TEXT_MAX);
	CHECK_INT(http_request_head(head, (size_t)len + 1, &url, &body), len);
	CHECK_INT(http_request_head(head, (size_t)len, &url, &body), -ENOBUFS);
	CHECK_INT(http_request_head(head, 0, &url, &body), -ENOBUFS);
}

/* The head as a format says it, to be held against what we write. */
static size_t
format_head(char *text, size_t size, const struct url *u,
    const struct http_body *b)
{
	const char *const agent = strstr(head, "User-Agent: ");
	const bool bearer = b->token != NULL && b->token[0] != '\0';
	char port[8] = "";

	CHECK(agent != NULL);
	if (u->port != 443)
		snprintf(port, sizeof(port), ":%u", (unsigned)u->port);
	return (size_t)snprintf(text, size, "POST %s HTTP/1.1\r\n"
	    "Host: %s%s%s%s\r\n%.*s\r\n%s%s%sContent-Type: %s\r\n"
	    "%sContent-Length: %zu\r\nAccept: %s\r\n%s\r\n",
	    u->path, u->is_ipv6 ? "[" : "", u->host, u->is_ipv6 ? "]" : "",
	    port, (int)strcspn(agent, "\r"), agent,
	    bearer ? "Authorization: Bearer " : "",
	    bearer ? b->token : "", bearer ? "\r\n" : "", b->content_type,
	    b->gzip ? "Content-Encoding: gzip\r\n" : "", b->len,
	    b->content_type, b->lines != NULL ? b->lines : "");
}

/* Up to most letters, fewer more often. */
static const char *
any_text(char *text, size_t most)
{
	const size_t len = (size_t)rand() % (most + 1) >> rand() % 8;

	memset(text, 'a' + rand() % 26, len);
	text[len] = '\0';
	return text;
}

TEST(any_head_is_the_one_that_a_format_would_make)
{
	static char token[TOKEN_MAX + 1], lines[512], type[64];
	static char format[REQUEST_HEAD_MAX];

	srand(1);
	for (int i = 0; i < 20000; i++) {
		struct url url = { .is_ipv6 = rand() % 2 != 0,
			.port = rand() % 2 != 0 ? 443 : (uint16_t)rand() };
		const struct http_body body = { .gzip = rand() % 2 != 0,
			.len = (size_t)rand() >> rand() % 31,
			.content_type = any_text(type, sizeof(type) - 1),
			.token = rand() % 2 != 0 ? NULL :
			    any_text(token, TOKEN_MAX),
			.lines = rand() % 2 != 0 ? NULL :
			    any_text(lines, sizeof(lines) - 1) };
		size_t len;

		any_text(url.host, sizeof(url.host) - 1);
		any_text(url.path, sizeof(url.path) - 1);
		len = (size_t)http_request_head(head, sizeof(head), &url,
		    &body);
		CHECK_INT(format_head(format, sizeof(format), &url, &body),
		    len);
		CHECK_STR(head, format);
	}
}

TEST(a_token_is_said_as_a_bearer_s_and_nothing_where_there_is_none)
{
	static char token[TOKEN_MAX + 1];
	struct http_body body = { .content_type = "t", .token = "a.b~=" };
	struct url url;

	head_of("https://h/", "t", 1);
	CHECK(strstr(head, "Authorization") == NULL);
	CHECK(url_parse(&url, "https://h/") == NULL);
	CHECK(http_request_head(head, sizeof(head), &url, &body) > 0);
	CHECK(has("Authorization: Bearer a.b~="));
	body.token = "";
	CHECK(http_request_head(head, sizeof(head), &url, &body) > 0);
	CHECK(strstr(head, "Authorization") == NULL);
	memset(token, 'a', TOKEN_MAX);
	memset(url.host, 'h', sizeof(url.host) - 1);
	memset(url.path, 'p', sizeof(url.path) - 1);
	body.token = token;
	CHECK(http_request_head(head, sizeof(head), &url, &body) > TOKEN_MAX);
}

TEST(what_is_forgotten_has_no_byte_of_its_head_left)
{
	static struct http_request r;
	const struct http_body body = { .content_type = "t",
		.token = "secret", .bytes = (const uint8_t *)"" };
	const uint8_t *bytes;
	struct url url;
	size_t n;

	CHECK(url_parse(&url, "https://h/") == NULL);
	CHECK_INT(http_request_start(&r, &url, &body), 0);
	CHECK(memmem(r.first, sizeof(r.first), "secret", 6) != NULL);
	http_request_forget(&r);
	for (size_t i = 0; i < sizeof(r.first); i++)
		CHECK_INT(r.first[i], 0);
	CHECK(!http_request_next(&r, &bytes, &n));
}

TEST(a_body_that_is_compressed_is_said_to_be)
{
	const struct http_body body = { .content_type = "application/json",
		.len = 5, .gzip = true };
	struct url url;

	head_of("https://h/", "application/json", 5);
	CHECK(strstr(head, "Encoding") == NULL);
	CHECK(url_parse(&url, "https://h/") == NULL);
	CHECK(http_request_head(head, sizeof(head), &url, &body) > 0);
	CHECK(has("Content-Encoding: gzip"));
	CHECK(has("Content-Length: 5"));
}

/* All that a request is written as, in pieces of at most step bytes. */
static size_t
write_in_steps(struct http_request *r, size_t step, uint8_t *out)
{
	const uint8_t *bytes;
	size_t n, used = 0;

	while (http_request_next(r, &bytes, &n)) {
		n = n < step ? n : step;
		memcpy(out + used, bytes, n);
		used += n;
		r->sent += n;
	}
	return used;
}

TEST(head_and_body_are_written_whole_however_the_writes_are_cut)
{
	static const size_t lengths[] = { 0, 1, 16000, 16384, 16385, 40000 };
	static uint8_t bytes[40000], out[50000];
	static struct http_request r;
	struct url url;

	CHECK(url_parse(&url, "https://h/") == NULL);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const struct http_body body = { .content_type = "t",
			.bytes = bytes, .len = lengths[i] };
		const size_t head_len = (size_t)http_request_head(head,
		    sizeof(head), &url, &body);

		for (size_t step = 1; step < 50000; step = step * 5 + 2) {
			CHECK_INT(http_request_start(&r, &url, &body), 0);
			CHECK_INT(write_in_steps(&r, step, out),
			    head_len + lengths[i]);
			CHECK_INT(memcmp(out, head, head_len), 0);
			CHECK_INT(memcmp(out + head_len, bytes, lengths[i]),
			    0);
		}
	}
}
