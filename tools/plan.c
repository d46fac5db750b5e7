/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  `sluice plan`: what this configuration will come to on
 * this host, before it starts.  A few collections say what changes how fast;
 * a host that goes on like that is then written into a ring as the collector
 * would, and what that ring holds is what is said.
 */
#include "plan.h"

#include "ceiling.h"
#include "config_value.h"
#include "cycle.h"
#include "log.h"
#include "now.h"
#include "sluice.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KIB = 1024, MIB = 1048576 };
enum { PAUSE_MS = 1000, SEGMENTS_MEASURED = 3, STEPS_MEASURED = 20000 };

static void
keep_record(void *arg, const uint8_t *record, size_t len)
{
	struct step *s = arg;

	s->bytes = realloc(s->bytes, s->used + len);
	s->len = realloc(s->len, (s->nrecords + 1) * sizeof(*s->len));
	if (s->bytes == NULL || s->len == NULL)
		fatal("memory for a collection", ENOMEM);
	memcpy(s->bytes + s->used, record, len);
	s->len[s->nrecords++] = len;
	s->used += len;
}

static void
collect(struct plan *p, struct host *h)
{
	static struct cycle cycle;
	static struct self self;

	self.start_ns = now_ns(CLOCK_REALTIME);
	/* what the daemons say of themselves takes its room as well */
	if (self_open(&self, getpid()) < 0)
		fatal("/proc/self", errno);
	cycle_init(&cycle, h, &p->ring, &self, &p->config->sources);
	cycle_run(&cycle);
	usleep(PAUSE_MS * 1000);
	cycle_run(&cycle);
	ring_last_step(&p->ring, keep_record, &p->before);
	usleep(PAUSE_MS * 1000);
	cycle_run(&cycle);
	ring_last_step(&p->ring, keep_record, &p->last);
}

/* Where a point stands after so many intervals more. */
static int64_t
later(const struct plan *p, int64_t before, int64_t last, int64_t intervals)
{
	int64_t step, value;

	if (__builtin_sub_overflow(last, before, &step) ||
	    __builtin_mul_overflow(step, p->times * intervals, &step) ||
	    __builtin_add_overflow(last, step, &value) ||
	    (last >= 0 && value < 0))
		return last;
	return value;
}

/* The points of one instance, as they will be; those of before may differ. */
static void
write_points(const struct plan *p, struct record_writer *rw,
    struct instance *inst, struct instance *before, int64_t intervals)
{
	struct point point, old;

	while (record_next_point(inst, &point) == 1) {
		int64_t from = point.value;

		if (record_next_point(before, &old) == 1 &&
		    old.id == point.id)
			from = old.value;
		record_point(rw, point.id, later(p, from, point.value,
		    intervals));
	}
}

static void
push_later(struct plan *p, const uint8_t *record, size_t len,
    const uint8_t *before, size_t before_len, int64_t intervals)
{
	static uint8_t out[RECORD_MAX];
	struct record_reader rr, old;
	struct record_writer rw;
	struct instance inst, inst_old;
	ptrdiff_t n;

	if (record_open(&rr, record, len) < 0 ||
	    record_open(&old, before, before_len) < 0)
		return;
	record_begin(&rw, out, sizeof(out), &rr.head);
	while (record_next_instance(&rr, &inst) == 1) {
		if (record_next_instance(&old, &inst_old) != 1)
			inst_old.points = reader_of(NULL, 0);
		record_instance(&rw, inst.start_ns, inst.attr, inst.nattrs);
		write_points(p, &rw, &inst, &inst_old, intervals);
	}
	n = record_finish(&rw);
	/* a value that grew longer than a frame: as it was */
	if (n < 0 || ring_push(&p->ring, out, (size_t)n) < 0)
		ring_push(&p->ring, record, len);
}

void
plan_push_step(struct plan *p, int64_t intervals, unsigned source)
{
	const uint64_t now = now_ns(CLOCK_REALTIME);
	const uint8_t *record = p->last.bytes, *before = p->before.bytes;
	struct record_reader rr;

	ring_begin(&p->ring, now_ns(CLOCK_BOOTTIME), now);
	for (size_t i = 0; i < p->last.nrecords; i++) {
		const bool same = i < p->before.nrecords;

		if (source == 0 || (record_open(&rr, record,
		    p->last.len[i]) == 0 && rr.head.source == source))
			push_later(p, record, p->last.len[i],
			    same ? before : record,
			    same ? p->before.len[i] : p->last.len[i],
			    intervals);
		before += same ? p->before.len[i] : 0;
		record += p->last.len[i];
	}
	ring_commit(&p->ring);
}

void
plan_make_ring(struct plan *p, uint64_t bytes)
{
	const uint64_t now = now_ns(CLOCK_REALTIME);

	if (ring_new(&p->ring, bytes, now, now_boot_ns(now,
	    now_ns(CLOCK_BOOTTIME))) < 0)
		fatal("memory for the ring", errno);
}

/* Segments of an outage, but the first step of each is like any other's. */
static void
measure(struct plan *p)
{
	int64_t n = 0;

	plan_make_ring(p, p->config->ring_size);
	plan_push_step(p, n++, 0);
	p->first = ring_usage(&p->ring);
	while (p->ring.head <= SEGMENTS_MEASURED && n < STEPS_MEASURED)
		plan_push_step(p, n++, 0);
	p->in_segment = p->ring.head > SEGMENTS_MEASURED ?
	    (uint64_t)n / SEGMENTS_MEASURED :
	    (uint64_t)n * p->ring.segment / ring_usage(&p->ring);
	if (p->in_segment == 0)
		p->in_segment = 1;
	ring_done(&p->ring);
}

