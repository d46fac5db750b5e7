/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  From a connection to a proxy to one to the receiver:
 * TLS to the proxy where it speaks it, CONNECT, and the answer's head (RFC
 * 9110, section 9.3.6).  Until that stands nothing is said to the receiver,
 * and to the proxy nothing but the receiver's name, port, and the login.
 * Never waits.
 */
#ifndef SLUICE_TUNNEL_H
#define SLUICE_TUNNEL_H

#include "http_reply.h"
#include "shipconf.h"
#include "tls.h"

enum { LOGIN_MAX = 255, TUNNEL_REQUEST_MAX = 1280 };

/* "Basic" and the base64 of USER:PASSWORD (RFC 7617). */
struct tunnel_login {
	char credentials[sizeof("Basic ") + (LOGIN_MAX + 2) / 3 * 4];
};

enum tunnel_step {
	TUNNEL_WAIT,		/* for events */
	TUNNEL_STANDS,		/* what is said now, the receiver hears */
	TUNNEL_FAILED,		/* there is no way now: retry */
	TUNNEL_ODD,		/* not the answer of a proxy: retry */
	TUNNEL_REFUSED,		/* somebody must change something */
};

struct tunnel {
	short events;
	struct tls *tls;	/* to the proxy; NULL: it speaks none */
	const char *reason;	/* a word for the log */
	struct tls_error detail;
	/* private */
	int fd;
	bool secured, has_login;
	struct http_reply *reply;
	size_t len, sent;
	char request[TUNNEL_REQUEST_MAX];
};

/*
 * Reads the one line USER:PASSWORD from a descriptor to its end, closes it
 * and wipes what it was read into.  NULL, or what is wrong with it.
 */
const char	*tunnel_login_read(struct tunnel_login *, int fd);

/*
 * Over a connected socket, which stays the caller's.  The context is NULL
 * where the proxy speaks no TLS, the login where there is none; the reply is
 * borrowed until the end of it.
 * False: no memory.
 */
bool		tunnel_start(struct tunnel *, const struct proxy *,
		    struct tls_context *, const struct tunnel_login *, int fd,
		    const struct url *receiver, struct http_reply *);
/* buf is scratch. */
enum tunnel_step tunnel_step(struct tunnel *, uint8_t *buf, size_t cap);
/* Takes leave of the proxy; may be called at any time, again too. */
void		tunnel_stop(struct tunnel *);

#endif
