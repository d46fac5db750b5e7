/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See series.h. */
#include "series.h"

#include "siphash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	INDEX_SLOTS = 2 * SERIES_INSTANCES_MAX,	/* never over half full */
	INDEX_MASK = INDEX_SLOTS - 1,
	CHUNK_COUNTERS = 4,	/* most instances have fewer */
	/*
	 * For what a source says of itself, without attributes: that it left
	 * something out must not be left out as well.
	 */
	ENTRIES_MAX = SERIES_INSTANCES_MAX + SOURCE_END,
	CHUNKS_NAMED = SERIES_COUNTERS_MAX / CHUNK_COUNTERS,
	CHUNKS_MAX = CHUNKS_NAMED + 8 * SOURCE_END,
	CYCLES_KEPT = 2,
	/* names that always change must not crowd out the next cycle's */
	CROWDED = SERIES_INSTANCES_MAX / 2,
	SERIES_LEARNED = 1,	/* the cycle of the process before */
	SAID_MAX = 32,		/* most names are shorter */
	SAID_LONG = UINT8_MAX,
	/* more than the jitter of iowait and idle, less than a new boot */
	CPU_STEP_BACK = 3 * SCALE_CENTI,
};

static_assert((INDEX_SLOTS & INDEX_MASK) == 0, "a power of two");
static_assert(CHUNKS_MAX < UINT16_MAX && ENTRIES_MAX < UINT16_MAX &&
    POINT_END <= UINT16_MAX, "numbers fit 16 bits");

/* Numbers of entries and chunks count from 1; 0 is none. */
struct chunk {
	int64_t value[CHUNK_COUNTERS];	/* as last sent */
	uint16_t id[CHUNK_COUNTERS];	/* 0: not used */
	uint16_t next;
};

struct entry {
	uint64_t name;		/* keyed hash of source and attributes */
	uint64_t start_ns;
	uint64_t seen;		/* number of the last cycle that had it */
	uint16_t counters;	/* first chunk */
	uint16_t next;		/* the one that was judged behind it */
	uint8_t source;
	uint8_t nattrs;
	uint8_t said_len;	/* SAID_LONG: only the hash tells it */
	uint8_t said[SAID_MAX];	/* its attributes: key, length, bytes */
};

static_assert(sizeof(struct entry) <= 64, "about a line of the cache each");

/* One that is being judged, and its last value; NULL: it had none. */
struct counter {
	struct point *now;
	int64_t *before;
};

struct series {
	uint64_t boot_ns, wall_ns, wall_before_ns;
	uint64_t earliest_ns;			/* wall time of any cycle */
	uint64_t cycle;
	uint64_t first_cycle[SOURCE_END];	/* in which a source spoke */
	uint64_t unread_cycle[SOURCE_END];
	uint64_t rest_cycle[SOURCE_END];
	uint8_t key[SIPHASH_KEY];
	uint16_t nentries, nchunks, free_chunk;
	uint16_t nused;				/* chunks that are not free */
	uint16_t last;				/* entry; 0: before the first */
	/* of the instance being judged */
	size_t ncounters;
	struct counter counter[RECORD_POINTS_MAX];
	uint16_t index[INDEX_SLOTS];
	struct entry entry[ENTRIES_MAX + 1];
	struct chunk chunk[CHUNKS_MAX + 1];
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

static uint64_t
name_of(const struct series *s, enum source_id source,
    const struct attr *attr, size_t n)
{
	struct siphash h = siphash_begin(s->key);

	siphash_add(&h, &(uint8_t){ (uint8_t)source }, 1);
	for (size_t i = 0; i < n; i++) {
		siphash_add(&h, (uint8_t[]){ (uint8_t)attr[i].key,
		    attr[i].len }, 2);
		siphash_add(&h, attr[i].value, attr[i].len);
	}
	return siphash_end(&h);
}

/* Where the name is in the index, or the empty slot where it would go. */
static size_t
find_slot(const struct series *s, uint64_t name)
{
	size_t i = name & INDEX_MASK;

	while (s->index[i] != 0 && s->entry[s->index[i]].name != name)
		i = (i + 1) & INDEX_MASK;
	return i;
}

/* Empties a slot; what had to make way for it moves back. */
static void
clear_slot(struct series *s, size_t hole)
{
	for (size_t i = (hole + 1) & INDEX_MASK; s->index[i] != 0;
	    i = (i + 1) & INDEX_MASK) {
		const size_t home = s->entry[s->index[i]].name & INDEX_MASK;

		if (((i - home) & INDEX_MASK) < ((i - hole) & INDEX_MASK))
			continue;
		s->index[hole] = s->index[i];
		hole = i;
	}
	s->index[hole] = 0;
}

static void
free_chunks(struct series *s, uint16_t first)
{
	for (uint16_t next; first != 0; first = next) {
		next = s->chunk[first].next;
		s->chunk[first] = (struct chunk){ .next = s->free_chunk };
		s->free_chunk = first;
		s->nused--;
	}
}

/* The last entry takes the place of the one that goes. */
static void
forget(struct series *s, uint16_t gone)
{
	free_chunks(s, s->entry[gone].counters);
	clear_slot(s, find_slot(s, s->entry[gone].name));
	if (gone != s->nentries) {
		s->index[find_slot(s, s->entry[s->nentries].name)] = gone;
		s->entry[gone] = s->entry[s->nentries];
	}
	s->nentries--;
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
			forget(s, i);
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

static void
remember(struct entry *e, const struct attr *attr, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; len += 2 + (size_t)attr[i++].len) {
		if (attr[i].len > SAID_MAX - 2 ||
		    len > SAID_MAX - 2 - (size_t)attr[i].len) {
			e->said_len = SAID_LONG;
			return;
		}
		e->said[len] = (uint8_t)attr[i].key;
		e->said[len + 1] = attr[i].len;
		memcpy(e->said + len + 2, attr[i].value, attr[i].len);
	}
	e->said_len = (uint8_t)len;
}

static bool
is_that(const struct entry *e, enum source_id source, const struct attr *attr,
    size_t n)
{
	const uint8_t *said = e->said;

	if (e->source != source || e->nattrs != n || e->said_len == SAID_LONG)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (said[0] != attr[i].key || said[1] != attr[i].len ||
		    memcmp(said + 2, attr[i].value, attr[i].len) != 0)
			return false;
		said += 2 + said[1];
	}
	return true;
}

