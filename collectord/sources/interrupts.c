/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See interrupts.h. */
#include "sources/interrupts.h"

#include "sources/rare.h"
#include "sources/softnet.h"

#include <errno.h>
#include <string.h>

#define DEVICES "#"		/* stands for every name that is a number */

static const struct named_row rows[] = {
	NAMED_ROW(IRQ_SOFTIRQS, "", "HI", SOFTIRQS_HI),
	NAMED_ROW(IRQ_SOFTIRQS, "", "TIMER", SOFTIRQS_TIMER),
	NAMED_ROW(IRQ_SOFTIRQS, "", "NET_TX", SOFTIRQS_NET_TX),
	NAMED_ROW(IRQ_SOFTIRQS, "", "NET_RX", SOFTIRQS_NET_RX),
	NAMED_ROW(IRQ_SOFTIRQS, "", "BLOCK", SOFTIRQS_BLOCK),
	NAMED_ROW(IRQ_SOFTIRQS, "", "IRQ_POLL", SOFTIRQS_IRQ_POLL),
	NAMED_ROW(IRQ_SOFTIRQS, "", "TASKLET", SOFTIRQS_TASKLET),
	NAMED_ROW(IRQ_SOFTIRQS, "", "SCHED", SOFTIRQS_SCHED),
	NAMED_ROW(IRQ_SOFTIRQS, "", "HRTIMER", SOFTIRQS_HRTIMER),
	NAMED_ROW(IRQ_SOFTIRQS, "", "RCU", SOFTIRQS_RCU),
	NAMED_ROW(IRQ_INTERRUPTS, "", DEVICES, CPU_INTERRUPTS_DEVICE),
	NAMED_ROW(IRQ_INTERRUPTS, "", "NMI", CPU_INTERRUPTS_NMI),
	NAMED_ROW(IRQ_INTERRUPTS, "", "LOC", CPU_INTERRUPTS_LOCAL_TIMER),
	NAMED_ROW(IRQ_INTERRUPTS, "", "SPU", CPU_INTERRUPTS_SPURIOUS),
	NAMED_ROW(IRQ_INTERRUPTS, "", "PMI", CPU_INTERRUPTS_PERFORMANCE),
	NAMED_ROW(IRQ_INTERRUPTS, "", "IWI", CPU_INTERRUPTS_IRQ_WORK),
	NAMED_ROW(IRQ_INTERRUPTS, "", "RES", CPU_INTERRUPTS_RESCHEDULE),
	NAMED_ROW(IRQ_INTERRUPTS, "", "CAL", CPU_INTERRUPTS_CALL),
	NAMED_ROW(IRQ_INTERRUPTS, "", "TLB", CPU_INTERRUPTS_TLB),
	NAMED_ROW(IRQ_INTERRUPTS, "", "TRM", CPU_INTERRUPTS_THERMAL),
	NAMED_ROW(IRQ_INTERRUPTS, "", "THR", CPU_INTERRUPTS_THRESHOLD),
	NAMED_ROW(IRQ_INTERRUPTS, "", "DFR", CPU_INTERRUPTS_DEFERRED),
	NAMED_ROW(IRQ_INTERRUPTS, "", "MCE", CPU_INTERRUPTS_MACHINE_CHECK),
	NAMED_ROW(IRQ_INTERRUPTS, "", "MCP", CPU_INTERRUPTS_POLL),
	NAMED_ROW(IRQ_INTERRUPTS, "", "ERR", CPU_INTERRUPTS_ERROR),
};

static_assert(sizeof(rows) / sizeof(rows[0]) <= NAMED_MAX, "samples hold it");

const struct named_table irq_table = { rows, sizeof(rows) / sizeof(rows[0]) };

/* "  CPU0  CPU1": the number of columns; 0 where it is no such heading. */
static size_t
columns(struct text line)
{
	struct text word;
	size_t n = 0;

	while (text_word(&line, &word)) {
		if (!text_starts(word, "CPU"))
			return 0;
		n++;
	}
	return n;
}

enum { CPUS_AT_ONCE = 16 };

/* Some rows have one number in all, and others text behind the last. */
static bool
sum_row(struct text line, size_t ncpus, int64_t *sum)
{
	int64_t value[CPUS_AT_ONCE];
	size_t left = ncpus;
	int n = 0;

	while (left > 0 && (n = text_numbers(&line, value,
	    left < CPUS_AT_ONCE ? (int)left : CPUS_AT_ONCE)) > 0) {
		for (int i = 0; i < n; i++)
			if (__builtin_add_overflow(*sum, value[i], sum))
				return false;
		left -= (size_t)n;
	}
	return n >= 0 && left < ncpus;
}

static size_t
find_row(struct text name, enum irq_file file)
{
	int64_t number;

	if (text_u63(name, &number))
		name = text_of(DEVICES, sizeof(DEVICES) - 1);
	for (size_t i = 0; i < irq_table.n; i++)
		if (rows[i].file == (int)file && named_is(&rows[i], name))
			return i;
	return irq_table.n;
}

static int
take_row(struct text line, size_t ncpus, enum irq_file file,
    struct named_sample *s)
{
	struct text padded, name;
	size_t i;

	if (!text_until(&line, ':', &padded) || !text_word(&padded, &name))
		return -EBADMSG;
	if ((i = find_row(name, file)) == irq_table.n)
		return 0;
	s->found[i] = sum_row(line, ncpus, &s->value[i]);
	return s->found[i] ? 0 : -EBADMSG;
}

