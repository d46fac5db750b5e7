/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  TCP, UDP and unix sockets by state, and the ports
 * that are listened at, as the kernel's sock_diag(7) lists them: one netlink
 * socket, made and connected to the kernel before the lock.
 */
#ifndef SLUICE_SOURCES_SOCKDIAG_H
#define SLUICE_SOURCES_SOCKDIAG_H

struct source;
extern const struct source source_sockdiag;

#endif
