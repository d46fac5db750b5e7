/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd, and `sluice show`.  See defender.h. */
#include "defender.h"

#include "mix.h"
#include "walk.h"

#include <errno.h>
#include <string.h>

void
defender_init(struct defender *d, const struct shipconf *conf)
{
	memset(d, 0, sizeof(*d));
	d->conf = conf;
	for (size_t i = 0; i < conf->defender.ncustom; i++) {
		const char *name = conf->defender.custom[i].metric;

		d->metric[i] = registry_metric_named(name);
		d->declared[i] = declared_named(&conf->declared, name,
		    strlen(name));
	}
}

static const struct attr *
find_attr(const struct instance *inst, enum key key)
{
	for (size_t i = 0; i < inst->nattrs; i++)
		if (inst->attr[i].key == key)
			return &inst->attr[i];
	return NULL;
}

/* False: too long for it. */
static bool
copy_name(char out[DEFENDER_INTERFACE_TEXT + 1], const struct attr *a)
{
	const size_t len = a == NULL ? 0 : a->len;

	if (len > DEFENDER_INTERFACE_TEXT)
		return false;
	if (len > 0)
		memcpy(out, a->value, len);
	out[len] = '\0';
	return true;
}

static struct defender_interface *
find_interface(struct defender *d, const struct attr *a)
{
	struct defender_interface *i = d->interface;
	char name[DEFENDER_INTERFACE_TEXT + 1];

	if (!copy_name(name, a) || name[0] == '\0')
		return NULL;
	for (; i < d->interface + d->ninterfaces; i++)
		if (strcmp(i->name, name) == 0)
			return i;
	if (d->ninterfaces == DEFENDER_INTERFACES_MAX)
		return NULL;
	memset(i, 0, sizeof(*i));
	strcpy(i->name, name);
	d->ninterfaces++;
	return i;
}

static enum defender_counter
counter_of(unsigned id)
{
	switch (id) {
	case NET_IO_RECEIVE:
		return DEFENDER_BYTES_IN;
	case NET_IO_TRANSMIT:
		return DEFENDER_BYTES_OUT;
	case NET_PACKETS_RECEIVE:
		return DEFENDER_PACKETS_IN;
	case NET_PACKETS_TRANSMIT:
		return DEFENDER_PACKETS_OUT;
	default:
		return DEFENDER_COUNTERS;
	}
}

/*
 * Bytes are an interface's, packets a device's, and both have its name.  A
 * counter that is lower than before is another one: it starts here.
 */
static void
take_traffic(struct defender *d, struct instance *inst)
{
	const struct attr *interface = find_attr(inst, KEY_INTERFACE);
	const struct attr *a = interface != NULL ? interface :
	    find_attr(inst, KEY_DEVICE);
	struct defender_interface *i;
	struct point p;

	if (a == NULL || (a->len == 2 && memcmp(a->value, "lo", 2) == 0))
		return;
	if ((i = find_interface(d, a)) == NULL) {
		d->too_many = true;
		return;
	}
	while (record_next_point(inst, &p) == 1) {
		const enum defender_counter c = counter_of(p.id);
		const uint64_t v = (uint64_t)p.value;

		if (c == DEFENDER_COUNTERS)
			continue;
		if (i->known[c] && v >= i->at[c])
			d->grown[c] += v - i->at[c];
		d->grew[c] |= i->known[c];
		i->known[c] = true;
		i->at[c] = v;
	}
}

static bool
port_of(const struct attr *a, uint16_t *port)
{
	unsigned v = 0;

	if (a == NULL || a->len == 0 || a->len > 5)
		return false;
	for (size_t i = 0; i < a->len; i++) {
		if (a->value[i] < '0' || a->value[i] > '9')
			return false;
		v = v * 10 + (a->value[i] - '0');
	}
	*port = (uint16_t)v;
	return v > 0 && v <= UINT16_MAX;
}

