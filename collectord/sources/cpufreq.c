/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cpufreq.h. */
#include "sources/cpufreq.h"

#include "sources/class_walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CPUS "devices/system/cpu/"

enum {
	CPUS_MAX = 2048, FILES_MAX = 4096, PACKAGES_MAX = 64,
	HZ_PER_KHZ = 1000,
};

enum row {
	FREQUENCY, CORE_COUNT, PACKAGE_COUNT, CORE_TIME, PACKAGE_TIME, ROWS
};

static const char *const name_of[ROWS] = {
	[FREQUENCY] = "cpufreq/scaling_cur_freq",
	[CORE_COUNT] = "thermal_throttle/core_throttle_count",
	[PACKAGE_COUNT] = "thermal_throttle/package_throttle_count",
	[CORE_TIME] = "thermal_throttle/core_throttle_total_time_ms",
	[PACKAGE_TIME] = "thermal_throttle/package_throttle_total_time_ms",
};

/* Ascending by point. */
static const struct {
	enum row row;
	unsigned point;
} sums[] = {
	{ CORE_COUNT, CPU_THROTTLES_CORE },
	{ PACKAGE_COUNT, CPU_THROTTLES_PACKAGE },
	{ CORE_TIME, CPU_THROTTLE_TIME_CORE },
	{ PACKAGE_TIME, CPU_THROTTLE_TIME_PACKAGE },
};

static struct class_file file[FILES_MAX];
static struct class_walk walk = { .file = file, .max = FILES_MAX };

/* Cores and packages of which a CPU was met in this walk. */
static size_t ncores;
static struct { int64_t package, core; } cores[CPUS_MAX];
static size_t npackages;
static int64_t packages[PACKAGES_MAX];

static bool
is_of_package(enum row row)
{
	return row == PACKAGE_COUNT || row == PACKAGE_TIME;
}

static bool
is_new_core(int64_t package, int64_t core)
{
	/* a CPU's brother is most often met last, or half of all before */
	for (size_t i = ncores; i > 0; i--)
		if (cores[i - 1].core == core &&
		    cores[i - 1].package == package)
			return false;
	if (ncores == CPUS_MAX)
		return false;
	cores[ncores].package = package;
	cores[ncores++].core = core;
	return true;
}

static bool
is_new_package(int64_t package)
{
	for (size_t i = 0; i < npackages; i++)
		if (packages[i] == package)
			return false;
	if (npackages == PACKAGES_MAX)
		return false;
	packages[npackages++] = package;
	return true;
}

/* Which of the rows a CPU has: not each processor counts all of them. */
static bool
each_count(void *arg, const char *name)
{
	bool *has = arg;

	for (enum row row = CORE_COUNT; row < ROWS; row++)
		if (strcmp(name, strchr(name_of[row], '/') + 1) == 0)
			has[row] = has[ROWS] = true;
	return true;
}

static void
add_throttling(struct collect *c, unsigned cpu, const char *dir)
{
	bool has[ROWS + 1] = { false }, is_new[2];
	char counts[CLASS_PATH_MAX];
	int64_t package, core;

	snprintf(counts, sizeof(counts), "%sthermal_throttle/", dir);
	class_list(c, &walk, counts, each_count, has);
	if (!has[ROWS] || !class_look_int(c, &walk, dir,
		"topology/physical_package_id", &package) ||
	    !class_look_int(c, &walk, dir, "topology/core_id", &core))
		return;
	is_new[0] = is_new_core(package, core);
	is_new[1] = is_new_package(package);
	for (enum row row = CORE_COUNT; row < ROWS; row++)
		if (has[row] && is_new[is_of_package(row)])
			class_add(c, &walk, cpu, row, dir, name_of[row]);
}

static void
look_cpu(struct collect *c, unsigned cpu)
{
	char dir[sizeof(CPUS) + 16];
	int64_t khz;

	snprintf(dir, sizeof(dir), CPUS "cpu%u/", cpu);
	if (class_look_int(c, &walk, dir, name_of[FREQUENCY], &khz))
		class_add(c, &walk, cpu, FREQUENCY, dir, name_of[FREQUENCY]);
	add_throttling(c, cpu, dir);
}

