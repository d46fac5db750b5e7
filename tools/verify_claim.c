/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: sluice.  See verify.h: what a signature is over (RFC 9421). */
#include "verify.h"

#include "cursor.h"

#include <string.h>

static bool
find(const struct message *m, const char *name, struct span *value)
{
	return message_find(m, (struct span){ name, strlen(name) },
	    value) == 1;
}

/* "(" "a" "b" ")": each component once, none with parameters. */
static bool
read_parts(struct claim *c, struct span *s)
{
	if (!span_take(s, '('))
		return false;
	while (!span_take(s, ')')) {
		if (c->nparts == VERIFY_PARTS_MAX ||
		    (c->nparts > 0 && !span_take(s, ' ')) ||
		    !sf_string(s, &c->part[c->nparts]))
			return false;
		for (size_t i = 0; i < c->nparts; i++)
			if (c->part[i].len == c->part[c->nparts].len &&
			    memcmp(c->part[i].p, c->part[c->nparts].p,
			    c->part[i].len) == 0)
				return false;
		c->nparts++;
	}
	return true;
}

static bool
read_params(struct claim *c, struct span *s)
{
	struct span name;

	while (s->len > 0) {
		if (!sf_parameter(s, &name) || !span_take(s, '='))
			return false;
		if (span_is(name, "created")) {
			if (c->dated || !sf_number(s, &c->created))
				return false;
			c->dated = true;
		} else if (span_is(name, "keyid") && c->keyid.p == NULL) {
			if (!sf_string(s, &c->keyid))
				return false;
		} else if (span_is(name, "tag") && c->tag.p == NULL) {
			if (!sf_string(s, &c->tag))
				return false;
		} else {
			return false;
		}
	}
	return true;
}

const char *
claim_read(struct claim *c, const struct message *m, const char *label)
{
	struct span input, value, s;

	memset(c, 0, sizeof(*c));
	if (!find(m, "signature-input", &input) ||
	    !find(m, "signature", &value))
		return "it is not signed";
	if (sf_member(input, label, &c->params) != 1 ||
	    sf_member(value, label, &s) != 1)
		return "its signature is not where it should be";
	if (!sf_bytes(&s, c->signature, sizeof(c->signature)) || s.len > 0)
		return "its signature is malformed";
	s = c->params;
	if (!read_parts(c, &s) || !read_params(c, &s))
		return "what its signature covers is malformed or not known";
	return NULL;
}

static bool
covers(const struct claim *c, const char *part)
{
	for (size_t i = 0; i < c->nparts; i++)
		if (span_is(c->part[i], part))
			return true;
	return false;
}

static bool
is_ring(struct span s)
{
	if (s.len != VERIFY_RING || memcmp(s.p, "ring-", 5) != 0)
		return false;
	for (size_t i = 5; i < s.len; i++)
		if (strchr("0123456789abcdef", s.p[i]) == NULL)
			return false;
	return true;
}

static bool
read_number(struct span *s, const char *want, uint64_t *n)
{
	struct span name;

	return sf_parameter(s, &name) && span_is(name, want) &&
	    span_take(s, '=') && sf_number(s, n);
}

static bool
read_records(struct claim *c, struct span s)
{
	return sf_token(&s, &c->ring) && is_ring(c->ring) &&
	    read_number(&s, "first", &c->first) &&
	    read_number(&s, "last", &c->last) &&
	    read_number(&s, "count", &c->count) && s.len == 0 &&
	    c->first > 0 && c->first <= c->last && c->count > 0 &&
	    c->count <= c->last - c->first + 1;
}

const char *
claim_judge(struct claim *c, const struct message *m)
{
	static const char *const needed[] = { "@method", "@target-uri",
		"content-type", "content-digest", "sluice-records" };
	struct span value, s;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!covers(c, needed[i]))
			return "its signature does not cover all it must";
	if (message_find(m, (struct span){ "content-encoding", 16 },
	    &value) > 0 && !covers(c, "content-encoding"))
		return "its signature does not cover Content-Encoding";
	if (!c->dated || c->keyid.p == NULL || !span_is(c->tag, "sluice"))
		return "its signature has no date, key or tag of Sluice's";
	if (!find(m, "content-digest", &value) ||
	    sf_member(value, "sha-256", &s) != 1 ||
	    !sf_bytes(&s, c->digest, sizeof(c->digest)) || s.len > 0)
		return "Content-Digest is malformed";
	if (!find(m, "sluice-records", &value) || !read_records(c, value))
		return "Sluice-Records is malformed";
	return NULL;
}

static void
put(struct writer *w, struct span s)
{
	write_span(w, s.p, s.len);
}

static void
put_text(struct writer *w, const char *text)
{
	write_span(w, text, strlen(text));
}

/* Lower case, and without the scheme's own port (section 2.2.3). */
static void
put_authority(struct writer *w, struct span host)
{
	if (host.len > 4 && memcmp(host.p + host.len - 4, ":443", 4) == 0)
		host.len -= 4;
	for (size_t i = 0; i < host.len; i++)
		write_u8(w, (uint8_t)(host.p[i] >= 'A' && host.p[i] <= 'Z' ?
		    host.p[i] + ('a' - 'A') : host.p[i]));
}

/* Sections 2.2.1 to 2.2.7.  False: not known. */
static bool
put_derived(struct writer *w, const struct message *m, struct span host,
    struct span part)
{
	const char *query = memchr(m->target.p, '?', m->target.len);
	const size_t path = query == NULL ? m->target.len :
	    (size_t)(query - m->target.p);

	if (span_is(part, "@method")) {
		put(w, m->method);
	} else if (span_is(part, "@authority")) {
		put_authority(w, host);
	} else if (span_is(part, "@scheme")) {
		put_text(w, "https");
	} else if (span_is(part, "@target-uri")) {
		put_text(w, "https://");
		put_authority(w, host);
		put(w, m->target);
	} else if (span_is(part, "@request-target")) {
		put(w, m->target);
	} else if (span_is(part, "@path")) {
		put(w, (struct span){ m->target.p, path });
	} else if (span_is(part, "@query")) {
		put_text(w, query == NULL ? "?" : "");
		put(w, (struct span){ m->target.p + path,
		    m->target.len - path });
	} else {
		return false;
	}
	return true;
}

static const char *
put_part(struct writer *w, const struct message *m, struct span part)
{
	struct span value;

	put_text(w, "\"");
	put(w, part);
	put_text(w, "\": ");
	if (part.len > 0 && part.p[0] == '@') {
		if (!find(m, "host", &value))
			return "it has no Host, or two";
		if (!put_derived(w, m, value, part))
			return "its signature covers what is not known";
	} else {
		if (message_find(m, part, &value) != 1)
			return "a field that is signed is missing, or there"
			    " twice";
		put(w, value);
	}
	put_text(w, "\n");
	return NULL;
}

const char *
claim_base(const struct claim *c, const struct message *m, char *base,
    size_t *len)
{
	struct writer w = writer_of(base, *len);
	const char *wrong;
	ptrdiff_t used;

	for (size_t i = 0; i < c->nparts; i++)
		if ((wrong = put_part(&w, m, c->part[i])) != NULL)
			return wrong;
	put_text(&w, "\"@signature-params\": ");
	put(&w, c->params);
	if ((used = writer_finish(&w)) < 0)
		return "what its signature covers is too long";
	*len = (size_t)used;
	return NULL;
}