static const char *
size(uint64_t bytes)
{
	static char text[4][VALUE_TEXT_MAX];
	static unsigned turn;
	char *p = text[turn++ % 4];
	/* to the next MiB or KiB: more digits would say nothing */
	const uint64_t unit = bytes < MIB ? KIB : MIB;

	return value_print(p, value_bytes, (bytes + unit - 1) / unit * unit);
}

static void
print_series(const struct plan *p, uint64_t most)
{
	printf("series: %" PRIu64 " at most on this host, %" PRIu64
	    " now, ", most, p->points);
	if (p->config->sources.max_series > 0)
		printf("%u allowed\n",
		    (unsigned)p->config->sources.max_series);
	else
		printf("no ceiling\n");
}

static void
print_memory(const struct plan *p)
{
	struct plan_memory m;

	plan_memory(p, &m);
	printf("memory: collector %s at most (%s in use here), shipper %s at"
	    " most, ring %s\n", size(m.collector), size(m.collector_used),
	    size(m.shipper), size(p->config->ring_size));
}

static void
print_source(struct plan *p, const char *name, unsigned source, uint64_t most)
{
	printf("source: %s: %" PRIu64 " series at most, %" PRIu64 " now, %"
	    PRIu64 " bytes stored, %" PRIu64 " bytes sent\n", name, most,
	    plan_points(p, source), plan_stored(p, source),
	    plan_sent(p, source));
}

static void
print_sources(struct plan *p, struct host *h)
{
	const struct source_options *o = &p->config->sources;

	for (unsigned id = 1; id < SOURCE_END; id++) {
		const struct source *s = source_of(id);

		if (s != NULL && (o->enabled & SOURCE_BIT(id)) != 0)
			print_source(p, registry_source(id)->name, id,
			    ceiling_of(h, s, o));
		else if (s == NULL && registry_source(id) != NULL)
			print_source(p, registry_source(id)->name, id,
			    ceiling_own(id));
	}
}

static void
print_sent(const struct plan *p)
{
	const uint64_t bytes = plan_sent(p, 0);
	char value[VALUE_TEXT_MAX];

	if (p->config->protocol == PROTOCOL_DEVICE_DEFENDER)
		printf("sent: %" PRIu64 " bytes for each report, every %s at"
		    " most\n", bytes, value_print(value, value_time,
		    p->config->defender.interval_ms));
	else
		printf("sent: %" PRIu64 " bytes for each, %" PRIu64
		    " a point\n", bytes, bytes / p->points);
}

static void
print_plan(const struct plan *p)
{
	char value[VALUE_TEXT_MAX];
	const uint64_t per_step = p->ring.segment / p->in_segment;
	const uint64_t following = p->in_segment < 2 ? per_step :
	    (p->ring.segment - p->first) / (p->in_segment - 1);
	/* the oldest segment goes when the newest is begun */
	const uint64_t kept = p->in_segment * (p->ring.nsegments - 1);
	const uint64_t minutes = kept * p->config->interval_ms / 60000;

	printf("collection: %" PRIu64 " points in %zu records, every %s\n",
	    p->points, p->last.nrecords, value_print(value, value_time,
	    p->config->interval_ms));
	printf("stored: %" PRIu64 " bytes for the first of a segment, %" PRIu64
	    " for each one that follows\n", p->first, following);
	printf("stored: %" PRIu64 ".%02" PRIu64 " bytes a point on average\n",
	    per_step / p->points, per_step * 100 / p->points % 100);
	print_sent(p);
	printf("ring: %s\n", value_print(value, value_bytes,
	    p->config->ring_size));
	printf("outage: %" PRIu64 " collections are kept, %" PRIu64 ":%02"
	    PRIu64 " hours\n", kept, minutes / 60, minutes % 60);
}

static void
print_egress(const struct plan *p, uint64_t most)
{
	char value[VALUE_TEXT_MAX];

	printf("egress: %s an hour at most\n", value_print(value,
	    value_bytes, ceiling_egress(p->config, most) / KIB * KIB));
}

static void
free_plan(struct plan *p)
{
	free(p->last.bytes);
	free(p->last.len);
	free(p->before.bytes);
	free(p->before.len);
}

/* What is above the ceiling is refused before it is looked at. */
static bool
refused(struct plan *p, struct host *h, const struct arguments *a)
{
	char text[CEILING_TEXT_MAX];

	if (ceiling_check(h, &p->config->sources, text))
		return false;
	fprintf(stderr, "%s: %s\n", a->config, text);
	return true;
}

static void
print_all(struct plan *p, struct host *h)
{
	const uint64_t most = ceiling_sum(h, &p->config->sources);

	print_series(p, most);
	print_plan(p);
	print_egress(p, most);
	print_memory(p);
	print_sources(p, h);
}

int
plan_run(const struct arguments *a, const struct config *c)
{
	static struct plan p;
	static struct host h;
	const char *which;
	int status = EXIT_WRONG;

	p.config = c;
	p.times = c->interval_ms / PAUSE_MS;
	if (host_open(&h, c->procfs, c->sysfs, &which) < 0)
		fatal(which, errno);
	if ((c->sources.enabled & SOURCE_BIT(SOURCE_OPERATOR)) != 0 &&
	    host_open_operator(&h, c->operator_directory) < 0)
		fatal("collect.sources.operator.directory", errno);
	if (!refused(&p, &h, a)) {
		plan_make_ring(&p, c->ring_size);
		collect(&p, &h);
		ring_done(&p.ring);
		if ((p.points = plan_points(&p, 0)) > 0) {
			measure(&p);
			print_all(&p, &h);
			status = EXIT_GOOD;
		} else {
			fputs("sluice: nothing could be read: no plan\n",
			    stderr);
		}
	}
	host_close(&h);
	free_plan(&p);
	return status;
}
