/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cycle.h. */
#include "cycle.h"

#include "ceiling.h"
#include "log.h"
#include "now.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * No source may take longer, whatever the interval; and what is read later
 * than this after the step's one time would be dated wrong.
 */
enum { SOURCE_BUDGET_MS = 500, STEP_BUDGET_MS = 5000 };

/* Cycles without reading ahead, after one in which that took too long. */
enum { IN_TURN = 64 };

#define NS_PER_MS UINT64_C(1000000)

/* So that counters go on, and their starts stand, over a restart. */
static void
learn_record(void *arg, const uint8_t *bytes, size_t len)
{
	struct cycle *c = arg;
	struct record_reader rr;
	struct instance inst;

	if (record_open(&rr, bytes, len) < 0)
		return;
	while (record_next_instance(&rr, &inst) == 1)
		series_learn(c->series, rr.head.source, &inst);
	c->last_wall_ns = rr.head.wall_ns;
	c->last.boottime_ns = rr.head.boottime_ns;
	c->last.cut = (rr.head.flags & RECORD_LAST) == 0;
}

static void
learn(struct cycle *c)
{
	ring_last_step(c->ring, learn_record, c);
	if (c->last_wall_ns != 0)
		series_learned(c->series, c->last_wall_ns);
}

/* What is left for the sources: what the agent says of itself stays. */
static uint64_t
most_series(const struct source_options *o)
{
	const uint64_t own = ceiling_own(0);

	if (o->max_series == 0)
		return UINT64_MAX;
	return o->max_series > own ? o->max_series - own : 0;
}

/* Large, and touched only as far as there are patterns. */
static struct select chosen;

/* Of the source being read; as a variable it would be cleared for each. */
static struct build build;

static bool
is_enabled(const struct cycle *c, const struct source *s)
{
	return (c->options->enabled & SOURCE_BIT(s->id)) != 0;
}

static void
start_sources(struct cycle *c)
{
	for (size_t i = 0; i < source_table_size; i++)
		if (source_table[i]->start != NULL &&
		    is_enabled(c, source_table[i]))
			source_table[i]->start(c->host);
}

void
cycle_init(struct cycle *c, struct host *host, struct ring *ring,
    struct self *self, const struct source_options *options)
{
	memset(c, 0, sizeof(*c));
	c->host = host;
	c->ring = ring;
	c->self = self;
	c->options = options;
	c->series = series_new(ring->boot_ns);
	c->space = malloc(BUILD_SPACE);
	if (c->series == NULL || c->space == NULL)
		fatal("memory for a collection", ENOMEM);
	start_sources(c);
	select_make(&chosen, &options->select);
	for (size_t i = 0; i < source_table_size; i++)
		c->source_most[source_table[i]->id] =
		    source_series_most(source_table[i], options);
	c->most = most_series(options);
	learn(c);
}

void
cycle_pace(struct cycle *c, uint32_t interval_ms)
{
	c->slow_every = (CYCLE_SLOW_MS + interval_ms - 1) / interval_ms;
}

/* FNV-1a: paths made at run time need no memory of their own. */
static uint64_t
path_hash(const char *path)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *path != '\0'; path++)
		h = (h ^ (uint8_t)*path) * UINT64_C(0x100000001b3);
	return h;
}

static struct path_failure *
find_failure(struct cycle *c, enum source_id source, uint64_t path)
{
	for (size_t i = 0; i < c->nfailed; i++)
		if (c->failed[i].path == path && c->failed[i].source == source)
			return &c->failed[i];
	return NULL;
}

/* True when this is news; a full table says nothing new, but counts on. */
static bool
remember(struct cycle *c, enum source_id source, const char *path, int error)
{
	const uint64_t hash = path_hash(path);
	struct path_failure *f = find_failure(c, source, hash);
	bool news = f == NULL || f->error != error;

	if (f == NULL && c->nfailed == PATHS_FAILED_MAX)
		return false;
	if (f == NULL) {
		f = &c->failed[c->nfailed++];
		*f = (struct path_failure){ .source = source, .path = hash };
		snprintf(f->said, sizeof(f->said), "%s", path);
	}
	f->error = error;
	f->cycle = c->number;
	return news;
}

