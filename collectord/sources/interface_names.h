/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The name of a network interface by its number, from
 * /sys/class/net/NAME/ifindex; remembered, since there may be thousands.
 */
#ifndef SLUICE_SOURCES_INTERFACE_NAMES_H
#define SLUICE_SOURCES_INTERFACE_NAMES_H

#include "source.h"

/* A new cycle: now and then all are asked anew, for what was renamed. */
void		interface_names_begin(void);
/* The name, or the number itself where none has it. */
struct text	interface_name(struct collect *, uint32_t number);

#endif
