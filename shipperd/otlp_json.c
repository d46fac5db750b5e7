/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd, and `sluice show`.  OTLP as JSON (opentelemetry-proto,
 * docs/specification.md, "JSON Protobuf Encoding"): lowerCamelCase keys, enums
 * as integers, 64-bit integers as strings.
 */
#include "otlp_encoder.h"

#include "decimal.h"

#include <string.h>

/* All but a few callers pass constants. */
static inline void
put(struct writer *w, const char *s)
{
	write_span(w, s, strlen(s));
}

/* RFC 8259, section 7; what comes here is UTF-8 already. */
static void
put_string(struct writer *w, const void *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *s = bytes;
	size_t from = 0;

	write_u8(w, '"');
	for (size_t i = 0; i < len; i++) {
		char escape[] = "\\u0000";

		if (s[i] >= 0x20 && s[i] != '"' && s[i] != '\\')
			continue;
		escape[4] = hex[s[i] >> 4];
		escape[5] = hex[s[i] & 0xf];
		write_span(w, s + from, i - from);
		put(w, escape);
		from = i + 1;
	}
	write_span(w, s + from, len - from);
	write_u8(w, '"');
}

static void
put_text(struct writer *w, const char *s)
{
	put_string(w, s, strlen(s));
}

static void
put_attr(struct writer *w, const struct walk_attr *a)
{
	put(w, "{\"key\":");
	put_text(w, a->key);
	put(w, a->is_integer ? ",\"value\":{\"intValue\":" :
	    ",\"value\":{\"stringValue\":");
	put_string(w, a->value, a->len);
	put(w, "}}");
}

static void
put_time(struct writer *w, const char *key, uint64_t ns)
{
	put(w, key);
	decimal_write_unsigned(w, ns);
	put(w, "\",");
}

static void
put_point(struct writer *w, const struct metric_row *row,
    const struct walk_point *p)
{
	struct walk_attr attr[WALK_ATTRS_MAX];
	const size_t n = walk_attrs(p, attr);

	write_u8(w, '{');
	for (size_t i = 0; i < n; i++) {
		put(w, i == 0 ? "\"attributes\":[" : ",");
		put_attr(w, &attr[i]);
	}
	put(w, n > 0 ? "]," : "");
	if (row->instrument != GAUGE)
		put_time(w, "\"startTimeUnixNano\":\"", p->inst->start_ns);
	put_time(w, "\"timeUnixNano\":\"", p->wall_ns);
	if (row->scale == SCALE_INT) {
		put(w, "\"asInt\":\"");
		decimal_write(w, p->value, row->scale);
		put(w, "\"}");
	} else {
		put(w, "\"asDouble\":");
		decimal_write(w, p->value, row->scale);
		write_u8(w, '}');
	}
}

static void
put_metric(struct writer *w, struct walk *walk, const struct metric_row *row,
    bool terse)
{
	static const char *const data[] = {
		[COUNTER] = ",\"sum\":{\"aggregationTemporality\":2,"
		    "\"isMonotonic\":true,\"dataPoints\":[",
		[UPDOWN] = ",\"sum\":{\"aggregationTemporality\":2,"
		    "\"isMonotonic\":false,\"dataPoints\":[",
		[GAUGE] = ",\"gauge\":{\"dataPoints\":[",
	};
	struct walk_point p;

	put(w, "{\"name\":");
	put_text(w, row->name);
	if (!terse) {
		put(w, ",\"description\":");
		put_text(w, row->text);
	}
	put(w, ",\"unit\":");
	put_text(w, row->unit);
	put(w, data[row->instrument]);
	for (bool first = true; walk_point(walk, &p); first = false) {
		put(w, first ? "" : ",");
		put_point(w, row, &p);
	}
	put(w, "]}}");
}

static void
put_resource(struct writer *w, const struct shipconf *conf)
{
	put(w, "\"resource\":{");
	for (size_t i = 0; i < conf->nattrs; i++) {
		const struct resource_attr *ra = &conf->attr[i];
		const struct walk_attr a = { ra->key,
			strlen(ra->key), ra->value, strlen(ra->value),
			false };

		put(w, i == 0 ? "\"attributes\":[" : ",");
		put_attr(w, &a);
	}
	put(w, conf->nattrs > 0 ? "]}," : "},");
}

ptrdiff_t
otlp_json(const struct otlp_request *rq, struct walk *walk, uint8_t *out,
    size_t cap)
{
	struct writer w = writer_of(out, cap);
	const struct metric_row *row;

	put(&w, "{\"resourceMetrics\":[{");
	put_resource(&w, rq->conf);
	put(&w, "\"scopeMetrics\":[{\"scope\":{\"name\":");
	put_text(&w, OTLP_SCOPE);
	put(&w, ",\"version\":");
	put_text(&w, rq->version);
	put(&w, "},\"metrics\":[");
	for (bool first = true; (row = walk_metric(walk)) != NULL;
	    first = false) {
		put(&w, first ? "" : ",");
		put_metric(&w, walk, row, rq->terse);
	}
	put(&w, "]}],\"schemaUrl\":");
	put_text(&w, OTLP_SCHEMA);
	put(&w, "}]}");
	return writer_finish(&w);
}