/* What is not there may have been taken away, and be another when it is. */
static bool
could_not_be_read(enum failure f)
{
	return f != FAILURE_MISSING && f != FAILURE_MALFORMED;
}

static void
report(void *arg, const struct source *s, const char *path, int error)
{
	struct cycle *c = arg;
	struct log_line l;

	c->self->failures[s->id][failure_of(error)]++;
	c->self->failing |= SOURCE_BIT(s->id);
	if (could_not_be_read(failure_of(error)))
		series_unread(c->series, s->id);
	if (failure_of(error) == FAILURE_TIMEOUT) {
		c->timeouts++;
		ring_count_missed(c->ring, MISSED_SOURCE_TIMEOUT, 1);
	}
	if (!remember(c, s->id, path, error))
		return;
	log_begin(&l, LOG_LEVEL_NOTICE, "source_failed");
	log_word(&l, "source", registry_source(s->id)->name);
	log_text(&l, "path", path);
	log_word(&l, "reason", failure_name(failure_of(error)));
	log_errno(&l, -error);
	log_end(&l);
}

static void
say_recovered(const struct path_failure *f)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_NOTICE, "source_recovered");
	log_word(&l, "source", registry_source(f->source)->name);
	log_text(&l, "path", f->said);
	log_end(&l);
}

static bool
rests(const struct cycle *c, const struct source *s)
{
	return s->slow && c->host->cycle == HOST_CYCLE_BRIEF;
}

/* What has not failed in this cycle, though it was read, is well again. */
static void
forget_recovered(struct cycle *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->nfailed; i++) {
		if (c->failed[i].cycle == c->number ||
		    rests(c, source_of(c->failed[i].source)))
			c->failed[kept++] = c->failed[i];
		else
			say_recovered(&c->failed[i]);
	}
	c->nfailed = kept;
}

static enum host_cycle
kind_of(const struct cycle *c)
{
	return c->slow_every > 1 && c->number % c->slow_every != 0 ?
	    HOST_CYCLE_BRIEF : HOST_CYCLE;
}

/*
 * Which file is slow is found out by the source that reads it: for a while
 * each reads for itself, and what was read here is read again.
 */
static void
read_ahead(struct cycle *c)
{
	const uint64_t most_ns = c->read_ns + SOURCE_BUDGET_MS * NS_PER_MS;

	host_begin(c->host, kind_of(c), c->in_turn == 0);
	if (c->in_turn > 0) {
		c->in_turn--;
		return;
	}
	c->read_ns = now_ns(CLOCK_BOOTTIME);
	if (c->read_ns > most_ns) {
		host_forget(c->host);
		c->in_turn = IN_TURN;
	}
}

static struct record_head
begin_step(struct cycle *c)
{
	struct record_head now = { .boottime_ns = now_ns(CLOCK_BOOTTIME),
		.wall_ns = now_ns(CLOCK_REALTIME) };

	c->read_ns = now.boottime_ns;
	read_ahead(c);
	c->number++;
	c->room = c->most;
	series_cycle(c->series, now.wall_ns);
	now.start_ns = series_start(c->series, c->ring->boot_ns);
	ring_begin(c->ring, now.boottime_ns, now.wall_ns);
	return now;
}

static void
push_all(struct cycle *c, const struct build *b, bool ends_step)
{
	uint64_t oversize = b->lost;
	uint8_t *record = NULL;
	size_t len, n = 0;

	while (build_next(b, &record, &len)) {
		if (ends_step && ++n == b->nrecords)
			record_set_flags(record, RECORD_LAST);
		/* our own mistakes are found here, not by the receiver */
		if (record_check(record, len) < 0 ||
		    ring_push(c->ring, record, len) < 0)
			oversize++;
	}
	if (oversize > 0)
		ring_count_lost(c->ring, LOST_OVERSIZE, oversize);
}

