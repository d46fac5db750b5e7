/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Reads each answer twice, whole and byte by byte, and fails
 * the test where that makes a difference.
 */
#ifndef SLUICE_TEST_REPLY_BYTES_H
#define SLUICE_TEST_REPLY_BYTES_H

#include "http_reply.h"
#include "test.h"

#include <stdlib.h>

/* An answer built in pieces, for those too long to write down. */
static struct reply_text {
	size_t len;
	char bytes[512 << 10];
} text;

static inline void
text_add(const char *s)
{
	const size_t len = strlen(s);

	CHECK(len < sizeof(text.bytes) - text.len);
	memcpy(text.bytes + text.len, s, len + 1);
	text.len += len;
}

static inline void
text_add_times(size_t times, const char *s)
{
	while (times-- > 0)
		text_add(s);
}

static inline void
text_start(const char *s)
{
	text.len = 0;
	text_add(s);
}

static inline size_t
feed_singly(struct http_reply *r, const uint8_t *bytes, size_t len)
{
	size_t used, sum = 0;

	http_reply_start(r);
	for (size_t i = 0; i < len; i++) {
		http_reply_feed(r, bytes + i, 1, &used);
		sum += used;
	}
	return sum;
}

/* As read from the bytes; then, if closed, from the end of the stream. */
static inline const struct http_reply *
reply_of(const void *bytes, size_t len, bool closed, size_t *used)
{
	static struct http_reply whole, single;
	/* exactly as long, so that a sanitizer sees a read beyond it */
	uint8_t *exact = malloc(len + (len == 0));

	CHECK(exact != NULL);
	memcpy(exact, bytes, len);
	http_reply_start(&whole);
	CHECK_INT(http_reply_feed(&whole, exact, len, used), whole.step);
	CHECK_INT(feed_singly(&single, exact, len), *used);
	free(exact);
	if (closed) {
		http_reply_eof(&whole);
		http_reply_eof(&single);
	}
	CHECK_INT(single.step, whole.step);
	CHECK(single.fault == whole.fault);
	CHECK_MEM(&single, &whole, sizeof(whole));
	return &whole;
}

/* The answer is refused for that fault. */
static inline void
reply_is_bad(const void *bytes, size_t len, const char *fault)
{
	size_t used;
	const struct http_reply *r = reply_of(bytes, len, true, &used);

	CHECK_INT(r->step, REPLY_BAD);
	CHECK_STR(r->fault, fault);
}

/* It is whole, with that status and body. */
static inline const struct http_reply *
reply_is_done(const char *s, unsigned status, const char *body)
{
	size_t used;
	const struct http_reply *r = reply_of(s, strlen(s), false, &used);

	CHECK_STR(r->step == REPLY_BAD ? r->fault : "no fault", "no fault");
	CHECK_INT(r->step, REPLY_DONE);
	CHECK_INT(used, strlen(s));
	CHECK_INT(r->status, status);
	CHECK_INT(r->body_len, strlen(body));
	CHECK_MEM(r->body, body, r->body_len);
	return r;
}

/* It is incomplete, and cut when the stream ends there. */
static inline void
reply_is_cut(const char *s)
{
	const size_t len = strlen(s);
	size_t used;

	CHECK_INT(reply_of(s, len, false, &used)->step, REPLY_MORE);
	CHECK_INT(used, len);
	CHECK_INT(reply_of(s, len, true, &used)->step, REPLY_CUT);
}

#define BAD(literal, fault) reply_is_bad(literal, sizeof(literal) - 1, fault)
#define TEXT_IS_BAD(fault) reply_is_bad(text.bytes, text.len, fault)

#endif
