/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See dns.h. */
#include "dns.h"

#include "cursor.h"

#include <errno.h>
#include <string.h>

enum {
	HEAD_SIZE = 12,
	LABEL_MAX = 63,
	TYPE_CNAME = 5,
	CLASS_IN = 1,
	RCODE_NO_NAME = 3,
	FLAG_RESPONSE = 0x8000,
	FLAG_CUT = 0x0200,		/* has no place over TCP */
	FLAG_RECURSE = 0x0100,
	OPCODE_BITS = 0x7800,
	RCODE_BITS = 0x000f,
	POINTER_BITS = 0xc0,
};

/* A name as on the wire, without compression, in lower case. */
struct name {
	size_t len;
	uint8_t bytes[DNS_NAME_MAX];
};

struct message {
	const uint8_t *start;
	struct reader r;
};

struct resource {
	struct name owner;
	uint16_t type, class;
	uint32_t ttl;
	size_t at;			/* where its data starts */
	size_t len;
};

static uint16_t
read_be16(struct reader *r)
{
	const uint8_t *b = read_span(r, 2);

	return b == NULL ? 0 : (uint16_t)(b[0] << 8 | b[1]);
}

static uint32_t
read_be32(struct reader *r)
{
	const uint32_t high = read_be16(r);

	return high << 16 | read_be16(r);
}

