/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See tunnel.h. */
#include "tunnel.h"

#include "build_config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a proxy's refusal means; all others are for somebody to look at. */
static const struct {
	unsigned status;
	enum tunnel_step step;
	const char *reason;
} refusals[] = {
	{ 407, TUNNEL_REFUSED, "proxy_login" },
	{ 408, TUNNEL_FAILED, "proxy_failed" },
	{ 429, TUNNEL_FAILED, "proxy_failed" },
	/* some say so where the receiver does not answer */
	{ 500, TUNNEL_FAILED, "proxy_failed" },
	{ 502, TUNNEL_FAILED, "proxy_failed" },
	{ 503, TUNNEL_FAILED, "proxy_failed" },
	{ 504, TUNNEL_FAILED, "proxy_failed" },
};

static void
say(struct tunnel *t, const char *text)
{
	snprintf(t->detail.text, sizeof(t->detail.text), "%s", text);
}

static enum tunnel_step
fail(struct tunnel *t, enum tunnel_step step, const char *reason)
{
	t->reason = reason;
	return step;
}

static void
write_request(struct tunnel *t, const struct url *to,
    const struct tunnel_login *login)
{
	const char *open = to->is_ipv6 ? "[" : "";
	const char *close = to->is_ipv6 ? "]" : "";

	t->has_login = login != NULL;
	/* FRAME_TEXT_MAX bounds both names: it always fits */
	t->len = (size_t)snprintf(t->request, sizeof(t->request),
	    "CONNECT %s%s%s:%u HTTP/1.1\r\n"
	    "Host: %s%s%s:%u\r\n"
	    "User-Agent: sluice/" SLUICE_VERSION "\r\n"
	    "%s%s%s"
	    "\r\n",
	    open, to->host, close, (unsigned)to->port,
	    open, to->host, close, (unsigned)to->port,
	    login != NULL ? "Proxy-Authorization: " : "",
	    login != NULL ? login->credentials : "",
	    login != NULL ? "\r\n" : "");
}

bool
tunnel_start(struct tunnel *t, const struct proxy *proxy,
    struct tls_context *context, const struct tunnel_login *login, int fd,
    const struct url *receiver, struct http_reply *reply)
{
	memset(t, 0, sizeof(*t));
	t->fd = fd;
	t->events = POLLOUT;
	t->reason = "";
	t->reply = reply;
	http_reply_start_connect(reply);
	write_request(t, receiver, login);
	if (proxy->kind != PROXY_TLS)
		return true;
	t->tls = tls_new(context, fd, proxy->url.host, proxy->url.is_address);
	return t->tls != NULL;
}

void
tunnel_stop(struct tunnel *t)
{
	explicit_bzero(t->request, sizeof(t->request));
	if (t->tls != NULL)
		tls_shutdown(t->tls);
	tls_free(t->tls);
	t->tls = NULL;
}

/* A socket's answer in the words of TLS. */
static enum tls_result
judge_socket(struct tunnel *t, ssize_t moved, enum tls_result want)
{
	if (moved > 0)
		return TLS_OK;
	if (moved < 0 && (errno == EAGAIN || errno == EINTR))
		return want;
	say(t, moved < 0 ? strerrorname_np(errno) : "the stream ended");
	return moved < 0 ? TLS_CUT : TLS_CLOSED;
}

static enum tls_result
put(struct tunnel *t, size_t *n)
{
	const char *from = t->request + t->sent;
	ssize_t moved;

	if (t->tls != NULL)
		return tls_write(t->tls, from, t->len - t->sent, n,
		    &t->detail);
	moved = send(t->fd, from, t->len - t->sent, MSG_NOSIGNAL);
	*n = moved > 0 ? (size_t)moved : 0;
	return judge_socket(t, moved, TLS_WANT_WRITE);
}

static enum tls_result
get(struct tunnel *t, uint8_t *buf, size_t cap, size_t *n)
{
	ssize_t moved;

	if (t->tls != NULL)
		return tls_read(t->tls, buf, cap, n, &t->detail);
	moved = read(t->fd, buf, cap);
	*n = moved > 0 ? (size_t)moved : 0;
	return judge_socket(t, moved, TLS_WANT_READ);
}

/* There are no bytes now, or there never will be. */
static enum tunnel_step
stopped(struct tunnel *t, enum tls_result result)
{
	switch (result) {
	case TLS_WANT_READ:
	case TLS_WANT_WRITE:
		t->events = result == TLS_WANT_READ ? POLLIN : POLLOUT;
		return TUNNEL_WAIT;
	case TLS_REFUSED_SERVER:
		return fail(t, TUNNEL_REFUSED, "proxy_untrusted");
	case TLS_REFUSED_US:
		return fail(t, TUNNEL_REFUSED, "proxy_refused");
	case TLS_OK:
	case TLS_CLOSED:
	case TLS_CUT:
	case TLS_FAILED:
		break;
	}
	return fail(t, TUNNEL_FAILED, "proxy_cut");
}

static enum tunnel_step
judge_status(struct tunnel *t)
{
	const unsigned status = t->reply->status;

	if (status < 300)
		return TUNNEL_STANDS;
	snprintf(t->detail.text, sizeof(t->detail.text), "HTTP %u%s", status,
	    status != 407 ? "" : t->has_login ? ": it does not take"
	    " ship.proxy_login" : ": it asks for ship.proxy_login");
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].status == status)
			return fail(t, refusals[i].step, refusals[i].reason);
	return fail(t, TUNNEL_REFUSED, "proxy_denied");
}

/* The receiver waits for us to speak: nothing of it can be here yet. */
static enum tunnel_step
judge_end(struct tunnel *t, bool more)
{
	if (t->reply->step == REPLY_BAD)
		say(t, t->reply->fault);
	else if (t->reply->status < 300 && more)
		say(t, "bytes behind the answer");
	else
		return judge_status(t);
	return fail(t, TUNNEL_ODD, "proxy_reply");
}

static enum tunnel_step
receive(struct tunnel *t, uint8_t *buf, size_t cap)
{
	enum tls_result result;
	size_t n, used;

	while ((result = get(t, buf, cap, &n)) == TLS_OK)
		if (http_reply_feed(t->reply, buf, n, &used) != REPLY_MORE)
			return judge_end(t, used < n ||
			    (t->tls != NULL && tls_has_more(t->tls)));
	return stopped(t, result);
}

/* Where it reads no more, why may still be there to be read. */
static enum tls_result
put_all(struct tunnel *t)
{
	enum tls_result result = TLS_OK;
	size_t n;

	while (result == TLS_OK && t->sent < t->len)
		if ((result = put(t, &n)) == TLS_OK)
			t->sent += n;
	if (result != TLS_OK && result != TLS_CUT)
		return result;
	/* the login is not kept for longer than it is needed */
	t->sent = t->len;
	explicit_bzero(t->request, sizeof(t->request));
	return TLS_OK;
}

enum tunnel_step
tunnel_step(struct tunnel *t, uint8_t *buf, size_t cap)
{
	enum tls_result result = TLS_OK;

	if (t->tls != NULL && !t->secured) {
		result = tls_handshake(t->tls, &t->detail);
		t->secured = result == TLS_OK;
	}
	if (result == TLS_OK)
		result = put_all(t);
	return result == TLS_OK ? receive(t, buf, cap) : stopped(t, result);
}
