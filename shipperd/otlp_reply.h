/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  What an answer means for the batch that was sent
 * (OTLP 1.11, "OTLP/HTTP Response").
 */
#ifndef SLUICE_OTLP_REPLY_H
#define SLUICE_OTLP_REPLY_H

#include "http_reply.h"
#include "shipconf.h"

enum verdict {
	VERDICT_DELIVERED,	/* 2xx; rejected may be above 0 */
	VERDICT_RETRY,		/* 429, 502, 503, 504: the same bytes later */
	VERDICT_DROP,		/* this batch will never be taken: count it */
	VERDICT_REFUSED,	/* configuration: keep all, try slowly */
};

enum { REPLY_MESSAGE_MAX = 256 };

struct otlp_verdict {
	enum verdict verdict;
	const char *reason;	/* a word for the log: "http_503", … */
	uint64_t rejected;	/* data points of a partial success */
	bool too_large;		/* 413: the next bodies must be smaller */
	bool odd_body;		/* 2xx whose body was not understood */
	/* the receiver's own words, raw: escape before printing */
	size_t message_len;
	char message[REPLY_MESSAGE_MAX];
};

/*
 * Before the lock: json-c draws the seed of its hash tables at its first use,
 * and up to 0.15 it opens /dev/urandom for that.
 */
void	otlp_reply_warm(void);

/*
 * VERDICT_REFUSED: 401, 403, 407, any redirect, 404 and 405 (wrong path), 511
 * (a network that wants a login), and a 400 in HTML, which is nginx's word for
 * a client certificate it did not like.  A 2xx in HTML is a captive portal:
 * refused as well.  Where a body cannot be read its first bytes are the
 * message.  Protocol: what was sent, for an answer that does not name its type.
 */
void	otlp_judge(struct otlp_verdict *, const struct http_reply *,
	    enum protocol);

/*
 * The same of a Device Defender report: 429 and 5xx are tried again, any other
 * refusal ends it.  The body says nothing that would change that; where it is
 * an error its first bytes are the message.
 */
void	defender_judge(struct otlp_verdict *, const struct http_reply *);

#endif
