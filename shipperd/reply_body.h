/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The two bodies that a receiver answers with, in both
 * encodings: ExportMetricsServiceResponse (opentelemetry-proto,
 * metrics_service.proto) after success, google.rpc.Status after failure.
 * Unknown fields are ignored.
 */
#ifndef SLUICE_REPLY_BODY_H
#define SLUICE_REPLY_BODY_H

#include "otlp_reply.h"

/*
 * Each fills in what it finds: rejected and message.  0, or -EBADMSG: not
 * such a body, or one that contradicts itself; what was filled in is void.
 */
typedef int	reply_body_reader(struct otlp_verdict *, const uint8_t *,
		    size_t);
reply_body_reader	reply_json_success, reply_json_status;
reply_body_reader	reply_pb_success, reply_pb_status;

/* What an answer means by its status alone. */
struct reply_status {
	unsigned low, high;
	enum verdict verdict;
	const char *reason;
};

/* The first row that holds the status decides; the last one holds all. */
void	reply_judge_status(struct otlp_verdict *, const struct reply_status *,
	    unsigned status);

/* Notes the receiver's words, cut to what fits. */
void	reply_message(struct otlp_verdict *, const void *, size_t);
/* False: below zero, or more points than any request has bytes. */
bool	reply_rejected(struct otlp_verdict *, int64_t);

#endif
