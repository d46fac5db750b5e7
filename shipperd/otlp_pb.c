/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd, and `sluice show`.  OTLP in binary protobuf (protobuf.dev,
 * "Encoding"; field numbers from opentelemetry-proto 1.x).
 *
 * A message's length stands before it.  So the records are walked twice:
 * once to add up lengths, once to write.  Nothing is moved afterwards, every
 * length has its shortest form, and fields stand in the order of their
 * numbers: the bytes are those of the official serialiser.
 */
#include "otlp_encoder.h"

#include "decimal.h"

#include <string.h>

enum wire { VARINT = 0, FIXED64 = 1, LENGTH = 2 };

#define TAG(field, wire) ((field) << 3 | (wire))

enum tag {
	REQUEST_RESOURCE_METRICS = TAG(1, LENGTH),

	RESOURCE_METRICS_RESOURCE = TAG(1, LENGTH),
	RESOURCE_METRICS_SCOPE_METRICS = TAG(2, LENGTH),
	RESOURCE_METRICS_SCHEMA_URL = TAG(3, LENGTH),

	RESOURCE_ATTRIBUTES = TAG(1, LENGTH),

	SCOPE_METRICS_SCOPE = TAG(1, LENGTH),
	SCOPE_METRICS_METRICS = TAG(2, LENGTH),

	SCOPE_NAME = TAG(1, LENGTH),
	SCOPE_VERSION = TAG(2, LENGTH),

	METRIC_NAME = TAG(1, LENGTH),
	METRIC_DESCRIPTION = TAG(2, LENGTH),
	METRIC_UNIT = TAG(3, LENGTH),
	METRIC_GAUGE = TAG(5, LENGTH),
	METRIC_SUM = TAG(7, LENGTH),

	DATA_POINTS = TAG(1, LENGTH),	/* of a sum and of a gauge */
	SUM_TEMPORALITY = TAG(2, VARINT),
	SUM_IS_MONOTONIC = TAG(3, VARINT),

	POINT_START_TIME = TAG(2, FIXED64),
	POINT_TIME = TAG(3, FIXED64),
	POINT_AS_DOUBLE = TAG(4, FIXED64),
	POINT_AS_INT = TAG(6, FIXED64),
	POINT_ATTRIBUTES = TAG(7, LENGTH),

	KEY_VALUE_KEY = TAG(1, LENGTH),
	KEY_VALUE_VALUE = TAG(2, LENGTH),

	VALUE_STRING = TAG(1, LENGTH),
	VALUE_INT = TAG(3, VARINT),
};

/* Every tag above is one byte. */
enum { TAG_SIZE = 1, FIXED64_SIZE = TAG_SIZE + 8, SMALL_VARINT = TAG_SIZE + 1 };

struct sizes {
	size_t resource, scope;
	size_t points[METRIC_END];	/* all data points, with their tags */
	size_t scope_metrics, resource_metrics;
};

