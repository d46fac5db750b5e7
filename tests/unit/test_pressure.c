/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/pressure.h"

#include <errno.h>

static struct ran ran;

static int
parse(const char *s, struct pressure_sample *out)
{
	return pressure_parse(text_of(s, strlen(s)), out);
}

TEST(every_resource_of_a_kernel_that_has_them_all_is_said)
{
	run_source(&ran, &source_pressure, "linux-6.12-rhel10", NULL);
	CHECK_INT(said(&ran, PSI_STALL_CPU_SOME), 12233441);
	CHECK_INT(said(&ran, PSI_STALL_CPU_FULL), 0);
	CHECK_INT(said(&ran, PSI_STALL_MEMORY_SOME), 12);
	CHECK_INT(said(&ran, PSI_STALL_MEMORY_FULL), 7);
	CHECK_INT(said(&ran, PSI_STALL_IO_SOME), 4123344);
	CHECK_INT(said(&ran, PSI_STALL_IO_FULL), 3980121);
	CHECK_INT(said(&ran, PSI_STALL_IRQ_FULL), 882211);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_resource_that_is_missing_costs_its_own_points_and_is_reported)
{
	run_source(&ran, &source_pressure, "linux-6.1-debian12", NULL);
	CHECK_INT(ran.n, 6);
	CHECK_INT(ran.nfailures, 1);
	CHECK_STR(ran.last_path, "pressure/irq");
	CHECK_INT(ran.last_error, -ENOENT);
}

TEST(a_kernel_without_pressure_says_nothing_and_each_file_is_reported)
{
	run_source(&ran, &source_pressure, "linux-5.14-rhel9", NULL);
	CHECK_INT(ran.result, 0);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 4);
	CHECK_INT(failure_of(ran.last_error), FAILURE_MISSING);
}

TEST(a_file_of_a_kernel_before_5_13_has_no_full_line)
{
	struct pressure_sample s;

	CHECK_INT(parse("some avg10=0.00 avg60=0.00 avg300=0.00 total=17\n",
	    &s), 0);
	CHECK_INT(s.some, 17);
	CHECK_INT(s.full, -1);
}

TEST(the_total_is_found_wherever_it_stands)
{
	struct pressure_sample s;

	CHECK_INT(parse("full total=5 avg10=0.00 new=x\nother total=x\n", &s),
	    0);
	CHECK_INT(s.some, -1);
	CHECK_INT(s.full, 5);
}

TEST(malformed_pressure_is_refused)
{
	static const char *const bad[] = { "", "other total=1\n", "some\n",
	    "some avg10=0.00\n", "some total=\n", "some total=-1\n",
	    "some total=1.5\n", "some total=1\nfull total\n" };
	struct pressure_sample s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(parse(bad[i], &s), -EBADMSG);
}
