/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See conn.h. */
#include "conn.h"

#include "conn_end.h"
#include "dial.h"
#include "tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	/*
	 * What one exchange may receive: certificates, the longest reply, and
	 * room for TLS's own records.  Beyond it somebody floods us.
	 */
	RECEIVED_MAX = 65536 + 4 * (REPLY_HEAD_MAX + REPLY_BODY_MAX),
	/* a whole TLS record: nothing stays behind inside OpenSSL */
	RECORD_DATA_MAX = 16384,
	NS_PER_MS = 1000000,
};

struct conn {
	const struct shipconf *conf;
	struct tls_context *context;
	enum conn_state state;
	/* the connection; kept while idle */
	struct dial dial;
	const struct tunnel_login *login;
	struct tunnel tunnel;
	int fd;				/* -1: none */
	struct tls *tls;
	size_t connected_to;		/* endpoint */
	bool useless;			/* its last answer was no success */
	uint64_t made_ns, used_ns;	/* established, last post */
	short events;			/* what tls waits for */
	uint64_t connections;
	/* the exchange */
	size_t endpoint;
	struct http_request request;
	struct http_reply reply;
	bool reused;			/* the connection is an old one */
	bool heard;			/* a byte of the reply has come */
	bool quiet;			/* nothing had come when we polled */
	uint64_t deadline_ns;
	uint64_t received_before;	/* on this connection, by tls */
	uint8_t in[RECORD_DATA_MAX];
	/* what came of it */
	enum conn_outcome outcome;
	const char *reason;
	struct tls_error detail;
};

static_assert((int)DIAL_TRIES_MAX <= (int)CONN_POLL_MAX, "conn_poll()");
static void	dialled(struct conn *, enum dial_step, uint64_t now_ns);

struct conn *
conn_new(const struct shipconf *conf, struct tls_context *context)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->conf = conf;
	c->context = context;
	c->fd = -1;
	c->reason = "";
	dial_init(&c->dial, conf);
	http_reply_start(&c->reply);
	return c;
}

void
conn_use_login(struct conn *c, const struct tunnel_login *login)
{
	c->login = login;
}