/* Families and addresses of one port and interface are one entry. */
static void
add_port(struct defender_ports *list, const struct instance *inst)
{
	struct defender_port *p = &list->port[list->n], made;

	memset(&made, 0, sizeof(made));
	if (!port_of(find_attr(inst, KEY_LOCAL_PORT), &made.port) ||
	    !copy_name(made.interface, find_attr(inst, KEY_INTERFACE))) {
		list->more = true;
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		if (list->port[i].port == made.port &&
		    strcmp(list->port[i].interface, made.interface) == 0)
			return;
	if (list->n == DEFENDER_PORTS_MAX) {
		list->more = true;
		return;
	}
	*p = made;
	list->n++;
}

static void
take_sockets(struct defender_sockets *s, struct instance *inst)
{
	struct point p;

	while (record_next_point(inst, &p) == 1) {
		const uint64_t v = p.value < 0 ? 0 : (uint64_t)p.value;

		if (p.id == CONNECTIONS_ESTABLISHED)
			s->established += v;
		else if (p.id == LISTENING_TCP && v > 0)
			add_port(&s->tcp, inst);
		else if (p.id == LISTENING_UDP && v > 0)
			add_port(&s->udp, inst);
		else if (p.id == LISTEN_COUNT_LEFT_OUT) {
			s->whole = true;
			s->left_out = v > 0;
		}
	}
}

static bool
has_attr(const struct defender *d, const struct defender_custom *c,
    const struct instance *inst, const struct point *p)
{
	const struct walk_point wp = { .inst = inst, .id = p->id,
		.declared = &d->conf->declared };
	struct walk_attr attr[WALK_ATTRS_MAX];
	size_t n;

	if (c->key[0] == '\0')
		return true;
	n = walk_attrs(&wp, attr);
	for (size_t i = 0; i < n; i++)
		if (attr[i].key_len == strlen(c->key) &&
		    memcmp(attr[i].key, c->key, attr[i].key_len) == 0 &&
		    attr[i].len == strlen(c->value) &&
		    memcmp(attr[i].value, c->value, attr[i].len) == 0)
			return true;
	return false;
}

static void
add_value(struct defender_value *v, uint64_t wall_ns, enum scale scale,
    int64_t value)
{
	uint64_t at;

	if (v->wall_ns != wall_ns)
		*v = (struct defender_value){ .wall_ns = wall_ns,
			.scale = scale, .max = INT64_MIN, .min = INT64_MAX };
	v->broken |= __builtin_add_overflow(v->sum, value, &v->sum);
	if (value > v->max)
		v->max = value;
	if (value < v->min)
		v->min = value;
	/* Vitter's algorithm R: each of them is as likely to be kept */
	at = v->n < DEFENDER_LIST_MAX ? v->n :
	    mix64(wall_ns + v->n) % (v->n + 1);
	if (at < DEFENDER_LIST_MAX)
		v->list[at] = value;
	v->n++;
}

static void
take_custom(struct defender *d, const struct record_head *head,
    const struct instance *inst)
{
	const struct declared_metric *sample =
	    head->source == SOURCE_OPERATOR ?
	    declared_sample(&d->conf->declared, inst) : NULL;
	struct instance copy = *inst;
	struct point p;

	while (record_next_point(&copy, &p) == 1)
		for (size_t i = 0; i < d->conf->defender.ncustom; i++) {
			const struct defender_custom *c =
			    &d->conf->defender.custom[i];

			if (sample != NULL ? d->declared[i] != sample :
			    d->metric[i] != point_metric(p.id))
				continue;
			if (has_attr(d, c, inst, &p))
				add_value(&d->value[i], head->wall_ns,
				    sample != NULL ? sample->scale :
				    registry_metric(d->metric[i])->scale,
				    p.value);
		}
}

int
defender_take(struct defender *d, const void *record, size_t len)
{
	struct record_reader rr;
	struct instance inst;
	int more;

	if (record_open(&rr, record, len) < 0)
		return -EBADMSG;
	if (rr.head.source == SOURCE_SOCKDIAG &&
	    rr.head.wall_ns != d->sockets.wall_ns) {
		memset(&d->sockets, 0, sizeof(d->sockets));
		d->sockets.wall_ns = rr.head.wall_ns;
	}
	while ((more = record_next_instance(&rr, &inst)) == 1) {
		take_custom(d, &rr.head, &inst);
		if (rr.head.source == SOURCE_NETWORK)
			take_traffic(d, &inst);
		else if (rr.head.source == SOURCE_SOCKDIAG)
			take_sockets(&d->sockets, &inst);
	}
	d->last_seq = rr.head.seq;
	d->wall_ns = rr.head.wall_ns;
	d->fresh = true;
	d->whole = (rr.head.flags & RECORD_LAST) != 0;
	return more;
}

static void
said_traffic(struct defender *d)
{
	d->reported = true;
	memset(d->grew, 0, sizeof(d->grew));
	/* one more than there is room for was seen: it may be gone */
	if (d->too_many)
		d->ninterfaces = 0;
	d->too_many = false;
	memset(d->grown, 0, sizeof(d->grown));
}

void
defender_done(struct defender *d, bool accepted)
{
	if (accepted)
		said_traffic(d);
	d->fresh = false;
	memset(&d->sockets, 0, sizeof(d->sockets));
	memset(d->value, 0, sizeof(d->value));
}
