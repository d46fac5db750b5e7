/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Answers of sock_diag(7), netlink(7), as counts and as
 * a bounded list of ports that are listened at.  Addresses of peers are never
 * looked at.  Pure.
 */
#ifndef SLUICE_SOURCES_SOCKDIAG_PARSE_H
#define SLUICE_SOURCES_SOCKDIAG_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One question each, in this order. */
enum sockdiag_dump {
	SOCKDIAG_TCP4, SOCKDIAG_TCP6, SOCKDIAG_UDP4, SOCKDIAG_UDP6,
	SOCKDIAG_UNIX,
	SOCKDIAG_DUMPS
};

enum {
	SOCKDIAG_STATES = 11,		/* in the order of CONNECTIONS_* */
	SOCKDIAG_LISTEN_MAX = 256,
	/* what is above is mostly a client's, for one answer */
	SOCKDIAG_UDP_PORT_MAX = 32767,
	SOCKDIAG_REQUEST_MAX = 128,
};

/* Unconnected and connected UDP sockets; unix ones listen as well. */
enum sockdiag_state {
	SOCKDIAG_CONNECTED, SOCKDIAG_UNCONNECTED, SOCKDIAG_LISTENING,
	SOCKDIAG_UNIX_STATES
};

enum address_class {
	ADDRESS_ANY, ADDRESS_LOOPBACK, ADDRESS_LINK_LOCAL, ADDRESS_PRIVATE,
	ADDRESS_MULTICAST, ADDRESS_GLOBAL, ADDRESS_CLASSES
};

/* Those of the same port, family, class and interface are one. */
struct listening {
	uint16_t port;
	bool ipv6;
	uint8_t class;		/* enum address_class */
	uint32_t interface;	/* 0: not bound to one */
	uint32_t tcp, udp;	/* sockets */
	uint64_t queue, limit;	/* of TCP */
};

struct sockdiag {
	uint64_t tcp[2][SOCKDIAG_STATES];	/* IPv4, IPv6 */
	uint64_t udp[2][SOCKDIAG_LISTENING];
	uint64_t unix_sockets[SOCKDIAG_UNIX_STATES];
	size_t nlistening;
	/* ascending by port first: the last are cut */
	struct listening listening[SOCKDIAG_LISTEN_MAX];
	uint64_t left_out;	/* sockets that had no place in the list */
};

/* The question: its bytes in buf, and how many. */
size_t	sockdiag_request(enum sockdiag_dump, uint32_t seq,
	    uint8_t buf[SOCKDIAG_REQUEST_MAX]);

/*
 * Adds what one datagram holds of that answer; messages of other questions
 * are passed over.  True when that was the last.  *error stays the first one:
 * -EINTR where sockets came and went while the kernel made its list, -EBADMSG,
 * or what the kernel says.
 */
bool	sockdiag_take(struct sockdiag *, enum sockdiag_dump, uint32_t seq,
	    const uint8_t *, size_t, int *error);

enum address_class	sockdiag_class(bool ipv6, const uint8_t *address);
const char		*sockdiag_class_name(enum address_class);

#endif
