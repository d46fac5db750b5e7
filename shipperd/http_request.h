/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  The head of the one request we make.  Pure. */
#ifndef SLUICE_HTTP_REQUEST_H
#define SLUICE_HTTP_REQUEST_H

#include "token.h"
#include "url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REQUEST_HEAD_MAX = 2048 + TOKEN_MAX };

/* What is sent; the body's bytes belong to the caller. */
struct http_body {
	const char *content_type;
	const uint8_t *bytes;
	size_t len;
	bool gzip;		/* compressed, and said to be */
	const char *lines;	/* more of the head, each ended; or NULL */
	const char *token;	/* bearer; NULL or "": none */
};

/*
 * A request as it is written: the head, and behind it as much of the body as
 * makes one whole TLS record with it; then the rest of the body.
 */
struct http_request {
	struct http_body body;
	size_t head_len, first_len, sent;
	uint8_t first[16384];
};

/* Nothing is sent yet.  0, or -ENOBUFS where the head is too long. */
int		http_request_start(struct http_request *, const struct url *,
		    const struct http_body *);
/* What comes next; false where all was sent. */
bool		http_request_next(const struct http_request *,
		    const uint8_t **, size_t *len);

/* Nothing is left of what was secret in it, and nothing to send. */
void		http_request_forget(struct http_request *);

/*
 * A POST that keeps the connection (RFC 9112, section 9.3), without the body.
 * Bytes written to buf before the NUL behind them, or -ENOBUFS.
 */
ptrdiff_t	http_request_head(char *buf, size_t cap, const struct url *,
		    const struct http_body *);

#endif
