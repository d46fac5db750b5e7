/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cpufreq.h. */
#include "sources/cpufreq.h"

#include "sources/cpu_topology.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A frequency of each CPU, two counts of each core and of each package. */
enum {
	FILES_MAX = 3 * CPU_TOPOLOGY_MAX + 2 * CPU_PACKAGES_MAX,
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

static struct cpu_topology topology;
/* Counts of all CPUs were found: a sum of some would be a step back. */
static bool counted;

static bool
is_of_package(enum row row)
{
	return row == PACKAGE_COUNT || row == PACKAGE_TIME;
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
	bool has[ROWS + 1] = { false };
	char counts[CLASS_PATH_MAX];
	struct cpu_place place;

	snprintf(counts, sizeof(counts), "%sthermal_throttle/", dir);
	class_list(c, &walk, counts, each_count, has);
	if (!has[ROWS] ||
	    !cpu_topology_look(c, &walk, dir, &topology, &place))
		return;
	for (enum row row = CORE_COUNT; row < ROWS; row++)
		if (has[row] && (is_of_package(row) ? place.new_package :
			place.new_core))
			class_add(c, &walk, cpu, row, dir, name_of[row]);
}

static void
each_cpu(struct collect *c, unsigned cpu, const char *dir)
{
	unsigned failed;
	int64_t khz;

	if (class_look_int(c, &walk, dir, name_of[FREQUENCY], &khz))
		class_add(c, &walk, cpu, FREQUENCY, dir, name_of[FREQUENCY]);
	failed = walk.failed;
	add_throttling(c, cpu, dir);
	counted &= walk.failed == failed;
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
	int64_t sum;

	if (v < 0 || (f->row == FREQUENCY &&
		__builtin_mul_overflow(v, HZ_PER_KHZ, &v)) ||
	    __builtin_add_overflow(s->of[f->row], v, &sum)) {
		collect_failed(c, f->path, -EBADMSG);
		return false;
	}
	s->of[f->row] = sum;
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

	if (class_walk_due(&walk, c->host)) {
		topology.ncores = topology.npackages = 0;
		counted = true;
		counted &= cpu_each(c, &walk, each_cpu);
	}
	for (size_t i = 0; i < walk.n; i++) {
		const size_t row = file[i].row;

		if (collect_late(c))
			return -ETIMEDOUT;
		/* a sum without one of its parts would be a step back */
		broken[row] = !class_read_int(c, &walk, &file[i], &v) ||
		    !add_up(c, &s, &file[i], v) || broken[row];
	}
	for (size_t i = 0; i < ROWS; i++)
		if ((broken[i] || !counted) && i != FREQUENCY)
			s.n[i] = 0;
	say(c->build, &s);
	return 0;
}

static uint32_t
per_cpu_limit(const struct source_options *o)
{
	return o->cpu_per_cpu ? CPU_TOPOLOGY_MAX : 0;
}

const struct source source_cpufreq = {
	.id = SOURCE_CPUFREQ,
	.profile = PROFILE_FULL,
	.path = { { HOST_SYS, CPU_DIRECTORY } },
	.kernel = "5.7, CONFIG_CPU_FREQ; throttling: x86",
	.capability = CAPABILITY_NONE,
	.series = { { 7, 1 }, { 1, CPU_TOPOLOGY_MAX,
	    { HOST_SYS, CPU_DIRECTORY }, per_cpu_limit } },
	.select = KEY_BIT(CPU),
	.read = read_cpufreq,
};