/* The source's own time, or what is left of the step's. */
static uint64_t
deadline(const struct cycle *c, const struct record_head *now)
{
	const uint64_t own_ns = c->read_ns + SOURCE_BUDGET_MS * NS_PER_MS;
	const uint64_t step_ns = now->boottime_ns + STEP_BUDGET_MS * NS_PER_MS;

	return own_ns < step_ns ? own_ns : step_ns;
}

/*
 * A call that hung, or a sleep in the middle: found out behind it.  One source
 * begins when the one before has ended, so that one look at the clock does.
 */
static int
read_source(struct cycle *c, const struct source *s, struct collect *collect)
{
	const uint64_t before = c->timeouts;
	const int error = c->read_ns > collect->deadline_ns ? -ETIMEDOUT :
	    s->read(collect);

	c->read_ns = now_ns(CLOCK_BOOTTIME);
	return error < 0 || c->timeouts > before ||
	    c->read_ns <= collect->deadline_ns ? error : -ETIMEDOUT;
}

/* What the source may say, and how, of what it reads. */
static void
bound(const struct cycle *c, const struct source *s, struct build *b)
{
	const uint64_t most = c->source_most[s->id];

	b->room = most < c->room ? most : c->room;
	b->select = select_has(&chosen, s->id) ? &chosen : NULL;
	b->redact = &c->options->redact;
}

static void
run_source(struct cycle *c, const struct source *s,
    const struct record_head *now)
{
	struct record_head head = *now;
	struct collect collect = {
		.host = c->host, .build = &build, .options = c->options,
		.source = s, .report = report, .report_arg = c,
		.deadline_ns = deadline(c, now),
	};
	uint64_t room;
	int error;

	head.source = s->id;
	build_start(&build, &head, c->series, c->space);
	bound(c, s, &build);
	room = build.room;
	if ((error = read_source(c, s, &collect)) < 0)
		report(c, s, registry_source(s->id)->reads, error);
	else if ((error = build_finish(&build)) < 0)
		report(c, s, registry_source(s->id)->name, error);
	else
		push_all(c, &build, false);
	c->took[s->id] = room - build.room;
	c->room -= c->took[s->id];
}

/* Its series stand: what they take of the room is nobody else's. */
static void
rest_source(struct cycle *c, const struct source *s)
{
	const uint64_t took = c->took[s->id];

	series_rest(c->series, s->id);
	c->room -= took < c->room ? took : c->room;
}

static void
run_sources(struct cycle *c, const struct record_head *now)
{
	for (size_t i = 0; i < source_table_size; i++) {
		const struct source *s = source_table[i];

		if (!is_enabled(c, s))
			continue;
		if (rests(c, s))
			rest_source(c, s);
		else
			run_source(c, s, now);
	}
}

/* What the agent says of itself, the ring's counters last. */
static void
run_own(struct cycle *c, enum source_id id, const struct record_head *now,
    void (*say)(struct self *, struct build *, const struct ring *))
{
	const uint64_t start_ns = id == SOURCE_QUEUE ? c->ring->start_ns :
	    c->self->start_ns;
	struct record_head head = *now;

	head.source = id;
	head.start_ns = series_start(c->series, start_ns);
	build_start(&build, &head, NULL, c->space);
	say(c->self, &build, c->ring);
	if (build_finish(&build) > 0)
		/* the shipper sends when it has seen the last of a step */
		push_all(c, &build, id == SOURCE_QUEUE);
}

void
cycle_run(struct cycle *c)
{
	const uint64_t began = now_ns(CLOCK_MONOTONIC);
	const struct record_head now = begin_step(c);

	run_sources(c, &now);
	forget_recovered(c);
	run_own(c, SOURCE_EXPORT, &now, self_say_export);
	c->self->cycle_us = (now_ns(CLOCK_MONOTONIC) - began) / 1000;
	run_own(c, SOURCE_SELF, &now, self_say_process);
	run_own(c, SOURCE_QUEUE, &now, self_say_queue);
	ring_commit(c->ring);
}
