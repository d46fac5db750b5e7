/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  /proc/swaps and /proc/vmstat, proc(5). */
#ifndef SLUICE_SOURCES_PAGING_H
#define SLUICE_SOURCES_PAGING_H

#include "source.h"

/* Longer than an attribute may be: a longer name is too long all the same. */
enum { SWAP_NAME_MAX = 128 };

struct swap {
	char name[SWAP_NAME_MAX];	/* not terminated */
	size_t name_len;
	int64_t used, free;		/* bytes */
};

/* The next area: 1, 0 at the end, -EBADMSG.  The heading is passed over. */
int	swaps_next(struct text *, struct swap *);

/* Cumulative.  -1: not in the file. */
struct vmstat_sample {
	int64_t faults, major_faults;	/* faults: both kinds */
	int64_t swapped_in, swapped_out;	/* pages */
	int64_t oom_kills;
};

/* Pure.  0 or -EBADMSG; unless it has one of these it is malformed. */
int	vmstat_parse(struct text, struct vmstat_sample *);

extern const struct source source_paging;

#endif
