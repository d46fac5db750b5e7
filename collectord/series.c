/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See series.h. */
#include "series_inside.h"

#include <stdlib.h>
#include <sys/random.h>

enum {
	CYCLES_KEPT = 2,
	/* names that always change must not crowd out the next cycle's */
	CROWDED = SERIES_INSTANCES_MAX / 2,
	SERIES_LEARNED = 1,	/* the cycle of the process before */
	/* more than the jitter of iowait and idle, less than a new boot */
	CPU_STEP_BACK = 3 * SCALE_CENTI,
};

struct series *
series_new(uint64_t boot_ns)
{
	struct series *s = calloc(1, sizeof(*s));

	if (s == NULL || getrandom(s->key, sizeof(s->key), 0) !=
	    (ssize_t)sizeof(s->key)) {
		free(s);
		return NULL;
	}
	s->boot_ns = s->wall_ns = boot_ns;
	s->earliest_ns = UINT64_MAX;
	return s;
}

void
series_free(struct series *s)
{
	free(s);
}

/* Whether that it was not in the cycle before says nothing of an instance. */
static bool
told_nothing(const struct series *s, unsigned source, bool crowded)
{
	const uint64_t before = s->cycle - 1;

	return s->rest_cycle[source] == before ||
	    (!crowded && s->unread_cycle[source] == before);
}

void
series_cycle(struct series *s, uint64_t wall_ns)
{
	const bool crowded = s->nentries > CROWDED;
	const uint64_t kept = crowded ? 1 : CYCLES_KEPT;

	s->cycle++;
	/* what begins in this cycle begins now, if the clock was set back */
	s->wall_before_ns = s->wall_ns < wall_ns ? s->wall_ns : wall_ns;
	s->wall_ns = wall_ns;
	if (wall_ns < s->earliest_ns)
		s->earliest_ns = wall_ns;
	for (uint16_t i = s->nentries; i > 0; i--) {
		struct entry *e = &s->entry[i];

		if (e->seen < s->cycle - 1 &&
		    told_nothing(s, e->source, crowded))
			e->seen++;
		if (s->cycle - e->seen > kept)
			series_forget(s, i);
	}
	s->last = 0;
}

void
series_unread(struct series *s, enum source_id source)
{
	s->unread_cycle[source] = s->cycle;
}

void
series_rest(struct series *s, enum source_id source)
{
	s->rest_cycle[source] = s->cycle;
}

uint64_t
series_start(const struct series *s, uint64_t start_ns)
{
	return start_ns <= s->wall_ns ? start_ns : s->earliest_ns;
}

/*
 * What to send for a counter that was `before`, or -1 where it was reset.
 * The kernel prints the times of diskstats as 32-bit numbers of ms: a busy
 * disk wraps within weeks, and its bytes must not start anew for that.
 */
static int64_t
follow(unsigned id, int64_t before, int64_t now)
{
	const enum metric m = point_metric(id);

	if (now >= before)
		return now;
	if (m == METRIC_CPU_TIME && before - now <= CPU_STEP_BACK)
		return before;
	if ((m == METRIC_DISK_OPERATION_TIME || m == METRIC_DISK_IO_TIME ||
	    m == METRIC_DISK_WEIGHTED_TIME) && now <= UINT32_MAX) {
		const uint32_t step = (uint32_t)now - (uint32_t)before;

		if (step <= INT32_MAX && before <= INT64_MAX - step)
			return before + step;
	}
	return -1;
}

/* Fills in where each counter was before. */
static bool
was_reset(struct series *s, const struct entry *e, struct point *p, size_t n)
{
	struct place next = { e->counters, 0 };
	struct counter *c = s->counter;
	bool reset = false;

	for (; n > 0; n--, p++) {
		if (!point_is_counter(p->id))
			continue;
		c->now = p;
		c->before = series_find_counter(s, e, p->id, &next);
		if (c->before != NULL &&
		    follow(p->id, *c->before, p->value) < 0)
			reset = true;
		c++;
	}
	s->ncounters = (size_t)(c - s->counter);
	return reset;
}

static void
start_anew(struct series *s, struct entry *e)
{
	series_forget_counters(s, e);
	e->start_ns = s->wall_before_ns;
	for (size_t i = 0; i < s->ncounters; i++)
		s->counter[i].before = NULL;
}

/* False where a counter finds no room. */
static bool
keep_counters(struct series *s, struct entry *e)
{
	for (size_t i = 0; i < s->ncounters; i++) {
		struct point *p = s->counter[i].now;
		int64_t *before = s->counter[i].before;

		if (before != NULL)
			p->value = follow(p->id, *before, p->value);
		else if ((before = series_add_counter(s, e, p->id)) == NULL)
			return false;
		*before = p->value;
	}
	return true;
}

uint64_t
series_judge(struct series *s, enum source_id source, const struct attr *attr,
    size_t nattrs, struct point *p, size_t npoints)
{
	struct entry *e;
	bool since_boot;

	if (s->first_cycle[source] == 0)
		s->first_cycle[source] = s->cycle;
	/* without attributes it is the host's own, whenever it was read */
	since_boot = nattrs == 0 || s->first_cycle[source] == s->cycle;
	e = series_find(s, source, attr, nattrs,
	    since_boot ? s->boot_ns : s->wall_before_ns);
	if (e == NULL || (nattrs > 0 && e->seen == s->cycle))
		return 0;
	e->seen = s->cycle;
	if (was_reset(s, e, p, npoints))
		start_anew(s, e);
	if (!keep_counters(s, e))
		return 0;
	return series_start(s, e->start_ns);
}

void
series_learn(struct series *s, enum source_id source, struct instance *inst)
{
	struct point p;
	struct entry *e = series_find(s, source, inst->attr, inst->nattrs,
	    inst->start_ns);
	struct place next = { 0 };

	if (e == NULL)
		return;
	s->first_cycle[source] = SERIES_LEARNED;
	e->seen = SERIES_LEARNED;
	while (record_next_point(inst, &p) == 1) {
		int64_t *value = !point_is_counter(p.id) ||
		    series_find_counter(s, e, p.id, &next) != NULL ? NULL :
		    series_add_counter(s, e, p.id);

		if (value != NULL)
			*value = p.value;
	}
}

void
series_learned(struct series *s, uint64_t wall_ns)
{
	s->cycle = SERIES_LEARNED;
	s->wall_ns = wall_ns;
}
