/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See shipconf.h. */
#include "shipconf.h"

#include "cursor.h"
#include "utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Never empty: the reader would refuse it. */
static void
write_string(struct writer *w, const char *s)
{
	if (*s == '\0')
		w->full = true;
	write_text(w, s, strlen(s));
}

/* No NUL inside: what is compared is what is used. */
static void
read_string(struct reader *r, char out[FRAME_TEXT_MAX + 1])
{
	size_t len;
	const uint8_t *s = read_text(r, 1, FRAME_TEXT_MAX, &len);

	out[0] = '\0';
	if (s == NULL || memchr(s, '\0', len) != NULL ||
	    !utf8_valid(s, len)) {
		r->bad = true;
		return;
	}
	memcpy(out, s, len);
	out[len] = '\0';
}

static uint32_t
read_range(struct reader *r, uint64_t min, uint64_t max)
{
	uint64_t v = read_varint(r);

	if (v < min || v > max)
		r->bad = true;
	return r->bad ? 0 : (uint32_t)v;
}

static void
write_url(struct writer *w, const struct url *u)
{
	write_string(w, u->host);
	write_varint(w, u->port);
	write_string(w, u->path);
}

/* Put together again, so that both ends judge it by the same parser. */
static void
read_url(struct reader *r, struct url *u)
{
	char host[FRAME_TEXT_MAX + 1], path[FRAME_TEXT_MAX + 1];
	char text[3 * FRAME_TEXT_MAX];
	bool is_ipv6;
	uint32_t port;

	read_string(r, host);
	port = read_range(r, 1, UINT16_MAX);
	read_string(r, path);
	if (r->bad)
		return;
	is_ipv6 = strchr(host, ':') != NULL;
	snprintf(text, sizeof(text), "https://%s%s%s:%u%s",
	    is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", (unsigned)port, path);
	if (url_parse(u, text) != NULL || strcmp(u->host, host) != 0 ||
	    strcmp(u->path, path) != 0)
		r->bad = true;
}

static void
write_proxy(struct writer *w, const struct proxy *p)
{
	write_u8(w, (uint8_t)p->kind);
	if (p->kind == PROXY_NONE)
		return;
	write_u8(w, p->login);
	write_string(w, p->url.host);
	write_varint(w, p->url.port);
}

static void
read_proxy(struct reader *r, struct proxy *p)
{
	char host[FRAME_TEXT_MAX + 1], text[2 * FRAME_TEXT_MAX];
	bool is_ipv6, tls;
	uint32_t port;

	p->kind = (enum proxy_kind)read_u8(r);
	if (r->bad || p->kind == PROXY_NONE)
		return;
	p->login = read_range(r, 0, 1) != 0;
	read_string(r, host);
	port = read_range(r, 1, UINT16_MAX);
	if (r->bad || p->kind >= PROXY_END) {
		r->bad = true;
		return;
	}
	is_ipv6 = strchr(host, ':') != NULL;
	snprintf(text, sizeof(text), "%s://%s%s%s:%u",
	    p->kind == PROXY_TLS ? "https" : "http", is_ipv6 ? "[" : "", host,
	    is_ipv6 ? "]" : "", (unsigned)port);
	if (url_parse_proxy(&p->url, &tls, text) != NULL ||
	    strcmp(p->url.host, host) != 0)
		r->bad = true;
}

static void
write_server(struct writer *w, const struct nameserver *s)
{
	write_u8(w, s->family);
	write_span(w, s->addr, s->family == 4 ? 4 : 16);
	write_varint(w, s->scope);
	write_varint(w, s->port);
}

static void
read_server(struct reader *r, struct nameserver *s)
{
	size_t len;
	const uint8_t *addr;

	memset(s, 0, sizeof(*s));
	s->family = read_u8(r);
	if (s->family != 4 && s->family != 6)
		r->bad = true;
	len = s->family == 4 ? 4 : 16;
	if ((addr = read_span(r, len)) != NULL)
		memcpy(s->addr, addr, len);
	s->scope = read_range(r, 0, UINT32_MAX);
	s->port = (uint16_t)read_range(r, 1, UINT16_MAX);
}

ptrdiff_t
shipconf_encode(const struct shipconf *c, void *buf, size_t cap)
{
	struct writer w = writer_of(buf, cap);

	write_u64(&w, c->seed);
	write_varint(&w, c->interval_ms);
	write_varint(&w, c->timeout_ms);
	write_varint(&w, c->batch);
	write_varint(&w, c->egress_limit);
	write_u8(&w, c->flags);
	write_u8(&w, (uint8_t)c->protocol);
	write_u8(&w, (uint8_t)c->nendpoints);
	for (size_t i = 0; i < c->nendpoints; i++)
		write_url(&w, &c->endpoint[i]);
	write_u8(&w, (uint8_t)c->nservers);
	for (size_t i = 0; i < c->nservers; i++)
		write_server(&w, &c->server[i]);
	write_u8(&w, (uint8_t)c->nattrs);
	for (size_t i = 0; i < c->nattrs; i++) {
		write_string(&w, c->attr[i].key);
		write_string(&w, c->attr[i].value);
	}
	write_u8(&w, (uint8_t)c->npins);
	for (size_t i = 0; i < c->npins; i++)
		write_span(&w, c->pin[i], PIN_SIZE);
	write_u8(&w, (uint8_t)c->sign);
	write_span(&w, c->ring, RING_ID);
	write_proxy(&w, &c->proxy);
	declared_write(&w, &c->declared);
	if (c->protocol == PROTOCOL_DEVICE_DEFENDER)
		defender_conf_write(&w, &c->defender);
	return writer_finish(&w);
}

static size_t
read_count(struct reader *r, size_t min, size_t max)
{
	size_t n = read_u8(r);

	if (n < min || n > max)
		r->bad = true;
	return r->bad ? 0 : n;
}

/* One pin alone would leave no way out when its key is lost. */
static void
read_pins(struct reader *r, struct shipconf *c)
{
	const uint8_t *pin;

	c->npins = read_count(r, 0, PINS_MAX);
	if ((c->npins > 0 && c->npins < PINS_MIN) ||
	    (c->npins == 0 && (c->flags & SHIPCONF_PINS_REPORT) != 0))
		r->bad = true;
	for (size_t i = 0; i < c->npins; i++)
		if ((pin = read_span(r, PIN_SIZE)) != NULL)
			memcpy(c->pin[i], pin, PIN_SIZE);
}

static void
read_sign(struct reader *r, struct shipconf *c)
{
	const uint8_t *ring;

	c->sign = (enum ship_sign)read_u8(r);
	if (c->sign >= SIGN_END)
		r->bad = true;
	if ((ring = read_span(r, RING_ID)) != NULL)
		memcpy(c->ring, ring, RING_ID);
}

int
shipconf_decode(struct shipconf *c, const void *buf, size_t len)
{
	struct reader r = reader_of(buf, len);

	memset(c, 0, sizeof(*c));
	c->seed = read_u64(&r);
	c->interval_ms = read_range(&r, INTERVAL_MIN_MS, INTERVAL_MAX_MS);
	c->timeout_ms = read_range(&r, TIMEOUT_MIN_MS, TIMEOUT_MAX_MS);
	c->batch = read_range(&r, BATCH_MIN, BATCH_MAX);
	c->egress_limit = read_range(&r, EGRESS_MIN, EGRESS_MAX);
	c->flags = read_u8(&r);
	c->protocol = (enum protocol)read_u8(&r);
	if ((c->flags & ~SHIPCONF_FLAGS) != 0 ||
	    c->protocol >= PROTOCOL_END)
		r.bad = true;
	c->nendpoints = read_count(&r, 1, ENDPOINTS_MAX);
	for (size_t i = 0; i < c->nendpoints; i++)
		read_url(&r, &c->endpoint[i]);
	c->nservers = read_count(&r, 0, NAMESERVERS_MAX);
	for (size_t i = 0; i < c->nservers; i++)
		read_server(&r, &c->server[i]);
	c->nattrs = read_count(&r, 0, RESOURCE_ATTRS_MAX);
	for (size_t i = 0; i < c->nattrs; i++) {
		read_string(&r, c->attr[i].key);
		read_string(&r, c->attr[i].value);
	}
	read_pins(&r, c);
	read_sign(&r, c);
	read_proxy(&r, &c->proxy);
	declared_read(&r, &c->declared);
	if (c->protocol == PROTOCOL_DEVICE_DEFENDER)
		defender_conf_read(&r, &c->defender);
	return reader_finish(&r);
}
