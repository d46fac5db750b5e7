/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cgroup_layout.h. */
#include "sources/cgroup_layout.h"

#include "sources/pressure.h"

#include <errno.h>
#include <unistd.h>

#define TOP "fs/cgroup/"
#define NS_PER_US 1000
#define US_PER_TICK 10000	/* USER_HZ is 100 everywhere */

static int
parse_keyed(const struct cgroup_file *f, struct text t,
    struct cgroup_sample *s)
{
	return cgroup_keyed(t, f->key, f->nkeys, s->value);
}

static int
parse_number(const struct cgroup_file *f, struct text t,
    struct cgroup_sample *s)
{
	return cgroup_number(t, &s->value[f->value]);
}

/* What version 1 counts in nanoseconds. */
static int
parse_ns(const struct cgroup_file *f, struct text t, struct cgroup_sample *s)
{
	const int error = cgroup_number(t, &s->value[f->value]);

	if (error == 0 && s->value[f->value] > 0)
		s->value[f->value] /= NS_PER_US;
	return error;
}

static int
parse_memory_stat(const struct cgroup_file *f, struct text t,
    struct cgroup_sample *s)
{
	(void)f;
	return cgroup_memory_stat(t, s->value);
}

static int
parse_cpu_max(const struct cgroup_file *f, struct text t,
    struct cgroup_sample *s)
{
	(void)f;
	return cgroup_cpu_max(t, s->value);
}

static int
parse_pressure(const struct cgroup_file *f, struct text t,
    struct cgroup_sample *s)
{
	struct pressure_sample p;
	const int error = pressure_parse(t, &p);

	if (error == 0) {
		s->value[f->value] = p.some;
		s->value[f->value + 1] = p.full;
	}
	return error;
}

static int
parse_io_stat(const struct cgroup_file *f, struct text t,
    struct cgroup_sample *s)
{
	const int error = cgroup_io_stat(t, &s->io);

	(void)f;
	s->io.has_bytes = s->io.has_operations = error == 0;
	return error;
}

static int
parse_blkio(const struct cgroup_file *f, struct text t,
    struct cgroup_sample *s)
{
	const int error = cgroup_blkio(t, f->value, &s->io);

	if (f->value == CGROUP_READ_BYTES)
		s->io.has_bytes = error == 0;
	else
		s->io.has_operations = error == 0;
	return error;
}

#define KEYED(rows) .parse = parse_keyed, .key = (rows), \
	.nkeys = sizeof(rows) / sizeof((rows)[0])
#define NUMBER(where) .parse = parse_number, .value = (where)
#define LIMIT(where) NUMBER(where), .limit = true
#define PSI(first) .parse = parse_pressure, .value = (first)

static const struct cgroup_key cpu_stat[] = {
	{ "usage_usec", CGROUP_USAGE_US, 1, 1 },
	{ "user_usec", CGROUP_USER_US, 1, 1 },
	{ "system_usec", CGROUP_SYSTEM_US, 1, 1 },
	{ "nr_periods", CGROUP_NR_PERIODS, 1, 1 },
	{ "nr_throttled", CGROUP_NR_THROTTLED, 1, 1 },
	{ "throttled_usec", CGROUP_THROTTLED_US, 1, 1 },
};

static const struct cgroup_key memory_events[] = {
	{ "high", CGROUP_HIGH, 1, 1 },
	{ "max", CGROUP_MAX, 1, 1 },
	{ "oom", CGROUP_OOM, 1, 1 },
	{ "oom_kill", CGROUP_OOM_KILL, 1, 1 },
};

static const struct cgroup_file files_v2[] = {
	{ TOP, "cpu.stat", KEYED(cpu_stat) },
	{ TOP, "memory.current", NUMBER(CGROUP_MEM) },
	{ TOP, "memory.stat", .parse = parse_memory_stat },
	{ TOP, "memory.events", KEYED(memory_events) },
	{ TOP, "memory.swap.current", NUMBER(CGROUP_MEM_SWAP) },
	{ TOP, "pids.current", NUMBER(CGROUP_TASKS) },
	{ TOP, "cpu.pressure", PSI(CGROUP_CPU_SOME_US) },
	{ TOP, "memory.pressure", PSI(CGROUP_MEM_SOME_US) },
	{ TOP, "io.pressure", PSI(CGROUP_IO_SOME_US) },
	{ TOP, "io.stat", .parse = parse_io_stat },
	{ TOP, "cpu.max", .parse = parse_cpu_max, .limit = true },
	{ TOP, "memory.max", LIMIT(CGROUP_MEM_MAX) },
	{ TOP, "memory.high", LIMIT(CGROUP_MEM_HIGH) },
	{ TOP, "memory.swap.max", LIMIT(CGROUP_SWAP_MAX) },
	{ TOP, "pids.max", LIMIT(CGROUP_TASKS_MAX) },
};

