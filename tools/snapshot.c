/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: sluice.  See snapshot.h. */
#include "snapshot.h"

#include "build_config.h"
#include "cycle.h"
#include "defender.h"
#include "log.h"
#include "now.h"
#include "otlp.h"
#include "resource.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the agent says of itself is nothing that this host has. */
static bool
is_own(enum source_id source)
{
	return source == SOURCE_SELF || source == SOURCE_QUEUE ||
	    source == SOURCE_EXPORT;
}

static bool
next_record(struct snapshot *s, struct record_reader *rr,
    const uint8_t **record, size_t *len)
{
	while (ring_unsent(&s->ring, record, len)) {
		if (record_open(rr, *record, *len) < 0)
			fatal("record of the collector", EBADMSG);
		if (!is_own(rr->head.source))
			return true;
		ring_sent(&s->ring);
	}
	return false;
}

static void
forget_records(struct snapshot *s)
{
	const uint8_t *record;
	size_t len;

	while (ring_unsent(&s->ring, &record, &len))
		ring_sent(&s->ring);
	if (s->ring.sent_seq != s->ring.state.acked_seq &&
	    ring_ack(&s->ring, s->ring.sent_seq, LOST_END) < 0)
		fatal("ring", EPROTO);
}

static void
pause_ms(uint32_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * 1000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static void
collect(struct snapshot *s, unsigned cycles)
{
	static struct cycle cycle;
	static struct host host;
	static struct self self;
	const char *which;

	if (host_open(&host, s->config->procfs, s->config->sysfs,
	    &which) < 0)
		fatal(which, errno);
	if ((s->config->sources.enabled & SOURCE_BIT(SOURCE_OPERATOR)) != 0 &&
	    host_open_operator(&host, s->config->operator_directory) < 0)
		fatal("collect.sources.operator.directory", errno);
	memset(self.status_fd, -1, sizeof(self.status_fd));
	memset(self.stat_fd, -1, sizeof(self.stat_fd));
	cycle_init(&cycle, &host, &s->ring, &self, &s->config->sources);
	while (cycles-- > 0) {
		forget_records(s);
		cycle_run(&cycle);
		if (cycles > 0)
			pause_ms(s->config->interval_ms);
	}
	host_close(&host);
}

void
snapshot_take(struct snapshot *s, const struct config *c, unsigned cycles)
{
	memset(s, 0, sizeof(*s));
	s->config = c;
	s->ship.protocol = c->protocol;
	s->ship.declared = c->sources.declared;
	s->ship.defender = c->defender;
	s->ship.nendpoints = c->nendpoints;
	memcpy(s->ship.endpoint, c->endpoint, sizeof(s->ship.endpoint));
	resource_fill(&s->ship, c);
	s->batch = batch_new(c->batch);
	s->body = malloc(REQUEST_MAX);
	if (s->batch == NULL || s->body == NULL ||
	    ring_new(&s->ring, c->ring_size, now_ns(CLOCK_REALTIME),
	    now_boot_ns(now_ns(CLOCK_REALTIME), now_ns(CLOCK_BOOTTIME))) < 0)
		fatal("memory for a snapshot", errno);
	collect(s, cycles);
}

static bool
fill_batch(struct snapshot *s)
{
	struct record_reader rr;
	const uint8_t *record;
	size_t len;

	batch_clear(s->batch);
	s->first = s->n = 0;
	while (next_record(s, &rr, &record, &len) &&
	    batch_add(s->batch, &rr.head, record, len))
		ring_sent(&s->ring);
	return s->batch->nrecords > 0;
}

static ptrdiff_t
encode(struct snapshot *s)
{
	const struct otlp_request request = { .conf = &s->ship,
		.version = SLUICE_VERSION,
		.record = s->batch->record + s->first, .nrecords = s->n };

	return otlp_encode(s->ship.protocol, &request, s->body, REQUEST_MAX,
	    &s->points);
}

/* All there is, in one: the first of a new pair. */
static bool
next_report(struct snapshot *s)
{
	static struct defender d;	/* too large for a stack */
	ptrdiff_t len;

	if (d.fresh)
		return false;
	defender_init(&d, &s->ship);
	while (fill_batch(s))
		for (size_t i = 0; i < s->batch->nrecords; i++)
			defender_take(&d, s->batch->record[i].bytes,
			    s->batch->record[i].len);
	len = defender_write(&d, s->body, REQUEST_MAX, &s->points);
	if (len < 0 && len != -ENODATA)
		fatal("report", (int)-len);
	s->body_len = len < 0 ? 0 : (size_t)len;
	return len > 0;
}

bool
snapshot_next(struct snapshot *s)
{
	ptrdiff_t len;

	if (s->ship.protocol == PROTOCOL_DEVICE_DEFENDER)
		return next_report(s);
	s->first += s->n;
	if (s->first == s->batch->nrecords && !fill_batch(s))
		return false;
	s->n = s->batch->nrecords - s->first;
	/* as shipperd/delivery.c does: half of it, until it fits */
	while (((len = encode(s)) == -ENOBUFS || len > REQUEST_TARGET) &&
	    s->n > 1)
		s->n = (s->n + 1) / 2;
	if (len < 0)
		fatal("request", (int)-len);
	s->body_len = (size_t)len;
	return true;
}
