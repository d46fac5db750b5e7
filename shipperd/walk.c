/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd, and `sluice show`.  See walk.h. */
#include "walk.h"

#include <errno.h>
#include <string.h>

struct walk *
walk_memory(void)
{
	static struct walk walk;

	return &walk;
}

static void
advance(struct walk_series *s)
{
	s->ended = record_next_point(&s->inst, &s->next) != 1;
}

/* The two metrics whose points go by the names that were declared. */
static bool
is_sample(const struct instance *inst)
{
	struct instance copy = *inst;
	struct point p;

	return record_next_point(&copy, &p) == 1 &&
	    (p.id == OPERATOR_COUNTER_ALL || p.id == OPERATOR_GAUGE_ALL ||
	    inst->nattrs > 0);
}

static int
add_record(struct walk *w, struct record_reader *rr)
{
	int more;

	for (;;) {
		struct walk_series *s = &w->series[w->n];
		const struct declared_metric *sample;
		struct instance inst;
		size_t first;

		if ((more = record_next_instance(rr, &inst)) != 1)
			return more;
		first = w->nread;
		w->nread += inst.npoints;
		sample = NULL;
		if (rr->head.source == SOURCE_OPERATOR && is_sample(&inst) &&
		    (sample = declared_sample(w->declared, &inst)) == NULL)
			continue;
		if (w->n == WALK_SERIES_MAX)
			return -ENOBUFS;
		s->inst = inst;
		s->sample = sample;
		s->start = inst.points;
		s->first = first;
		s->wall_ns = rr->head.wall_ns;
		w->npoints += inst.npoints;
		w->n++;
	}
}

/* Source by source, so that a metric looks only at its own source's series. */
int
walk_open(struct walk *w, const struct declared *declared,
    const struct batch_record *record, size_t n)
{
	struct record_reader rr;
	int error;

	w->declared = declared;
	w->n = 0;
	w->npoints = 0;
	w->nread = 0;
	if (n > BATCH_RECORDS_MAX)
		return -ENOBUFS;
	for (size_t i = 0; i < n; i++) {
		if (record_open(&rr, record[i].bytes, record[i].len) < 0)
			return -EBADMSG;
		w->source[i] = (uint8_t)rr.head.source;
	}
	for (unsigned source = 0; source < SOURCE_END; source++) {
		w->first[source] = w->n;
		for (size_t i = 0; i < n; i++) {
			if (w->source[i] != source)
				continue;
			record_open(&rr, record[i].bytes, record[i].len);
			if ((error = add_record(w, &rr)) < 0)
				return error;
		}
	}
	w->first[SOURCE_END] = w->n;
	walk_rewind(w);
	return 0;
}

void
walk_rewind(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct walk_series *s = &w->series[i];

		s->inst.points = s->start;
		s->inst.last = 0;
		s->index = s->first;
		advance(s);
	}
	w->metric = 0;
	w->at = w->end = 0;
}

static bool
is_of_metric(const struct walk *w, const struct walk_series *s)
{
	if (w->metric >= METRIC_END)
		return s->sample ==
		    &w->declared->metric[w->metric - METRIC_END];
	return s->sample == NULL && point_metric(s->next.id) == w->metric;
}

/* Moves on to a series whose next point is the metric's. */
static bool
find(struct walk *w)
{
	for (; w->at < w->end; w->at++)
		if (!w->series[w->at].ended &&
		    is_of_metric(w, &w->series[w->at]))
			return true;
	return false;
}

static const struct metric_row *
row_of(struct walk *w)
{
	if (w->metric < METRIC_END)
		return registry_metric(w->metric);
	w->row = declared_row(&w->declared->metric[w->metric - METRIC_END]);
	return &w->row;
}

const struct metric_row *
walk_metric(struct walk *w)
{
	while (++w->metric < METRIC_END + w->declared->n) {
		const struct metric_row *row = row_of(w);

		if (row == NULL)
			continue;
		w->at = w->first[row->source];
		w->end = w->first[row->source + 1];
		if (find(w))
			return row;
	}
	return NULL;
}

bool
walk_point(struct walk *w, struct walk_point *p)
{
	struct walk_series *s;

	if (!find(w))
		return false;
	s = &w->series[w->at];
	*p = (struct walk_point){ .inst = &s->inst, .id = s->next.id,
		.index = s->index++, .value = s->next.value,
		.wall_ns = s->wall_ns, .declared = w->declared };
	advance(s);
	return true;
}

static size_t
label_attrs(const struct declared *d, const struct attr *a,
    struct walk_attr *out)
{
	const uint8_t *value;
	size_t n = 0, len;

	for (size_t i = 0; i < d->nlabels; i++)
		if ((len = declared_label(a, i, &value)) > 0)
			out[n++] = (struct walk_attr){ d->label[i],
				strlen(d->label[i]), value, len, false };
	return n;
}

size_t
walk_attrs(const struct walk_point *p, struct walk_attr out[WALK_ATTRS_MAX])
{
	const struct fixed_attr *fixed = registry_point(p->id)->attr;
	size_t n = 0;

	for (size_t i = 0; i < p->inst->nattrs; i++) {
		const struct attr *a = &p->inst->attr[i];
		const struct key_row *row = registry_key(a->key);

		/* that is in the metric's name */
		if (a->key == KEY_DECLARED)
			continue;
		if (a->key == KEY_LABELS) {
			n += label_attrs(p->declared, a, out + n);
			continue;
		}
		out[n++] = (struct walk_attr){ row->name, row->name_len,
			a->value, a->len, row->alphabet == ALPHABET_DIGITS };
	}
	for (size_t i = 0; i < 2 && fixed[i].key != NULL; i++)
		out[n++] = (struct walk_attr){ fixed[i].key, fixed[i].key_len,
			fixed[i].value, fixed[i].value_len, false };
	return n;
}
