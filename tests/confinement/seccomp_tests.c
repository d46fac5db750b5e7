/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What holds for either table.  See seccomp_subject.h. */
#include "seccomp_subject.h"

#include "child.h"
#include "test.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	ROWS_MAX = 64,
	NUMBERS_END = 640,	/* well past the last that a kernel has */
	X32_FIRST = 512,	/* x32's own: execve, ioctl, recvmsg … */
	X32_COUNT = 36,
	I386_GETPID = 20,
	UPROBES_FIRST = 335,	/* uretprobe(2); and uprobe(2) after it */
	UPROBES_END = 337,
};

void
need_filter(void)
{
	if (SLUICE_SANITIZED)
		test_skip("the filter of a sanitized build only logs");
}

static struct rows
shipped(void)
{
	return (struct rows){ subject.row, *subject.nrows };
}

/* The table, for a test to spoil. */
static struct syscall_row *
copied(struct rows *rows)
{
	static struct syscall_row row[ROWS_MAX];

	*rows = (struct rows){ row, *subject.nrows };
	CHECK(rows->n < ROWS_MAX);
	memcpy(row, subject.row, rows->n * sizeof(row[0]));
	return row;
}

static const struct probe *
probe_of(size_t row)
{
	const char *name = subject.row[row].name;
	size_t before = 0;

	for (size_t i = 0; i < row; i++)
		before += strcmp(subject.row[i].name, name) == 0;
	for (size_t i = 0; i < subject.nprobes; i++)
		if (strcmp(subject.probe[i].name, name) == 0 && before-- == 0)
			return &subject.probe[i];
	test_fail(__FILE__, __LINE__, "no probe for row %zu, %s", row, name);
}

static bool
as_wanted(const struct probe *p, const struct fate *f)
{
	return fate_lived(f) && (!f->returned ||
	    (p->want < 0 ? f->result == p->want : f->result >= p->want));
}

TEST(every_row_has_a_probe_and_every_probe_a_row)
{
	need_filter();
	for (size_t i = 0; i < *subject.nrows; i++)
		CHECK(probe_of(i)->prepare != NULL);
	CHECK_INT(subject.nprobes, *subject.nrows);
}

TEST(every_row_lets_a_good_call_through)
{
	need_filter();
	for (size_t i = 0; i < subject.nprobes; i++) {
		const struct probe *p = &subject.probe[i];
		const struct fate f = probe_try(shipped(), p, NULL);

		if (!as_wanted(p, &f))
			test_fail(__FILE__, __LINE__, "%s: %s", p->name,
			    fate_story(&f));
	}
}

TEST(without_its_row_each_good_call_is_killed)
{
	need_filter();
	for (size_t i = 0; i < *subject.nrows; i++) {
		struct rows rows;
		struct syscall_row *row = copied(&rows);
		struct fate f;

		row[i] = row[--rows.n];
		f = probe_try(rows, probe_of(i), NULL);
		if (!fate_killed(&f))
			test_fail(__FILE__, __LINE__, "row %zu, %s: %s", i,
			    subject.row[i].name, fate_story(&f));
	}
}

/* Each value of one argument lives or dies as the bound says. */
static void
check_bound(const struct probe *p, const struct bound *b)
{
	struct change change = { .arg = b->arg };
	bool allowed;

	for (unsigned i = 0; bound_value(b, i, &change.value, &allowed); i++) {
		const struct fate f = probe_try(shipped(), p, &change);

		if (allowed ? !fate_lived(&f) : !fate_killed(&f))
			test_fail(__FILE__, __LINE__,
			    "%s, argument %u %#llx: %s", p->name, b->arg,
			    (unsigned long long)change.value, fate_story(&f));
	}
}

TEST(an_argument_outside_its_bounds_is_killed_and_one_within_lives)
{
	need_filter();
	for (size_t i = 0; i < subject.nprobes; i++) {
		const struct probe *p = &subject.probe[i];

		for (size_t j = 0; p->bound[j].how != BOUND_NONE; j++)
			check_bound(p, &p->bound[j]);
	}
}

