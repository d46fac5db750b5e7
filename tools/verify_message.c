/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: sluice.  See verify.h: HTTP/1.1 as it was sent (RFC 9112). */
#include "verify.h"

#include <string.h>
#include <strings.h>

bool
span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

bool
span_take(struct span *s, char c)
{
	if (s->len == 0 || *s->p != c)
		return false;
	s->p++;
	s->len--;
	return true;
}

/* Up to the byte, which is taken, too. */
static bool
take_until(struct span *s, const char *end, struct span *got)
{
	const char *at = memmem(s->p, s->len, end, strlen(end));

	if (at == NULL)
		return false;
	*got = (struct span){ s->p, (size_t)(at - s->p) };
	s->p = at + strlen(end);
	s->len -= got->len + strlen(end);
	return true;
}

static bool
is_visible(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.len > 0;
}

/* Blanks within, nothing else that could move a line's end. */
static bool
is_text(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] > '~')
			return false;
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

static bool
read_first_line(struct message *m, struct span line)
{
	return take_until(&line, " ", &m->method) &&
	    take_until(&line, " ", &m->target) && is_visible(m->method) &&
	    is_visible(m->target) && m->target.p[0] == '/' &&
	    span_is(line, "HTTP/1.1");
}

static bool
read_field(struct message *m, struct span line)
{
	struct message_field *f = &m->field[m->nfields];

	if (m->nfields == VERIFY_FIELDS_MAX ||
	    !take_until(&line, ":", &f->name) || !is_visible(f->name) ||
	    !is_text(line))
		return false;
	f->value = trim(line);
	m->nfields++;
	return true;
}

/* Its length is said, and in no other way than this. */
static bool
read_body(struct message *m, struct span rest)
{
	struct span value;
	size_t len = 0;

	if (message_find(m, (struct span){ "transfer-encoding", 17 },
	    &value) > 0 || message_find(m,
	    (struct span){ "content-length", 14 }, &value) != 1 ||
	    value.len == 0 || value.len > 15 ||
	    (value.len > 1 && value.p[0] == '0'))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return false;
		len = 10 * len + (size_t)(value.p[i] - '0');
	}
	m->body = (struct span){ rest.p, len };
	return len <= rest.len;
}

const char *
message_read(struct message *m, const void *bytes, size_t len)
{
	struct span rest = { bytes, len }, line;

	memset(m, 0, sizeof(*m));
	if (rest.len > VERIFY_HEAD_MAX)
		rest.len = VERIFY_HEAD_MAX;
	if (!take_until(&rest, "\r\n", &line) || !read_first_line(m, line))
		return "it does not begin with a request's line";
	for (;;) {
		if (!take_until(&rest, "\r\n", &line))
			return "its head has no end, or is too long";
		if (line.len == 0)
			break;
		if (!read_field(m, line))
			return "its head has a line that is no field";
	}
	rest.len = len - (size_t)(rest.p - (const char *)bytes);
	if (!read_body(m, rest))
		return "its body is not as long as its head says";
	m->len = (size_t)(m->body.p - (const char *)bytes) + m->body.len;
	return NULL;
}

size_t
message_find(const struct message *m, struct span name, struct span *value)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nfields; i++) {
		const struct message_field *f = &m->field[i];

		if (f->name.len == name.len &&
		    strncasecmp(f->name.p, name.p, name.len) == 0 && n++ == 0)
			*value = f->value;
	}
	return n;
}