static const struct cgroup_key cpuacct_stat[] = {
	{ "user", CGROUP_USER_US, US_PER_TICK, 1 },
	{ "system", CGROUP_SYSTEM_US, US_PER_TICK, 1 },
};

static const struct cgroup_key cpu_stat_v1[] = {
	{ "nr_periods", CGROUP_NR_PERIODS, 1, 1 },
	{ "nr_throttled", CGROUP_NR_THROTTLED, 1, 1 },
	{ "throttled_time", CGROUP_THROTTLED_US, 1, NS_PER_US },
};

static const struct cgroup_key memory_stat_v1[] = {
	{ "total_cache", CGROUP_MEM_FILE, 1, 1 },
	{ "total_rss", CGROUP_MEM_ANON, 1, 1 },
	{ "total_swap", CGROUP_MEM_SWAP, 1, 1 },
};

static const struct cgroup_key oom_control[] = {
	{ "oom_kill", CGROUP_OOM_KILL, 1, 1 },
};

#define CPU TOP "cpu/"
#define CPUACCT TOP "cpuacct/"
#define MEMORY TOP "memory/"
#define BLKIO TOP "blkio/"
#define PIDS TOP "pids/"
#define UNIFIED TOP "unified/"

static const struct cgroup_file files_v1[] = {
	{ CPUACCT, "cpuacct.usage", .parse = parse_ns,
	    .value = CGROUP_USAGE_US },
	{ CPUACCT, "cpuacct.stat", KEYED(cpuacct_stat) },
	{ CPU, "cpu.stat", KEYED(cpu_stat_v1) },
	{ MEMORY, "memory.usage_in_bytes", NUMBER(CGROUP_MEM) },
	{ MEMORY, "memory.stat", KEYED(memory_stat_v1) },
	{ MEMORY, "memory.kmem.usage_in_bytes", NUMBER(CGROUP_MEM_KERNEL) },
	{ MEMORY, "memory.failcnt", NUMBER(CGROUP_MAX) },
	{ MEMORY, "memory.oom_control", KEYED(oom_control) },
	{ PIDS, "pids.current", NUMBER(CGROUP_TASKS) },
	{ UNIFIED, "cpu.pressure", PSI(CGROUP_CPU_SOME_US) },
	{ UNIFIED, "memory.pressure", PSI(CGROUP_MEM_SOME_US) },
	{ UNIFIED, "io.pressure", PSI(CGROUP_IO_SOME_US) },
	{ BLKIO, "blkio.throttle.io_service_bytes_recursive",
	    .parse = parse_blkio, .value = CGROUP_READ_BYTES },
	{ BLKIO, "blkio.throttle.io_serviced_recursive",
	    .parse = parse_blkio, .value = CGROUP_READS },
	{ CPU, "cpu.cfs_quota_us", LIMIT(CGROUP_QUOTA_US) },
	{ CPU, "cpu.cfs_period_us", LIMIT(CGROUP_PERIOD_US) },
	{ MEMORY, "memory.limit_in_bytes", LIMIT(CGROUP_MEM_MAX) },
	{ PIDS, "pids.max", LIMIT(CGROUP_TASKS_MAX) },
};

#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

static_assert(sizeof(files_v1) / sizeof(files_v1[0]) <= CGROUP_FILES_MAX &&
    sizeof(files_v2) / sizeof(files_v2[0]) <= CGROUP_FILES_MAX, "layouts");

static const struct cgroup_layout v2 = { TOP, ROWS(files_v2), false };

/* Each of version 1's hierarchies may have all cgroups: systemd's has. */
static const struct cgroup_layout v1[] = {
	{ TOP "systemd/", ROWS(files_v1), true },
	{ MEMORY, ROWS(files_v1), true },
	{ CPUACCT, ROWS(files_v1), true },
	{ PIDS, ROWS(files_v1), true },
};

static int
opens(struct host *h, const char *path)
{
	const int fd = host_open_file(h, HOST_SYS, path);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

const struct cgroup_layout *
cgroup_layout(struct host *h, int *error)
{
	if ((*error = opens(h, TOP "cgroup.controllers")) == 0)
		return &v2;
	for (size_t i = 0; i < sizeof(v1) / sizeof(v1[0]); i++)
		if (opens(h, v1[i].top) == 0)
			return &v1[i];
	return NULL;
}
