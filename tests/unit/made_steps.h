/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Time steps of a host that changes a little from one to the
 * next: series come, go, start again and get another name, sources fall
 * silent, records are cut in two and come in any order.
 */
#ifndef SLUICE_MADE_STEPS_H
#define SLUICE_MADE_STEPS_H

#include "batch.h"
#include "declared.h"
#include "layout.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

enum { MADE_RECORDS = 96, MADE_SERIES = 6, MADE_WALL_AT = 16 };

#define MADE_START_NS UINT64_C(1763600000000000000)

struct made_series {
	bool here;
	uint64_t start_ns;		/* 0: the record's */
	uint64_t name;			/* makes its attributes and points */
};

static struct {
	bool silent;
	struct made_series series[MADE_SERIES];
} made[SOURCE_END];

static uint8_t made_space[MADE_RECORDS][RECORD_MAX];
static struct batch_record record[MADE_RECORDS];
static size_t nrecords;
static uint64_t made_wall_ns, made_state;
static const struct declared *made_declared;

/* One that knows no request yet. */
static inline void
made_layout(struct layout *l, const struct shipconf *conf)
{
	const struct otlp_request fixed = { .conf = conf, .version = "1" };
	static uint8_t *space, *spare;

	if (space == NULL) {
		space = malloc(REQUEST_MAX);
		spare = malloc(REQUEST_MAX);
		CHECK(space != NULL && spare != NULL);
	}
	free(l->shapes.space);
	layout_init(l, &fixed, space, spare);
}

static inline uint64_t
made_random(void)
{
	made_state ^= made_state << 13;
	made_state ^= made_state >> 7;
	made_state ^= made_state << 17;
	return made_state >> 11;
}

static inline bool
made_one_in(unsigned n)
{
	return made_random() % n == 0;
}

static inline void
made_declare(struct declared *d)
{
	CHECK(declared_add(d, "jobs", "counter {job}") == NULL);
	CHECK(declared_add(d, "age", "gauge s milli") == NULL);
	CHECK(declared_add_label(d, "queue") == NULL);
	CHECK(declared_seal(d));
}

static inline void
made_begin(uint64_t seed, const struct declared *d)
{
	made_state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	made_wall_ns = MADE_START_NS + UINT64_C(50000000000000);
	made_declared = d;
	memset(made, 0, sizeof(made));
	for (unsigned s = 1; s < SOURCE_END; s++) {
		made[s].silent = registry_source(s) == NULL ||
		    (s != SOURCE_LOAD && s != SOURCE_CPU && made_one_in(3));
		for (unsigned i = 0; i < MADE_SERIES; i++) {
			made[s].series[i].here = i < 2;
			made[s].series[i].name = made_random();
		}
	}
}

/* One thing is not as it was; or nothing. */
static inline void
made_change(void)
{
	const unsigned s = 1 + (unsigned)(made_random() % (SOURCE_END - 1));
	struct made_series *series = &made[s].series[made_random() %
	    MADE_SERIES];

	switch (registry_source(s) == NULL ? 9 : made_random() % 10) {
	case 0:
		made[s].silent = !made[s].silent;
		break;
	case 1:
	case 2:
		series->here = !series->here;
		break;
	case 3:
		series->name = made_random();
		break;
	case 4:
		series->start_ns = MADE_START_NS + made_random() % 100;
		break;
	default:
		break;
	}
}

static inline int64_t
made_value(bool counter)
{
	static const int64_t odd[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 127,
		128, INT64_C(1) << 53, (INT64_C(1) << 53) + 1 };
	int64_t v = odd[made_random() % 9];

	if (!made_one_in(3))
		v = (int64_t)made_random() >> made_random() % 60;
	if (v > 0 && made_one_in(3))
		v = -v;
	return counter && v < 0 ? v & INT64_MAX : v;
}

/* Digits are in every alphabet. */
static inline struct attr
made_digits(enum key key, uint64_t name)
{
	static char text[KEY_END][ATTR_TEXT_MAX + 1];
	const size_t longest = registry_key(key)->longest;
	const size_t len = name % 5 == 0 ? longest : 1 + name % 3;

	for (size_t i = 0; i < len && i < longest; i++)
		text[key][i] = (char)('1' + (name >> i % 40) % 9);
	return (struct attr){ key, (uint8_t)(len < longest ? len : longest),
		(const uint8_t *)text[key] };
}

