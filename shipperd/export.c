/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See export.h. */
#include "export.h"

size_t
export_record(uint8_t *buf, const struct export_count *c, uint64_t start_ns,
    uint64_t wall_ns)
{
	const struct {
		unsigned id;
		uint64_t value;
	} points[] = {
		{ EXPORTED_DELIVERED, c->delivered },
		{ EXPORTED_REJECTED, c->rejected },
		{ EXPORTED_REFUSED, c->refused },
		{ EXPORTED_OVERSIZE, c->oversize },
		{ EXPORT_REQUESTS_DELIVERED, c->requests_delivered },
		{ EXPORT_REQUESTS_DROPPED, c->requests_dropped },
		{ EXPORT_REQUESTS_RETRIED, c->requests_retried },
		{ EXPORT_BYTES_ALL, c->bytes },
		{ EXPORT_CONNECTIONS_ALL, c->connections },
	};
	/* a clock that stepped back must not make a start in the future */
	const struct record_head head = {
		.wall_ns = wall_ns,
		.start_ns = start_ns < wall_ns ? start_ns : wall_ns,
		.source = SOURCE_EXPORT,
	};
	struct record_writer rw;
	ptrdiff_t len;

	record_begin(&rw, buf, EXPORT_RECORD_MAX, &head);
	record_instance(&rw, 0, NULL, 0);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		record_point(&rw, points[i].id, (int64_t)points[i].value);
	len = record_finish(&rw);
	return len < 0 ? 0 : (size_t)len;
}
