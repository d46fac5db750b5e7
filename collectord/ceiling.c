/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord, at its start, and sluice.  See ceiling.h. */
#include "ceiling.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool
count_name(void *arg, const char *name)
{
	uint64_t *n = arg;

	(void)name;
	++*n;
	return true;
}

static int
count_lines(struct host *h, const struct source_path *p, uint64_t *n)
{
	struct text t, line;
	const int error = host_read_once(h, p->root, p->path, &t);

	while (error == 0 && text_line(&t, &line))
		++*n;
	return error;
}

/* What cannot be counted may be as many as there can be. */
static uint64_t
count(struct host *h, const struct source_path *p)
{
	uint64_t n = 0;
	int error;

	if (p->path[strlen(p->path) - 1] == '/')
		error = host_list(h, p->root, p->path, count_name, &n);
	else
		error = count_lines(h, p, &n);
	if (error == -ENOENT || error == -ENOTDIR)
		return 0;
	return error < 0 ? UINT64_MAX : n;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
ceiling_of(struct host *h, const struct source *s,
    const struct source_options *o)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < SOURCE_SERIES_MAX; i++) {
		const struct source_series *n = &s->series[i];
		uint64_t most = n->most;

		if (n->limit != NULL)
			most = least(most, n->limit(o));
		if (n->counted.path != NULL)
			most = least(most, count(h, &n->counted));
		sum += n->each * most;
	}
	return least(sum, source_series_most(s, o));
}

/* One of each point, and a source's failures for each source. */
uint64_t
ceiling_own(unsigned source)
{
	uint64_t sum = 0;

	for (unsigned p = 0; p < POINT_END; p++) {
		enum source_id id;

		if (registry_point(p) == NULL)
			continue;
		id = registry_metric(point_metric(p))->source;
		if (source_of(id) == NULL && (source == 0 || source == id))
			sum += point_metric(p) == METRIC_SOURCE_FAILURES ?
			    source_table_size : 1;
	}
	return sum;
}

static bool
is_on(const struct source *s, const struct source_options *o)
{
	return (o->enabled & SOURCE_BIT(s->id)) != 0;
}

uint64_t
ceiling_sum(struct host *h, const struct source_options *o)
{
	uint64_t sum = ceiling_own(0);

	for (size_t i = 0; i < source_table_size; i++)
		if (is_on(source_table[i], o))
			sum += ceiling_of(h, source_table[i], o);
	return sum;
}

/*
 * Thirteen times what a small host was seen to send of each of its points, so
 * that a backlog has its pace, of more than twice as many series (see
 * docs/threat-model.md, X1).
 */
enum { EGRESS_EACH_GZIP = 128, EGRESS_EACH = 1024, EGRESS_LEAST = 4194304 };

uint32_t
ceiling_egress(const struct config *c, uint64_t series)
{
	const uint64_t each = c->gzip ? EGRESS_EACH_GZIP : EGRESS_EACH;
	uint64_t sum;

	if (c->egress_limit > 0)
		return c->egress_limit;
	/* a source that could not be counted says as many as there can be */
	series = least(series, EGRESS_MAX / EGRESS_EACH_GZIP);
	sum = series * each * INTERVAL_MAX_MS / c->interval_ms;
	return (uint32_t)least(sum < EGRESS_LEAST ? EGRESS_LEAST : sum,
	    EGRESS_MAX);
}

static const struct source *
largest(struct host *h, const struct source_options *o, uint64_t *series)
{
	const struct source *found = source_table[0];

	*series = 0;
	for (size_t i = 0; i < source_table_size; i++) {
		const struct source *s = source_table[i];
		const uint64_t n = is_on(s, o) ? ceiling_of(h, s, o) : 0;

		if (n > *series) {
			*series = n;
			found = s;
		}
	}
	return found;
}

bool
ceiling_check(struct host *h, const struct source_options *o,
    char text[CEILING_TEXT_MAX])
{
	const uint64_t sum = ceiling_sum(h, o);
	const char *name;
	uint64_t most;

	text[0] = '\0';
	if (o->max_series == 0 || sum <= o->max_series)
		return true;
	name = registry_source(largest(h, o, &most)->id)->name;
	snprintf(text, CEILING_TEXT_MAX, "collect.max_series: %u is less than"
	    " the %" PRIu64 " series that this host can come to, %" PRIu64
	    " of them of %s; right would be a higher ceiling, or a lower"
	    " collect.sources.%s.max_series", (unsigned)o->max_series, sum,
	    most, name, name);
	return false;
}
