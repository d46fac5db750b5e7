/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  /proc/stat, proc_stat(5). */
#ifndef SLUICE_SOURCES_CPU_H
#define SLUICE_SOURCES_CPU_H

#include "source.h"

enum { STAT_MODES = 8 };	/* in the order of the points CPU_TIME_* */

/* -1: not in the file. */
struct stat_sample {
	int64_t time[STAT_MODES];	/* of all CPUs, USER_HZ */
	int64_t cpus;			/* lines of single CPUs: those online */
	int64_t interrupts, context_switches, created, runnable, blocked;
};

struct stat_cpu {
	int64_t number;
	int64_t time[STAT_MODES];
};

/* Pure.  0 or -EBADMSG; a file without the line of all CPUs is malformed. */
int	stat_parse(struct text, struct stat_sample *);
/*
 * The next line of a single CPU: 1, 0 at the end, -EBADMSG (it is taken off
 * all the same).
 */
int	stat_next_cpu(struct text *, struct stat_cpu *);

extern const struct source source_cpu;

#endif
