/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See http_request.h. */
#include "http_request.h"

#include "build_config.h"
#include "decimal.h"

#include <errno.h>
#include <string.h>

enum { HTTPS_PORT = 443 };

/* No snprintf(3): once a collection, it costs more than all it is asked. */
static void
say(struct writer *w, const char *text)
{
	write_span(w, text, strlen(text));
}

static void
say_line(struct writer *w, const char *name, const char *value)
{
	say(w, name);
	say(w, value);
	say(w, "\r\n");
}

static void
say_host(struct writer *w, const struct url *url)
{
	say(w, url->is_ipv6 ? "Host: [" : "Host: ");
	say(w, url->host);
	if (url->is_ipv6)
		say(w, "]");
	/* RFC 9110, section 4.2.3: the scheme's own port is left out */
	if (url->port != HTTPS_PORT) {
		say(w, ":");
		decimal_write_unsigned(w, url->port);
	}
	say(w, "\r\n");
}

ptrdiff_t
http_request_head(char *buf, size_t cap, const struct url *url,
    const struct http_body *body)
{
	struct writer w = writer_of(buf, cap);

	say(&w, "POST ");
	say_line(&w, url->path, " HTTP/1.1");
	say_host(&w, url);
	say(&w, "User-Agent: sluice/" SLUICE_VERSION "\r\n");
	if (body->token != NULL && body->token[0] != '\0')
		say_line(&w, "Authorization: Bearer ", body->token);
	say_line(&w, "Content-Type: ", body->content_type);
	if (body->gzip)
		say(&w, "Content-Encoding: gzip\r\n");
	say(&w, "Content-Length: ");
	decimal_write_unsigned(&w, body->len);
	say_line(&w, "\r\nAccept: ", body->content_type);
	if (body->lines != NULL)
		say(&w, body->lines);
	say(&w, "\r\n");
	write_u8(&w, '\0');
	return w.full ? -ENOBUFS : writer_finish(&w) - 1;
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