/* NULL where there is no room for a new one. */
static struct entry *
hash_entry(struct series *s, enum source_id source, const struct attr *attr,
    size_t nattrs, uint64_t start_ns)
{
	const uint64_t name = name_of(s, source, attr, nattrs);
	const size_t slot = find_slot(s, name);
	struct entry *e;

	if (s->index[slot] != 0)
		return &s->entry[s->index[slot]];
	if (s->nentries >= (nattrs > 0 ? SERIES_INSTANCES_MAX : ENTRIES_MAX))
		return NULL;
	s->index[slot] = ++s->nentries;
	e = &s->entry[s->nentries];
	*e = (struct entry){ .name = name, .start_ns = start_ns,
		.source = (uint8_t)source, .nattrs = (uint8_t)nattrs };
	remember(e, attr, nattrs);
	return e;
}

/*
 * Instances mostly come in the order of the cycle before, and then are known
 * without their hash: that is asked where the next one is another.
 */
static struct entry *
find_entry(struct series *s, enum source_id source, const struct attr *attr,
    size_t nattrs, uint64_t start_ns)
{
	uint16_t *next = &s->entry[s->last].next;
	struct entry *e = &s->entry[*next];

	if (*next == 0 || *next > s->nentries ||
	    !is_that(e, source, attr, nattrs))
		e = hash_entry(s, source, attr, nattrs, start_ns);
	if (e != NULL)
		s->last = *next = (uint16_t)(e - s->entry);
	return e;
}

/* A counter's place; where chunk is 0 there is none. */
struct place {
	uint16_t chunk, i;
};

static int64_t *
take_place(struct series *s, struct place *next)
{
	int64_t *value = &s->chunk[next->chunk].value[next->i];

	if (++next->i == CHUNK_COUNTERS)
		*next = (struct place){ s->chunk[next->chunk].next, 0 };
	return value;
}

/*
 * Where a counter's last value stands, NULL if it was not seen before.  An
 * instance says the same points in each cycle, so that it mostly is the next.
 */
static int64_t *
find_counter(struct series *s, const struct entry *e, unsigned id,
    struct place *next)
{
	if (next->chunk != 0 && s->chunk[next->chunk].id[next->i] == id)
		return take_place(s, next);
	for (uint16_t c = e->counters; c != 0; c = s->chunk[c].next)
		for (uint16_t i = 0; i < CHUNK_COUNTERS; i++)
			if (s->chunk[c].id[i] == id) {
				*next = (struct place){ c, i };
				return take_place(s, next);
			}
	return NULL;
}

static uint16_t
take_chunk(struct series *s, bool named)
{
	uint16_t c = s->free_chunk;

	if (s->nused >= (named ? CHUNKS_NAMED : CHUNKS_MAX))
		return 0;
	if (c != 0)
		s->free_chunk = s->chunk[c].next;
	else
		c = ++s->nchunks;
	s->nused++;
	s->chunk[c].next = 0;
	return c;
}

/* Room for a counter's value, NULL where there is none left. */
static int64_t *
add_counter(struct series *s, struct entry *e, unsigned id)
{
	uint16_t *link = &e->counters;

	for (; *link != 0; link = &s->chunk[*link].next)
		for (size_t i = 0; i < CHUNK_COUNTERS; i++)
			if (s->chunk[*link].id[i] == 0) {
				s->chunk[*link].id[i] = (uint16_t)id;
				return &s->chunk[*link].value[i];
			}
	if ((*link = take_chunk(s, e->nattrs > 0)) == 0)
		return NULL;
	s->chunk[*link].id[0] = (uint16_t)id;
	return &s->chunk[*link].value[0];
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
		*c = (struct counter){ p, find_counter(s, e, p->id, &next) };
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
	free_chunks(s, e->counters);
	e->counters = 0;
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
		else if ((before = add_counter(s, e, p->id)) == NULL)
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
	e = find_entry(s, source, attr, nattrs,
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
	struct entry *e = find_entry(s, source, inst->attr, inst->nattrs,
	    inst->start_ns);
	struct place next = { 0 };

	if (e == NULL)
		return;
	s->first_cycle[source] = SERIES_LEARNED;
	e->seen = SERIES_LEARNED;
	while (record_next_point(inst, &p) == 1) {
		int64_t *value = !point_is_counter(p.id) ||
		    find_counter(s, e, p.id, &next) != NULL ? NULL :
		    add_counter(s, e, p.id);

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
