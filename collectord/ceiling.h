/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord, at its start, and sluice.  How many series the sources
 * that are on can come to on this host, by what they declare, and whether
 * that is above collect.max_series.
 */
#ifndef SLUICE_CEILING_H
#define SLUICE_CEILING_H

#include "config.h"
#include "source.h"

enum { CEILING_TEXT_MAX = 256 };

/* Of one source, as this host is now. */
uint64_t	ceiling_of(struct host *, const struct source *,
		    const struct source_options *);
/* What the agent says of itself in that source; 0: in all. */
uint64_t	ceiling_own(unsigned source);
uint64_t	ceiling_sum(struct host *, const struct source_options *);
/* False: text says by how much, and what would be right. */
bool		ceiling_check(struct host *, const struct source_options *,
		    char text[CEILING_TEXT_MAX]);

/* ship.egress_limit; where it is not set, for so many series. */
uint32_t	ceiling_egress(const struct config *, uint64_t series);

#endif
