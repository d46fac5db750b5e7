/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  What interrupts the CPUs: /proc/softirqs and
 * /proc/net/softnet_stat, and where detail is asked for /proc/interrupts and
 * /proc/schedstat (scheduler/sched-stats), whose length is that of a table of
 * all CPUs.  Only totals are taken of each.
 */
#ifndef SLUICE_SOURCES_INTERRUPTS_H
#define SLUICE_SOURCES_INTERRUPTS_H

#include "source.h"
#include "sources/named.h"

/* The files that have a row for each kind and a column for each CPU. */
enum irq_file { IRQ_SOFTIRQS, IRQ_INTERRUPTS };

extern const struct named_table irq_table;

/*
 * Each row's sum over its CPUs.  Rows that have a number for a name are
 * devices' interrupts: all of them together.  0 or -EBADMSG.
 */
int	irq_parse(struct text, enum irq_file, struct named_sample *);

struct schedstat {
	int64_t run_us, wait_us;	/* tasks ran, and waited to, all CPUs */
	int64_t slices;
};

int	schedstat_parse(struct text, struct schedstat *);

extern const struct source source_interrupts;

#endif
