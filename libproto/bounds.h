/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  Every limit of the contract, in one place. */
#ifndef SLUICE_BOUNDS_H
#define SLUICE_BOUNDS_H

#include <assert.h>

enum {
	FRAME_MAX = 32768,	/* bytes in one message, type byte included */
	FRAME_FDS_MAX = 1,	/* descriptors that one message may carry */
	FRAME_TEXT_MAX = 255,	/* bytes in a string of the configuration */

	RECORD_HEAD_SIZE = 35,	/* bytes before the first instance */
	RECORD_MAX = FRAME_MAX - 4,	/* with type and size, a frame */
	RECORD_ATTRS_MAX = 7,	/* attributes of one instance */
	RECORD_POINTS_MAX = 64,	/* points of one instance */
	RECORD_INSTANCES_MAX = 4096,	/* instances of one record */
	ATTR_TEXT_MAX = 255,	/* bytes in any attribute's value */

	RING_ID = 16,		/* random bytes: tell one ring from another */
	NONCE_SIZE = 16,	/* bytes that tie an answer to its HELLO */

	ENDPOINTS_MAX = 4,
	NAMESERVERS_MAX = 3,	/* resolv.conf(5): MAXNS */
	RESOURCE_ATTRS_MAX = 32,
	PIN_SIZE = 32,		/* SHA-256 of a public key, RFC 7469 2.4 */
	PINS_MIN = 2,		/* the one in use, and one for later */
	PINS_MAX = 8,

	SHIP_STATE_MS = 5000,	/* the shipper is heard of at least so often */
	INTERVAL_MIN_MS = 1000,
	INTERVAL_MAX_MS = 3600000,
	TIMEOUT_MIN_MS = 500,
	TIMEOUT_MAX_MS = 120000,
	BATCH_MIN = FRAME_MAX,	/* a batch holds at least one record */
	BATCH_MAX = 1048576,	/* bytes of records in one batch */
	RING_MIN = 1048576,
	RING_MAX = 1073741824,

	EGRESS_MIN = 65536,	/* bytes of bodies in an hour */
	EGRESS_MAX = 1073741824,	/* whatever CONFIG says */

	REQUEST_TARGET = 1048576,	/* split above: nginx takes 1m */
	REQUEST_MAX = 4194304,	/* bytes of one encoded request body */
	REPLY_HEAD_MAX = 16384,	/* status line, headers and trailers */
	REPLY_BODY_MAX = 65536,
	REPLY_INTERIM_MAX = 4,	/* 1xx answers before the real one */
	REPLY_JSON_DEPTH = 16,
};

static_assert(FRAME_MAX <= 212992 - 32,
    "a frame fits the default SO_SNDBUF of a socketpair");

#endif
