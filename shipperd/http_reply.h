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
	REPLY_TYPE_HTML, REPLY_TYPE_OTHER };

enum { REPLY_HEADERS_MAX = 100 };	/* of all heads and trailers together */

struct http_reply {
	/* the answer; good once REPLY_DONE */
	unsigned status;		/* 200 to 599: never interim */
	bool keep_alive;		/* the connection may be used again */
	enum reply_type type;
	bool has_retry_after;
	char retry_after[64];		/* as sent: seconds or a date */
	char date[64];			/* the server's Date, or "" */
	size_t body_len;
	/*
	 * REPLY_BAD, a word for the log: "status_line", "protocol_switch",
	 * "interim_count", "interim_body", "line_end", "control_byte",
	 * "header_fold", "header_name", "header_count", "head_size",
	 * "content_length", "content_encoding", "transfer_encoding",
	 * "length_and_chunked", "chunk_size", "chunk_end", "body_size"
	 */
	const char *fault;
	enum reply_step step;
	/* private: the parser's state */
	enum { AT_STATUS, AT_HEADER, AT_BODY_LENGTH, AT_BODY_CLOSE,
		AT_CHUNK_SIZE, AT_CHUNK_DATA, AT_CHUNK_END, AT_TRAILER,
		AT_END } at;
	bool connect;		/* the answer to CONNECT */
	bool http_1_0, close, has_length, chunked;
	bool after_cr;
	unsigned interim, headers;
	size_t left;		/* of the body, or of its chunk */
	size_t head_len;	/* heads, trailers and chunk extensions */
	size_t line_len;
	/* large, last, and never cleared: as far as their lengths say */
	char line[REPLY_HEAD_MAX];
	uint8_t body[REPLY_BODY_MAX];	/* of the answer */
};

void		http_reply_start(struct http_reply *);
/*
 * The same for CONNECT (RFC 9110, section 9.3.6): the answer ends with its
 * head, whose status below 300 means that the tunnel stands.  A body that
 * such a head announces is REPLY_BAD, "connect_body".
 */
void		http_reply_start_connect(struct http_reply *);
/*
 * Takes bytes; *used says how many belong to this answer (bytes left over
 * after REPLY_DONE were never asked for: the caller closes the connection).
 */
enum reply_step	http_reply_feed(struct http_reply *, const uint8_t *, size_t,
		    size_t *used);
/* The peer closed the connection in good order. */
enum reply_step	http_reply_eof(struct http_reply *);

#endif
