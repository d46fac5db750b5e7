/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  /proc/net/sockstat and sockstat6; proc_pid_net(5). */
#ifndef SLUICE_SOURCES_SOCKET_H
#define SLUICE_SOURCES_SOCKET_H

#include "sources/named.h"

enum socket_file { SOCKET_SOCKSTAT, SOCKET_SOCKSTAT6 };

/* Memory is in pages until socket_pages() makes it bytes. */
extern const struct named_table socket_table;

/* 0, or -EBADMSG: what a number cannot hold is taken out. */
int	socket_pages(struct named_sample *, int64_t page_size);

struct source;
extern const struct source source_socket;

#endif
