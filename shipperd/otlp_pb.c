/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd, and `sluice show`.  OTLP in binary protobuf (protobuf.dev,
 * "Encoding"; field numbers from opentelemetry-proto 1.x).
 *
 * A message's length stands before it.  One byte is left for it, which is
 * enough for most; what is longer is moved when its end is known.  So every
 * length has its shortest form, and fields stand in the order of their
 * numbers: the bytes are those of the official serialiser.
 */
#include "otlp_pb.h"

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

/* Every tag above is one byte; a length is moved for where it needs more. */
static uint8_t *
begin(struct writer *w, enum tag tag)
{
	const uint8_t head[] = { (uint8_t)tag, 0 };

	write_span(w, head, sizeof(head));
	return w->p;
}

static size_t
varint_size(uint64_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

static void
end_long(struct writer *w, uint8_t *start, size_t len)
{
	const size_t more = varint_size(len) - 1;
	struct writer length = writer_of(start - 1, 1 + more);

	if ((size_t)(w->end - w->p) < more) {
		w->full = true;
		return;
	}
	memmove(start + more, start, len);
	w->p += more;
	write_varint(&length, len);
}

/* The message that begin() began, whose first byte is at start. */
static inline void
end(struct writer *w, uint8_t *start)
{
	const size_t len = (size_t)(w->p - start);

	if (w->full)
		return;
	if (len < 0x80)
		start[-1] = (uint8_t)len;
	else
		end_long(w, start, len);
}

static inline void
put_bytes(struct writer *w, enum tag tag, const void *s, size_t len)
{
	write_u8(w, (uint8_t)tag);
	write_varint(w, len);
	write_span(w, s, len);
}

static void
put_string(struct writer *w, enum tag tag, const char *s)
{
	put_bytes(w, tag, s, strlen(s));
}

static inline void
put_fixed64(struct writer *w, enum tag tag, uint64_t v)
{
	uint8_t field[1 + sizeof(v)] = { (uint8_t)tag };

	v = htole64(v);
	memcpy(field + 1, &v, sizeof(v));
	write_span(w, field, sizeof(field));
}

static void
put_small(struct writer *w, enum tag tag, uint8_t v)
{
	write_u8(w, (uint8_t)tag);
	write_u8(w, v);
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

/* Two strings so short that each of the four lengths is one byte. */
static void
put_short(struct writer *w, enum tag tag, const struct walk_attr *a)
{
	const uint8_t head[] = { (uint8_t)tag,
		(uint8_t)(a->key_len + a->len + 6), KEY_VALUE_KEY,
		(uint8_t)a->key_len };
	const uint8_t value[] = { KEY_VALUE_VALUE, (uint8_t)(a->len + 2),
		VALUE_STRING, (uint8_t)a->len };

	write_span(w, head, sizeof(head));
	write_span(w, a->key, a->key_len);
	write_span(w, value, sizeof(value));
	write_span(w, a->value, a->len);
}

static void
put_attr(struct writer *w, enum tag tag, const struct walk_attr *a)
{
	uint8_t *attr, *value;

	if (!a->is_integer && a->key_len + a->len + 6 < 0x80) {
		put_short(w, tag, a);
		return;
	}
	attr = begin(w, tag);
	put_bytes(w, KEY_VALUE_KEY, a->key, a->key_len);
	value = begin(w, KEY_VALUE_VALUE);
	if (a->is_integer) {
		write_u8(w, VALUE_INT);
		write_varint(w, attr_integer(a));
	} else {
		put_bytes(w, VALUE_STRING, a->value, a->len);
	}
	end(w, value);
	end(w, attr);
}

static uint64_t
value_bits(enum scale scale, int64_t value)
{
	uint64_t bits;
	double v;

	if (scale == SCALE_INT)
		return (uint64_t)value;
	v = decimal_double(value, scale);
	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

static void
put_value(struct writer *w, enum scale scale, int64_t value)
{
	put_fixed64(w, scale == SCALE_INT ? POINT_AS_INT : POINT_AS_DOUBLE,
	    value_bits(scale, value));
}

/* The attributes' room is the caller's: clearing it for each would cost. */
static void
put_point(struct writer *w, const struct metric_row *row,
    const struct walk_point *p, struct walk_attr attr[WALK_ATTRS_MAX])
{
	const size_t n = walk_attrs(p, attr);
	uint8_t *point = begin(w, DATA_POINTS);

	if (row->instrument != GAUGE)
		put_fixed64(w, POINT_START_TIME, p->inst->start_ns);
	put_fixed64(w, POINT_TIME, p->wall_ns);
	put_value(w, row->scale, p->value);
	for (size_t i = 0; i < n; i++)
		put_attr(w, POINT_ATTRIBUTES, &attr[i]);
	end(w, point);
}

static void
put_metric(struct writer *w, struct walk *walk, const struct metric_row *row,
    bool terse)
{
	struct walk_attr attr[WALK_ATTRS_MAX];
	uint8_t *metric = begin(w, SCOPE_METRICS_METRICS), *data;
	struct walk_point p;

	put_bytes(w, METRIC_NAME, row->name, row->name_len);
	if (!terse)
		put_bytes(w, METRIC_DESCRIPTION, row->text, row->text_len);
	put_bytes(w, METRIC_UNIT, row->unit, row->unit_len);
	data = begin(w, row->instrument == GAUGE ? METRIC_GAUGE : METRIC_SUM);
	while (walk_point(walk, &p))
		put_point(w, row, &p, attr);
	if (row->instrument != GAUGE)
		put_small(w, SUM_TEMPORALITY, OTLP_CUMULATIVE);
	if (row->instrument == COUNTER)
		put_small(w, SUM_IS_MONOTONIC, true);
	end(w, data);
	end(w, metric);
}

static void
put_resource(struct writer *w, const struct shipconf *conf)
{
	uint8_t *resource = begin(w, RESOURCE_METRICS_RESOURCE);

	for (size_t i = 0; i < conf->nattrs; i++) {
		const struct resource_attr *ra = &conf->attr[i];
		const struct walk_attr a = { ra->key, strlen(ra->key),
			ra->value, strlen(ra->value), false };

		put_attr(w, RESOURCE_ATTRIBUTES, &a);
	}
	end(w, resource);
}

static void
put_scope(struct writer *w, const struct otlp_request *rq)
{
	uint8_t *scope = begin(w, SCOPE_METRICS_SCOPE);

	put_string(w, SCOPE_NAME, OTLP_SCOPE);
	put_string(w, SCOPE_VERSION, rq->version);
	end(w, scope);
}

void
otlp_pb_metrics(struct writer *w, struct walk *walk, bool terse)
{
	const struct metric_row *row;

	while ((row = walk_metric(walk)) != NULL)
		put_metric(w, walk, row, terse);
}

ptrdiff_t
otlp_protobuf(const struct otlp_request *rq, struct walk *walk, uint8_t *out,
    size_t cap)
{
	struct writer w = writer_of(out, cap);
	uint8_t *outer = begin(&w, REQUEST_RESOURCE_METRICS), *inner;

	put_resource(&w, rq->conf);
	inner = begin(&w, RESOURCE_METRICS_SCOPE_METRICS);
	put_scope(&w, rq);
	otlp_pb_metrics(&w, walk, rq->terse);
	end(&w, inner);
	put_string(&w, RESOURCE_METRICS_SCHEMA_URL, OTLP_SCHEMA);
	end(&w, outer);
	return writer_finish(&w);
}

static uint8_t *
put_before(uint8_t *at, const uint8_t *bytes, size_t len)
{
	return memcpy(at - len, bytes, len);
}

/* The tag and the length of what reaches from here to the end. */
static uint8_t *
put_before_all(uint8_t *at, enum tag tag, const uint8_t *end)
{
	uint8_t head[1 + VARINT_LONGEST];
	struct writer w = writer_of(head, sizeof(head));

	write_u8(&w, (uint8_t)tag);
	write_varint(&w, (size_t)(end - at));
	return put_before(at, head, (size_t)(w.p - w.start));
}

/* All but lengths; where the scope begins. */
static const uint8_t *
put_head(struct writer *w, const struct otlp_request *rq)
{
	const uint8_t *scope;

	put_resource(w, rq->conf);
	scope = w->p;
	put_scope(w, rq);
	return scope;
}

size_t
otlp_pb_head_most(const struct otlp_request *rq, uint8_t *spare)
{
	struct writer w = writer_of(spare, REQUEST_MAX);

	put_head(&w, rq);
	return (size_t)(w.p - spare) + 2 * (1 + VARINT_LONGEST);
}

struct otlp_pb_body
otlp_pb_wrap(const struct otlp_request *rq, uint8_t *metrics, size_t len,
    uint8_t *spare)
{
	struct writer w = writer_of(spare, REQUEST_MAX);
	struct writer tail = writer_of(metrics + len, OTLP_PB_TAIL_MAX);
	const uint8_t *scope = put_head(&w, rq);
	struct otlp_pb_body body;
	uint8_t *at = metrics;

	put_string(&tail, RESOURCE_METRICS_SCHEMA_URL, OTLP_SCHEMA);
	at = put_before(at, scope, (size_t)(w.p - scope));
	at = put_before_all(at, RESOURCE_METRICS_SCOPE_METRICS, tail.start);
	body.scope = at;
	at = put_before(at, spare, (size_t)(scope - spare));
	body.resource = at;
	at = put_before_all(at, REQUEST_RESOURCE_METRICS, tail.p);
	body.start = at;
	body.len = (size_t)(tail.p - at);
	return body;
}

void
otlp_pb_put(uint8_t *at, enum scale scale, int64_t value)
{
	const uint64_t bits = htole64(value_bits(scale, value));

	memcpy(at, &bits, sizeof(bits));
}

static void
pass_tag(struct reader *r)
{
	read_u8(r);
	read_varint(r);
}

static void
pass_text(struct reader *r, size_t len)
{
	pass_tag(r);
	read_span(r, len);
}

/* Where the value of the next point stands; the reader moves on behind it. */
static const uint8_t *
pass_point(struct reader *r, enum instrument instrument)
{
	const size_t times = (instrument == GAUGE ? 1 : 2) *
	    OTLP_PB_TIME_TO_VALUE;
	const uint8_t *point;
	size_t len;

	read_u8(r);
	len = read_varint(r);
	point = read_span(r, len);
	return point + times + 1;
}

void
otlp_pb_places(const uint8_t *bytes, size_t len, struct walk *walk,
    struct otlp_pb_place *place)
{
	struct reader r = reader_of(bytes, len);
	const struct metric_row *row;
	struct walk_point p;

	while ((row = walk_metric(walk)) != NULL) {
		pass_tag(&r);
		pass_text(&r, row->name_len);
		pass_text(&r, row->unit_len);
		pass_tag(&r);
		while (walk_point(walk, &p))
			place[p.index] = (struct otlp_pb_place){
				.at = (uint32_t)(pass_point(&r,
				    row->instrument) - bytes),
				.scale = row->scale,
				.monotonic = point_is_counter(p.id) };
		if (row->instrument != GAUGE)
			pass_tag(&r);
		if (row->instrument == COUNTER)
			pass_tag(&r);
	}
}
