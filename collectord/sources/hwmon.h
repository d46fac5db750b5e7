/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Sensors: the kernel's hwmon/sysfs-interface.  Most
 * virtual machines have none.  A sensor behind a slow bus costs its own time
 * only up to the source's; its limits and labels are read at a walk.
 */
#ifndef SLUICE_SOURCES_HWMON_H
#define SLUICE_SOURCES_HWMON_H

#include "source.h"

enum hwmon_kind {
	HWMON_TEMPERATURE, HWMON_FAN, HWMON_VOLTAGE, HWMON_CURRENT, HWMON_POWER,
	HWMON_KINDS
};

struct hwmon_sensor {
	enum hwmon_kind kind;
	unsigned number;
	bool average;		/* over some time, not now */
};

enum { HWMON_NUMBER_MAX = 999 };

/* "temp1_input" and the like, of a kind that is said. */
bool	hwmon_parse_name(const char *name, struct hwmon_sensor *);
/* False for what drivers say where a limit is not set. */
bool	hwmon_is_limit(int64_t millidegrees);

extern const struct source source_hwmon;

#endif
