/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See fake_conn.h. */
#include "fake_conn.h"

#include "otlp_encoder.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>

enum { RECORDS_MAX = 256 };

struct conn {
	enum conn_state state;
	enum conn_outcome outcome;
	const char *reason, *detail;
	uint64_t connections;
	struct http_reply reply;
};

struct fake_post fake_posts[FAKE_POSTS_MAX];
size_t fake_nposts;
uint64_t fake_random;
size_t fake_request_max;

static struct conn the_conn;
static struct {
	uint8_t *bytes;
	size_t len;
} records[RECORDS_MAX];
static size_t nrecords, next_record;

void
fake_reset(void)
{
	while (fake_nposts > 0)
		free(fake_posts[--fake_nposts].body);
	while (nrecords > 0)
		free(records[--nrecords].bytes);
	next_record = 0;
	fake_random = 0;
	fake_request_max = REQUEST_MAX;
	memset(&the_conn, 0, sizeof(the_conn));
	the_conn.detail = "";
}

struct conn *
fake_conn(void)
{
	return &the_conn;
}

static void *
copy_of(const void *bytes, size_t len)
{
	void *copy = malloc(len);

	CHECK(copy != NULL);
	return memcpy(copy, bytes, len);
}

void
fake_record(const void *bytes, size_t len)
{
	CHECK(nrecords < RECORDS_MAX);
	records[nrecords].bytes = copy_of(bytes, len);
	records[nrecords++].len = len;
}

static void
end(enum conn_outcome outcome, const char *reason, const char *detail)
{
	CHECK_INT(the_conn.state, CONN_READING);
	the_conn.state = CONN_ENDED;
	the_conn.outcome = outcome;
	the_conn.reason = reason;
	the_conn.detail = detail;
}

void
fake_fail(enum conn_outcome outcome, const char *reason, const char *detail)
{
	end(outcome, reason, detail);
}

void
fake_answer(const char *http)
{
	size_t used;

	http_reply_start(&the_conn.reply);
	CHECK_INT(http_reply_feed(&the_conn.reply, (const uint8_t *)http,
	    strlen(http), &used), REPLY_DONE);
	CHECK_INT(used, strlen(http));
	end(CONN_ANSWERED, "answered", "");
}

void
conn_post(struct conn *c, size_t endpoint, const struct http_body *body,
    uint64_t now_ns)
{
	CHECK_INT(c->state, CONN_IDLE);
	CHECK(fake_nposts < FAKE_POSTS_MAX);
	fake_posts[fake_nposts++] = (struct fake_post){ endpoint,
		body->content_type, copy_of(body->bytes, body->len),
		body->len, now_ns };
	c->connections++;
	c->state = CONN_READING;
}

enum conn_state
conn_state(const struct conn *c)
{
	return c->state;
}

enum conn_outcome
conn_take(struct conn *c)
{
	CHECK_INT(c->state, CONN_ENDED);
	c->state = CONN_IDLE;
	return c->outcome;
}

const struct http_reply *
conn_reply(const struct conn *c)
{
	return &c->reply;
}

const char *
conn_reason(const struct conn *c)
{
	return c->reason;
}

const char *
conn_detail(const struct conn *c)
{
	return c->detail;
}

uint64_t
conn_connections(const struct conn *c)
{
	return c->connections;
}

int
link_receive(struct link *l, const uint8_t **bytes, size_t *len)
{
	static uint8_t payload[FRAME_MAX];
	struct writer w = writer_of(payload, sizeof(payload));

	(void)l;
	if (next_record == nrecords)
		return 0;
	while (next_record < nrecords && frame_add_record(&w,
	    records[next_record].bytes, records[next_record].len))
		next_record++;
	*bytes = payload;
	*len = (size_t)writer_finish(&w);
	return 1;
}

uint64_t
tls_random64(void)
{
	return fake_random;
}

ptrdiff_t
otlp_encode(enum protocol protocol, const struct otlp_request *request,
    uint8_t *out, size_t cap, uint64_t *points)
{
	static struct walk walk;
	const size_t most = cap < fake_request_max ? cap : fake_request_max;

	if (walk_open(&walk, &request->conf->declared, request->record,
	    request->nrecords) < 0)
		return -ENOBUFS;
	*points = walk.npoints;
	return protocol == PROTOCOL_HTTP_JSON ?
	    otlp_json(request, &walk, out, most) :
	    otlp_protobuf(request, &walk, out, most);
}

bool
otlp_describes(const struct shipconf *c, uint64_t wall_ns)
{
	(void)c;
	(void)wall_ns;
	return true;
}

const char *
otlp_content_type(enum protocol protocol)
{
	return protocol == PROTOCOL_HTTP_JSON ? "json" : "protobuf";
}
