/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  /proc/loadavg, proc_loadavg(5). */
#ifndef SLUICE_SOURCES_LOAD_H
#define SLUICE_SOURCES_LOAD_H

#include "source.h"

struct load_sample {
	int64_t average[3];	/* over 1, 5 and 15 minutes; hundredths */
	int64_t threads;	/* that exist */
};

/* Pure.  0 or -EBADMSG. */
int	load_parse(struct text, struct load_sample *);

extern const struct source source_load;

#endif
