/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  What this host asked of NFS servers: the file
 * /proc/net/rpc/nfs (net/sunrpc/stats.c).  The servers themselves are never
 * asked.  Each counter is 32 bits wide and begins anew when it is full.
 */
#ifndef SLUICE_SOURCES_NFS_H
#define SLUICE_SOURCES_NFS_H

#include "source.h"

enum { NFS_VALUES = 18 };

struct nfs_sample {
	int64_t value[NFS_VALUES];	/* -1: not in the file */
};

/* 0 or -EBADMSG.  Values are in the order of the registry's points. */
int	nfs_parse(struct text, struct nfs_sample *);

extern const struct source source_nfs;

#endif
