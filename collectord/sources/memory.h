/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  /proc/meminfo, proc_meminfo(5). */
#ifndef SLUICE_SOURCES_MEMORY_H
#define SLUICE_SOURCES_MEMORY_H

#include "source.h"

/* Bytes, huge pages in pages.  -1: not in the file. */
struct meminfo_sample {
	int64_t total, free, buffers, cached, available, shared;
	int64_t reclaimable, unreclaimable;	/* slab */
	int64_t committed, commit_limit, dirty, writeback;
	int64_t huge_total, huge_free, huge_reserved, huge_surplus;
	int64_t huge_size;
};

/* Pure.  0 or -EBADMSG; a file without MemTotal is malformed. */
int	meminfo_parse(struct text, struct meminfo_sample *);

/*
 * Memory by state.  cached includes reclaimable slab, as free(1) counts it;
 * used is what is left of the total, so that the four add up to it.  -1:
 * something that it is made of is missing or does not add up.
 */
int64_t	meminfo_cached(const struct meminfo_sample *);
int64_t	meminfo_used(const struct meminfo_sample *);

extern const struct source source_memory;

#endif
