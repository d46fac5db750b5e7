/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Which CPUs share a core or a package: the kernel's
 * admin-guide/cputopology.
 */
#ifndef SLUICE_SOURCES_CPU_TOPOLOGY_H
#define SLUICE_SOURCES_CPU_TOPOLOGY_H

#include "sources/class_walk.h"

#define CPU_DIRECTORY "devices/system/cpu/"

enum { CPU_TOPOLOGY_MAX = 2048, CPU_PACKAGES_MAX = 64 };

/* What was met so far in one walk. */
struct cpu_topology {
	size_t ncores, npackages;
	struct { int64_t package, core; } core[CPU_TOPOLOGY_MAX];
	int64_t package[CPU_PACKAGES_MAX];
};

struct cpu_place {
	bool new_core, new_package;	/* none was met before */
};

/* One more CPU; beyond the bounds nothing is new. */
struct cpu_place	cpu_topology_add(struct cpu_topology *,
			    int64_t package, int64_t core);
/* Looks the CPU of that directory up; false where the kernel does not say. */
bool	cpu_topology_look(struct collect *, struct class_walk *,
	    const char *dir, struct cpu_topology *, struct cpu_place *);
/*
 * Calls each() for every CPU in order of number, so that a core is always met
 * by the same of its CPUs.
 */
bool	cpu_each(struct collect *, struct class_walk *,
	    void (*each)(struct collect *, unsigned cpu, const char *dir));

#endif
