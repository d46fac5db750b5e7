/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd, and `sluice show`.  Is this what AWS IoT Device Defender
 * takes?  By the table of the written rules (AWS IoT Developer Guide,
 * "Device-side metrics", "Sending metrics from devices", "Custom metrics"),
 * not by what defender_write.c does: they share no word.
 */
#include "defender.h"

#include <errno.h>

enum kind {
	OBJECT,
	LIST,			/* of objects; its total is no smaller */
	NATURAL,		/* 0 to 2^53 - 1 */
	POSITIVE,
	PORT,			/* 1 to 65535 */
	VERSION,		/* "1.0" */
	TEXT,
	CUSTOM,			/* of each name a list of one object */
};

struct field {
	const char *name, *short_name;
	enum kind kind;
	bool required;
	const struct field *inside;	/* NULL where there is nothing */
};

static const struct field header[] = {
	{ "report_id", "rid", POSITIVE, true },
	{ "version", "v", VERSION, true }, { NULL },
};
static const struct field connection[] = {
	{ "remote_addr", "rad", TEXT, true },
	{ "local_port", "lp", PORT },
	{ "local_interface", "li", TEXT }, { NULL },
};
static const struct field established[] = {
	{ "connections", "cs", LIST, false, connection },
	{ "total", "t", NATURAL }, { NULL },
};
static const struct field tcp[] = {
	{ "established_connections", "ec", OBJECT, true, established },
	{ NULL },
};
static const struct field port[] = {
	{ "port", "pt", PORT, true },
	{ "interface", "if", TEXT }, { NULL },
};
static const struct field listening[] = {
	{ "ports", "pts", LIST, true, port },
	{ "total", "t", NATURAL }, { NULL },
};
static const struct field stats[] = {
	{ "bytes_in", "bi", NATURAL, true },
	{ "bytes_out", "bo", NATURAL, true },
	{ "packets_in", "pi", NATURAL, true },
	{ "packets_out", "po", NATURAL, true }, { NULL },
};
static const struct field metrics[] = {
	{ "tcp_connections", "tc", OBJECT, false, tcp },
	{ "listening_tcp_ports", "tp", OBJECT, false, listening },
	{ "listening_udp_ports", "up", OBJECT, false, listening },
	{ "network_stats", "ns", OBJECT, false, stats }, { NULL },
};
static const struct field report[] = {
	{ "header", "hed", OBJECT, true, header },
	{ "metrics", "met", OBJECT, false, metrics },
	{ "custom_metrics", "cmet", CUSTOM }, { NULL },
};

struct check {
	const uint8_t *p, *end;
	bool bad, short_names;
	uint64_t number;	/* the last natural one */
	uint64_t items;		/* of the last list */
};

static bool
next_is(struct check *c, char byte)
{
	if (c->bad || c->p == c->end || *c->p != (uint8_t)byte)
		return false;
	c->p++;
	return true;
}

static void
expect(struct check *c, char byte)
{
	if (!next_is(c, byte))
		c->bad = true;
}

/* Visible ASCII without an escape: there is nothing else in a report. */
static size_t
take_string(struct check *c, const uint8_t **s)
{
	expect(c, '"');
	*s = c->p;
	while (!c->bad && c->p < c->end && *c->p > ' ' && *c->p <= '~' &&
	    *c->p != '"' && *c->p != '\\')
		c->p++;
	expect(c, '"');
	return c->bad ? 0 : (size_t)(c->p - *s) - 1;
}

static void
take_digits(struct check *c, uint64_t *v)
{
	const uint8_t *from = c->p;

	for (*v = 0; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++)
		if (*v >> 53 == 0)
			*v = *v * 10 + (*c->p - '0');
	if (c->p == from || (*from == '0' && c->p - from > 1) ||
	    *v >> 53 != 0)
		c->bad = true;
}

static void
take_natural(struct check *c, uint64_t least, uint64_t most)
{
	if (c->bad)
		return;
	take_digits(c, &c->number);
	if (c->number < least || c->number > most)
		c->bad = true;
}

/* RFC 8259, section 6, without an exponent. */
static void
take_decimal(struct check *c)
{
	uint64_t v;

	next_is(c, '-');
	if (c->bad)
		return;
	take_digits(c, &v);
	if (!next_is(c, '.'))
		return;
	if (c->p == c->end || *c->p < '0' || *c->p > '9')
		c->bad = true;
	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
}

static void	take_object(struct check *, const struct field *);