static bool
each_cpu(void *arg, const char *name)
{
	bool *there = arg;
	unsigned cpu;

	if (class_number_of(name, "cpu", &cpu) && cpu < CPUS_MAX)
		there[cpu] = true;
	return true;
}

/* In order of number, so that a core is always counted by the same CPU. */
static void
make_walk(struct collect *c)
{
	bool there[CPUS_MAX] = { false };

	ncores = npackages = 0;
	class_list(c, &walk, CPUS, each_cpu, there);
	for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++) {
		if (!there[cpu])
			continue;
		if (collect_late(c)) {
			class_walk_failed(c, &walk, CPUS, -ETIMEDOUT);
			return;
		}
		look_cpu(c, cpu);
	}
}

struct sum {
	size_t n[ROWS];
	int64_t of[ROWS];
	int64_t least, most;		/* of the frequencies */
};

static bool
add_up(struct collect *c, struct sum *s, const struct class_file *f,
    int64_t v)
{
	if (v < 0 || (f->row == FREQUENCY &&
		__builtin_mul_overflow(v, HZ_PER_KHZ, &v)) ||
	    __builtin_add_overflow(s->of[f->row], v, &s->of[f->row])) {
		collect_failed(c, f->path, -EBADMSG);
		return false;
	}
	s->n[f->row]++;
	if (f->row != FREQUENCY)
		return true;
	s->least = s->n[FREQUENCY] == 1 || v < s->least ? v : s->least;
	s->most = v > s->most ? v : s->most;
	if (c->options->cpu_per_cpu) {
		build_instance(c->build);
		build_attr_number(c->build, KEY_CPU, f->entry);
		build_point(c->build, CPU_FREQUENCY_ALL, v);
	}
	return true;
}

static void
say(struct build *b, const struct sum *s)
{
	const int64_t n = (int64_t)s->n[FREQUENCY];

	build_instance(b);
	if (n > 0) {
		build_point(b, CPU_FREQUENCIES_LEAST, s->least);
		build_point(b, CPU_FREQUENCIES_MEAN, s->of[FREQUENCY] / n);
		build_point(b, CPU_FREQUENCIES_MOST, s->most);
	}
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		if (s->n[sums[i].row] > 0)
			build_point(b, sums[i].point, s->of[sums[i].row]);
}

static int
read_cpufreq(struct collect *c)
{
	struct sum s = { .most = 0 };
	bool broken[ROWS] = { false };
	int64_t v;

	if (class_walk_due(&walk, c->host))
		make_walk(c);
	for (size_t i = 0; i < walk.n; i++) {
		const size_t row = file[i].row;

		if (collect_late(c))
			return -ETIMEDOUT;
		/* a sum without one of its parts would be a step back */
		broken[row] = !class_read_int(c, &walk, &file[i], &v) ||
		    !add_up(c, &s, &file[i], v) || broken[row];
	}
	for (size_t i = 0; i < ROWS; i++)
		if (broken[i] && i != FREQUENCY)
			s.n[i] = 0;
	say(c->build, &s);
	return 0;
}

static uint32_t
per_cpu_limit(const struct source_options *o)
{
	return o->cpu_per_cpu ? CPUS_MAX : 0;
}

const struct source source_cpufreq = {
	.id = SOURCE_CPUFREQ,
	.profile = PROFILE_FULL,
	.path = { { HOST_SYS, CPUS } },
	.kernel = "5.7, CONFIG_CPU_FREQ; throttling: x86",
	.capability = CAPABILITY_NONE,
	.series = { { 7, 1 }, { 1, CPUS_MAX, { HOST_SYS, CPUS },
	    per_cpu_limit } },
	.select = KEY_BIT(CPU),
	.read = read_cpufreq,
};
