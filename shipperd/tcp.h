/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  The only sockets of the network there are. */
#ifndef SLUICE_TCP_H
#define SLUICE_TCP_H

#include "dns.h"

#include <stdint.h>

/*
 * Begins to connect; never waits.  scope: the interface of a link-local IPv6
 * address, or 0.  The descriptor, or -errno.
 */
int	tcp_connect(const struct dns_addr *, uint32_t scope, uint16_t port);
/* Once it is writable: 0, connected; or the errno that it ended with. */
int	tcp_result(int fd);
/*
 * For a connection that lives: small writes leave at once, a dead peer is
 * found while idle, and unanswered bytes for that long end it.
 */
void	tcp_keep(int fd, uint32_t timeout_ms);

#endif
