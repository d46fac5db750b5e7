/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Reads one HTTP/1.1 answer (RFC 9112) as it trickles in.
 * Strict and bounded: every form that two parsers might read differently is
 * refused (facts in docs/protocol.md).  Pure.
 */
#ifndef SLUICE_HTTP_REPLY_H
#define SLUICE_HTTP_REPLY_H

#include "bounds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reply_step {
	REPLY_MORE,		/* feed me */
	REPLY_DONE,		/* the answer is whole */
	REPLY_CUT,		/* ended too early: outcome unknown, retry */
	REPLY_BAD,		/* not an answer we take; fault says why */
};

enum reply_type { REPLY_TYPE_NONE, REPLY_TYPE_JSON, REPLY_TYPE_PROTOBUF,
	REPLY_TYPE_OTHER };

struct http_reply {
	/* the answer; good once REPLY_DONE */
	unsigned status;		/* 200 to 599: never interim */
	bool keep_alive;		/* the connection may be used again */
	enum reply_type type;
	bool has_retry_after;
	char retry_after[64];		/* as sent: seconds or a date */
	char date[64];			/* the server's Date, or "" */
	size_t body_len;
	uint8_t body[REPLY_BODY_MAX];
	/* REPLY_BAD: a word for the log, e.g. "chunk_size" */
	const char *fault;
	/* private: the parser's state */
	enum { AT_HEAD, AT_BODY_LENGTH, AT_BODY_CLOSE, AT_CHUNK_SIZE,
		AT_CHUNK_DATA, AT_CHUNK_END, AT_TRAILER, AT_END } at;
	unsigned interim;
	size_t head_len;
	char head[REPLY_HEAD_MAX];
	uint64_t left;
	enum reply_step step;
};

void		http_reply_start(struct http_reply *);
/*
 * Takes bytes; *used says how many belong to this answer (bytes left over
 * after REPLY_DONE were never asked for: the caller closes the connection).
 */
enum reply_step	http_reply_feed(struct http_reply *, const uint8_t *, size_t,
		    size_t *used);
/* The peer closed the connection in good order. */
enum reply_step	http_reply_eof(struct http_reply *);

#endif
