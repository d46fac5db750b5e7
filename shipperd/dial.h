/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  From an endpoint to a TCP connection: its name resolved
 * where it has one (and remembered for its TTL), its addresses tried in turn,
 * IPv6 and IPv4 by turns, the next one beside one that takes its time (RFC
 * 8305, "happy eyeballs").  Never waits.
 */
#ifndef SLUICE_DIAL_H
#define SLUICE_DIAL_H

#include "resolve.h"

enum dial_step {
	DIAL_RESOLVING,
	DIAL_CONNECTING,
	DIAL_DONE,		/* fd is connected, and the caller's */
	DIAL_FAILED,		/* reason, and error (an errno) unless 0 */
};

enum { DIAL_TTL_MIN_S = 1, DIAL_TTL_MAX_S = 3600,
	DIAL_TRY_MAX_MS = 2000,		/* for one address of several */
	DIAL_DELAY_MS = 250,		/* RFC 8305, section 5 */
	DIAL_TRIES_MAX = 2 };		/* at one time */

struct dial_name {
	size_t n, first;	/* first: where to begin */
	struct dns_addr addr[DNS_ADDRS_MAX];	/* in the order of trying */
	uint64_t until_ns;	/* CLOCK_MONOTONIC; 0: ask again */
};

struct dial_try {
	int fd;
	size_t number;			/* in the order of trying */
	uint64_t until_ns;
};

struct dial {
	int fd;
	const char *reason;
	int error;
	/* private */
	const struct shipconf *conf;
	struct resolve resolve;
	struct dial_name name[ENDPOINTS_MAX];
	enum dial_step step;
	const struct url *url;	/* the endpoint's, or the proxy's */
	size_t endpoint, tried;
	size_t ntries;
	struct dial_try try[DIAL_TRIES_MAX];
	uint64_t deadline_ns;
	uint64_t next_ns;		/* no sooner another one beside it */
};

/* The configuration is borrowed for good. */
void		dial_init(struct dial *, const struct shipconf *);
enum dial_step	dial_start(struct dial *, size_t endpoint, uint64_t now_ns,
		    uint64_t deadline_ns);
/* Up to DIAL_TRIES_MAX entries; returns how many. */
size_t		dial_poll(const struct dial *, struct pollfd *,
		    uint64_t *deadline_ns);
/* The entries are dial_poll()'s. */
enum dial_step	dial_step(struct dial *, const struct pollfd *,
		    uint64_t now_ns);
/* Gives up, if there is anything to give up. */
void		dial_stop(struct dial *);
/*
 * It could not be made or was of no use: the next one begins with another
 * address, and the name is resolved anew.
 */
void		dial_distrust(struct dial *, size_t endpoint);
/* It is a name, and its addresses have outlived their TTL. */
bool		dial_is_old(const struct dial *, size_t endpoint,
		    uint64_t now_ns);

#endif
