/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See status.h. */
#include "status.h"

#include "reason.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define NS_PER_S UINT64_C(1000000000)

struct line {
	char *text;
	size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void
add(struct line *l, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(l->text + l->used, l->size - l->used, format, ap);
	va_end(ap);
	if (n > 0)
		l->used = l->used + (size_t)n < l->size ?
		    l->used + (size_t)n : l->size - 1;
}

/* First where it is bad news: a terminal may show the start alone. */
static void
add_trouble(struct line *l, const struct status *s, uint64_t now_ns)
{
	const struct shipstate *ship = &s->self->ship;

	if (ship->phase == SHIP_FAILING)
		add(l, "Failing %" PRIu64 " s: %s; ",
		    (now_ns - s->failing_ns) / NS_PER_S,
		    reason_name(ship->reason));
	else if (ship->phase == SHIP_WELL && ship->reason != REASON_NONE)
		add(l, "Not all taken: %s; ", reason_name(ship->reason));
}

static void
add_records(struct line *l, const struct ring *r)
{
	uint64_t lost = 0;

	for (int i = 0; i < LOST_END; i++)
		lost += ring_lost(r, (enum loss)i);
	add(l, "%" PRIu64 " shipped, %" PRIu64 " queued, %" PRIu64 " lost",
	    r->state.acked, ring_queued(r), lost);
	for (int i = 0; i < LOST_END && lost > 0; i++)
		if (ring_lost(r, (enum loss)i) > 0)
			add(l, " %s=%" PRIu64, loss_name((enum loss)i),
			    ring_lost(r, (enum loss)i));
}

static void
add_layers(struct line *l, const struct self *self)
{
	add(l, "; %s", self->split ? "two users" : "ONE USER");
	if (self->landlock[SELF_COLLECTOR] > 0 &&
	    self->landlock[SELF_SHIPPER] > 0)
		add(l, ", Landlock ABI %u",
		    (unsigned)self->landlock[SELF_COLLECTOR]);
	else
		add(l, ", NO Landlock");
	if (self->selinux[SELF_COLLECTOR] == SELINUX_ENFORCED &&
	    self->selinux[SELF_SHIPPER] == SELINUX_ENFORCED)
		add(l, ", SELinux");
	else if (self->selinux[SELF_COLLECTOR] != SELINUX_ABSENT)
		add(l, ", NOT CONFINED by SELinux");
	/* last: without it nothing runs */
	add(l, ", seccomp");
}

/* Last: nobody else chose the length of that name. */
static void
add_endpoint(struct line *l, const struct status *s)
{
	const struct shipstate *ship = &s->self->ship;

	add(l, "; %s %s", ship->count.requests_delivered == 0 ?
	    "nothing taken yet by" : "to", s->endpoint[ship->endpoint].host);
}

void
status_line(const struct status *s, uint64_t now_ns, char *text, size_t size)
{
	struct line l = { .text = text, .size = size };

	text[0] = '\0';
	add_trouble(&l, s, now_ns);
	add_records(&l, s->ring);
	add_layers(&l, s->self);
	add_endpoint(&l, s);
}

void
status_step(struct status *s, uint64_t now_ns)
{
	char text[NOTIFY_TEXT_MAX - sizeof("STATUS=")];

	if (s->self->ship.phase != SHIP_FAILING)
		s->failing_ns = 0;
	else if (s->failing_ns == 0)
		s->failing_ns = now_ns;
	if (s->notify->fd < 0 || (s->said_ns != 0 &&
	    now_ns - s->said_ns < STATUS_LEAST_S * NS_PER_S))
		return;
	s->said_ns = now_ns;
	status_line(s, now_ns, text, sizeof(text));
	notify_status(s->notify, text);
}
