/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd, and `sluice show`.  The report's bytes: defender.h. */
#include "defender.h"

#include "decimal.h"
#include "mix.h"

#include <errno.h>

#define NS_PER_S UINT64_C(1000000000)
#define WHOLE_MAX (UINT64_C(1) << 53)	/* below it, every JSON reader */

/* Long and short: a report has either all of these or all of those. */
enum word {
	HEADER, REPORT_ID, VERSION, METRICS, CUSTOM_METRICS, TCP_CONNECTIONS,
	ESTABLISHED, TCP_PORTS, UDP_PORTS, PORTS, PORT, INTERFACE, TOTAL,
	NETWORK_STATS, BYTES_IN, BYTES_OUT, PACKETS_IN, PACKETS_OUT, WORDS
};

static const char *const words[WORDS][2] = {
	[HEADER] = { "header", "hed" },
	[REPORT_ID] = { "report_id", "rid" },
	[VERSION] = { "version", "v" },
	[METRICS] = { "metrics", "met" },
	[CUSTOM_METRICS] = { "custom_metrics", "cmet" },
	[TCP_CONNECTIONS] = { "tcp_connections", "tc" },
	[ESTABLISHED] = { "established_connections", "ec" },
	[TCP_PORTS] = { "listening_tcp_ports", "tp" },
	[UDP_PORTS] = { "listening_udp_ports", "up" },
	[PORTS] = { "ports", "pts" },
	[PORT] = { "port", "pt" },
	[INTERFACE] = { "interface", "if" },
	[TOTAL] = { "total", "t" },
	[NETWORK_STATS] = { "network_stats", "ns" },
	[BYTES_IN] = { "bytes_in", "bi" },
	[BYTES_OUT] = { "bytes_out", "bo" },
	[PACKETS_IN] = { "packets_in", "pi" },
	[PACKETS_OUT] = { "packets_out", "po" },
};

struct report {
	struct writer w;
	bool short_names;
	uint64_t points;
	uint64_t chance;	/* of the sampling */
	size_t list_max;
};

static void
put(struct report *r, const char *s)
{
	write_span(&r->w, s, strlen(s));
}

/* A comma where something stands before it in its object or list. */
static void
put_comma(struct report *r)
{
	const uint8_t last = r->w.p > r->w.start ? r->w.p[-1] : '{';

	if (last != '{' && last != '[')
		put(r, ",");
}

static void
put_string(struct report *r, const char *s)
{
	put(r, "\"");
	put(r, s);
	put(r, "\"");
}

static void
put_key(struct report *r, enum word word)
{
	put_comma(r);
	put_string(r, words[word][r->short_names]);
	put(r, ":");
}

static void
open_object(struct report *r, enum word word)
{
	put_key(r, word);
	put(r, "{");
}

static void
put_number(struct report *r, enum word word, uint64_t v)
{
	put_key(r, word);
	decimal_write_unsigned(&r->w, v);
	r->points++;
}

/* Of so many that are left so many are still wanted: is this one of them? */
static bool
chosen(struct report *r, size_t wanted, size_t left)
{
	r->chance += 0x9e3779b97f4a7c15;
	return wanted >= left || mix64(r->chance) % left < wanted;
}

static void
put_port(struct report *r, const struct defender_port *p)
{
	put_comma(r);
	put(r, "{");
	put_number(r, PORT, p->port);
	if (p->interface[0] != '\0') {
		put_key(r, INTERFACE);
		put_string(r, p->interface);
	}
	put(r, "}");
}

static void
put_ports(struct report *r, enum word word, const struct defender_ports *list,
    bool left_out)
{
	size_t wanted = list->n < r->list_max ? list->n : r->list_max;

	open_object(r, word);
	put_key(r, PORTS);
	put(r, "[");
	for (size_t i = 0; i < list->n; i++)
		if (chosen(r, wanted, list->n - i)) {
			put_port(r, &list->port[i]);
			wanted--;
		}
	put(r, "]");
	/* nobody counted the ports of those that were left out */
	if (!left_out && !list->more)
		put_number(r, TOTAL, list->n);
	put(r, "}");
}

static void
put_sockets(struct report *r, const struct defender_sockets *s)
{
	if (!s->whole)
		return;
	if (s->established < WHOLE_MAX) {
		open_object(r, TCP_CONNECTIONS);
		open_object(r, ESTABLISHED);
		put_number(r, TOTAL, s->established);
		put(r, "}}");
	}
	/* an empty list would say that all is well */
	if (s->tcp.n > 0 || (!s->tcp.more && !s->left_out))
		put_ports(r, TCP_PORTS, &s->tcp, s->left_out);
	if (s->udp.n > 0 || (!s->udp.more && !s->left_out))
		put_ports(r, UDP_PORTS, &s->udp, s->left_out);
}

