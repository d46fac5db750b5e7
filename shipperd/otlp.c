/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd, and `sluice show`.  See otlp.h. */
#include "otlp_encoder.h"

#include <errno.h>

static const struct {
	const char *content_type;
	ptrdiff_t (*encode)(const struct otlp_request *, struct walk *,
	    uint8_t *, size_t);
} encoders[PROTOCOL_END] = {
	[PROTOCOL_HTTP_PROTOBUF] = { "application/x-protobuf",
	    otlp_protobuf },
	[PROTOCOL_HTTP_JSON] = { "application/json", otlp_json },
};

ptrdiff_t
otlp_encode(enum protocol protocol, const struct otlp_request *request,
    uint8_t *out, size_t cap, uint64_t *points)
{
	static struct walk walk;	/* too large for a stack */
	int error = walk_open(&walk, request->record, request->nrecords);

	*points = 0;
	if (error < 0)
		return error;
	if (walk.npoints == 0)
		return -ENODATA;
	*points = walk.npoints;
	return encoders[protocol].encode(request, &walk, out, cap);
}

const char *
otlp_content_type(enum protocol protocol)
{
	return encoders[protocol].content_type;
}