/* How many of a probe's bounds for that argument notice such a table. */
static unsigned
bounds_broken(struct rows rows, const struct probe *p, unsigned arg)
{
	unsigned n = 0;

	for (size_t j = 0; p->bound[j].how != BOUND_NONE; j++) {
		struct change change = { .arg = arg };
		bool allowed = true;
		struct fate f;

		if (p->bound[j].arg != arg)
			continue;
		for (unsigned i = 0; allowed; i++)
			CHECK(bound_value(&p->bound[j], i, &change.value,
			    &allowed));
		f = probe_try(rows, p, &change);
		if (!fate_lived(&f))
			test_fail(__FILE__, __LINE__,
			    "%s without its check of argument %u, %#llx: %s",
			    p->name, arg, (unsigned long long)change.value,
			    fate_story(&f));
		n++;
	}
	return n;
}

TEST(without_any_one_check_its_bound_is_seen_to_be_broken)
{
	need_filter();
	for (size_t i = 0; i < *subject.nrows; i++) {
		const struct syscall_row *whole = &subject.row[i];

		for (size_t j = 0; j < SYSCALL_CHECKS_MAX &&
		    whole->check[j].test != ARG_ANY; j++) {
			struct rows rows;
			struct arg_check *c = copied(&rows)[i].check;

			memmove(&c[j], &c[j + 1],
			    (SYSCALL_CHECKS_MAX - 1 - j) * sizeof(c[0]));
			c[SYSCALL_CHECKS_MAX - 1].test = ARG_ANY;
			CHECK(bounds_broken(rows, probe_of(i),
			    whole->check[j].arg) > 0);
		}
	}
}

/* The one number that lives, -1 for none; several fail the test. */
static long
survivor(struct rows rows, const struct sweep *s)
{
	long found[4] = { -1, -1, -1, -1 };
	const size_t n = survivors(rows, s, found, 4);

	if (n > 1)
		test_fail(__FILE__, __LINE__, "%zu live: %#lx, %#lx, %#lx, "
		    "%#lx …", n, found[0], found[1], found[2], found[3]);
	return found[0];
}

static struct sweep
others(long base, long n)
{
	return (struct sweep){ .base = base, .n = n, .skip = subject.probe,
		.nskip = subject.nprobes };
}

TEST(every_other_number_is_killed)
{
	const struct sweep low = others(0, UPROBES_FIRST);
	const struct sweep high = others(UPROBES_END,
	    NUMBERS_END - UPROBES_END);

	need_filter();
	CHECK_INT(survivor(shipped(), &low), -1);
	CHECK_INT(survivor(shipped(), &high), -1);
}

/*
 * x86's uretprobe (Linux 6.14) and uprobe (6.18) are for code that the kernel
 * itself puts into a traced process; it asks no filter about them.
 */
TEST(the_two_calls_that_the_kernel_asks_no_filter_about_do_nothing)
{
	need_filter();
	for (long n = UPROBES_FIRST; n < UPROBES_END; n++) {
		const struct fate f = number_try(shipped(), GATE_SYSCALL, n);

		if (!fate_killed(&f) && !fate_refused(&f))
			test_fail(__FILE__, __LINE__, "%ld: %s", n,
			    fate_story(&f));
	}
}

TEST(a_number_that_no_kernel_has_is_killed)
{
	static const long number[] = { -1, -2, INT_MIN, INT_MAX,
		X32_BIT - 1, X32_BIT, 1 << 16, 1 << 20 };

	need_filter();
	for (size_t i = 0; i < sizeof(number) / sizeof(number[0]); i++) {
		const struct fate f = number_try(shipped(), GATE_SYSCALL,
		    number[i]);

		if (!fate_killed(&f))
			test_fail(__FILE__, __LINE__, "%ld: %s", number[i],
			    fate_story(&f));
	}
}

TEST(a_row_too_many_is_found_by_its_number)
{
	const struct sweep near = others(SYS_getppid - 8, 16);
	struct rows rows;
	struct syscall_row *row = copied(&rows);

	need_filter();
	row[rows.n++] = (struct syscall_row){ .name = "getppid" };
	CHECK_INT(survivor(rows, &near), SYS_getppid);
}

TEST(an_x32_call_is_killed)
{
	const struct sweep own = { .base = X32_BIT + X32_FIRST,
		.n = X32_COUNT };

	need_filter();
	if (!gate_served(GATE_SYSCALL, X32_BIT + SYS_getpid))
		test_skip("this kernel serves no x32 call");
	CHECK_INT(survivor(shipped(), &own), -1);
	for (size_t i = 0; i < subject.nprobes; i++) {
		const struct fate f = number_try(shipped(), GATE_SYSCALL,
		    X32_BIT + subject.probe[i].number);

		if (!fate_killed(&f))
			test_fail(__FILE__, __LINE__, "%s: %s",
			    subject.probe[i].name, fate_story(&f));
	}
}