static void
put_traffic(struct report *r, const struct defender *d)
{
	bool can = d->reported && !d->too_many;

	for (unsigned i = 0; i < DEFENDER_COUNTERS; i++)
		can = can && d->grew[i] && d->grown[i] < WHOLE_MAX;
	if (!can)
		return;
	open_object(r, NETWORK_STATS);
	for (unsigned i = 0; i < DEFENDER_COUNTERS; i++)
		put_number(r, (enum word)(BYTES_IN + i), d->grown[i]);
	put(r, "}");
}

static bool
fits(int64_t v, enum scale scale)
{
	const uint64_t whole = v < 0 ? -(uint64_t)v : (uint64_t)v;

	return whole / (scale == SCALE_INT ? 1 : (uint64_t)scale) < WHOLE_MAX;
}

static void
put_value(struct report *r, int64_t v, enum scale scale)
{
	put_comma(r);
	decimal_write(&r->w, v, scale);
	r->points++;
}

static void
put_values(struct report *r, const struct defender_value *v)
{
	const size_t n = v->n < DEFENDER_LIST_MAX ? v->n : DEFENDER_LIST_MAX;
	size_t wanted = n < r->list_max ? n : r->list_max;

	put(r, "\"number_list\":[");
	for (size_t i = 0; i < n; i++)
		if (chosen(r, wanted, n - i)) {
			put_value(r, v->list[i], v->scale);
			wanted--;
		}
	put(r, "]");
}

static void
put_custom(struct report *r, const struct defender_custom *c,
    const struct defender_value *v)
{
	const int64_t number = c->how == DEFENDER_MAX ? v->max :
	    c->how == DEFENDER_MIN ? v->min : v->sum;

	if (v->n == 0 || (c->how == DEFENDER_SUM && v->broken) ||
	    !fits(c->how == DEFENDER_LIST ? v->max : number, v->scale) ||
	    (c->how == DEFENDER_LIST && !fits(v->min, v->scale)))
		return;
	put_comma(r);
	put_string(r, c->name);
	put(r, ":[{");
	if (c->how == DEFENDER_LIST)
		put_values(r, v);
	else {
		put(r, "\"number\":");
		decimal_write(&r->w, number, v->scale);
		r->points++;
	}
	put(r, "}]");
}

static void
put_header(struct report *r, uint64_t id)
{
	open_object(r, HEADER);
	put_key(r, REPORT_ID);
	decimal_write_unsigned(&r->w, id);
	put_key(r, VERSION);
	put(r, "\"1.0\"}");
}

/* The part, or nothing where it would be empty. */
static void
put_part(struct report *r, enum word word, const struct defender *d)
{
	const struct report before = *r;

	open_object(r, word);
	if (word == METRICS) {
		put_traffic(r, d);
		put_sockets(r, &d->sockets);
	} else {
		for (size_t i = 0; i < d->conf->defender.ncustom; i++)
			put_custom(r, &d->conf->defender.custom[i],
			    &d->value[i]);
	}
	put(r, "}");
	if (r->points == before.points && !r->w.full)
		*r = before;
}

ptrdiff_t
defender_write(struct defender *d, uint8_t *out, size_t cap, uint64_t *points)
{
	const uint64_t now_s = d->wall_ns / NS_PER_S;
	const uint64_t id = now_s > d->report_id ? now_s : d->report_id + 1;
	struct report r = { .short_names = d->conf->defender.short_names,
		.w = writer_of(out, cap < DEFENDER_REPORT_MAX ? cap :
		    DEFENDER_REPORT_MAX),
		.chance = d->conf->seed ^ id,
		.list_max = d->conf->defender.list_max };
	ptrdiff_t len;

	put(&r, "{");
	put_header(&r, id);
	put_part(&r, METRICS, d);
	put_part(&r, CUSTOM_METRICS, d);
	put(&r, "}");
	*points = r.points;
	if ((len = writer_finish(&r.w)) < 0)
		return len;
	if (r.points == 0)
		return -ENODATA;
	if (defender_check(out, (size_t)len, r.short_names) < 0)
		return -EBADMSG;
	d->report_id = id;
	return len;
}
