/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/clock.h"
#include "sources/edac.h"
#include "sources/kernel.h"
#include "sources/load.h"

#include <errno.h>

static struct ran ran;

TEST(load_and_threads_are_what_the_file_says)
{
	run_source(&ran, &source_load, "linux-6.1-debian12", NULL);
	CHECK_INT(said(&ran, LOAD_1M_ALL), 1008);
	CHECK_INT(said(&ran, LOAD_5M_ALL), 451);
	CHECK_INT(said(&ran, LOAD_15M_ALL), 199);
	CHECK_INT(said(&ran, THREAD_COUNT_ALL), 231);
}

TEST(a_malformed_load_is_refused)
{
	static const char *const bad[] = { "", "\n0.1 0.2 0.3 1/2 3\n",
	    "0.1 0.2\n", "0.1 0.2 0.3\n", "0.1 0.2 0.3 12 3\n",
	    "0.1 x 0.3 1/2 3\n", "0.1 0.2 0.3 1/ 3\n", "-1 0.2 0.3 1/2 3\n" };
	struct load_sample s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(load_parse(text_of(bad[i], strlen(bad[i])), &s),
		    -EBADMSG);
}

TEST(uptime_file_handles_and_entropy_are_what_the_files_say)
{
	run_source(&ran, &source_kernel, "linux-6.18", NULL);
	CHECK_INT(said(&ran, UPTIME_ALL), 2114002);
	CHECK_INT(said(&ran, FILE_HANDLES_ALL), 735);
	CHECK_INT(said(&ran, FILE_HANDLES_LIMIT_ALL), 2466183);
	CHECK_INT(said(&ran, ENTROPY_ALL), 256);
	CHECK_INT(said(&ran, HUNG_TASKS_ALL), 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(an_older_kernel_lacks_one_file_and_has_no_real_limit)
{
	run_source(&ran, &source_kernel, "linux-5.14-rhel9", NULL);
	CHECK(said(&ran, FILE_HANDLES_LIMIT_ALL) == INT64_MAX);
	CHECK_INT(said(&ran, HUNG_TASKS_ALL), NOT_SAID);
	CHECK_INT(ran.n, 4);
	CHECK_INT(ran.nfailures, 1);
	CHECK_STR(ran.last_path, "sys/kernel/hung_task_detect_count");
}

TEST(small_files_with_anything_else_in_them_are_refused)
{
	struct file_nr f;
	int64_t v;

	CHECK_INT(number_parse(TEXT("12\n"), &v), 0);
	CHECK_INT(v, 12);
	CHECK_INT(number_parse(TEXT("12"), &v), 0);
	CHECK_INT(number_parse(TEXT(""), &v), -EBADMSG);
	CHECK_INT(number_parse(TEXT("-1\n"), &v), -EBADMSG);
	CHECK_INT(number_parse(TEXT("1 2\n"), &v), -EBADMSG);
	CHECK_INT(uptime_parse(TEXT("12.5\n"), &v), 0);
	CHECK_INT(v, 1250);
	CHECK_INT(uptime_parse(TEXT("\n12.5"), &v), -EBADMSG);
	CHECK_INT(uptime_parse(TEXT("x 1\n"), &v), -EBADMSG);
	CHECK_INT(file_nr_parse(TEXT("1\t0\t9\n"), &f), 0);
	CHECK_INT(f.limit, 9);
	CHECK_INT(file_nr_parse(TEXT("1\t0\n"), &f), -EBADMSG);
	CHECK_INT(file_nr_parse(TEXT("1\t0\t-9\n"), &f), -EBADMSG);
	CHECK_INT(file_nr_parse(TEXT("9223372036854775808 0 1\n"), &f),
	    -EBADMSG);
}

TEST(errors_of_both_memory_controllers_are_said)
{
	run_source(&ran, &source_edac, "linux-5.14-rhel9", NULL);
	CHECK_INT(said_of(&ran, HW_ERRORS_CORRECTED, "mc0"), 7);
	CHECK_INT(said_of(&ran, HW_ERRORS_UNCORRECTED, "mc0"), 0);
	CHECK_INT(said_of(&ran, HW_ERRORS_CORRECTED, "mc1"), 0);
	CHECK_INT(said_of(&ran, HW_ERRORS_UNCORRECTED, "mc1"), 1);
	CHECK_INT(ran.n, 4);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_host_without_memory_controllers_reports_that_once_a_cycle)
{
	run_source(&ran, &source_edac, "linux-6.1-debian12", NULL);
	CHECK_INT(ran.result, 0);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 1);
	CHECK_INT(ran.last_error, -ENOENT);
}

TEST(only_numbered_controllers_are_controllers)
{
	CHECK(edac_is_controller("mc0"));
	CHECK(edac_is_controller("mc12"));
	CHECK(!edac_is_controller("mc"));
	CHECK(!edac_is_controller("mc0x"));
	CHECK(!edac_is_controller("power"));
	CHECK(!edac_is_controller("mc000000000000000"));
}

TEST(the_clock_s_units_are_ours_in_both_of_the_kernel_s)
{
	struct timex tx = { .status = STA_NANO | STA_PLL, .offset = -1500,
		.freq = -65536 * 12, .esterror = 77, .maxerror = 88,
		.tai = 37 };
	struct clock_sample s = clock_of(&tx);

	CHECK(s.synchronized);
	CHECK_INT(s.offset_ns, -1500);
	CHECK_INT(s.frequency_ppb, -12000);
	CHECK_INT(s.error_us, 77);
	CHECK_INT(s.error_most_us, 88);
	CHECK_INT(s.tai_s, 37);
	tx.status = STA_PLL | STA_UNSYNC;
	s = clock_of(&tx);
	CHECK(!s.synchronized);
	CHECK_INT(s.offset_ns, -1500000);
}

TEST(a_copy_of_a_host_has_no_clock_and_the_host_has_one)
{
	const char *which;
	struct host h;

	run_source(&ran, &source_clock, "linux-6.18", NULL);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
	CHECK_INT(host_open(&h, "/proc", "/proc", &which), 0);
	run_on_host(&ran, &source_clock, &h, NULL);
	CHECK_INT(ran.n, 6);
	CHECK(said(&ran, CLOCK_SYNCHRONIZED_ALL) == 0 ||
	    said(&ran, CLOCK_SYNCHRONIZED_ALL) == 1);
	host_close(&h);
}

TEST(every_source_of_the_table_reads_this_host_without_breaking_a_rule)
{
	const struct source_options all = { .cpu_per_cpu = true,
		.all_mountpoints = true };
	const char *which;
	struct host h;

	CHECK_INT(host_open(&h, "/proc", "/sys", &which), 0);
	for (size_t i = 0; i < source_table_size; i++) {
		run_on_host(&ran, source_table[i], &h, &all);
		CHECK(ran.result >= 0 || failure_of(ran.result) ==
		    FAILURE_MISSING);
		CHECK(i == 0 || source_table[i]->id > source_table[i - 1]->id);
	}
	host_close(&h);
}

TEST(every_reason_of_a_failure_has_the_word_that_its_metric_has)
{
	static const struct { int error; const char *name; } row[] = {
		{ -ENOENT, "missing" }, { -ENODEV, "missing" },
		{ -EOPNOTSUPP, "missing" }, { -EACCES, "denied" },
		{ -EPERM, "denied" }, { -EBADMSG, "malformed" },
		{ -EFBIG, "oversize" }, { -ETIMEDOUT, "timeout" },
		{ -EIO, "other" }, { -EPROTO, "other" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		CHECK_STR(failure_name(failure_of(row[i].error)),
		    row[i].name);
}
