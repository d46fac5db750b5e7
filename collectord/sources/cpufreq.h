/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  How fast the CPUs run, and how often they were made
 * to run slower because they got hot: the kernel's admin-guide/pm/cpufreq and
 * x86's thermal_throttle.  Each core and each package counts once, however
 * many CPUs it has.
 */
#ifndef SLUICE_SOURCES_CPUFREQ_H
#define SLUICE_SOURCES_CPUFREQ_H

#include "source.h"

extern const struct source source_cpufreq;

#endif