static size_t
varint_size(uint64_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

/* A field of that many bytes, with its tag and length. */
static size_t
field_size(size_t len)
{
	return TAG_SIZE + varint_size(len) + len;
}

/* Judged already: a few digits. */
static uint64_t
attr_integer(const struct walk_attr *a)
{
	const uint8_t *digit = a->value;
	uint64_t v = 0;

	for (size_t i = 0; i < a->len; i++)
		v = v * 10 + (uint64_t)(digit[i] - '0');
	return v;
}

static size_t
value_size(const struct walk_attr *a)
{
	return a->is_integer ? TAG_SIZE + varint_size(attr_integer(a)) :
	    field_size(a->len);
}

static size_t
attr_size(const struct walk_attr *a)
{
	return field_size(strlen(a->key)) + field_size(value_size(a));
}

static struct walk_attr
resource_attr(const struct resource_attr *a)
{
	return (struct walk_attr){ a->key, a->value, strlen(a->value), false };
}

static size_t
point_size(const struct metric_row *row, const struct walk_attr *attr,
    size_t nattrs)
{
	size_t size = FIXED64_SIZE + FIXED64_SIZE;

	if (row->instrument != GAUGE)
		size += FIXED64_SIZE;
	for (size_t i = 0; i < nattrs; i++)
		size += field_size(attr_size(&attr[i]));
	return size;
}

/* The sum or gauge message. */
static size_t
data_size(const struct metric_row *row, size_t points)
{
	if (row->instrument == GAUGE)
		return points;
	return points + SMALL_VARINT +
	    (row->instrument == COUNTER ? SMALL_VARINT : 0);
}

static size_t
metric_size(const struct metric_row *row, size_t points)
{
	return field_size(strlen(row->name)) + field_size(strlen(row->text)) +
	    field_size(strlen(row->unit)) +
	    field_size(data_size(row, points));
}

static size_t
measure_points(struct walk *walk, const struct metric_row *row)
{
	struct walk_attr attr[WALK_ATTRS_MAX];
	struct walk_point p;
	size_t size = 0;

	while (walk_point(walk, &p))
		size += field_size(point_size(row, attr,
		    walk_attrs(&p, attr)));
	return size;
}

static void
measure(struct sizes *s, const struct otlp_request *rq, struct walk *walk)
{
	const struct metric_row *row;

	s->resource = 0;
	for (size_t i = 0; i < rq->conf->nattrs; i++) {
		struct walk_attr a = resource_attr(&rq->conf->attr[i]);

		s->resource += field_size(attr_size(&a));
	}
	s->scope = field_size(strlen(OTLP_SCOPE)) +
	    field_size(strlen(rq->version));
	s->scope_metrics = field_size(s->scope);
	while ((row = walk_metric(walk)) != NULL) {
		s->points[walk->metric] = measure_points(walk, row);
		s->scope_metrics += field_size(metric_size(row,
		    s->points[walk->metric]));
	}
	s->resource_metrics = field_size(s->resource) +
	    field_size(s->scope_metrics) + field_size(strlen(OTLP_SCHEMA));
}

static void
open_field(struct writer *w, enum tag tag, size_t len)
{
	write_u8(w, (uint8_t)tag);
	write_varint(w, len);
}

static void
put_string(struct writer *w, enum tag tag, const char *s)
{
	const size_t len = strlen(s);

	open_field(w, tag, len);
	write_span(w, s, len);
}

static void
put_fixed64(struct writer *w, enum tag tag, uint64_t v)
{
	write_u8(w, (uint8_t)tag);
	write_u64(w, v);
}

static void
put_small(struct writer *w, enum tag tag, uint8_t v)
{
	write_u8(w, (uint8_t)tag);
	write_u8(w, v);
}

static void
put_attr(struct writer *w, enum tag tag, const struct walk_attr *a)
{
	open_field(w, tag, attr_size(a));
	put_string(w, KEY_VALUE_KEY, a->key);
	open_field(w, KEY_VALUE_VALUE, value_size(a));
	if (a->is_integer) {
		write_u8(w, VALUE_INT);
		write_varint(w, attr_integer(a));
	} else {
		open_field(w, VALUE_STRING, a->len);
		write_span(w, a->value, a->len);
	}
}

static void
put_point(struct writer *w, const struct metric_row *row,
    const struct walk_point *p)
{
	struct walk_attr attr[WALK_ATTRS_MAX];
	const size_t n = walk_attrs(p, attr);

	open_field(w, DATA_POINTS, point_size(row, attr, n));
	if (row->instrument != GAUGE)
		put_fixed64(w, POINT_START_TIME, p->inst->start_ns);
	put_fixed64(w, POINT_TIME, p->wall_ns);
	if (row->scale == SCALE_INT) {
		put_fixed64(w, POINT_AS_INT, (uint64_t)p->value);
	} else {
		const double v = decimal_double(p->value, row->scale);
		uint64_t bits;

		memcpy(&bits, &v, sizeof(bits));
		put_fixed64(w, POINT_AS_DOUBLE, bits);
	}
	for (size_t i = 0; i < n; i++)
		put_attr(w, POINT_ATTRIBUTES, &attr[i]);
}

static void
put_metric(struct writer *w, struct walk *walk, const struct metric_row *row,
    size_t points)
{
	struct walk_point p;

	open_field(w, SCOPE_METRICS_METRICS, metric_size(row, points));
	put_string(w, METRIC_NAME, row->name);
	put_string(w, METRIC_DESCRIPTION, row->text);
	put_string(w, METRIC_UNIT, row->unit);
	open_field(w, row->instrument == GAUGE ? METRIC_GAUGE : METRIC_SUM,
	    data_size(row, points));
	while (walk_point(walk, &p))
		put_point(w, row, &p);
	if (row->instrument != GAUGE)
		put_small(w, SUM_TEMPORALITY, OTLP_CUMULATIVE);
	if (row->instrument == COUNTER)
		put_small(w, SUM_IS_MONOTONIC, true);
}

ptrdiff_t
otlp_protobuf(const struct otlp_request *rq, struct walk *walk, uint8_t *out,
    size_t cap)
{
	struct writer w = writer_of(out, cap);
	const struct metric_row *row;
	struct sizes s;

	measure(&s, rq, walk);
	walk_rewind(walk);
	open_field(&w, REQUEST_RESOURCE_METRICS, s.resource_metrics);
	open_field(&w, RESOURCE_METRICS_RESOURCE, s.resource);
	for (size_t i = 0; i < rq->conf->nattrs; i++) {
		struct walk_attr a = resource_attr(&rq->conf->attr[i]);

		put_attr(&w, RESOURCE_ATTRIBUTES, &a);
	}
	open_field(&w, RESOURCE_METRICS_SCOPE_METRICS, s.scope_metrics);
	open_field(&w, SCOPE_METRICS_SCOPE, s.scope);
	put_string(&w, SCOPE_NAME, OTLP_SCOPE);
	put_string(&w, SCOPE_VERSION, rq->version);
	while ((row = walk_metric(walk)) != NULL)
		put_metric(&w, walk, row, s.points[walk->metric]);
	put_string(&w, RESOURCE_METRICS_SCHEMA_URL, OTLP_SCHEMA);
	return writer_finish(&w);
}
