/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  The state of the kernel's clock, adjtimex(2). */
#ifndef SLUICE_SOURCES_CLOCK_H
#define SLUICE_SOURCES_CLOCK_H

#include "source.h"

#include <sys/timex.h>

struct clock_sample {
	bool synchronized;
	int64_t offset_ns;
	int64_t error_us, error_most_us;
	int64_t frequency_ppb;
	int64_t tai_s;
};

/* Only asks: 0 or -errno. */
int	clock_ask(struct timex *);
/* Pure: the kernel's units as ours. */
struct clock_sample	clock_of(const struct timex *);

extern const struct source source_clock;

#endif