static void
hang_up(struct conn *c)
{
	dial_stop(&c->dial);
	if (c->tls != NULL)
		tls_shutdown(c->tls);
	tls_free(c->tls);
	c->tls = NULL;
	tunnel_stop(&c->tunnel);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void
conn_free(struct conn *c)
{
	if (c != NULL)
		hang_up(c);
	free(c);
}

static void
end(struct conn *c, enum conn_outcome outcome, const char *reason)
{
	c->outcome = outcome;
	c->reason = reason;
	c->state = CONN_ENDED;
	http_request_forget(&c->request);
	if (outcome == CONN_ANSWERED)
		return;
	hang_up(c);
	dial_distrust(&c->dial, c->endpoint);
}

static void
say_detail(struct conn *c, const char *text)
{
	snprintf(c->detail.text, sizeof(c->detail.text), "%s", text);
}

static void
dial(struct conn *c, uint64_t now_ns)
{
	hang_up(c);
	c->reused = c->heard = false;
	c->request.sent = 0;
	dialled(c, dial_start(&c->dial, c->endpoint, now_ns, c->deadline_ns),
	    now_ns);
}

static void
broke(struct conn *c, enum tls_result result, uint64_t now_ns)
{
	struct conn_end e;

	/* it closed as we began to send (RFC 9112, section 9.3.1): once more */
	if (c->reused && !c->heard &&
	    (result == TLS_CLOSED || result == TLS_CUT)) {
		dial(c, now_ns);
		return;
	}
	e = conn_end_of(result, c->state, c->heard);
	end(c, e.outcome, e.reason);
}

static void
bad_reply(struct conn *c)
{
	say_detail(c, c->reply.fault != NULL ? c->reply.fault : "");
	end(c, CONN_BAD_REPLY, "bad_reply");
}

/* Only a connection that both sides left clean is kept. */
static void
answered(struct conn *c, bool clean)
{
	const uint8_t *rest;
	size_t left;
	const bool sent_all = !http_request_next(&c->request, &rest, &left);

	c->useless = c->reply.status >= 300;
	if (!clean || !sent_all || !c->reply.keep_alive)
		hang_up(c);
	end(c, CONN_ANSWERED, "answered");
}

/* The server has said that it says no more. */
static void
reply_ended(struct conn *c, uint64_t now_ns)
{
	switch (c->heard ? http_reply_eof(&c->reply) : REPLY_CUT) {
	case REPLY_DONE:
		answered(c, false);
		break;
	case REPLY_BAD:
		bad_reply(c);
		break;
	case REPLY_MORE:
	case REPLY_CUT:
		broke(c, TLS_CLOSED, now_ns);
		break;
	}
}

/* True while there is more to read; else the exchange has ended. */
static bool
take_bytes(struct conn *c, size_t n)
{
	size_t used;

	c->heard = true;
	switch (http_reply_feed(&c->reply, c->in, n, &used)) {
	case REPLY_MORE:
		return true;
	case REPLY_DONE:
		answered(c, used == n);
		break;
	case REPLY_CUT:
	case REPLY_BAD:
		bad_reply(c);
		break;
	}
	return false;
}

/* By the server or, in the handshake with it, by a proxy before it. */
static bool
flooded(const struct conn *c)
{
	const struct tls *t = c->tls != NULL ? c->tls : c->tunnel.tls;

	return t != NULL && tls_received(t) - c->received_before > RECEIVED_MAX;
}

static void
read_reply(struct conn *c, uint64_t now_ns)
{
	enum tls_result result = TLS_OK;
	size_t n;

	while (!flooded(c) && (result = tls_read(c->tls, c->in,
	    sizeof(c->in), &n, &c->detail)) == TLS_OK)
		if (!take_bytes(c, n))
			return;
	if (result == TLS_OK)
		end(c, CONN_BAD_REPLY, "reply_too_long");
	else if (result == TLS_WANT_READ || result == TLS_WANT_WRITE)
		c->events |= conn_end_wants(result);
	else if (result == TLS_CLOSED)
		reply_ended(c, now_ns);
	else
		broke(c, result, now_ns);
}

/*
 * A server may answer before it has read all, and close: then writing fails,
 * and what it said is still there to be read, to the stream's end.
 */
static void
send_request(struct conn *c, uint64_t now_ns)
{
	enum tls_result result = TLS_OK;
	const uint8_t *bytes;
	size_t n;

	while (http_request_next(&c->request, &bytes, &n) &&
	    (result = tls_write(c->tls, bytes, n, &n, &c->detail)) == TLS_OK)
		c->request.sent += n;
	if (result == TLS_OK || result == TLS_CUT)
		c->state = CONN_READING;
	else if (result == TLS_WANT_READ || result == TLS_WANT_WRITE)
		c->events |= conn_end_wants(result);
	else
		broke(c, result, now_ns);
}

/* What is readable is read; a reply to what was just sent takes its time. */
static void
exchange(struct conn *c, bool readable, uint64_t now_ns)
{
	c->events = POLLIN;
	if (c->state == CONN_SENDING)
		send_request(c, now_ns);
	if ((c->state == CONN_SENDING || c->state == CONN_READING) &&
	    (readable || tls_has_more(c->tls)))
		read_reply(c, now_ns);
}

static void
shake_hands(struct conn *c, uint64_t now_ns)
{
	const enum tls_result result = tls_handshake(c->tls, &c->detail);

	if (result == TLS_WANT_READ || result == TLS_WANT_WRITE) {
		c->events = conn_end_wants(result);
	} else if (result == TLS_OK) {
		c->connections++;
		c->made_ns = now_ns;
		c->state = CONN_SENDING;
		exchange(c, true, now_ns);
	} else {
		broke(c, result, now_ns);
	}
}

static void
begin_tls(struct conn *c, uint64_t now_ns)
{
	const struct url *url = &c->conf->endpoint[c->endpoint];

	c->tls = c->tunnel.tls != NULL ? tls_new_inside(c->context,
	    c->tunnel.tls, url->host, url->is_address) :
	    tls_new(c->context, c->fd, url->host, url->is_address);
	c->state = CONN_HANDSHAKE;
	if (c->tls == NULL)
		end(c, CONN_UNREACHABLE, "memory");
	else
		shake_hands(c, now_ns);
}

static void
bore(struct conn *c, uint64_t now_ns)
{
	const enum tunnel_step step = tunnel_step(&c->tunnel, c->in,
	    sizeof(c->in));

	c->events = c->tunnel.events;
	if (step == TUNNEL_STANDS) {
		http_reply_start(&c->reply);
		begin_tls(c, now_ns);
	} else if (step != TUNNEL_WAIT) {
		say_detail(c, c->tunnel.detail.text);
		end(c, conn_end_of_tunnel(step), c->tunnel.reason);
	}
}

static void
connected(struct conn *c, uint64_t now_ns)
{
	const struct proxy *proxy = &c->conf->proxy;

	c->fd = c->dial.fd;
	c->connected_to = c->endpoint;
	c->received_before = 0;
	tcp_keep(c->fd, c->conf->timeout_ms);
	if (proxy->kind == PROXY_NONE) {
		begin_tls(c, now_ns);
		return;
	}
	c->state = CONN_TUNNEL;
	if (tunnel_start(&c->tunnel, proxy, tls_context_of_proxy(c->context),
	    c->login, c->fd, &c->conf->endpoint[c->endpoint], &c->reply))
		bore(c, now_ns);
	else
		end(c, CONN_UNREACHABLE, "memory");
}

static void
dialled(struct conn *c, enum dial_step step, uint64_t now_ns)
{
	c->state = step == DIAL_RESOLVING ? CONN_RESOLVING : CONN_CONNECTING;
	if (step == DIAL_FAILED) {
		say_detail(c, c->dial.error != 0 ?
		    strerrorname_np(c->dial.error) : "");
		end(c, CONN_UNREACHABLE, c->dial.reason);
	} else if (step == DIAL_DONE)
		connected(c, now_ns);
}

/* Nothing may come on a connection between two exchanges. */
static bool
is_quiet(struct conn *c)
{
	struct tls_error unsaid;
	size_t n;

	return tls_read(c->tls, c->in, sizeof(c->in), &n, &unsaid) ==
	    TLS_WANT_READ && !flooded(c);
}

/* Everything that was judged at its start may be judged otherwise by now. */
static bool
is_aged(const struct conn *c, uint64_t now_ns)
{
	return conn_end_is_due(c->made_ns, c->used_ns, now_ns) ||
	    tls_is_stale(c->tls, time(NULL));
}

/* A server that has no use for us may have been replaced: its name knows. */
static bool
may_reuse(struct conn *c, size_t endpoint, uint64_t now_ns)
{
	return c->tls != NULL && c->connected_to == endpoint &&
	    !(c->useless && dial_is_old(&c->dial, endpoint, now_ns)) &&
	    !is_aged(c, now_ns) &&
	    ((c->quiet && !tls_has_more(c->tls)) || is_quiet(c));
}

void
conn_post(struct conn *c, size_t endpoint, const struct http_body *body,
    uint64_t now_ns)
{
	c->endpoint = endpoint;
	c->heard = false;
	c->detail.text[0] = '\0';
	c->deadline_ns = now_ns + c->conf->timeout_ms * (uint64_t)NS_PER_MS;
	http_reply_start(&c->reply);
	if (http_request_start(&c->request, &c->conf->endpoint[endpoint],
	    body) < 0) {
		end(c, CONN_UNREACHABLE, "url_too_long");
		return;
	}
	c->reused = may_reuse(c, endpoint, now_ns);
	c->used_ns = now_ns;
	if (c->reused) {
		c->received_before = tls_received(c->tls);
		c->state = CONN_SENDING;
		c->events = POLLIN;
		send_request(c, now_ns);
	} else {
		dial(c, now_ns);
	}
}

enum conn_state
conn_state(const struct conn *c)
{
	return c->state;
}

size_t
conn_poll(struct conn *c, struct pollfd *pfd, uint64_t *deadline_ns)
{
	uint64_t try_ns = UINT64_MAX;
	size_t n = 1;

	*deadline_ns = UINT64_MAX;
	if (c->state == CONN_ENDED)
		*deadline_ns = 0;
	if (c->state == CONN_ENDED || (c->state == CONN_IDLE && c->fd < 0))
		return 0;
	if (c->state == CONN_RESOLVING || c->state == CONN_CONNECTING)
		n = dial_poll(&c->dial, pfd, &try_ns);
	else
		*pfd = (struct pollfd){ .fd = c->fd, .events =
		    c->state == CONN_IDLE ? POLLIN : c->events };
	if (c->state != CONN_IDLE)
		*deadline_ns = try_ns < c->deadline_ns ? try_ns :
		    c->deadline_ns;
	return n;
}

static void
step_busy(struct conn *c, const struct pollfd *pfd, uint64_t now_ns)
{
	const short revents = pfd->revents;

	if (now_ns >= c->deadline_ns) {
		c->detail.text[0] = '\0';
		end(c, CONN_TIMED_OUT, conn_end_timed_out(c->state));
	} else if (flooded(c)) {
		end(c, CONN_BAD_REPLY, "reply_too_long");
	} else if (c->state == CONN_RESOLVING ||
	    c->state == CONN_CONNECTING) {
		dialled(c, dial_step(&c->dial, pfd, now_ns), now_ns);
	} else if (revents != 0 && c->state == CONN_TUNNEL) {
		bore(c, now_ns);
	} else if (revents != 0 && c->state == CONN_HANDSHAKE) {
		shake_hands(c, now_ns);
	} else if (revents != 0) {
		exchange(c, (revents & ~POLLOUT) != 0, now_ns);
	}
}

void
conn_step(struct conn *c, const struct pollfd *pfd, size_t n, uint64_t now_ns)
{
	const short revents = n > 0 ? pfd[0].revents : 0;

	c->quiet = c->state == CONN_IDLE && n > 0 && revents == 0;
	if (c->state == CONN_ENDED)
		return;
	if (c->state != CONN_IDLE)
		step_busy(c, pfd, now_ns);
	else if (revents != 0 && c->fd >= 0 && !is_quiet(c))
		hang_up(c);
}

enum conn_outcome
conn_take(struct conn *c)
{
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
	return c->detail.text;
}

uint64_t
conn_connections(const struct conn *c)
{
	return c->connections;
}
