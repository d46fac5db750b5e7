/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  Small files of the kernel, proc(5). */
#ifndef SLUICE_SOURCES_KERNEL_H
#define SLUICE_SOURCES_KERNEL_H

#include "source.h"

struct file_nr {
	int64_t open, limit;
};

/* Pure.  0 or -EBADMSG. */
int	uptime_parse(struct text, int64_t *centiseconds);
int	file_nr_parse(struct text, struct file_nr *);
/* A file of one number. */
int	number_parse(struct text, int64_t *);

extern const struct source source_kernel;

#endif