static inline void
made_sample(struct record_writer *w, const struct made_series *m)
{
	const struct declared_metric *d = &made_declared->metric[m->name % 2];
	const bool counter = d->instrument == COUNTER;
	static char number[16];
	struct attr attr[2];

	/* some are of a number that is not declared, or no longer */
	snprintf(number, sizeof(number), "%u", d->number + (m->name % 7 == 0));
	attr[0] = (struct attr){ KEY_DECLARED, (uint8_t)strlen(number),
		(const uint8_t *)number };
	attr[1] = made_digits(KEY_LABELS, m->name);
	record_instance(w, m->start_ns, attr, 1 + m->name / 7 % 2);
	record_point(w, counter ? OPERATOR_COUNTER_ALL : OPERATOR_GAUGE_ALL,
	    made_value(counter));
}

static inline bool
made_has(const struct made_series *m, unsigned id)
{
	return (m->name * (id + 1) * UINT64_C(0x9e3779b97f4a7c15)) >> 62 == 0;
}

static inline bool
made_is_of(unsigned id, unsigned source)
{
	return registry_point(id) != NULL && (source != SOURCE_OPERATOR ||
	    point_metric(id) > METRIC_OPERATOR_GAUGE) &&
	    registry_kinds[point_metric(id)].source == source;
}

static inline void
made_instance(struct record_writer *w, unsigned source,
    const struct made_series *m)
{
	struct attr attr[RECORD_ATTRS_MAX];
	unsigned points = 0;
	size_t n = 0;

	for (unsigned k = 1; k < KEY_END && n < RECORD_ATTRS_MAX &&
	    source != SOURCE_OPERATOR; k++)
		if (registry_key(k) != NULL && (m->name >> k & 1) != 0 &&
		    (registry_source(source)->keys & 1u << k) != 0)
			attr[n++] = made_digits((enum key)k, m->name >> k % 8);
	record_instance(w, m->start_ns, attr, n);
	for (unsigned id = 0; id < POINT_END && points < 40; id++) {
		if (!made_is_of(id, source) ||
		    (points > 0 && !made_has(m, id)))
			continue;
		record_point(w, id, made_value(point_is_counter(id)));
		points++;
	}
}

static inline void
made_open(struct record_writer *w, unsigned source)
{
	const struct record_head head = { .seq = nrecords + 1,
		.boottime_ns = made_random(), .wall_ns = made_wall_ns,
		.start_ns = MADE_START_NS, .source = (enum source_id)source };

	CHECK(nrecords < MADE_RECORDS);
	record_begin(w, made_space[nrecords], RECORD_MAX, &head);
}

static inline void
made_close(struct record_writer *w)
{
	const ptrdiff_t len = record_finish(w);

	CHECK(len > 0);
	record[nrecords] = (struct batch_record){ made_space[nrecords],
		(size_t)len };
	nrecords++;
}

static inline void
made_source(unsigned source, bool cut)
{
	struct record_writer w;
	unsigned n = 0;

	for (unsigned i = 0; i < MADE_SERIES; i++) {
		const struct made_series *m = &made[source].series[i];

		if (!m->here)
			continue;
		if (n > 0 && cut)
			made_close(&w);
		if (n == 0 || cut)
			made_open(&w, source);
		if (source == SOURCE_OPERATOR && i > 0)
			made_sample(&w, m);
		else
			made_instance(&w, source, m);
		n++;
	}
	if (n > 0)
		made_close(&w);
}

/* The records of that moment, with other values each time. */
static inline void
made_records(void)
{
	nrecords = 0;
	for (unsigned s = 1; s < SOURCE_END; s++)
		if (!made[s].silent)
			made_source(s, made_one_in(25));
	for (size_t i = 1; i < nrecords; i++)
		if (made_one_in(40)) {
			const struct batch_record other = record[0];

			record[0] = record[i];
			record[i] = other;
		}
}

/* Somewhat later; the clock is set back now and then. */
static inline void
made_step(void)
{
	made_wall_ns += made_random() % 10000;
	if (made_one_in(20))
		made_wall_ns -= 5000;
	made_records();
}

/* One more record, of so many instances of one point. */
static inline void
made_crowd(enum source_id source, unsigned id, unsigned n)
{
	struct record_writer w;

	made_open(&w, source);
	for (unsigned i = 0; i < n; i++) {
		record_instance(&w, 0, NULL, 0);
		record_point(&w, id, i);
	}
	made_close(&w);
}

/* For who damages them. */
static inline uint8_t *
made_bytes(size_t i)
{
	return made_space[0] + (record[i].bytes - made_space[0]);
}

#endif
