/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cpu.h. */
#include "sources/cpu.h"

#include <errno.h>
#include <string.h>

enum { MODES_LEAST = 4 };	/* user, nice, system, idle */

/*
 * The columns behind these, guest and guest_nice, are part of user and nice
 * already: leaving them off keeps the sum of the modes the time that passed.
 */
static bool
times(struct text t, int64_t time[STAT_MODES])
{
	memset(time, -1, STAT_MODES * sizeof(time[0]));
	return text_numbers(&t, time, STAT_MODES) >= MODES_LEAST;
}

/* The number in "cpu12". */
static bool
cpu_number(struct text name, int64_t *number)
{
	return text_starts(name, "cpu") &&
	    text_u63(text_of(name.p + 3, name.len - 3), number);
}

static bool
host_line(struct text name, struct text rest, struct stat_sample *s)
{
	const struct {
		const char *name;
		int64_t *value;
	} row[] = {
		{ "intr", &s->interrupts },
		{ "ctxt", &s->context_switches },
		{ "processes", &s->created },
		{ "procs_running", &s->runnable },
		{ "procs_blocked", &s->blocked },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (text_is(name, row[i].name))
			return text_next_u63(&rest, row[i].value);
	return true;
}

int
stat_parse(struct text t, struct stat_sample *s)
{
	struct text line, name;
	int64_t number;

	memset(s, -1, sizeof(*s));
	s->cpus = 0;
	while (text_line(&t, &line)) {
		if (!text_word(&line, &name))
			continue;
		if (cpu_number(name, &number))
			s->cpus++;
		else if (!(text_is(name, "cpu") ? times(line, s->time) :
		    host_line(name, line, s)))
			return -EBADMSG;
	}
	return s->time[0] < 0 ? -EBADMSG : 0;
}

int
stat_next_cpu(struct text *t, struct stat_cpu *cpu)
{
	struct text line, name;

	while (text_line(t, &line))
		if (text_word(&line, &name) && cpu_number(name, &cpu->number))
			return times(line, cpu->time) ? 1 : -EBADMSG;
	return 0;
}

static void
say_times(struct collect *c, const int64_t time[STAT_MODES])
{
	for (unsigned i = 0; i < STAT_MODES; i++)
		collect_say(c, CPU_TIME_USER + i, time[i]);
}

static void
say_host(struct collect *c, const struct stat_sample *s)
{
	build_instance(c->build);
	say_times(c, s->time);
	if (s->cpus > 0)
		build_point(c->build, CPU_COUNT_ALL, s->cpus);
	collect_say(c, CONTEXT_SWITCHES_ALL, s->context_switches);
	collect_say(c, INTERRUPTS_ALL, s->interrupts);
	collect_say(c, PROCESS_CREATED_ALL, s->created);
	collect_say(c, PROCESS_BLOCKED_ALL, s->blocked);
	collect_say(c, PROCESS_RUNNABLE_ALL, s->runnable);
}

static void
say_each(struct collect *c, struct text t)
{
	struct stat_cpu cpu;
	int more, error = 0;

	while ((more = stat_next_cpu(&t, &cpu)) != 0) {
		if (more < 0) {
			error = more;
			continue;
		}
		build_instance(c->build);
		build_attr_number(c->build, KEY_CPU, (uint64_t)cpu.number);
		say_times(c, cpu.time);
	}
	if (error < 0)
		collect_failed(c, "stat", error);
}

static int
read_cpu(struct collect *c)
{
	struct stat_sample s;
	struct text t;

	if (!collect_read(c, HOST_PROC, "stat", &t))
		return 0;
	if (stat_parse(t, &s) < 0)
		return -EBADMSG;
	say_host(c, &s);
	if (c->options->cpu_per_cpu)
		say_each(c, t);
	return 0;
}

static uint32_t
per_cpu(const struct source_options *o)
{
	return o->cpu_per_cpu ? UINT32_MAX : 0;
}

const struct source source_cpu = {
	.id = SOURCE_CPU,
	.profile = PROFILE_MINIMAL,
	.path = { { HOST_PROC, "stat" } },
	.kernel = "2.6.11",
	.capability = CAPABILITY_NONE,
	.series = { { 14, 1 }, { 8, 8192, { HOST_PROC, "stat" }, per_cpu } },
	.select = KEY_BIT(CPU),
	.read = read_cpu,
};
