/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  The head of the one request we make.  Pure. */
#ifndef SLUICE_HTTP_REQUEST_H
#define SLUICE_HTTP_REQUEST_H

#include "url.h"

#include <stddef.h>

enum { REQUEST_HEAD_MAX = 1024 };

/*
 * A POST that keeps the connection (RFC 9112, section 9.3), without the body
 * of body_len bytes.  Bytes written to buf, or -ENOBUFS.
 */
ptrdiff_t	http_request_head(char *buf, size_t cap, const struct url *,
		    const char *content_type, size_t body_len);

#endif
