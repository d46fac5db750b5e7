/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: a developer's shell and tests.  A fleet of agents on a virtual
 * clock: the shipper's own delivery, breaker and back-off, and the
 * collector's own grid, over a network and a ring that are counters.
 */
#ifndef SLUICE_FLEET_H
#define SLUICE_FLEET_H

#include "conn.h"

enum {
	FLEET_AGENTS = 10000,
	FLEET_INTERVAL_MS = 10000,
	FLEET_TIMEOUT_MS = 10000,
	/* all hosts come up in the second 0 */
	FLEET_OUTAGE_S = 120,
	FLEET_BACK_S = FLEET_OUTAGE_S + 30 * 60,
	FLEET_END_S = 3000,
	MS_PER_S = 1000,
	NS_PER_MS = 1000000,
};

/* What the receiver does with a request, or with a connection. */
enum manner { MANNER_TAKES, MANNER_REFUSES, MANNER_SILENT, MANNER_BUSY };

struct scenario {
	const char *name;
	enum manner outage;	/* until FLEET_BACK_S */
	unsigned capacity;	/* requests a second then; 503 for the rest */
	bool restart;		/* all agents start again at FLEET_BACK_S */
};

/* Of each second. */
struct tally {
	uint64_t attempts;	/* to connect */
	uint64_t requests;	/* that reached the receiver */
	uint64_t taken;		/* of them; the rest was answered with 503 */
	uint64_t made, done;	/* time steps: collected, delivered */
};

struct conn {
	enum conn_state state;
	enum conn_outcome outcome;
	const struct http_reply *reply;
	uint64_t ends_ns;
	bool connected;
	uint64_t connections;
};

/* The receiver of all agents, from now on; counts in tally[FLEET_END_S]. */
void	receiver_open(const struct scenario *, struct tally *);
/* An exchange whose time has come has ended. */
void	conn_run(struct conn *, uint64_t now_ns);

#endif
