/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  /proc/pressure/{cpu,memory,io,irq}: the kernel's
 * document accounting/psi.rst.
 */
#ifndef SLUICE_SOURCES_PRESSURE_H
#define SLUICE_SOURCES_PRESSURE_H

#include "source.h"

/* Microseconds since boot.  -1: the file has no such line. */
struct pressure_sample {
	int64_t some, full;
};

/* Pure.  0 or -EBADMSG; a file without either line is malformed. */
int	pressure_parse(struct text, struct pressure_sample *);

extern const struct source source_pressure;

#endif
