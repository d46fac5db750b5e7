/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  What the host is made of: CPU, firmware, disks and
 * network devices, looked at now and then only.  Names that hardware and
 * firmware give themselves are text of strangers: of each, at most so many
 * characters of a small set are taken.  Serial numbers, addresses and asset
 * tags are never read.
 */
#ifndef SLUICE_SOURCES_INVENTORY_H
#define SLUICE_SOURCES_INVENTORY_H

#include "source.h"

enum { INVENTORY_NAME_MAX = 64 };

/*
 * A name as it is sent: letters, digits, single spaces and . _ - / : @ + , of
 * it, without (R), (TM) and (C).  Returns its length, at most cap.
 */
size_t	inventory_clean(struct text, char *buf, size_t cap);
/* The start of /proc/cpuinfo: false where it has no name of a model. */
bool	inventory_cpu_model(struct text, struct text *model);

extern const struct source source_inventory;

#endif
