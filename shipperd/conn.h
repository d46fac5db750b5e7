/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  One request at a time to one of the endpoints: resolve,
 * connect, handshake, send, read the answer, keep the connection.  Never
 * blocks; one deadline covers all of it.  Explicit states; the loop asks what
 * to wait for and calls conn_step().
 */
#ifndef SLUICE_CONN_H
#define SLUICE_CONN_H

#include "http_reply.h"
#include "http_request.h"
#include "shipconf.h"
#include "tls.h"
#include "tunnel.h"

#include <poll.h>

enum conn_state {
	CONN_IDLE,		/* no request; a connection may be kept */
	CONN_RESOLVING,
	CONN_CONNECTING,
	CONN_TUNNEL,		/* a proxy is asked for the way */
	CONN_HANDSHAKE,
	CONN_SENDING,
	CONN_READING,
	CONN_ENDED,		/* the outcome waits to be taken */
};

enum conn_outcome {
	CONN_ANSWERED,		/* reply is whole */
	CONN_UNREACHABLE,	/* DNS, connect, reset, cut: retry */
	CONN_TIMED_OUT,		/* the total deadline: retry */
	CONN_SERVER_REFUSED,	/* its certificate or TLS: configuration */
	CONN_CLIENT_REFUSED,	/* it refused our certificate: configuration */
	CONN_PROXY_REFUSED,	/* login, policy, TLS: configuration */
	CONN_BAD_REPLY,		/* not HTTP that we take: retry class */
};

struct conn;

/* Borrows both; claims all its memory now.  NULL: no memory. */
struct conn		*conn_new(const struct shipconf *,
			    struct tls_context *);
void			conn_free(struct conn *);
/* For the proxy; borrowed for good.  Before the first conn_post(). */
void			conn_use_login(struct conn *,
			    const struct tunnel_login *);

/*
 * Starts a POST of the body (its bytes are borrowed until the outcome) to
 * endpoint number i.
 * Only in CONN_IDLE.
 */
void			conn_post(struct conn *, size_t endpoint,
			    const struct http_body *, uint64_t now_ns);
enum conn_state		conn_state(const struct conn *);
/*
 * Fills in up to CONN_POLL_MAX entries: what to wait for now; returns how
 * many.  *deadline_ns: when to call conn_step() even if nothing happens
 * (CLOCK_MONOTONIC; UINT64_MAX: never).  An idle kept connection is watched
 * for the peer closing it.
 */
enum { CONN_POLL_MAX = 2 };
size_t			conn_poll(struct conn *, struct pollfd *,
			    uint64_t *deadline_ns);
/* Does what can be done without waiting.  The entries are conn_poll()'s. */
void			conn_step(struct conn *, const struct pollfd *,
			    size_t n, uint64_t now_ns);

/* In CONN_ENDED: what came of it; back to CONN_IDLE. */
enum conn_outcome	conn_take(struct conn *);
/* The answer after CONN_ANSWERED, else the partial one; until conn_post(). */
const struct http_reply	*conn_reply(const struct conn *);
/* A word for what went wrong, and words of TLS or errno (raw) for the log. */
const char		*conn_reason(const struct conn *);
const char		*conn_detail(const struct conn *);
/* TLS connections established so far. */
uint64_t		conn_connections(const struct conn *);

#endif
