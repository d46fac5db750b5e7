/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  One name to its addresses, over TCP (RFC 7766): A and
 * AAAA asked together on one connection, the name servers one after another,
 * each with a share of the time.  Never waits; no datagram socket exists.
 */
#ifndef SLUICE_RESOLVE_H
#define SLUICE_RESOLVE_H

#include "dns.h"
#include "shipconf.h"

#include <poll.h>

enum resolve_step {
	RESOLVE_WAIT,
	RESOLVE_DONE,		/* answer has at least one address */
	RESOLVE_FAILED,		/* reason says why */
};

enum { RESOLVE_TYPES = 2, RESOLVE_QUERY_MAX = 2 + 12 + DNS_NAME_MAX + 4,
	RESOLVE_OTHER_MS = 250 };	/* for one type after the other */

struct resolve {
	struct dns_answer answer;
	const char *reason;	/* a word for the log */
	/* private */
	const struct nameserver *servers;
	size_t nservers, server;
	const char *name;
	uint64_t deadline_ns, try_ns;	/* of all, of this server */
	int fd;				/* -1: none */
	bool connected;
	uint16_t id[RESOLVE_TYPES];
	bool answered[RESOLVE_TYPES], failed;
	size_t out_len, sent, got;
	uint8_t out[RESOLVE_TYPES * RESOLVE_QUERY_MAX];
	uint8_t in[2 + DNS_MESSAGE_MAX];
};

/* The servers are borrowed for good. */
void		resolve_init(struct resolve *, const struct nameserver *,
		    size_t n);
/* name is borrowed until the end of it. */
enum resolve_step resolve_start(struct resolve *, const char *name,
		    uint64_t now_ns, uint64_t deadline_ns);
/* What to wait for, and until when. */
void		resolve_poll(const struct resolve *, struct pollfd *,
		    uint64_t *deadline_ns);
enum resolve_step resolve_step(struct resolve *, short revents,
		    uint64_t now_ns);
/* Gives up, if there is anything to give up. */
void		resolve_stop(struct resolve *);

#endif
