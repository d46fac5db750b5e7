/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/interrupts.h"
#include "sources/softnet.h"

#include <errno.h>

static struct ran ran;
static struct named_sample sample;
static const struct source_options detail = { .interrupts_detail = true };

static int
parse(enum irq_file file, const char *s)
{
	memset(&sample, 0, sizeof(sample));
	return irq_parse(text_of(s, strlen(s)), file, &sample);
}

static int64_t
value(unsigned point)
{
	for (size_t i = 0; i < irq_table.n; i++)
		if (irq_table.row[i].point == point)
			return sample.found[i] ? sample.value[i] : -1;
	test_fail(__FILE__, __LINE__, "no row has point %u", point);
}

TEST(every_kind_has_one_row_in_ascending_order)
{
	for (size_t i = 1; i < irq_table.n; i++)
		CHECK(irq_table.row[i - 1].point < irq_table.row[i].point);
}

TEST(each_softirq_and_packet_counter_is_said_without_being_asked)
{
	run_source(&ran, &source_interrupts, "linux-5.14-rhel9", NULL);
	CHECK_INT(said(&ran, SOFTIRQS_HI), 12);
	CHECK_INT(said(&ran, SOFTIRQS_NET_RX), 22136);
	CHECK_INT(said(&ran, SOFTIRQS_RCU), 80036);
	CHECK_INT(said(&ran, SOFTNET_PACKETS_ALL), 0x36);
	CHECK_INT(said(&ran, SOFTNET_DROPS_ALL), 3);
	CHECK_INT(said(&ran, SOFTNET_SQUEEZES_ALL), 0x12);
	CHECK_INT(said(&ran, SOFTNET_RPS_ALL), 5);
	CHECK_INT(said(&ran, SOFTNET_FLOW_LIMITS_ALL), 1);
	CHECK_INT(said(&ran, SOFTNET_BACKLOG_ALL), 7);
	CHECK_INT(ran.n, 16);
	CHECK_INT(ran.nfailures, 0);
}

TEST(kinds_of_interrupts_and_waits_for_a_cpu_come_where_asked_for)
{
	run_source(&ran, &source_interrupts, "linux-5.14-rhel9", &detail);
	CHECK_INT(said(&ran, CPU_INTERRUPTS_DEVICE), 9 + 4400);
	CHECK_INT(said(&ran, CPU_INTERRUPTS_LOCAL_TIMER), 80028);
	CHECK_INT(said(&ran, CPU_INTERRUPTS_THERMAL), 8);
	CHECK_INT(said(&ran, CPU_INTERRUPTS_POLL), 808);
	CHECK_INT(said(&ran, CPU_INTERRUPTS_ERROR), 5);
	CHECK_INT(said(&ran, SCHED_RUN_ALL), 8 * 1000001);
	CHECK_INT(said(&ran, SCHED_WAIT_ALL), 8 * 20);
	CHECK_INT(said(&ran, SCHED_SLICES_ALL), 8 * 300 + 28);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_kernel_without_statistics_of_its_scheduler_reports_nothing)
{
	run_source(&ran, &source_interrupts, "linux-6.18", &detail);
	CHECK_INT(said(&ran, SCHED_RUN_ALL), NOT_SAID);
	CHECK_INT(said(&ran, CPU_INTERRUPTS_CALL), 38901493 + 38614841);
	CHECK_INT(said(&ran, CPU_INTERRUPTS_THRESHOLD), NOT_SAID);
	CHECK_INT(ran.nfailures, 0);
}

TEST(text_behind_the_last_cpu_is_no_number_whatever_it_looks_like)
{
	CHECK_INT(parse(IRQ_INTERRUPTS, "  CPU0 CPU3\n"
	    " 0: 1 2 3 4-edge\n17: 10 20\nNMI: 5 6 7\nERR: 9\n"
	    "XYZ: no number\n"), 0);
	CHECK_INT(value(CPU_INTERRUPTS_DEVICE), 33);
	CHECK_INT(value(CPU_INTERRUPTS_NMI), 11);
	CHECK_INT(value(CPU_INTERRUPTS_ERROR), 9);
	CHECK_INT(value(CPU_INTERRUPTS_TLB), -1);
}

TEST(a_table_that_is_not_one_is_refused_as_a_whole)
{
	static const char *const bad[] = { "", "HI: 1\n", "CPU0 x\nHI: 1\n",
	    "CPU0\n", "CPU0\nHI 1\n", "CPU0\nHI:\n", "CPU0\nHI: x\n",
	    "CPU0\nHI: -1\n", "CPU0\nXX: 1\n", "CPU0\n: 1\n", "CPU0\nHI: 1\n\n",
	    "CPU0 CPU1\nHI: 9223372036854775807 1\n", "CPU0 CPU1\nHI: 1 x\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(parse(IRQ_SOFTIRQS, bad[i]), -EBADMSG);
		CHECK_INT(value(SOFTIRQS_HI), -1);
	}
}

#define TEN(what) what what what what what what what what what what

