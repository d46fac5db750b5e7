/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Any bytes as an HTTP answer.  Read whole or byte by byte,
 * the outcome must be the same, and within its bounds.  As an answer to
 * CONNECT it has no body.
 */
#include "http_reply.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
check_bounds(const struct http_reply *r, size_t used, size_t len)
{
	check(used <= len);
	check(r->body_len <= REPLY_BODY_MAX && r->head_len <= REPLY_HEAD_MAX);
	check((r->step == REPLY_BAD) == (r->fault != NULL));
	check(r->step != REPLY_MORE || used == len);
	check(r->step != REPLY_DONE ||
	    (r->status >= 200 && r->status <= 599));
	check(memchr(r->date, '\0', sizeof(r->date)) != NULL);
	check(memchr(r->retry_after, '\0', sizeof(r->retry_after)) != NULL);
}

static void
fuzz(void (*start)(struct http_reply *), const uint8_t *bytes, size_t len)
{
	static struct http_reply whole, single;
	size_t used, one, sum = 0;

	start(&whole);
	start(&single);
	http_reply_feed(&whole, bytes, len, &used);
	check_bounds(&whole, used, len);
	for (size_t i = 0; i < len; i++) {
		http_reply_feed(&single, bytes + i, 1, &one);
		sum += one;
	}
	check(sum == used);
	check(http_reply_eof(&whole) != REPLY_MORE);
	http_reply_eof(&single);
	check(memcmp(&whole, &single, sizeof(whole)) == 0);
	check(start == http_reply_start || whole.body_len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fuzz(http_reply_start, bytes, len);
	fuzz(http_reply_start_connect, bytes, len);
	return 0;
}
