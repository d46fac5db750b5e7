/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd, and `sluice show`.  See otlp.h. */
#include "otlp_encoder.h"

#include <errno.h>

enum { NS_PER_MS = 1000000, HOUR_MS = 3600000 };

static const struct {
	const char *content_type;
	ptrdiff_t (*encode)(const struct otlp_request *, struct walk *,
	    uint8_t *, size_t);
} encoders[PROTOCOL_OTLP_END] = {
	[PROTOCOL_HTTP_PROTOBUF] = { "application/x-protobuf",
	    otlp_protobuf },
	[PROTOCOL_HTTP_JSON] = { "application/json", otlp_json },
};

ptrdiff_t
otlp_encode(enum protocol protocol, const struct otlp_request *request,
    uint8_t *out, size_t cap, uint64_t *points)
{
	struct walk *walk = walk_memory();
	int error = walk_open(walk, &request->conf->declared,
	    request->record, request->nrecords);

	*points = 0;
	if (error < 0)
		return error;
	if (walk->npoints == 0)
		return -ENODATA;
	*points = walk->npoints;
	return encoders[protocol].encode(request, walk, out, cap);
}

bool
otlp_describes(const struct shipconf *conf, uint64_t wall_ns)
{
	/* not all of a fleet at the same minute */
	const uint64_t at_ms = wall_ns / NS_PER_MS + conf->seed % HOUR_MS;

	return at_ms % HOUR_MS < conf->interval_ms;
}

const char *
otlp_content_type(enum protocol protocol)
{
	return protocol == PROTOCOL_DEVICE_DEFENDER ? "application/json" :
	    encoders[protocol].content_type;
}