int
irq_parse(struct text t, enum irq_file file, struct named_sample *s)
{
	struct text line;
	size_t ncpus = text_line(&t, &line) ? columns(line) : 0;
	bool any = false;
	int error = ncpus == 0 ? -EBADMSG : 0;

	while (error == 0 && text_line(&t, &line))
		error = take_row(line, ncpus, file, s);
	for (size_t i = 0; i < irq_table.n; i++)
		if (rows[i].file == (int)file) {
			s->found[i] = s->found[i] && error == 0;
			any = any || s->found[i];
		}
	return error == 0 && !any ? -EBADMSG : error;
}

enum { NS_PER_US = 1000, COLUMNS_BEFORE_RUN = 6 };

static int
take_cpu(struct text line, struct schedstat *s)
{
	int64_t run, wait, slices;

	if (!text_skip(&line, COLUMNS_BEFORE_RUN) ||
	    !text_next_u63(&line, &run) || !text_next_u63(&line, &wait) ||
	    !text_next_u63(&line, &slices) ||
	    __builtin_add_overflow(s->slices, slices, &s->slices))
		return -EBADMSG;
	/* the nanoseconds of many CPUs would not fit after some months */
	return __builtin_add_overflow(s->run_us, run / NS_PER_US,
	    &s->run_us) || __builtin_add_overflow(s->wait_us,
	    wait / NS_PER_US, &s->wait_us) ? -EBADMSG : 0;
}

int
schedstat_parse(struct text t, struct schedstat *s)
{
	struct text line, word;
	size_t ncpus = 0;

	memset(s, 0, sizeof(*s));
	while (text_line(&t, &line)) {
		if (!text_word(&line, &word))
			return -EBADMSG;
		/* the lines of domains are longer than all else */
		if (!text_starts(word, "cpu"))
			continue;
		if (ncpus++ == SOFTNET_CPUS_MAX || take_cpu(line, s) < 0)
			return -EBADMSG;
	}
	return ncpus > 0 ? 0 : -EBADMSG;
}

static void
read_rows(struct collect *c, const char *path, enum irq_file file,
    struct named_sample *s)
{
	struct text t;

	if (collect_read(c, HOST_PROC, path, &t) &&
	    irq_parse(t, file, s) < 0)
		collect_failed(c, path, -EBADMSG);
}

static int
add_rows(struct softnet *sum, struct text t, int64_t *backlog)
{
	struct softnet_row row;
	bool any = false;
	int more;

	while ((more = softnet_next(&t, &row)) > 0) {
		softnet_add(sum, &row);
		*backlog += row.backlog;
		any = true;
	}
	return more < 0 || any ? more : -EBADMSG;
}

/* In the order of enum softnet_counter. */
static const unsigned softnet_point[SOFTNET_COUNTERS] = {
	SOFTNET_PACKETS_ALL, SOFTNET_DROPS_ALL, SOFTNET_SQUEEZES_ALL,
	SOFTNET_RPS_ALL, SOFTNET_FLOW_LIMITS_ALL,
};

static void
read_softnet(struct collect *c)
{
	static const char path[] = "net/softnet_stat";
	static struct softnet sum;
	int64_t backlog = 0;
	struct text t;

	if (!collect_read(c, HOST_PROC, path, &t))
		return;
	/* a copy may be another host each time */
	if (!host_is_real(c->host, HOST_PROC))
		memset(&sum, 0, sizeof(sum));
	if (add_rows(&sum, t, &backlog) < 0) {
		collect_failed(c, path, -EBADMSG);
		return;
	}
	build_instance(c->build);
	for (size_t i = 0; i < SOFTNET_COUNTERS; i++)
		build_point(c->build, softnet_point[i], sum.total[i]);
	build_point(c->build, SOFTNET_BACKLOG_ALL, backlog);
}

static void
read_schedstat(struct collect *c)
{
	static const char path[] = "schedstat";
	struct schedstat s;
	struct text t;

	/* kernels are built with it or without */
	if (!rare_read(c, path, &t))
		return;
	if (schedstat_parse(t, &s) < 0) {
		collect_failed(c, path, -EBADMSG);
		return;
	}
	build_instance(c->build);
	build_point(c->build, SCHED_RUN_ALL, s.run_us);
	build_point(c->build, SCHED_WAIT_ALL, s.wait_us);
	build_point(c->build, SCHED_SLICES_ALL, s.slices);
}

static int
read_interrupts(struct collect *c)
{
	struct named_sample s;

	memset(&s, 0, sizeof(s));
	read_rows(c, "softirqs", IRQ_SOFTIRQS, &s);
	if (c->options->interrupts_detail)
		read_rows(c, "interrupts", IRQ_INTERRUPTS, &s);
	named_say(c->build, &irq_table, &s);
	read_softnet(c);
	if (c->options->interrupts_detail)
		read_schedstat(c);
	return 0;
}

static uint32_t
detail_limit(const struct source_options *o)
{
	return o->interrupts_detail ? 1 : 0;
}

const struct source source_interrupts = {
	.id = SOURCE_INTERRUPTS,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_PROC, "softirqs" }, { HOST_PROC, "net/softnet_stat" },
	    { HOST_PROC, "interrupts" }, { HOST_PROC, "schedstat" } },
	.kernel = "5.10; schedstat: CONFIG_SCHEDSTATS",
	.capability = CAPABILITY_NONE,
	.series = { { 16, 1 }, { 18, 1, { 0 }, detail_limit } },
	.read = read_interrupts,
};