static void
write_be16(struct writer *w, uint16_t v)
{
	write_u8(w, (uint8_t)(v >> 8));
	write_u8(w, (uint8_t)v);
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* False: the name would be too long. */
static bool
add_label(struct name *n, const uint8_t *label, size_t len)
{
	/* the root's byte must still fit */
	if (n->len + 1 + len + 1 > sizeof(n->bytes))
		return false;
	n->bytes[n->len++] = (uint8_t)len;
	for (size_t i = 0; i < len; i++)
		n->bytes[n->len++] = lower(label[i]);
	return true;
}

static bool
name_of(struct name *n, const char *text)
{
	size_t len;

	for (n->len = 0; ; text += len + 1) {
		len = strcspn(text, ".");
		if (len == 0 || len > LABEL_MAX ||
		    !add_label(n, (const uint8_t *)text, len))
			return false;
		if (text[len] == '\0')
			break;
	}
	n->bytes[n->len++] = 0;
	return true;
}

static bool
same_name(const struct name *a, const struct name *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/*
 * Reads a name where the reader stands.  A pointer must lead to before the
 * piece that it ends, so that each piece starts lower than the one before:
 * no loop, and never more steps than the message has bytes.
 */
static void
read_name(struct message *m, struct name *n)
{
	struct reader piece = m->r, *r = &m->r;
	const uint8_t *start = r->p;
	uint8_t len;

	for (n->len = 0; (len = read_u8(r)) != 0; ) {
		const uint8_t *label;
		size_t target;

		if ((len & POINTER_BITS) == POINTER_BITS) {
			target = (size_t)(len & ~POINTER_BITS) << 8;
			target |= read_u8(r);
			if (r->bad || target >= (size_t)(start - m->start))
				break;
			start = m->start + target;
			piece.p = start;
			r = &piece;
			continue;
		}
		label = read_span(r, len);
		if (len > LABEL_MAX || label == NULL ||
		    !add_label(n, label, len))
			break;
	}
	if (len != 0 || r->bad)
		m->r.bad = true;
	else
		n->bytes[n->len++] = 0;
}

static void
read_resource(struct message *m, struct resource *rr)
{
	read_name(m, &rr->owner);
	rr->type = read_be16(&m->r);
	rr->class = read_be16(&m->r);
	rr->ttl = read_be32(&m->r);
	/* RFC 2181, section 8 */
	if (rr->ttl > INT32_MAX)
		rr->ttl = 0;
	rr->len = read_be16(&m->r);
	rr->at = (size_t)(m->r.p - m->start);
	read_span(&m->r, rr->len);
}

/* One name from there to the resource's end, and nothing after it. */
static int
read_target(const struct message *m, const struct resource *rr,
    struct name *target)
{
	struct message data = { .start = m->start };

	data.r = reader_of(m->start, rr->at + rr->len);
	data.r.p += rr->at;
	read_name(&data, target);
	return reader_finish(&data.r);
}

struct search {
	const uint8_t *start;
	size_t len;			/* of the message */
	size_t first;			/* where the answers start */
	unsigned nanswers;
	enum dns_type type;
	struct name name;		/* what is looked for now */
	uint32_t ttl;
	size_t naddrs;
	struct dns_addr addr[DNS_FAMILY_MAX];
};

static void
note_ttl(struct search *s, uint32_t ttl)
{
	if (ttl < s->ttl)
		s->ttl = ttl;
}

static int
note_address(struct search *s, const struct resource *rr)
{
	struct dns_addr *a = &s->addr[s->naddrs];

	if (rr->len != (s->type == DNS_A ? 4u : 16u))
		return -EBADMSG;
	note_ttl(s, rr->ttl);
	if (s->naddrs == DNS_FAMILY_MAX)
		return 0;
	a->family = s->type == DNS_A ? 4 : 6;
	memcpy(a->addr, s->start + rr->at, rr->len);
	s->naddrs++;
	return 0;
}

/*
 * All answers for one owner: 1 when it is an alias and s->name is now what it
 * stands for; 0 when the search ends here; -EBADMSG.
 */
static int
search_owner(struct search *s)
{
	struct message m = { .start = s->start };
	struct name target;
	uint32_t target_ttl = 0;
	bool alias = false;

	m.r = reader_of(s->start, s->len);
	m.r.p += s->first;
	for (unsigned i = 0; i < s->nanswers; i++) {
		struct resource rr;

		read_resource(&m, &rr);
		if (m.r.bad)
			return -EBADMSG;
		if (rr.class != CLASS_IN || !same_name(&rr.owner, &s->name))
			continue;
		if (rr.type == s->type && note_address(s, &rr) < 0)
			return -EBADMSG;
		if (rr.type != TYPE_CNAME || alias)
			continue;
		if (read_target(&m, &rr, &target) < 0)
			return -EBADMSG;
		target_ttl = rr.ttl;
		alias = true;
	}
	if (!alias || s->naddrs > 0)
		return 0;
	note_ttl(s, target_ttl);
	s->name = target;
	return 1;
}

/* The chain of aliases may stand in any order, so each step starts over. */
static int
search_chain(struct search *s)
{
	int more = 1;

	for (unsigned i = 0; i <= DNS_CNAMES_MAX && more == 1; i++)
		more = search_owner(s);
	/* a longer chain is a loop, or as good as one */
	return more == 0 ? 0 : -EBADMSG;
}

static void
add_found(struct dns_answer *answer, const struct search *s)
{
	if (s->naddrs > 0 && (answer->naddrs == 0 || s->ttl < answer->ttl))
		answer->ttl = s->ttl;
	for (size_t i = 0; i < s->naddrs; i++)
		if (answer->naddrs < DNS_ADDRS_MAX)
			answer->addr[answer->naddrs++] = s->addr[i];
}

ptrdiff_t
dns_query(uint8_t *out, size_t cap, const char *name, enum dns_type type,
    uint16_t id)
{
	struct writer w = writer_of(out, cap);
	struct name n;

	if (!name_of(&n, name))
		return -EINVAL;
	write_be16(&w, (uint16_t)(HEAD_SIZE + n.len + 4));
	write_be16(&w, id);
	write_be16(&w, FLAG_RECURSE);
	write_be16(&w, 1);
	for (int i = 0; i < 3; i++)
		write_be16(&w, 0);
	write_span(&w, n.bytes, n.len);
	write_be16(&w, (uint16_t)type);
	write_be16(&w, CLASS_IN);
	return writer_finish(&w);
}

/* The one question, as we asked it. */
static bool
our_question(struct message *m, const struct name *asked, enum dns_type type)
{
	struct name name;

	read_name(m, &name);
	return read_be16(&m->r) == type && read_be16(&m->r) == CLASS_IN &&
	    !m->r.bad && same_name(&name, asked);
}

/* Every record of every section, to the message's last byte. */
static int
check_resources(struct message m, unsigned count)
{
	struct resource rr;

	for (unsigned i = 0; i < count && !m.r.bad; i++)
		read_resource(&m, &rr);
	return reader_finish(&m.r);
}

enum dns_result
dns_parse(struct dns_answer *answer, const uint8_t *bytes, size_t len,
    const char *name, enum dns_type type, uint16_t id)
{
	struct message m = { .start = bytes, .r = reader_of(bytes, len) };
	struct search s = { .start = bytes, .len = len, .type = type,
		.ttl = UINT32_MAX };
	const uint16_t got_id = read_be16(&m.r);
	const uint16_t flags = read_be16(&m.r);
	const unsigned nquestions = read_be16(&m.r);
	unsigned others;

	s.nanswers = read_be16(&m.r);
	others = read_be16(&m.r);
	others += read_be16(&m.r);
	if (m.r.bad || got_id != id ||
	    (flags & (FLAG_RESPONSE | OPCODE_BITS)) != FLAG_RESPONSE)
		return DNS_MALFORMED;
	/* a server that fails need not repeat the question */
	if ((flags & RCODE_BITS) != 0 && (flags & RCODE_BITS) != RCODE_NO_NAME)
		return DNS_SERVER_FAILURE;
	if ((flags & FLAG_CUT) != 0 || nquestions != 1 ||
	    !name_of(&s.name, name) || !our_question(&m, &s.name, type) ||
	    check_resources(m, s.nanswers + others) < 0)
		return DNS_MALFORMED;
	if ((flags & RCODE_BITS) == RCODE_NO_NAME)
		return DNS_NO_NAME;
	s.first = (size_t)(m.r.p - bytes);
	if (search_chain(&s) < 0)
		return DNS_MALFORMED;
	add_found(answer, &s);
	return DNS_OK;
}
