/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  See http_reply.h.  A byte belongs either to a line or to
 * the body; a line is judged only when it is whole, so that it does not matter
 * in which pieces the answer came.
 */
#include "http_reply.h"

#include "http_header.h"

#include <stddef.h>
#include <string.h>

enum { CHUNK_DIGITS_MAX = 16 };	/* what 64 bits hold */

static void
fail(struct http_reply *r, const char *fault)
{
	r->fault = fault;
	r->step = REPLY_BAD;
}

static void
finish(struct http_reply *r)
{
	r->at = AT_END;
	r->step = REPLY_DONE;
}

/* What one head says must not be left over for the next. */
static void
start_head(struct http_reply *r)
{
	r->at = AT_STATUS;
	r->close = r->has_length = r->chunked = r->has_retry_after = false;
	r->type = REPLY_TYPE_NONE;
	r->retry_after[0] = r->date[0] = '\0';
	r->left = 0;
}

void
http_reply_start(struct http_reply *r)
{
	memset(r, 0, offsetof(struct http_reply, line));
	start_head(r);
}

void
http_reply_start_connect(struct http_reply *r)
{
	http_reply_start(r);
	r->connect = true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9112, section 4; the space after the code is not optional. */
static bool
parse_status(struct http_reply *r)
{
	static const char form[] = "HTTP/1.x nnn ";
	const char *s = r->line;

	if (r->line_len < sizeof(form) - 1 || memcmp(s, "HTTP/1.", 7) != 0 ||
	    (s[7] != '0' && s[7] != '1') || s[8] != ' ' || !is_digit(s[9]) ||
	    !is_digit(s[10]) || !is_digit(s[11]) || s[12] != ' ')
		return false;
	r->http_1_0 = s[7] == '0';
	r->status = (unsigned)((s[9] - '0') * 100 + (s[10] - '0') * 10 +
	    (s[11] - '0'));
	return r->status >= 100 && r->status <= 599;
}

static void
take_status(struct http_reply *r)
{
	if (!parse_status(r)) {
		fail(r, "status_line");
		return;
	}
	if (r->status == 101)
		fail(r, "protocol_switch");
	else if (r->status < 200 && ++r->interim > REPLY_INTERIM_MAX)
		fail(r, "interim_count");
	r->keep_alive = !r->http_1_0;
	r->at = AT_HEADER;
}

/* RFC 9112, section 6.3, less every case in which two lengths compete. */
static void
start_body(struct http_reply *r)
{
	const bool bodiless = r->status == 204 || r->status == 304;

	if (r->chunked && r->has_length)
		fail(r, "length_and_chunked");
	else if (r->chunked && r->http_1_0)
		fail(r, "transfer_encoding");
	else if (r->connect && r->status < 300 && (r->chunked || r->left > 0))
		fail(r, "connect_body");
	else if (r->connect)
		finish(r);
	else if (bodiless) {
		/* what may follow is not worth finding out */
		r->keep_alive = r->keep_alive && !r->chunked && r->left == 0;
		finish(r);
	} else if (r->chunked)
		r->at = AT_CHUNK_SIZE;
	else if (!r->has_length) {
		r->keep_alive = false;
		r->at = AT_BODY_CLOSE;
	} else if (r->left == 0)
		finish(r);
	else
		r->at = AT_BODY_LENGTH;
}

static void
end_head(struct http_reply *r)
{
	if (r->close)
		r->keep_alive = false;
	if (r->status >= 200)
		start_body(r);
	else if (r->chunked || r->has_length)
		fail(r, "interim_body");
	else
		start_head(r);
}

static void
take_header(struct http_reply *r)
{
	const char *fault;

	if (r->line_len == 0) {
		end_head(r);
		return;
	}
	if (++r->headers > REPLY_HEADERS_MAX)
		fail(r, "header_count");
	else if ((fault = http_header_take(r)) != NULL)
		fail(r, fault);
}

/* As strict as a header's, and without any effect. */
static void
take_trailer(struct http_reply *r)
{
	const char *fault;

	if (r->line_len == 0) {
		finish(r);
		return;
	}
	if (++r->headers > REPLY_HEADERS_MAX)
		fail(r, "header_count");
	else if ((fault = http_header_split(r, NULL, NULL)) != NULL)
		fail(r, fault);
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *d = c == '\0' ? NULL :
	    strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

	return d == NULL ? -1 : (int)(d - digits);
}

/* Digits, then nothing or an extension: white space between is refused. */
static void
take_chunk_size(struct http_reply *r)
{
	uint64_t size = 0;
	size_t n = 0;

	for (; n < CHUNK_DIGITS_MAX && hex_value(r->line[n]) >= 0; n++)
		size = size << 4 | (uint64_t)hex_value(r->line[n]);
	if (n == 0 || (r->line[n] != '\0' && r->line[n] != ';')) {
		fail(r, "chunk_size");
		return;
	}
	if (size > REPLY_BODY_MAX - r->body_len) {
		fail(r, "body_size");
		return;
	}
	/* many small chunks are in order: only extensions stay charged */
	r->head_len -= n + 2;
	r->left = (size_t)size;
	r->at = size == 0 ? AT_TRAILER : AT_CHUNK_DATA;
}

static void
take_chunk_end(struct http_reply *r)
{
	r->head_len -= 2;
	r->at = AT_CHUNK_SIZE;
}

static void
end_line(struct http_reply *r)
{
	static void (*const takers[])(struct http_reply *) = {
		[AT_STATUS] = take_status,
		[AT_HEADER] = take_header,
		[AT_CHUNK_SIZE] = take_chunk_size,
		[AT_CHUNK_END] = take_chunk_end,
		[AT_TRAILER] = take_trailer,
	};

	/* CR LF were charged and not stored: there is room */
	r->line[r->line_len] = '\0';
	takers[r->at](r);
	r->line_len = 0;
}

static bool
is_text(uint8_t c)
{
	return (c >= ' ' && c != 0x7f) || c == '\t';
}

/* What is no text: CR, LF, or a fault. */
static void
take_mark(struct http_reply *r, uint8_t c)
{
	if (r->head_len == REPLY_HEAD_MAX) {
		fail(r, "head_size");
		return;
	}
	r->head_len++;
	if (c == '\n' && r->after_cr) {
		r->after_cr = false;
		end_line(r);
	} else if (c == '\n' || r->after_cr)
		fail(r, "line_end");
	else if (c == '\r')
		r->after_cr = true;
	else
		fail(r, r->at == AT_CHUNK_END ? "chunk_end" : "control_byte");
}

/* Returns how many are text that may stand here: a line without its end. */
static size_t
take_text(struct http_reply *r, const uint8_t *p, size_t len)
{
	const size_t room = REPLY_HEAD_MAX - r->head_len;
	size_t n = 0;

	if (r->after_cr || r->at == AT_CHUNK_END)
		return 0;
	while (n < len && n < room && is_text(p[n]))
		n++;
	/* each byte of the line was charged: there is room */
	memcpy(r->line + r->line_len, p, n);
	r->line_len += n;
	r->head_len += n;
	return n;
}

static size_t
take_line(struct http_reply *r, const uint8_t *p, size_t len)
{
	const size_t n = take_text(r, p, len);

	if (n == len)
		return n;
	take_mark(r, p[n]);
	return n + 1;
}

/* Returns how many of the bytes were the body's, or were its fault. */
static size_t
take_body(struct http_reply *r, const uint8_t *p, size_t len)
{
	const size_t left = r->at == AT_BODY_CLOSE ?
	    REPLY_BODY_MAX - r->body_len : r->left;
	const size_t n = len < left ? len : left;

	if (n == 0) {
		fail(r, "body_size");
		return 1;
	}
	memcpy(r->body + r->body_len, p, n);
	r->body_len += n;
	if (r->at == AT_BODY_CLOSE)
		return n;
	r->left -= n;
	if (r->left == 0 && r->at == AT_CHUNK_DATA)
		r->at = AT_CHUNK_END;
	else if (r->left == 0)
		finish(r);
	return n;
}

enum reply_step
http_reply_feed(struct http_reply *r, const uint8_t *p, size_t len,
    size_t *used)
{
	*used = 0;
	while (r->step == REPLY_MORE && *used < len) {
		if (r->at == AT_BODY_LENGTH || r->at == AT_BODY_CLOSE ||
		    r->at == AT_CHUNK_DATA)
			*used += take_body(r, p + *used, len - *used);
		else
			*used += take_line(r, p + *used, len - *used);
	}
	return r->step;
}

enum reply_step
http_reply_eof(struct http_reply *r)
{
	if (r->step == REPLY_MORE)
		r->step = REPLY_CUT;
	return r->step;
}
