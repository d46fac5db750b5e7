/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See http_request.h. */
#include "http_request.h"

#include "build_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { HTTPS_PORT = 443 };

ptrdiff_t
http_request_head(char *buf, size_t cap, const struct url *url,
    const struct http_body *body)
{
	const bool bearer = body->token != NULL && body->token[0] != '\0';
	char port[8] = "";
	int len;

	/* RFC 9110, section 4.2.3: the scheme's own port is left out */
	if (url->port != HTTPS_PORT)
		snprintf(port, sizeof(port), ":%u", (unsigned)url->port);
	len = snprintf(buf, cap,
	    "POST %s HTTP/1.1\r\n"
	    "Host: %s%s%s%s\r\n"
	    "User-Agent: sluice/" SLUICE_VERSION "\r\n"
	    "%s%s%s"
	    "Content-Type: %s\r\n"
	    "%s"
	    "Content-Length: %zu\r\n"
	    "Accept: %s\r\n"
	    "%s"
	    "\r\n",
	    url->path, url->is_ipv6 ? "[" : "", url->host,
	    url->is_ipv6 ? "]" : "", port,
	    bearer ? "Authorization: Bearer " : "", bearer ? body->token : "",
	    bearer ? "\r\n" : "", body->content_type,
	    body->gzip ? "Content-Encoding: gzip\r\n" : "", body->len,
	    body->content_type, body->lines != NULL ? body->lines : "");
	return len < 0 || (size_t)len >= cap ? -ENOBUFS : len;
}

int
http_request_start(struct http_request *r, const struct url *url,
    const struct http_body *body)
{
	const ptrdiff_t head_len = http_request_head((char *)r->first,
	    REQUEST_HEAD_MAX, url, body);
	size_t room;

	if (head_len < 0)
		return (int)head_len;
	r->body = *body;
	r->head_len = (size_t)head_len;
	r->sent = 0;
	room = sizeof(r->first) - r->head_len;
	if (room > body->len)
		room = body->len;
	memcpy(r->first + r->head_len, body->bytes, room);
	r->first_len = r->head_len + room;
	return 0;
}

bool
http_request_next(const struct http_request *r, const uint8_t **bytes,
    size_t *len)
{
	if (r->sent < r->first_len) {
		*bytes = r->first + r->sent;
		*len = r->first_len - r->sent;
		return true;
	}
	*bytes = r->body.bytes + (r->sent - r->head_len);
	*len = r->head_len + r->body.len - r->sent;
	return *len > 0;
}

void
http_request_forget(struct http_request *r)
{
	explicit_bzero(r->first, r->head_len);
	r->head_len = r->first_len = r->sent = r->body.len = 0;
}
