/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  The channel to the collector, from the shipper's side:
 * the handshake of docs/architecture.md, then records in and numbers out.
 */
#ifndef SLUICE_LINK_H
#define SLUICE_LINK_H

#include "channel.h"
#include "confine.h"
#include "frame.h"
#include "shipconf.h"

enum { LINK_CHANNEL_FD = 3, HANDSHAKE_TIMEOUT_MS = 10000 };

struct link {
	int p;			/* receives records */
	int q;			/* sends LOCKED and ACK */
	struct identity collector;	/* of every message on p */
	uint8_t nonce[NONCE_SIZE];	/* the collector's, for LOCKED */
	enum frame_stage stage;
};

/*
 * Judges what stands on descriptor 3, says HELLO, waits for WELCOME.  Fatal
 * on any fault: shipperd is never started by hand.
 */
void	link_open(struct link *);

/*
 * Receives CONFIG, the secrets' descriptors (-1 for those that CONFIG says
 * there are not) and START.  Fatal on a fault.
 */
void	link_configure(struct link *, struct shipconf *,
	    int secret_fd[SECRET_END]);

/* Tells the collector that this process has given everything away. */
void	link_locked(struct link *, const struct layers *);

/*
 * One RECORDS, without waiting: 1: *payload stands until the next call; 0:
 * nothing there; -1: the collector is gone.  A fault is fatal.
 */
int	link_receive(struct link *, const uint8_t **payload, size_t *len);

/* 1: sent; 0: the collector is not reading, later; -1: it is gone. */
int	link_ack(struct link *, uint64_t seq, enum ack);
int	link_state(struct link *, const struct shipstate *);

#endif