TEST(a_row_of_many_cpus_is_read_to_its_end_and_no_further)
{
	CHECK_INT(parse(IRQ_SOFTIRQS, TEN("CPU0 ") TEN("CPU1 ") "\n"
	    "HI:" TEN(" 1") TEN(" 20") "\nRCU:" TEN(" 3") TEN(" 4") " x\n"
	    "TIMER: 5\nSCHED:" TEN(" 6") TEN(" 0") " 7\n"), 0);
	CHECK_INT(value(SOFTIRQS_HI), 210);
	CHECK_INT(value(SOFTIRQS_RCU), 70);
	CHECK_INT(value(SOFTIRQS_TIMER), 5);
	CHECK_INT(value(SOFTIRQS_SCHED), 60);
	CHECK_INT(parse(IRQ_SOFTIRQS, TEN("CPU0 ") TEN("CPU1 ") "\n"
	    "HI:" TEN(" 1") TEN(" 20x") "\n"), -EBADMSG);
	CHECK_INT(parse(IRQ_SOFTIRQS, TEN("CPU0 ") TEN("CPU1 ") "\n"
	    "HI:" TEN(" 1") " 1 1 1 1 1 1 1 1 1 x\n"), -EBADMSG);
}

TEST(a_file_of_the_one_kind_leaves_the_other_alone)
{
	CHECK_INT(parse(IRQ_SOFTIRQS, "CPU0\nHI: 1\nNMI: 2\n"), 0);
	CHECK_INT(value(CPU_INTERRUPTS_NMI), -1);
	CHECK_INT(irq_parse(TEXT("CPU0\nNMI: x\n"), IRQ_INTERRUPTS, &sample),
	    -EBADMSG);
	CHECK_INT(value(SOFTIRQS_HI), 1);
}

#define ROW(a, b, c, backlog, cpu) a " " b " " c \
	" 0 0 0 0 0 0 00000004 00000005 " backlog " " cpu

TEST(a_counter_of_packets_goes_on_behind_its_wrap)
{
	static struct softnet sum;
	struct text t = TEXT(ROW("fffffffe", "1", "2", "9", "0") "\n"
	    ROW("00000010", "0", "0", "0", "1") "\n"
	    ROW("00000003", "1", "3", "0", "0") " 0000000a 0000000b\n");
	struct softnet_row row;

	for (int i = 0; i < 2; i++) {
		CHECK_INT(softnet_next(&t, &row), 1);
		softnet_add(&sum, &row);
	}
	CHECK_INT(row.cpu, 1);
	CHECK_INT(sum.total[SOFTNET_PROCESSED], 0xfffffffell + 16);
	CHECK_INT(softnet_next(&t, &row), 1);
	softnet_add(&sum, &row);
	CHECK_INT(sum.total[SOFTNET_PROCESSED], 0x100000003ll + 16);
	CHECK_INT(sum.total[SOFTNET_DROPPED], 1);
	CHECK_INT(sum.total[SOFTNET_SQUEEZED], 3);
	CHECK_INT(sum.total[SOFTNET_STEERED], 8);
	CHECK_INT(sum.total[SOFTNET_FLOW_LIMITED], 10);
	CHECK_INT(softnet_next(&t, &row), 0);
}

TEST(lines_that_are_none_of_the_packet_counters_are_refused)
{
	static const char *const bad[] = { "\n", "1 2 3\n",
	    "0 0 0 0 0 0 0 0 0 0 0 0\n", "0 0 0 0 0 0 0 0 0 0 0 0 2000\n",
	    "0 0 0 0 0 0 0 0 0 0 0 0 x\n",
	    "123456789 0 0 0 0 0 0 0 0 0 0 0 0" };
	struct softnet_row row;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct text t = text_of(bad[i], strlen(bad[i]));

		CHECK_INT(softnet_next(&t, &row), -EBADMSG);
	}
}

TEST(times_of_the_scheduler_are_added_up_and_domains_are_passed_over)
{
	struct schedstat s;

	CHECK_INT(schedstat_parse(TEXT("version 17\ntimestamp 1\n"
	    "cpu0 0 0 0 0 0 0 5999 2000 7\ndomain0 PKG 3 1 2\n"
	    "cpu1 0 0 0 0 0 0 1000 9999 1 4\n"), &s), 0);
	CHECK_INT(s.run_us, 6);
	CHECK_INT(s.wait_us, 11);
	CHECK_INT(s.slices, 8);
}

TEST(statistics_of_no_scheduler_are_refused)
{
	static const char *const bad[] = { "", "version 15\n",
	    "cpu0 0 0 0 0 0 0 1 2\n", "cpu0 0 0 0 0 0 0 1 2 x\n",
	    "cpu0 1\n", "\n", ("cpu0 0 0 0 0 0 0 1 1 9223372036854775807\n"
	    "cpu1 0 0 0 0 0 0 1 1 1\n") };
	struct schedstat s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(schedstat_parse(text_of(bad[i], strlen(bad[i])),
		    &s), -EBADMSG);
}
