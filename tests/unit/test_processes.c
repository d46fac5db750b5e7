/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  The one pass over /proc: order, bounds, time. */
#include "process_world.h"
#include "sources/process.h"

static struct processes *
get(void)
{
	static struct build b;
	struct collect c = { .host = &world.host, .build = &b,
		.source = &source_process, .options = &world.options,
		.deadline_ns = world.deadline_ns };

	world.boot_ns += 1;
	b.head.boottime_ns = world.boot_ns;
	b.head.wall_ns = world.wall_ns;
	return processes_get(&c);
}

static void
put(int pid)
{
	world_put(&(struct made){ .pid = pid, .start = pid, .rss = 1 });
}

static void
check_all(const struct processes *p, const int *pid, size_t n)
{
	CHECK_INT(p->n, n);
	for (size_t i = 0; i < n && i < p->n; i++)
		CHECK_INT(p->process[i].pid, pid[i]);
}

TEST(processes_that_come_and_go_leave_the_others_in_order)
{
	static const struct { int put, end, n, pid[8]; } step[] = {
		{ 500, 0, 1, { 500 } },
		{ 20, 0, 2, { 20, 500 } },
		{ 4000000, 0, 3, { 20, 500, 4000000 } },
		{ 1, 0, 4, { 1, 20, 500, 4000000 } },
		{ 30, 20, 4, { 1, 30, 500, 4000000 } },
		{ 31, 30, 4, { 1, 31, 500, 4000000 } },
		{ 2, 4000000, 4, { 1, 2, 31, 500 } },
		{ 900, 1, 4, { 2, 31, 500, 900 } },
		{ 3, 0, 5, { 2, 3, 31, 500, 900 } },
	};

	world_enter();
	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		put(step[i].put);
		if (step[i].end != 0)
			world_end(step[i].end);
		check_all(get(), step[i].pid, (size_t)step[i].n);
	}
	world_leave();
}

TEST(what_is_no_number_of_a_process_is_passed_over)
{
	static const char *const other[] = { "self", "0", "-1", "12a", "007",
	    "2147483648", "99999999999", "18446744073709551617", "1.5" };
	const int one = 7;

	world_enter();
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "proc/%s", other[i]);
		CHECK_INT(mkdir(path, 0700), 0);
	}
	put(one);
	check_all(get(), &one, 1);
	CHECK_INT(get()->error, 0);
	world_leave();
}

TEST(one_that_goes_between_list_and_read_is_no_failure)
{
	const struct processes *p;

	world_enter();
	put(1);
	put(2);
	CHECK_INT(mkdir("proc/3", 0700), 0);
	p = get();
	CHECK_INT(p->error, 0);
	CHECK_INT(p->nread, 2);
	CHECK_INT(p->nlost, 0);
	world_leave();
}

TEST(a_hundred_in_any_order_of_the_directory_are_sorted)
{
	const struct processes *p;

	world_enter();
	for (int i = 1; i <= 100; i++)
		put(1 + i * 7919 % 1009);
	p = get();
	CHECK_INT(p->n, 100);
	CHECK_INT(p->nread, 100);
	for (size_t i = 1; i < p->n; i++)
		CHECK(p->process[i - 1].pid < p->process[i].pid);
	world_leave();
}

TEST(where_time_runs_out_the_next_cycle_begins_with_what_was_left)
{
	const struct processes *p;
	bool ever[1000] = { false };
	size_t seen = 0, cut = 0;
	uint64_t took;

	world_enter();
	for (int i = 1; i <= 900; i++)
		put(i);
	CHECK_INT(get()->nread, 900);
	took = now_ns(CLOCK_BOOTTIME);
	CHECK_INT(get()->nread, 900);
	took = now_ns(CLOCK_BOOTTIME) - took;
	for (int k = 0; k < 40; k++) {
		/* time for the list, and for some of the files */
		world.deadline_ns = now_ns(CLOCK_BOOTTIME) + took / 2;
		p = get();
		if (p->nread < 900) {
			CHECK_INT(p->error, -ETIMEDOUT);
			CHECK_INT(p->nread + p->nlost, 900);
			cut++;
		}
		for (size_t i = 0; i < p->n; i++)
			ever[p->process[i].pid] |= p->process[i].read;
	}
	for (int i = 1; i <= 900; i++)
		seen += ever[i];
	CHECK_INT(p->n, 900);
	CHECK_INT(seen, 900);
	CHECK(cut > 0);
	world_leave();
}

TEST(who_asks_twice_gets_a_pass_of_its_own)
{
	world_enter();
	put(1);
	CHECK_INT(get()->nread, 1);
	put(2);
	world.boot_ns--;
	CHECK_INT(get()->nread, 2);
	world_leave();
}

TEST(no_time_at_all_forgets_nobody)
{
	const struct processes *p;
	bool ever[301] = { false };
	size_t seen = 0;

	world_enter();
	for (int i = 1; i <= 300; i++)
		put(i);
	get();
	world.deadline_ns = 0;
	/* some are read before the clock is looked at */
	for (int k = 0; k < 5; k++) {
		p = get();
		CHECK_INT(p->n, 300);
		CHECK_INT(p->error, -ETIMEDOUT);
		for (size_t i = 0; i < p->n; i++)
			ever[p->process[i].pid] |= p->process[i].read;
	}
	for (int i = 1; i <= 300; i++)
		seen += ever[i];
	CHECK_INT(seen, 300);
	world.deadline_ns = UINT64_MAX;
	CHECK_INT(get()->nread, 300);
	CHECK_INT(get()->error, 0);
	world_leave();
}

TEST(a_root_that_is_gone_is_an_error_and_not_an_empty_host)
{
	if (getuid() == 0)
		test_skip("root may read any directory");
	world_enter();
	put(1);
	CHECK_INT(get()->nread, 1);
	CHECK_INT(fchmod(world.host.root[HOST_PROC], 0), 0);
	CHECK_INT(get()->error, -EACCES);
	CHECK_INT(fchmod(world.host.root[HOST_PROC], 0700), 0);
	world_leave();
}

TEST(files_of_this_host_are_kept_open_and_read_again)
{
	const char *which;
	const struct processes *p;
	size_t held = 0;

	world_enter();
	host_close(&world.host);
	CHECK_INT(host_open(&world.host, "/proc", "/proc", &which), 0);
	get();
	p = get();
	for (size_t i = 0; i < p->n; i++)
		held += p->process[i].fd >= 0;
	CHECK(p->nread > 0);
	CHECK(held > 0 && held <= PROCESSES_HELD_MAX);
	world_leave();
}