/* The numbers mean other calls there: 11 is munmap here and execve there. */
TEST(an_i386_call_is_killed_whatever_its_number)
{
	const struct sweep all = { .gate = GATE_INT80, .n = NUMBERS_END };

	need_filter();
	if (!gate_served(GATE_INT80, I386_GETPID))
		test_skip("this kernel serves no i386 call");
	CHECK_INT(survivor(shipped(), &all), -1);
}

/* Rows of the same name are one call. */
static size_t
count_calls(const struct syscall_row *row, size_t n)
{
	size_t calls = 0;

	for (size_t i = 0; i < n; i++) {
		size_t j = 0;

		while (j < i && strcmp(row[j].name, row[i].name) != 0)
			j++;
		calls += j == i;
	}
	return calls;
}

TEST(the_table_is_no_longer_than_it_may_be)
{
	need_filter();
	CHECK(count_calls(subject.row, *subject.nrows) <=
	    subject.calls_max);
}

TEST(no_banned_call_is_in_the_table)
{
	need_filter();
	for (size_t i = 0; subject.banned[i] != NULL; i++)
		for (size_t j = 0; j < *subject.nrows; j++)
			if (strcmp(subject.row[j].name,
			    subject.banned[i]) == 0)
				test_fail(__FILE__, __LINE__, "row %zu is %s",
				    j, subject.banned[i]);
}

TEST(every_row_says_why_it_is_there)
{
	need_filter();
	for (size_t i = 0; i < *subject.nrows; i++) {
		const char *reason = subject.row[i].reason;

		if (reason == NULL || reason[0] == '\0')
			test_fail(__FILE__, __LINE__, "row %zu, %s", i,
			    subject.row[i].name);
	}
}

struct breach {
	bool first;		/* by the first thread, not by another */
	long number;
};

static void *
break_out(void *breach)
{
	const struct breach *b = breach;

	REQUIRE(seccomp_load_table(subject.row, *subject.nrows) == 0);
	syscall(b->number);
	return NULL;
}

static void *
sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* Two threads, of which the one that was not killed would live on. */
static int
two_threads(void *breach)
{
	const struct breach *b = breach;
	pthread_t other;

	REQUIRE(pthread_create(&other, NULL, b->first ? sleep_on : break_out,
	    breach) == 0);
	if (b->first)
		break_out(breach);
	sleep_on(NULL);
	return 1;
}

/* A number of x32 is judged as a foreign architecture, by its own action. */
TEST(one_thread_s_forbidden_call_kills_all_threads)
{
	struct breach breach[] = {
		{ false, SYS_getppid }, { true, SYS_getppid },
		{ false, X32_BIT + SYS_getpid }, { true, X32_BIT + SYS_getpid },
	};

	need_filter();
	for (size_t i = 0; i < sizeof(breach) / sizeof(breach[0]); i++)
		CHECK(child_killed(child_run_for(two_threads, &breach[i], 10),
		    SIGSYS));
}

/* Nor is a blocked SIGSYS waited for. */
static int
blocked_sigsys(void *breach)
{
	sigset_t all;

	sigfillset(&all);
	REQUIRE(sigprocmask(SIG_BLOCK, &all, NULL) == 0);
	break_out(breach);
	return 1;
}

TEST(a_process_that_blocks_sigsys_is_killed_by_it_none_the_less)
{
	struct breach breach = { true, SYS_getppid };

	need_filter();
	CHECK(child_killed(child_run_for(blocked_sigsys, &breach, 10),
	    SIGSYS));
}

static int
locked_whole(void *call)
{
	subject.lock();
	if (call != NULL)
		syscall(SYS_getppid);
	return 0;
}

TEST(the_lock_that_the_process_takes_loads_this_table)
{
	static char yes;

	need_filter();
	CHECK_EXIT(child_run_for(locked_whole, NULL, 10), 0);
	CHECK(child_killed(child_run_for(locked_whole, &yes, 10), SIGSYS));
}
