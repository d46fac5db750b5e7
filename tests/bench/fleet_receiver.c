/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: a developer's shell and tests.  The network of fleet.h: what
 * conn.h promises to delivery.c, with the time that it takes and no bytes.
 */
#include "fleet.h"

#include <stdlib.h>
#include <string.h>

enum { REFUSAL_MS = 1, CONNECT_MS = 40, EXCHANGE_MS = 20 };

static const struct scenario *scenario;
static struct tally *tally;
static struct http_reply taken, busy, asks_for_a_minute;

static void
fill_reply(struct http_reply *r, const char *text)
{
	size_t used;

	http_reply_start(r);
	if (http_reply_feed(r, (const uint8_t *)text, strlen(text), &used) !=
	    REPLY_DONE)
		abort();
}

void
receiver_open(const struct scenario *s, struct tally *t)
{
	scenario = s;
	tally = t;
	fill_reply(&taken, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	fill_reply(&busy, "HTTP/1.1 503 Service Unavailable\r\n"
	    "Content-Length: 0\r\n\r\n");
	fill_reply(&asks_for_a_minute, "HTTP/1.1 503 Service Unavailable\r\n"
	    "Retry-After: 60\r\nContent-Length: 0\r\n\r\n");
}

static void
ends(struct conn *c, uint64_t when_ns, enum conn_outcome outcome)
{
	c->ends_ns = when_ns;
	c->outcome = outcome;
}

static void
serve(struct conn *c, uint64_t now_ns, const struct http_reply *reply)
{
	uint64_t ms = EXCHANGE_MS;

	if (!c->connected) {
		ms += CONNECT_MS;
		c->connections++;
	}
	c->connected = true;
	c->reply = reply;
	ends(c, now_ns + ms * NS_PER_MS, CONN_ANSWERED);
}

static const struct http_reply *
answer(struct tally *t)
{
	t->requests++;
	if (scenario->capacity > 0 && t->taken >= scenario->capacity)
		return &busy;
	t->taken++;
	return &taken;
}

void
conn_post(struct conn *c, size_t endpoint, const struct http_body *body,
    uint64_t now_ns)
{
	const uint64_t second = now_ns / NS_PER_MS / MS_PER_S;
	const bool out = second >= FLEET_OUTAGE_S && second < FLEET_BACK_S;
	struct tally *t = &tally[second];

	(void)endpoint, (void)body;
	c->state = CONN_SENDING;
	/* the end of a receiver is the end of its connections */
	if (out && scenario->outage == MANNER_REFUSES)
		c->connected = false;
	t->attempts += !c->connected;
	switch (out ? scenario->outage : MANNER_TAKES) {
	case MANNER_TAKES:
		serve(c, now_ns, answer(t));
		break;
	case MANNER_REFUSES:
		ends(c, now_ns + REFUSAL_MS * NS_PER_MS, CONN_UNREACHABLE);
		break;
	case MANNER_SILENT:
		ends(c, now_ns + FLEET_TIMEOUT_MS * (uint64_t)NS_PER_MS,
		    CONN_TIMED_OUT);
		break;
	case MANNER_BUSY:
		t->requests++;
		serve(c, now_ns, &asks_for_a_minute);
		break;
	}
}

void
conn_run(struct conn *c, uint64_t now_ns)
{
	if (c->state == CONN_SENDING && now_ns >= c->ends_ns)
		c->state = CONN_ENDED;
}

enum conn_state
conn_state(const struct conn *c)
{
	return c->state;
}

enum conn_outcome
conn_take(struct conn *c)
{
	c->state = CONN_IDLE;
	if (c->outcome != CONN_ANSWERED)
		c->connected = false;
	return c->outcome;
}

const struct http_reply *
conn_reply(const struct conn *c)
{
	return c->reply;
}

const char *
conn_reason(const struct conn *c)
{
	return c->outcome == CONN_TIMED_OUT ? "timeout_connecting" :
	    "connect_failed";
}

const char *
conn_detail(const struct conn *c)
{
	(void)c;
	return "";
}

uint64_t
conn_connections(const struct conn *c)
{
	return c->connections;
}
