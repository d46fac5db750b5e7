/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  /proc/net/dev; proc_pid_net(5). */
#ifndef SLUICE_SOURCES_NETWORK_H
#define SLUICE_SOURCES_NETWORK_H

#include "text.h"

/* The columns of one line. */
enum net_column {
	NET_RX_BYTES, NET_RX_PACKETS, NET_RX_ERRORS, NET_RX_DROPPED,
	NET_RX_FIFO, NET_RX_FRAME, NET_RX_COMPRESSED, NET_RX_MULTICAST,
	NET_TX_BYTES, NET_TX_PACKETS, NET_TX_ERRORS, NET_TX_DROPPED,
	NET_TX_FIFO, NET_TX_COLLISIONS, NET_TX_CARRIER, NET_TX_COMPRESSED,
	NET_COLUMNS
};

struct net_sample {
	struct text name;
	int64_t value[NET_COLUMNS];
};

/*
 * Takes the next interface's line off, and the headings before it: 1; 0 at
 * the end; -EBADMSG where the line is neither (it is taken off all the same).
 */
int	netdev_next(struct text *, struct net_sample *);

struct source;
extern const struct source source_network;

#endif
