/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  What each source costs, in the ring and in a request, by
 * the collector's ring and the shipper's encoder; and what both processes
 * claim of memory, by their own numbers.
 */
#include "plan.h"

#include "batch.h"
#include "build_config.h"
#include "defender.h"
#include "log.h"
#include "otlp.h"
#include "packer.h"
#include "read_file.h"
#include "resource.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SAMPLE_RING = 16777216,
	SAMPLE_STEPS = 64,
	/* OpenSSL with a connection and its stores, and libc: a roof */
	SHIPPER_LIBRARIES = 6291456,
	SHIPPER_STATIC = 2097152,
	STATUS_MAX = 16384,
};

uint64_t
plan_points(const struct plan *p, unsigned source)
{
	const uint8_t *record = p->last.bytes;
	struct record_reader rr;
	struct instance inst;
	uint64_t n = 0;

	for (size_t i = 0; i < p->last.nrecords; record += p->last.len[i++])
		if (record_open(&rr, record, p->last.len[i]) == 0 &&
		    (source == 0 || rr.head.source == source))
			while (record_next_instance(&rr, &inst) == 1)
				n += inst.npoints;
	return n;
}

uint64_t
plan_stored(struct plan *p, unsigned source)
{
	uint64_t first, all;

	if (plan_points(p, source) == 0)
		return 0;
	plan_make_ring(p, SAMPLE_RING);
	plan_push_step(p, 0, source);
	first = ring_usage(&p->ring);
	for (int64_t n = 1; n <= SAMPLE_STEPS; n++)
		plan_push_step(p, n, source);
	all = ring_usage(&p->ring);
	ring_done(&p->ring);
	return (all - first + SAMPLE_STEPS / 2) / SAMPLE_STEPS;
}

/* The first report: what grew is not in it. */
static uint64_t
reported(const struct shipconf *conf, const struct batch *b)
{
	struct defender *d = malloc(sizeof(*d));
	uint8_t *body = malloc(DEFENDER_REPORT_MAX);
	uint64_t points;
	ptrdiff_t len;

	if (d == NULL || body == NULL)
		fatal("memory for a report", ENOMEM);
	defender_init(d, conf);
	for (size_t i = 0; i < b->nrecords; i++)
		defender_take(d, b->record[i].bytes, b->record[i].len);
	len = defender_write(d, body, DEFENDER_REPORT_MAX, &points);
	free(body);
	free(d);
	return len < 0 ? 0 : (uint64_t)len;
}

/* As the shipper does it: half of them, until it is one request. */
static uint64_t
encoded(const struct plan *p, const struct shipconf *conf,
    const struct batch *b)
{
	uint8_t *body = malloc(REQUEST_MAX);
	uint64_t bytes = 0, points;
	size_t from = 0, n = b->nrecords;

	if (body == NULL)
		fatal("memory for a request", ENOMEM);
	if (conf->protocol == PROTOCOL_DEVICE_DEFENDER) {
		free(body);
		return reported(conf, b);
	}
	while (from < b->nrecords) {
		const struct otlp_request request = { .conf = conf,
			.version = SLUICE_VERSION, .record = b->record + from,
			.nrecords = n };
		const ptrdiff_t len = otlp_encode(p->config->protocol,
		    &request, body, REQUEST_MAX, &points);

		if ((len == -ENOBUFS || len > REQUEST_TARGET) && n > 1) {
			n = (n + 1) / 2;
			continue;
		}
		bytes += len > 0 ? (uint64_t)len : 0;
		from += n;
		n = b->nrecords - from;
	}
	free(body);
	return bytes;
}

/* The resource's attributes are in each request once, and no source's. */
static void
fill_conf(const struct plan *p, struct shipconf *conf, bool resource)
{
	memset(conf, 0, sizeof(*conf));
	conf->protocol = p->config->protocol;
	conf->defender = p->config->defender;
	if (conf->defender.ncustom > 0)
		conf->declared = p->config->sources.declared;
	if (resource)
		resource_fill(conf, p->config);
}

uint64_t
plan_sent(const struct plan *p, unsigned source)
{
	struct batch *b = batch_new(p->config->batch);
	const uint8_t *record = p->last.bytes;
	static struct shipconf conf;
	struct record_reader rr;
	uint64_t bytes = 0;

	if (b == NULL)
		fatal("memory for a batch", ENOMEM);
	fill_conf(p, &conf, source == 0);
	batch_clear(b);
	for (size_t i = 0; i < p->last.nrecords; record += p->last.len[i++]) {
		if (record_open(&rr, record, p->last.len[i]) < 0 ||
		    (source != 0 && rr.head.source != source))
			continue;
		if (batch_add(b, &rr.head, record, p->last.len[i]))
			continue;
		bytes += encoded(p, &conf, b);
		batch_clear(b);
		batch_add(b, &rr.head, record, p->last.len[i]);
	}
	bytes += encoded(p, &conf, b);
	batch_free(b);
	return bytes;
}

static uint64_t
status_bytes(struct text status, const char *name)
{
	struct text line, found;
	int64_t kib;

	while (text_line(&status, &line))
		if (text_until(&line, ':', &found) && text_is(found, name) &&
		    text_next_u63(&line, &kib))
			return (uint64_t)kib * 1024;
	return 0;
}

/*
 * The collector claims everything before its first collection, and this
 * process has just claimed the same, and a little more, by the same code.
 */
void
plan_memory(const struct plan *p, struct plan_memory *m)
{
	static char buf[STATUS_MAX];
	struct text t;

	memset(m, 0, sizeof(*m));
	if (read_file("/proc/self/status", buf, sizeof(buf), &t) == 0) {
		m->collector = status_bytes(t, "VmData");
		m->collector_used = status_bytes(t, "RssAnon");
	}
	m->shipper = 2 * (p->config->batch + sizeof(struct batch)) +
	    2 * REQUEST_MAX + LAYOUT_SHAPES + PACKER_PLANS + SHIPPER_STATIC +
	    SHIPPER_LIBRARIES;
}
