/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The name servers of resolv.conf(5), read once at the
 * start: the shipper cannot open the file.  Options, search lists and what
 * else stands there do not matter to a client that asks over TCP for full
 * names.
 */
#ifndef SLUICE_RESOLVCONF_H
#define SLUICE_RESOLVCONF_H

#include "shipconf.h"
#include "text.h"

#include <net/if.h>

struct resolvconf_server {
	struct nameserver server;	/* its scope is still 0 */
	char scope[IF_NAMESIZE];	/* fe80::1%eth0: "eth0"; or "" */
};

/*
 * Pure.  The first NAMESERVERS_MAX lines that name an address; returns how
 * many.  Lines that do not are passed over, as the C library does.
 */
size_t	resolvconf_parse(struct resolvconf_server[NAMESERVERS_MAX],
	    struct text);

/*
 * Fills in the servers from the file.  Without a file or a server in it that
 * is the local host, as resolv.conf(5) says.  An interface that is not there
 * costs its server, and a line in the log.
 */
void	resolvconf_fill(struct shipconf *, const char *file);

#endif
