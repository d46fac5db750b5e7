/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See build.h. */
#include "build.h"

#include "source.h"
#include "utf8.h"

#include <errno.h>
#include <string.h>

/* A record's encoded body grows with it: small ones are cut to measure. */
enum { RECORD_CUT = 8192 };

void
build_start(struct build *b, const struct record_head *head,
    struct series *series, uint8_t *space)
{
	memset(b, 0, offsetof(struct build, attr));
	b->head = *head;
	b->series = series;
	b->room = UINT64_MAX;
	b->space = space;
}

static void
broken(struct build *b)
{
	if (b->error == 0)
		b->error = -EPROTO;
}

/* Finished records stand one behind the other: u32 length, bytes. */
static uint8_t *
record_place(const struct build *b)
{
	return b->space + b->used + sizeof(uint32_t);
}

static size_t
room(const struct build *b)
{
	const size_t left = BUILD_SPACE - b->used;

	if (left <= sizeof(uint32_t))
		return 0;
	return left - sizeof(uint32_t) < RECORD_MAX ?
	    left - sizeof(uint32_t) : RECORD_MAX;
}

static void
end_record(struct build *b)
{
	ptrdiff_t len = record_finish(&b->rw);
	uint32_t n = (uint32_t)len;

	b->in_record = false;
	if (len < 0) {
		broken(b);
		return;
	}
	memcpy(b->space + b->used, &n, sizeof(n));
	b->used += sizeof(n) + (size_t)len;
	b->nrecords++;
}

static void
write_instance(struct build *b, uint64_t start_ns)
{
	record_instance(&b->rw, start_ns == b->head.start_ns ? 0 : start_ns,
	    b->attr, b->nattrs);
	record_points(&b->rw, b->point, b->npoints);
}

/* What does not fit takes itself back and goes into a record of its own. */
static void
place_instance(struct build *b, uint64_t start_ns)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		struct record_writer before;

		if (!b->in_record)
			record_begin(&b->rw, record_place(b), room(b),
			    &b->head);
		before = b->rw;
		write_instance(b, start_ns);
		if (!b->rw.w.full) {
			b->in_record = true;
			if (b->rw.w.p - b->rw.w.start > RECORD_CUT)
				end_record(b);
			return;
		}
		if (!b->in_record)
			break;
		b->rw = before;
		end_record(b);
	}
	b->in_record = false;
	b->lost++;
}

static void
end_instance(struct build *b)
{
	uint64_t start_ns = b->head.start_ns;

	if (!b->in_instance)
		return;
	b->in_instance = false;
	if (b->npoints == 0 || b->error < 0)
		return;
	if (b->select != NULL &&
	    !select_takes(b->select, b->head.source, &b->seen))
		return;
	if (b->npoints > b->room) {
		b->lost++;
		return;
	}
	b->room -= b->npoints;
	if (b->series != NULL)
		start_ns = series_judge(b->series, b->head.source, b->attr,
		    b->nattrs, b->point, b->npoints);
	if (start_ns != 0 && b->since_ns != 0)
		start_ns = b->series == NULL ? b->since_ns :
		    series_start(b->series, b->since_ns);
	if (start_ns == 0)
		b->lost++;
	else
		place_instance(b, start_ns);
}

void
build_instance(struct build *b)
{
	end_instance(b);
	b->in_instance = true;
	b->skipping = false;
	b->nattrs = b->npoints = b->attr_used = 0;
	b->since_ns = 0;
	b->seen = (struct select_seen){ false, false, false };
}

void
build_since(struct build *b, uint64_t wall_ns)
{
	b->since_ns = wall_ns;
}

/* Bytes of the next character if it may stand as it is, else 0. */
static size_t
plain_bytes(enum key key, const uint8_t *s, size_t len)
{
	const size_t n = utf8_sequence(s, len);

	/* '%' is escaped too: two names must never become one */
	return n > 0 && s[0] != '%' && registry_value_ok(key, s, n) ? n : 0;
}

