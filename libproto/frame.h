/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  One SOCK_SEQPACKET message is one frame: a type
 * byte and its payload.  FRAME_TYPES is the whole protocol; a frame that its
 * row does not allow ends the process that receives it.
 */
#ifndef SLUICE_FRAME_H
#define SLUICE_FRAME_H

#include "bounds.h"
#include "cursor.h"
#include "shipstate.h"

/*
 * Who sends a frame, and on which of the two one-way pairs.  HELLO is the one
 * frame that goes against its pair's later direction: it brings the other.
 */
enum frame_path {
	FROM_COLLECTOR,		/* pair P, collectord to shipperd */
	FROM_SHIPPER,		/* pair Q, shipperd to collectord */
	FROM_SHIPPER_ON_P,
};

/*
 * The order: a frame is taken only in its stage; taking it leads to the next.
 * Each receiver keeps its own stage, starting from STAGE_HELLO (collectord)
 * or STAGE_WELCOME (shipperd).
 */
enum frame_stage {
	STAGE_HELLO,
	STAGE_WELCOME,
	STAGE_CONFIG,
	STAGE_SECRET,
	STAGE_RECORD,
	STAGE_LOCKED,
	STAGE_ACK,
};

/*
 * F(number, NAME, path, smallest, largest payload, descriptors, stage, next)
 *
 *	HELLO	nonce of the shipper; descriptor: the collector's end of Q
 *	WELCOME	that nonce again, then the collector's
 *	CONFIG	struct shipconf, encoded
 *	SECRET	u8 enum secret; descriptor: the open file
 *	START	nothing more comes before the lock
 *	RECORDS	one or more, each with its size before it: frame_next_record()
 *	LOCKED	the collector's nonce, then u8 Landlock ABI, u8 MDWE,
 *		u8 enum selinux_layer
 *	ACK	u64 sequence, u8 enum ack: that became of all up to it
 *	STATE	struct shipstate, encoded: at least every SHIP_STATE_MS
 */
#define FRAME_TYPES(F) \
F(1, HELLO, FROM_SHIPPER_ON_P, NONCE_SIZE, NONCE_SIZE, 1, \
    STAGE_HELLO, STAGE_LOCKED) \
F(2, WELCOME, FROM_COLLECTOR, 2 * NONCE_SIZE, 2 * NONCE_SIZE, 0, \
    STAGE_WELCOME, STAGE_CONFIG) \
F(3, CONFIG, FROM_COLLECTOR, 1, FRAME_MAX - 1, 0, \
    STAGE_CONFIG, STAGE_SECRET) \
F(4, SECRET, FROM_COLLECTOR, 1, 1, 1, STAGE_SECRET, STAGE_SECRET) \
F(5, START, FROM_COLLECTOR, 0, 0, 0, STAGE_SECRET, STAGE_RECORD) \
F(6, RECORDS, FROM_COLLECTOR, RECORD_HEAD_SIZE + 2, FRAME_MAX - 1, 0, \
    STAGE_RECORD, STAGE_RECORD) \
F(7, LOCKED, FROM_SHIPPER, NONCE_SIZE + 3, NONCE_SIZE + 3, 0, \
    STAGE_LOCKED, STAGE_ACK) \
F(8, ACK, FROM_SHIPPER, 9, 9, 0, STAGE_ACK, STAGE_ACK) \
F(9, STATE, FROM_SHIPPER, SHIPSTATE_SIZE, SHIPSTATE_SIZE, 0, \
    STAGE_ACK, STAGE_ACK)

enum frame_type {
#define F(number, name, ...) FRAME_##name = (number),
	FRAME_TYPES(F)
#undef F
	FRAME_END
};

/* What a SECRET frame's descriptor is. */
enum secret {
	SECRET_CA,		/* PEM: the only certificates trusted */
	SECRET_CERT,		/* PEM: own certificate, then its chain */
	SECRET_KEY,		/* PEM: private; the shipper alone reads it */
	SECRET_CRL,		/* PEM: what was revoked; with SHIPCONF_CRL */
	SECRET_PROXY_CA,	/* PEM: trusted for an https proxy alone */
	SECRET_PROXY_LOGIN,	/* USER:PASSWORD, one line */
	SECRET_TOKEN,		/* bearer, one line; where there is one */
	SECRET_SIGN,		/* PEM: private, of signatures; with SIGN_OWN */
	SECRET_END
};

/* What became of the records that an ACK is for. */
enum ack {
	ACK_DELIVERED,
	ACK_REJECTED,		/* the receiver will never take them */
	ACK_OVERSIZE,		/* one alone is larger than any request */
	ACK_END
};

struct frame {
	enum frame_type type;
	const uint8_t *payload;	/* borrowed from the message */
	size_t len;
};

struct frame_row {
	const char *name;
	enum frame_path path;
	size_t smallest, largest;
	int nfds;
	enum frame_stage stage, next;
};

/* NULL where the number has no row. */
const struct frame_row	*frame_row(unsigned number);

/*
 * Judges one whole message by its row, then moves *stage on.  0, or -EBADMSG:
 * no such type, wrong path, stage, size or number of descriptors; then
 * nothing has changed.
 */
int	frame_take(struct frame *, const void *msg, size_t len, int nfds,
	    enum frame_path, enum frame_stage *);

/*
 * Puts one more record into a RECORDS payload; false: there is no room, and
 * nothing has changed.
 */
bool	frame_add_record(struct writer *, const void *record, size_t len);
/* 1: the next one, borrowed; 0: there is none; -EBADMSG. */
int	frame_next_record(struct reader *, const uint8_t **record, size_t *len);

#endif
