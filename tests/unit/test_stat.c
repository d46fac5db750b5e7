/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/cpu.h"

#include <errno.h>

static struct ran ran;
static const struct source_options per_cpu = { .cpu_per_cpu = true };

static int
parse(const char *s, struct stat_sample *out)
{
	return stat_parse(text_of(s, strlen(s)), out);
}

TEST(the_host_s_times_counts_and_cpus_are_what_the_file_says)
{
	run_source(&ran, &source_cpu, "linux-5.14-rhel9", NULL);
	CHECK_INT(said(&ran, CPU_TIME_USER), 2822371);
	CHECK_INT(said(&ran, CPU_TIME_NICE), 31205);
	CHECK_INT(said(&ran, CPU_TIME_SYSTEM), 1055958);
	CHECK_INT(said(&ran, CPU_TIME_IDLE), 72775599);
	CHECK_INT(said(&ran, CPU_TIME_IOWAIT), 225827);
	CHECK_INT(said(&ran, CPU_TIME_INTERRUPT), 123595);
	CHECK_INT(said(&ran, CPU_TIME_SOFTIRQ), 62197);
	CHECK_INT(said(&ran, CPU_TIME_STEAL), 0);
	CHECK_INT(said(&ran, CPU_COUNT_ALL), 8);
	CHECK_INT(said(&ran, INTERRUPTS_ALL), 5856623);
	CHECK_INT(said(&ran, CONTEXT_SWITCHES_ALL), 812233441);
	CHECK_INT(said(&ran, PROCESS_CREATED_ALL), 4412231);
	CHECK_INT(said(&ran, PROCESS_RUNNABLE_ALL), 3);
	CHECK_INT(said(&ran, PROCESS_BLOCKED_ALL), 0);
	CHECK_INT(ran.n, 14);
	CHECK_INT(ran.nfailures, 0);
}

TEST(each_cpu_is_said_when_asked_for_and_one_offline_is_not)
{
	run_source(&ran, &source_cpu, "linux-6.1-debian12", &per_cpu);
	CHECK_INT(said(&ran, CPU_COUNT_ALL), 3);
	CHECK_INT(said(&ran, CPU_TIME_STEAL), 1537);
	CHECK_INT(said_of(&ran, CPU_TIME_USER, "0"), 93040);
	CHECK_INT(said_of(&ran, CPU_TIME_STEAL, "1"), 143);
	CHECK_INT(said_of(&ran, CPU_TIME_USER, "2"), NOT_SAID);
	CHECK_INT(said_of(&ran, CPU_TIME_SOFTIRQ, "3"), 3900);
	CHECK_INT(ran.n, 14 + 3 * 8);
}

TEST(time_of_guests_is_not_counted_twice)
{
	run_source(&ran, &source_cpu, "linux-6.12-rhel10", NULL);
	CHECK_INT(said(&ran, CPU_TIME_USER), 70602);
	CHECK_INT(said(&ran, CPU_TIME_NICE), 10962);
	CHECK_INT(ran.n, 14);
}

TEST(a_captured_host_is_read_in_full)
{
	run_source(&ran, &source_cpu, "linux-6.18", &per_cpu);
	CHECK_INT(said(&ran, CPU_COUNT_ALL), 2);
	CHECK_INT(said_of(&ran, CPU_TIME_IOWAIT, "1"), 2350);
	CHECK_INT(said(&ran, CONTEXT_SWITCHES_ALL), 1421253);
	CHECK_INT(ran.n, 14 + 2 * 8);
}

TEST(columns_and_lines_that_an_older_kernel_lacks_are_not_said)
{
	struct stat_sample s;

	CHECK_INT(parse("cpu  1 2 3 4 5 6 7\n", &s), 0);
	CHECK_INT(s.time[6], 7);
	CHECK_INT(s.time[7], -1);
	CHECK_INT(s.cpus, 0);
	CHECK_INT(s.context_switches, -1);
	CHECK_INT(s.interrupts, -1);
}

TEST(columns_and_lines_of_a_newer_kernel_are_passed_over)
{
	struct stat_sample s;

	CHECK_INT(parse("cpu 1 2 3 4 5 6 7 8 9 10 11 12\n"
	    "cpufreq 7\nnew x y\n\nctxt 5 6\ncpu0 1 2 3 4 5 6 7 8 9 10 11\n",
	    &s), 0);
	CHECK_INT(s.time[7], 8);
	CHECK_INT(s.context_switches, 5);
	CHECK_INT(s.cpus, 1);
}

TEST(malformed_numbers_refuse_the_file)
{
	static const char *const bad[] = { "", "\n\n", "ctxt 5\n",
	    "cpu 1 2 3\n", "cpu\n", "cpu 1 2 x 4\n", "cpu 1 2 -3 4\n",
	    "cpu 1 2 3 4 5 6 7 9223372036854775808\n",
	    "cpu 1 2 3 4\nctxt\n", "cpu 1 2 3 4\nintr x\n",
	    "cpu 1 2 3 4\nprocesses -1\n", "cpu0 1 2 3 4\n" };
	struct stat_sample s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(parse(bad[i], &s), -EBADMSG);
}

TEST(a_malformed_line_of_one_cpu_ends_the_walk_with_an_error)
{
	struct text t = TEXT("cpu 1 2 3 4\ncpu0 1 2 3 4\ncpu1 1 2\n");
	struct stat_cpu cpu;

	CHECK_INT(stat_next_cpu(&t, &cpu), 1);
	CHECK_INT(cpu.number, 0);
	CHECK_INT(cpu.time[3], 4);
	CHECK_INT(cpu.time[4], -1);
	CHECK_INT(stat_next_cpu(&t, &cpu), -EBADMSG);
	t = TEXT("cpu 1 2 3 4\nintr 1\n");
	CHECK_INT(stat_next_cpu(&t, &cpu), 0);
}

TEST(a_host_of_4096_cpus_loses_none)
{
	static char text[4096 * 64];
	struct text t;
	struct stat_cpu cpu;
	struct stat_sample s;
	size_t len = (size_t)sprintf(text, "cpu 1 2 3 4\n");
	int n = 0;

	for (int i = 0; i < 4096; i++)
		len += (size_t)sprintf(text + len, "cpu%d 1 2 3 4 5 6 7 8 9"
		    " 10\n", i);
	t = text_of(text, len);
	CHECK_INT(stat_parse(t, &s), 0);
	CHECK_INT(s.cpus, 4096);
	while (stat_next_cpu(&t, &cpu) == 1)
		CHECK_INT(cpu.number, n++);
	CHECK_INT(n, 4096);
}
