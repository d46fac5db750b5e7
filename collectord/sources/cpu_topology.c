/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cpu_topology.h. */
#include "sources/cpu_topology.h"

#include <errno.h>
#include <stdio.h>

static bool
is_new_core(struct cpu_topology *t, int64_t package, int64_t core)
{
	for (size_t i = t->ncores; i > 0; i--)
		if (t->core[i - 1].core == core &&
		    t->core[i - 1].package == package)
			return false;
	if (t->ncores == CPU_TOPOLOGY_MAX)
		return false;
	t->core[t->ncores].package = package;
	t->core[t->ncores++].core = core;
	return true;
}

static bool
is_new_package(struct cpu_topology *t, int64_t package)
{
	for (size_t i = 0; i < t->npackages; i++)
		if (t->package[i] == package)
			return false;
	if (t->npackages == CPU_PACKAGES_MAX)
		return false;
	t->package[t->npackages++] = package;
	return true;
}

struct cpu_place
cpu_topology_add(struct cpu_topology *t, int64_t package, int64_t core)
{
	return (struct cpu_place){ is_new_core(t, package, core),
		is_new_package(t, package) };
}

bool
cpu_topology_look(struct collect *c, struct class_walk *w, const char *dir,
    struct cpu_topology *t, struct cpu_place *place)
{
	int64_t package, core;

	if (!class_look_int(c, w, dir, "topology/physical_package_id",
		&package) ||
	    !class_look_int(c, w, dir, "topology/core_id", &core))
		return false;
	*place = cpu_topology_add(t, package, core);
	return true;
}

static bool
each_name(void *arg, const char *name)
{
	bool *there = arg;
	unsigned cpu;

	if (class_number_of(name, "cpu", &cpu) && cpu < CPU_TOPOLOGY_MAX)
		there[cpu] = true;
	return true;
}

bool
cpu_each(struct collect *c, struct class_walk *w,
    void (*each)(struct collect *, unsigned cpu, const char *dir))
{
	bool there[CPU_TOPOLOGY_MAX] = { false };
	char dir[sizeof(CPU_DIRECTORY) + 16];
	const unsigned failed = w->failed;

	class_list(c, w, CPU_DIRECTORY, each_name, there);
	if (w->failed != failed)
		return false;
	for (unsigned cpu = 0; cpu < CPU_TOPOLOGY_MAX; cpu++) {
		if (!there[cpu])
			continue;
		if (collect_late(c)) {
			class_walk_failed(c, w, CPU_DIRECTORY, -ETIMEDOUT);
			return false;
		}
		snprintf(dir, sizeof(dir), CPU_DIRECTORY "cpu%u/", cpu);
		each(c, cpu, dir);
	}
	return true;
}
