/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The connections that netfilter keeps track of:
 * networking/nf_conntrack-sysctl, and /proc/net/stat/nf_conntrack.  A host
 * that has not loaded nf_conntrack has no such files, and all is well.
 */
#ifndef SLUICE_SOURCES_CONNTRACK_H
#define SLUICE_SOURCES_CONNTRACK_H

#include "source.h"
#include "sources/named.h"

extern const struct named_table conntrack_table;

/*
 * The sums over all CPUs: a line of names, then one of hexadecimal numbers
 * for each CPU.  Which columns there are, and where, differs between kernels.
 * 0 or -EBADMSG.
 */
int	conntrack_stat_parse(struct text, struct named_sample *);

extern const struct source source_conntrack;

#endif
