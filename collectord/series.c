/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See series.h. */
#include "series.h"

#include <stdlib.h>
#include <string.h>

enum {
	SLOTS = SERIES_INSTANCES_MAX * 2,	/* a power of two, half empty */
	MISSED_MAX = 1,		/* one failed reading does not end a series */
	/* proc(5): idle and iowait may step back; more than 3 s is a reset */
	HELD_BACK_CENTI = 300,
};

static_assert((SLOTS & (SLOTS - 1)) == 0, "slots are found by a mask");
static_assert(SERIES_INSTANCES_MAX < 1 << 16, "an index cell holds 16 bits");

struct entry {
	uint64_t hash;
	uint64_t start_ns;
	uint32_t first;		/* of its values */
	uint16_t n;
	uint16_t missed;	/* cycles in a row */
};

/* All that one cycle saw.  Two of them take turns. */
struct generation {
	uint16_t stamp;		/* a cell with another one is free */
	size_t nentries, nvalues;
	uint32_t index[SLOTS];	/* stamp << 16 | entry */
	struct entry entry[SERIES_INSTANCES_MAX];
	int64_t value[SERIES_COUNTERS_MAX];
};

struct series {
	uint64_t boot_ns;
	uint64_t wall_ns, last_wall_ns;
	uint16_t stamp;
	struct generation *now, *before;
	struct generation both[2];
};

struct series *
series_new(uint64_t boot_ns)
{
	struct series *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->boot_ns = boot_ns;
	s->now = &s->both[0];
	s->before = &s->both[1];
	return s;
}

void
series_free(struct series *s)
{
	free(s);
}

static uint64_t
hash_bytes(uint64_t h, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* FNV-1a over everything that tells one instance from another. */
static uint64_t
hash_instance(enum source_id source, const struct attr *attr, size_t n)
{
	const uint8_t id = (uint8_t)source;
	uint64_t h = hash_bytes(UINT64_C(0xcbf29ce484222325), &id, 1);

	for (size_t i = 0; i < n; i++) {
		const uint8_t head[] = { (uint8_t)attr[i].key, attr[i].len };

		h = hash_bytes(h, head, sizeof(head));
		h = hash_bytes(h, attr[i].value, attr[i].len);
	}
	return h;
}

/* The cell of that instance, or the free one where it would go. */
static uint32_t *
find_cell(struct generation *g, uint64_t hash)
{
	/* a cell left by an old cycle may bear this stamp: never for ever */
	for (size_t i = 0; i < SLOTS; i++) {
		uint32_t *cell = &g->index[(hash + i) & (SLOTS - 1)];
		const uint32_t entry = *cell & 0xffff;

		if (*cell >> 16 != g->stamp || entry >= g->nentries ||
		    g->entry[entry].hash == hash)
			return cell;
	}
	return NULL;
}

static struct entry *
find(struct generation *g, uint64_t hash)
{
	uint32_t *cell = g->stamp == 0 ? NULL : find_cell(g, hash);
	const uint32_t entry = cell == NULL ? 0 : *cell & 0xffff;

	return cell != NULL && *cell >> 16 == g->stamp &&
	    entry < g->nentries && g->entry[entry].hash == hash ?
	    &g->entry[entry] : NULL;
}

static struct entry *
add(struct generation *g, uint64_t hash, size_t n)
{
	uint32_t *cell;
	struct entry *e;

	if (g->nentries == SERIES_INSTANCES_MAX ||
	    SERIES_COUNTERS_MAX - g->nvalues < n ||
	    (cell = find_cell(g, hash)) == NULL)
		return NULL;
	*cell = (uint32_t)g->stamp << 16 | (uint32_t)g->nentries;
	e = &g->entry[g->nentries++];
	*e = (struct entry){ .hash = hash, .first = (uint32_t)g->nvalues,
		.n = (uint16_t)n };
	g->nvalues += n;
	return e;
}

/* What this cycle has not seen is kept a little, in case it comes back. */
static void
carry_over(struct series *s)
{
	for (size_t i = 0; i < s->before->nentries; i++) {
		const struct entry *old = &s->before->entry[i];
		struct entry *e;

		if (old->missed == MISSED_MAX || find(s->now, old->hash) ||
		    (e = add(s->now, old->hash, old->n)) == NULL)
			continue;
		e->start_ns = old->start_ns;
		e->missed = old->missed + 1;
		memcpy(s->now->value + e->first, s->before->value + old->first,
		    old->n * sizeof(s->now->value[0]));
	}
}

void
series_cycle(struct series *s, uint64_t wall_ns)
{
	struct generation *oldest = s->before;

	carry_over(s);
	s->before = s->now;
	s->now = oldest;
	if (++s->stamp == 0)
		s->stamp = 1;
	s->now->stamp = s->stamp;
	s->now->nentries = s->now->nvalues = 0;
	s->last_wall_ns = s->wall_ns;
	s->wall_ns = wall_ns;
}

static const struct metric_row *
metric_of(const struct point *p)
{
	return registry_metric(point_metric(p->id));
}

/* True where a counter of this instance began anew. */
static bool
went_back(const struct metric_row *metric, struct point *p, int64_t before)
{
	if (p->value >= before)
		return false;
	if (metric->scale == SCALE_CENTI &&
	    before - p->value <= HELD_BACK_CENTI) {
		p->value = before;
		return false;
	}
	return true;
}

static bool
compare(struct point *p, size_t n, const int64_t *before)
{
	bool reset = false;

	for (size_t i = 0; i < n; i++) {
		const struct metric_row *metric = metric_of(&p[i]);

		if (metric->instrument == COUNTER)
			reset = went_back(metric, &p[i], *before++) || reset;
	}
	return reset;
}

static size_t
count_counters(const struct point *p, size_t n)
{
	size_t counters = 0;

	for (size_t i = 0; i < n; i++)
		counters += metric_of(&p[i])->instrument == COUNTER;
	return counters;
}

/* What is new was not there, or stood at zero, in the cycle before. */
static uint64_t
start_of(const struct series *s, const struct entry *old, bool reset)
{
	uint64_t start = s->last_wall_ns == 0 ? s->boot_ns : s->last_wall_ns;

	if (old != NULL && !reset)
		start = old->start_ns;
	return start < s->wall_ns ? start : s->wall_ns;
}

uint64_t
series_judge(struct series *s, enum source_id source, const struct attr *attr,
    size_t nattrs, struct point *p, size_t npoints)
{
	const uint64_t hash = hash_instance(source, attr, nattrs);
	const size_t counters = count_counters(p, npoints);
	const struct entry *old = find(s->before, hash);
	bool reset = false;
	struct entry *e;
	int64_t *value;

	if (find(s->now, hash) != NULL ||
	    (e = add(s->now, hash, counters)) == NULL)
		return 0;
	/* other counters than before: nothing to compare them with */
	if (old != NULL && old->n == counters)
		reset = compare(p, npoints, s->before->value + old->first);
	e->start_ns = start_of(s, old, reset);
	value = s->now->value + e->first;
	for (size_t i = 0; i < npoints; i++)
		if (metric_of(&p[i])->instrument == COUNTER)
			*value++ = p[i].value;
	return e->start_ns;
}
