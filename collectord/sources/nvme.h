/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The state of each NVMe controller, as its driver has
 * it (drivers/nvme/host/sysfs.c).  The health log takes an ioctl(2) and a
 * capability, and is not read; a controller's temperatures are of hwmon.h.
 */
#ifndef SLUICE_SOURCES_NVME_H
#define SLUICE_SOURCES_NVME_H

#include "source.h"

/* The point of hw.status that holds for the kernel's word; 0: not known. */
unsigned	nvme_status(struct text state);

extern const struct source source_nvme;

#endif
