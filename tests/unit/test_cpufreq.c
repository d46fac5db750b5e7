/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/cpufreq.h"

#include <errno.h>
#include <unistd.h>

static struct ran ran;
static const struct source_options per_cpu = { .cpu_per_cpu = true };

TEST(the_slowest_the_fastest_and_the_mean_frequency_are_said)
{
	run_source(&ran, &source_cpufreq, "linux-5.14-rhel9", NULL);
	CHECK_INT(said(&ran, CPU_FREQUENCIES_LEAST), 800000000);
	CHECK_INT(said(&ran, CPU_FREQUENCIES_MOST), 3700123000);
	CHECK_INT(said(&ran, CPU_FREQUENCIES_MEAN),
	    (7 * 800000000ll + 3700123000) / 8);
	CHECK_INT(ran.n, 7);
	CHECK_INT(ran.nfailures, 0);
}

TEST(each_cpu_is_said_where_asked_for)
{
	run_source(&ran, &source_cpufreq, "linux-5.14-rhel9", &per_cpu);
	CHECK_INT(said_of(&ran, CPU_FREQUENCY_ALL, "0"), 3700123000);
	CHECK_INT(said_of(&ran, CPU_FREQUENCY_ALL, "7"), 800000000);
	CHECK_INT(ran.n, 7 + 8);
}

TEST(two_cpus_of_one_core_count_what_they_share_once)
{
	run_source(&ran, &source_cpufreq, "linux-5.14-rhel9", NULL);
	/* cores of two packages have the same numbers */
	CHECK_INT(said(&ran, CPU_THROTTLES_CORE), 5 + 1 + 2 + 3);
	CHECK_INT(said(&ran, CPU_THROTTLES_PACKAGE), 17 + 4);
	CHECK_INT(said(&ran, CPU_THROTTLE_TIME_CORE), 50 + 10 + 20 + 30);
	CHECK_INT(said(&ran, CPU_THROTTLE_TIME_PACKAGE), 170 + 40);
}

TEST(a_frequency_that_has_no_place_in_the_sum_is_not_in_the_mean)
{
	char where[] = "/tmp/test_cpufreq.XXXXXX", command[256];
	const char *which;
	struct host h;

	CHECK(mkdtemp(where) != NULL);
	snprintf(command, sizeof(command), "cd %s && n=0 && "
	    "for khz in 9223372036854000 9223372036854000 8; do "
	    "d=devices/system/cpu/cpu$n/cpufreq && mkdir -p $d && "
	    "echo $khz >$d/scaling_cur_freq && n=$((n + 1)); done", where);
	CHECK_INT(system(command), 0);
	CHECK_INT(host_open(&h, where, where, &which), 0);
	run_on_host(&ran, &source_cpufreq, &h, NULL);
	host_close(&h);
	CHECK_INT(said(&ran, CPU_FREQUENCIES_LEAST), 8000);
	CHECK_INT(said(&ran, CPU_FREQUENCIES_MOST), 9223372036854000000);
	CHECK_INT(said(&ran, CPU_FREQUENCIES_MEAN), 4611686018427004000);
	CHECK_INT(ran.nfailures, 1);
	snprintf(command, sizeof(command), "rm -r %s", where);
	CHECK_INT(system(command), 0);
}

TEST(a_machine_that_keeps_its_frequency_to_itself_reports_nothing)
{
	run_source(&ran, &source_cpufreq, "linux-6.18", &per_cpu);
	CHECK_INT(ran.result, 0);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
}
