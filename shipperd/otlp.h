/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd, and `sluice show`.  Encodes records as one
 * ExportMetricsServiceRequest (opentelemetry-proto 1.x, metrics_service.proto)
 * in binary protobuf or as OTLP JSON, both from one walk over the records
 * (walk.h).  No allocation, no clock; the same records give the same bytes.
 * Not for two threads: the walk's memory is static.
 */
#ifndef SLUICE_OTLP_H
#define SLUICE_OTLP_H

#include "batch.h"
#include "shipconf.h"

/* A run of judged records, all of one time step. */
struct otlp_request {
	const struct shipconf *conf;	/* resource attributes, in order */
	const char *version;		/* of the agent: scope and service */
	const struct batch_record *record;
	size_t nrecords;
	bool terse;			/* without descriptions */
};

/*
 * Bytes written to out; -ENOBUFS: cap is too small, or more instances than a
 * walk remembers, so encode fewer records; -ENODATA: not a single point in it
 * (an empty envelope is never sent); -EBADMSG: a record that was never judged.
 * *points: data points.
 */
ptrdiff_t	otlp_encode(enum protocol, const struct otlp_request *,
		    uint8_t *out, size_t cap, uint64_t *points);

/*
 * Descriptions are for people and do not change: they go with the first step
 * of each hour.  By the step's own time, so that a step that is sent again,
 * by whichever process, is the same bytes.
 */
bool		otlp_describes(const struct shipconf *, uint64_t wall_ns);

/* "application/x-protobuf" or "application/json"; of a report, too. */
const char	*otlp_content_type(enum protocol);

#endif