static void
take_objects(struct check *c, const struct field *inside)
{
	uint64_t items = 0;

	expect(c, '[');
	if (!next_is(c, ']')) {
		do {
			take_object(c, inside);
			items++;
		} while (next_is(c, ','));
		expect(c, ']');
	}
	c->items = items;
}

static void
take_text(struct check *c, const char *only)
{
	const uint8_t *s;
	const size_t len = take_string(c, &s);

	if (len == 0 || (only != NULL &&
	    (len != strlen(only) || memcmp(s, only, len) != 0)))
		c->bad = true;
}

static void
take_decimals(struct check *c)
{
	expect(c, '[');
	if (next_is(c, ']'))
		return;
	do
		take_decimal(c);
	while (next_is(c, ','));
	expect(c, ']');
}

static bool
is(const uint8_t *s, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(s, word, len) == 0;
}

/* A list of exactly one object of exactly one key. */
static void
take_custom_value(struct check *c)
{
	const uint8_t *key;
	size_t len;

	expect(c, '[');
	expect(c, '{');
	len = take_string(c, &key);
	expect(c, ':');
	if (is(key, len, "number"))
		take_decimal(c);
	else if (is(key, len, "number_list"))
		take_decimals(c);
	else
		c->bad = true;
	expect(c, '}');
	expect(c, ']');
}

static void
take_customs(struct check *c)
{
	const uint8_t *name[DEFENDER_CUSTOM_MAX];
	size_t len[DEFENDER_CUSTOM_MAX], n = 0;

	expect(c, '{');
	do {
		if (c->bad || n == DEFENDER_CUSTOM_MAX) {
			c->bad = true;
			return;
		}
		len[n] = take_string(c, &name[n]);
		if (len[n] == 0 || len[n] > 128 ||
		    (len[n] >= 4 && memcmp(name[n], "aws:", 4) == 0))
			c->bad = true;
		for (size_t i = 0; i < n && !c->bad; i++)
			if (len[i] == len[n] &&
			    memcmp(name[i], name[n], len[n]) == 0)
				c->bad = true;
		n++;
		expect(c, ':');
		take_custom_value(c);
	} while (next_is(c, ','));
	expect(c, '}');
}

static void
take_value(struct check *c, const struct field *f)
{
	switch (f->kind) {
	case OBJECT:
		take_object(c, f->inside);
		break;
	case LIST:
		take_objects(c, f->inside);
		break;
	case NATURAL:
		take_natural(c, 0, UINT64_MAX);
		break;
	case POSITIVE:
		take_natural(c, 1, UINT64_MAX);
		break;
	case PORT:
		take_natural(c, 1, UINT16_MAX);
		break;
	case VERSION:
		take_text(c, "1.0");
		break;
	case TEXT:
		take_text(c, NULL);
		break;
	case CUSTOM:
		take_customs(c);
		break;
	}
}

/* The field of that name that was not there yet; -1 makes it bad. */
static int
take_name(struct check *c, const struct field *fields, unsigned seen)
{
	const uint8_t *s;
	const size_t len = take_string(c, &s);

	expect(c, ':');
	for (int i = 0; !c->bad && fields[i].name != NULL; i++)
		if (is(s, len, c->short_names ? fields[i].short_name :
		    fields[i].name) && (seen & 1u << i) == 0)
			return i;
	c->bad = true;
	return -1;
}

/* As deep as the table is. */
static void
take_object(struct check *c, const struct field *fields)
{
	uint64_t items = 0, total = UINT64_MAX;
	unsigned seen = 0;
	int i;

	expect(c, '{');
	do {
		if ((i = take_name(c, fields, seen)) < 0)
			return;
		seen |= 1u << i;
		take_value(c, &fields[i]);
		if (fields[i].kind == LIST)
			items = c->items;
		else if (strcmp(fields[i].name, "total") == 0)
			total = c->number;
	} while (next_is(c, ','));
	expect(c, '}');
	if (total < items)
		c->bad = true;
	for (i = 0; fields[i].name != NULL; i++)
		if (fields[i].required && (seen & 1u << i) == 0)
			c->bad = true;
	if (fields == report && (seen & 6) == 0)
		c->bad = true;
}

int
defender_check(const void *bytes, size_t len, bool short_names)
{
	struct check c = { .p = bytes, .end = (const uint8_t *)bytes + len,
		.short_names = short_names };

	if (len == 0 || len > DEFENDER_REPORT_MAX)
		return -EBADMSG;
	take_object(&c, report);
	return c.bad || c.p != c.end ? -EBADMSG : 0;
}
