/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cycle.h. */
#include "cycle.h"

#include "log.h"
#include "now.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No source may take longer, whatever the interval. */
enum { SOURCE_BUDGET_MS = 500 };

void
cycle_init(struct cycle *c, struct host *host, struct ring *ring,
    struct self *self, const struct source_options *options)
{
	memset(c, 0, sizeof(*c));
	c->host = host;
	c->ring = ring;
	c->self = self;
	c->options = options;
	c->boot_ns = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_BOOTTIME);
	c->series = series_new(c->boot_ns);
	c->space = malloc(BUILD_SPACE);
	if (c->series == NULL || c->space == NULL)
		fatal("memory for a collection", ENOMEM);
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
	if (f == NULL)
		f = &c->failed[c->nfailed++];
	*f = (struct path_failure){ source, hash, error, c->number, "" };
	snprintf(f->said, sizeof(f->said), "%s", path);
	return news;
}

static void
report(void *arg, const struct source *s, const char *path, int error)
{
	struct cycle *c = arg;
	struct log_line l;

	c->self->failures[s->id][failure_of(error)]++;
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

/* What has not failed in this cycle is well again. */
static void
forget_recovered(struct cycle *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->nfailed; i++) {
		if (c->failed[i].cycle == c->number)
			c->failed[kept++] = c->failed[i];
		else
			say_recovered(&c->failed[i]);
	}
	c->nfailed = kept;
}

static struct record_head
head_now(const struct cycle *c)
{
	const uint64_t wall = now_ns(CLOCK_REALTIME);

	return (struct record_head){
		.boottime_ns = now_ns(CLOCK_BOOTTIME),
		.wall_ns = wall,
		/* a clock that went far back must not start in the future */
		.start_ns = c->boot_ns < wall ? c->boot_ns : wall,
	};
}

static void
push_all(struct cycle *c, const struct build *b, bool ends_step)
{
	uint8_t *record = NULL;
	size_t len, n = 0;

	c->gaps.oversize += b->lost;
	while (build_next(b, &record, &len)) {
		if (ends_step && ++n == b->nrecords)
			record_set_flags(record, RECORD_LAST);
		/* our own mistakes are found here, not by the receiver */
		if (record_check(record, len) < 0 ||
		    ring_push(c->ring, record, len) < 0)
			c->gaps.oversize++;
	}
}

static void
run_source(struct cycle *c, const struct source *s,
    const struct record_head *now)
{
	struct record_head head = *now;
	struct build build;
	struct collect collect = {
		.host = c->host, .build = &build, .options = c->options,
		.source = s, .report = report, .report_arg = c,
		.deadline_ns = now_ns(CLOCK_MONOTONIC) +
		    SOURCE_BUDGET_MS * UINT64_C(1000000),
	};
	int error;

	head.source = s->id;
	build_start(&build, &head, c->series, c->space);
	if ((error = s->read(&collect)) < 0)
		report(c, s, registry_source(s->id)->reads, error);
	else if ((error = build_finish(&build)) < 0)
		report(c, s, registry_source(s->id)->name, error);
	else
		push_all(c, &build, false);
}

/* The agent's own sources count from its own start. */
static void
start_own(struct cycle *c, struct build *b, enum source_id id,
    const struct record_head *now)
{
	struct record_head head = *now;

	head.source = id;
	if (c->self->start_ns < head.wall_ns)
		head.start_ns = c->self->start_ns;
	build_start(b, &head, NULL, c->space);
}

static uint64_t
gaps_sum(const struct cycle *c)
{
	return c->gaps.late + c->gaps.suspended + c->gaps.clock_step +
	    c->gaps.oversize + c->ring->count.lost_full +
	    c->ring->count.lost_damaged;
}

/* Cumulative, so that a gap record that is itself lost loses nothing. */
static void
run_gaps(struct cycle *c, const struct record_head *now)
{
	const struct ring_count *r = &c->ring->count;
	struct build b;

	if (gaps_sum(c) == c->gaps_said)
		return;
	c->gaps_said = gaps_sum(c);
	start_own(c, &b, SOURCE_GAP, now);
	build_instance(&b);
	build_point(&b, RECORDS_LOST_QUEUE_FULL, (int64_t)r->lost_full);
	build_point(&b, RECORDS_LOST_OVERSIZE, (int64_t)c->gaps.oversize);
	build_point(&b, RECORDS_LOST_DAMAGED, (int64_t)r->lost_damaged);
	build_point(&b, INTERVALS_MISSED_LATE, (int64_t)c->gaps.late);
	build_point(&b, INTERVALS_MISSED_SUSPENDED,
	    (int64_t)c->gaps.suspended);
	build_point(&b, INTERVALS_MISSED_CLOCK_STEP,
	    (int64_t)c->gaps.clock_step);
	if (build_finish(&b) > 0)
		push_all(c, &b, false);
}

/* The last records of a step: the shipper sends when it has seen them. */
static void
run_self(struct cycle *c, const struct record_head *now)
{
	struct build b;

	start_own(c, &b, SOURCE_SELF, now);
	self_read(c->self, &b, c->ring);
	if (build_finish(&b) > 0)
		push_all(c, &b, true);
}

void
cycle_run(struct cycle *c)
{
	const uint64_t began = now_ns(CLOCK_MONOTONIC);
	const struct record_head now = head_now(c);

	c->number++;
	series_cycle(c->series, now.wall_ns);
	for (size_t i = 0; i < source_table_size; i++)
		run_source(c, source_table[i], &now);
	forget_recovered(c);
	run_gaps(c, &now);
	c->self->cycle_us = (now_ns(CLOCK_MONOTONIC) - began) / 1000;
	run_self(c, &now);
}