static bool
escape(struct build *b, enum key key, const uint8_t *s, size_t len,
    struct attr *a)
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t *out = b->attr_bytes + b->attr_used;
	const size_t cap = registry_key(key)->longest;
	size_t n = 0;

	/* nearly all names are as they may stand */
	if (memchr(s, '%', len) == NULL && registry_value_ok(key, s, len)) {
		memcpy(out, s, len);
		*a = (struct attr){ key, (uint8_t)len, out };
		return true;
	}
	for (size_t i = 0, plain; i < len; i += plain == 0 ? 1 : plain) {
		plain = plain_bytes(key, s + i, len - i);
		if (n + (plain == 0 ? 3 : plain) > cap)
			return false;
		if (plain > 0) {
			memcpy(out + n, s + i, plain);
			n += plain;
			continue;
		}
		out[n++] = '%';
		out[n++] = (uint8_t)hex[s[i] >> 4];
		out[n++] = (uint8_t)hex[s[i] & 15];
	}
	*a = (struct attr){ key, (uint8_t)n, out };
	return registry_value_ok(key, out, n);
}

static void
see(struct build *b, enum key key, const struct attr *a)
{
	const struct source *s;

	if (b->select != NULL && (s = source_of(b->head.source)) != NULL &&
	    (s->select & 1u << key) != 0)
		select_see(b->select, s->id, &b->seen, a->value, a->len);
}

/* False: it is not to be sent at all. */
static bool
redacted(struct build *b, struct attr *a)
{
	uint8_t *value = b->attr_bytes + b->attr_used;

	if (b->redact == NULL || b->redact->key[a->key] == REDACT_NOT)
		return true;
	if (b->redact->key[a->key] == REDACT_HASH) {
		redact_hash(b->redact, value, a->len, value);
		a->len = REDACT_HASH_LEN;
		return true;
	}
	return false;
}

void
build_name(struct build *b, enum key key, const char *s, size_t len)
{
	struct attr a;

	if (b->select != NULL && !b->skipping &&
	    escape(b, key, (const uint8_t *)s, len, &a))
		see(b, key, &a);
}

void
build_attr(struct build *b, enum key key, const char *s, size_t len)
{
	struct attr *a = &b->attr[b->nattrs];
	const uint8_t *bytes = (const uint8_t *)s;

	if (b->skipping)
		return;
	if (!b->in_instance || b->npoints > 0 ||
	    b->nattrs == RECORD_ATTRS_MAX || registry_key(key) == NULL ||
	    (b->nattrs > 0 && a[-1].key >= key) ||
	    (registry_source(b->head.source)->keys & 1u << key) == 0) {
		broken(b);
		return;
	}
	if (!escape(b, key, bytes, len, a)) {
		b->lost++;
		b->in_instance = false;
		b->skipping = true;
		return;
	}
	see(b, key, a);
	if (redacted(b, a)) {
		b->attr_used += a->len;
		b->nattrs++;
	}
}

void
build_attr_number(struct build *b, enum key key, uint64_t value)
{
	char digits[20];
	size_t n = sizeof(digits);

	do
		digits[--n] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	build_attr(b, key, digits + n, sizeof(digits) - n);
}

void
build_point(struct build *b, unsigned id, int64_t value)
{
	if (b->skipping)
		return;
	if (!b->in_instance || b->npoints == RECORD_POINTS_MAX ||
	    (b->npoints > 0 && b->point[b->npoints - 1].id >= id) ||
	    !point_ok(id, b->head.source, value)) {
		broken(b);
		return;
	}
	b->point[b->npoints++] = (struct point){ id, value };
}

int
build_finish(struct build *b)
{
	end_instance(b);
	if (b->in_record)
		end_record(b);
	return b->error < 0 ? b->error : (int)b->nrecords;
}

bool
build_next(const struct build *b, uint8_t **p, size_t *len)
{
	uint8_t *at = *p == NULL ? b->space : *p + *len;
	uint32_t n;

	if (at == b->space + b->used)
		return false;
	memcpy(&n, at, sizeof(n));
	*p = at + sizeof(n);
	*len = n;
	return true;
}
