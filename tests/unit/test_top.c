/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Who gets a row, and that each tick is in one row, once. */
#include "process_world.h"
#include "sources/process.h"

#define NS_PER_S UINT64_C(1000000000)

static const int64_t page = 4096;

static void
cycle(void)
{
	world_run(&source_top, true);
}

/* All three idle, and old. */
static void
put_three(void)
{
	for (int pid = 1; pid <= 3; pid++)
		world_put(&(struct made){ .pid = pid, .threads = pid,
			.start = 100, .rss = 10 * pid, .user = 50000 });
}

TEST(most_memory_and_most_cpu_get_a_row_and_all_else_is_one)
{
	world_enter();
	world.options.top_count = 1;
	put_three();
	world_put(&(struct made){ .pid = 4, .threads = 5, .start = 100,
		.rss = 1 });
	cycle();
	CHECK_INT(world_said("3,100,", PROC_MEMORY_ALL), 30 * page);
	CHECK_INT(world_said("", PROC_MEMORY_ALL), 31 * page);
	CHECK_INT(world_said("", PROC_COUNT_ROW), 1);
	world_put(&(struct made){ .pid = 4, .threads = 5, .start = 100,
		.rss = 1, .user = 200, .system = 30 });
	cycle();
	CHECK_INT(world_said("4,100,", PROC_CPU_USER), 200);
	CHECK_INT(world_said("4,100,", PROC_CPU_SYSTEM), 30);
	CHECK_INT(world_said("4,100,", PROC_THREADS_ALL), 5);
	CHECK_INT(world_said("3,100,", PROC_CPU_USER), 0);
	CHECK_INT(world_said("", PROC_CPU_USER), 0);
	CHECK_INT(world_said("", PROC_MEMORY_ALL), 30 * page);
	CHECK_INT(world_said("", PROC_THREADS_ALL), 3);
	CHECK_INT(world_said("", PROC_COUNT_ROW), 2);
	CHECK_INT(world_said("", PROC_COUNT_OTHERS), 2);
	CHECK_INT(world_said("", PROC_COUNT_LEFT_OUT), 0);
	world_leave();
}

TEST(a_process_that_does_nothing_has_no_row_for_its_cpu)
{
	world_enter();
	for (int pid = 1; pid < 9; pid++)
		world_put(&(struct made){ .pid = pid, .start = 1 });
	cycle();
	cycle();
	CHECK_INT(world_said("", PROC_COUNT_ROW), 0);
	CHECK_INT(world_said("", PROC_COUNT_OTHERS), 8);
	world_leave();
}

TEST(of_equals_the_one_with_the_lower_number_gets_the_row)
{
	world_enter();
	for (int pid = 1; pid <= 4; pid++)
		world_put(&(struct made){ .pid = pid, .start = 1,
			.rss = 5 });
	cycle();
	CHECK_INT(world_said("1,1,", PROC_MEMORY_ALL), 5 * page);
	CHECK_INT(world_said("2,1,", PROC_MEMORY_ALL), 5 * page);
	CHECK_INT(world_said("", PROC_COUNT_ROW), 2);
	world_leave();
}

TEST(what_was_used_before_the_first_look_is_in_no_row)
{
	world_enter();
	put_three();
	cycle();
	CHECK_INT(world_said("3,100,", PROC_CPU_USER), 0);
	CHECK_INT(world_said("", PROC_CPU_USER), 0);
	CHECK_INT(world_find("3,100,", PROC_CPU_USER)->start_ns,
	    world.wall_ns);
	CHECK_INT(world_find("", PROC_CPU_USER)->start_ns, world.wall_ns);
	world_leave();
}

TEST(a_process_born_since_the_cycle_before_counts_from_its_birth)
{
	uint64_t before;

	world_enter();
	put_three();
	cycle();
	before = world.wall_ns;
	/* 1015 s after boot; this cycle is at 1020 s, that one at 1010 s */
	world_put(&(struct made){ .pid = 9, .start = 101500, .user = 70,
		.minor = 8 });
	cycle();
	CHECK_INT(world_said("9,101500,", PROC_CPU_USER), 70);
	CHECK_INT(world_said("9,101500,", PROC_FAULTS_MINOR), 8);
	CHECK_INT(world_find("9,101500,", PROC_CPU_USER)->start_ns, before);
	/* older than the cycle before, but not seen in it */
	world_put(&(struct made){ .pid = 10, .start = 900, .user = 1000 });
	cycle();
	CHECK_INT(world_said("", PROC_CPU_USER), 0);
	world_leave();
}

TEST(a_number_used_again_is_another_series_which_starts_anew)
{
	world_enter();
	put_three();
	cycle();
	world_put(&(struct made){ .pid = 2, .start = 101500, .user = 90,
		.rss = 500 });
	cycle();
	CHECK_INT(world_said("2,101500,", PROC_CPU_USER), 90);
	CHECK_INT(world_said("2,100,", PROC_MEMORY_ALL), NOT_SAID);
	world_leave();
}

TEST(a_row_that_comes_back_goes_on_where_it_was)
{
	uint64_t since;

	world_enter();
	world.options.top_count = 1;
	put_three();
	cycle();
	since = world.wall_ns;
	world_put(&(struct made){ .pid = 1, .start = 100, .user = 50040 });
	cycle();
	CHECK_INT(world_said("1,100,", PROC_CPU_USER), 40);
	for (int i = 0; i < 16; i++) {
		world_put(&(struct made){ .pid = 2, .start = 100,
			.user = 60000 + 1000 * i });
		cycle();
	}
	CHECK_INT(world_said("1,100,", PROC_CPU_USER), NOT_SAID);
	world_put(&(struct made){ .pid = 1, .start = 100, .user = 50045 });
	cycle();
	CHECK_INT(world_said("1,100,", PROC_CPU_USER), NOT_SAID);
	CHECK_INT(world_said("", PROC_CPU_USER), 5);
	world_put(&(struct made){ .pid = 1, .start = 100, .user = 90045 });
	cycle();
	CHECK_INT(world_said("1,100,", PROC_CPU_USER), 40040);
	CHECK_INT(world_find("1,100,", PROC_CPU_USER)->start_ns, since);
	CHECK_INT(world_said("", PROC_CPU_USER), 5);
	world_leave();
}

enum { PIDS = 40, CYCLES = 300 };

/* A world of chance with a known sum. */
struct churn {
	struct made made[PIDS];
	bool alive[PIDS];
	int64_t total;
	uint32_t chance;
	struct { char name[32]; int64_t value; uint64_t start; } series[4096];
	size_t n;
};

static uint32_t
throw_dice(struct churn *c, uint32_t sides)
{
	c->chance = c->chance * 1664525 + 1013904223;
	return (c->chance >> 8) % sides;
}

static void
change(struct churn *c, int i)
{
	struct made *m = &c->made[i];
	const long more = throw_dice(c, 4) == 0 ? throw_dice(c, 900) : 0;

	if (!c->alive[i]) {
		if (throw_dice(c, 3) == 0) {
			*m = (struct made){ .pid = i + 1, .threads = 1,
				.start = (long)(world.boot_ns / 10000000) + 5 };
			c->alive[i] = true;
		}
	} else if (throw_dice(c, 20) == 0) {
		world_end(m->pid);
		c->alive[i] = false;
	}
	if (!c->alive[i])
		return;
	m->user += more;
	m->rss = throw_dice(c, 1000);
	c->total += more;
	world_put(m);
}

/* Every series has one start, and never goes down. */
static void
follow_series(struct churn *c, const struct world_point *p)
{
	size_t i = 0;

	while (i < c->n && strcmp(c->series[i].name, p->name) != 0)
		i++;
	if (i == c->n) {
		CHECK(c->n++ < 4096);
		snprintf(c->series[i].name, sizeof(c->series[i].name), "%s",
		    p->name);
		c->series[i].start = p->start_ns;
	}
	CHECK(p->value >= c->series[i].value);
	CHECK_INT(p->start_ns, c->series[i].start);
	c->series[i].value = p->value;
}

TEST(each_tick_is_in_one_row_once_whichever_processes_come_and_go)
{
	static struct churn c = { .chance = 7 };
	int64_t sum = 0;

	world_enter();
	world.options.top_count = 3;
	cycle();
	for (int k = 0; k < CYCLES; k++) {
		for (int i = 0; i < PIDS; i++)
			change(&c, i);
		cycle();
		for (size_t i = 0; i < world.n; i++)
			if (world.point[i].id == PROC_CPU_USER)
				follow_series(&c, &world.point[i]);
	}
	for (size_t i = 0; i < c.n; i++)
		sum += c.series[i].value;
	CHECK(c.n > 100 && c.total > 100000);
	CHECK_INT(sum, c.total);
	world_leave();
}

TEST(memory_of_all_rows_is_that_of_all_processes_in_each_cycle)
{
	int64_t sum = 0;

	world_enter();
	for (int pid = 1; pid <= 30; pid++)
		world_put(&(struct made){ .pid = pid, .rss = pid * pid,
			.threads = 2, .start = 1 });
	cycle();
	for (size_t i = 0; i < world.n; i++)
		if (world.point[i].id == PROC_MEMORY_ALL)
			sum += world.point[i].value;
	CHECK_INT(sum, 9455 * page);
	CHECK_INT(world_said("30,1,", PROC_MEMORY_ALL), 900 * page);
	CHECK_INT(world_said("29,1,", PROC_MEMORY_ALL), 841 * page);
	CHECK_INT(world_said("28,1,", PROC_MEMORY_ALL), NOT_SAID);
	world_leave();
}

TEST(a_name_is_sent_only_where_that_is_asked_for)
{
	world_enter();
	world_put(&(struct made){ .pid = 5, .name = "se cr)et", .rss = 9,
		.start = 1 });
	cycle();
	CHECK_INT(world_said("5,1,", PROC_MEMORY_ALL), 9 * page);
	world.options.top_names = TOP_NAMES_CLEAR;
	cycle();
	CHECK_INT(world_said("5,1,se%20cr%29et,", PROC_MEMORY_ALL), 9 * page);
	world.redact.key[KEY_PROCESS_NAME] = REDACT_HASH;
	cycle();
	CHECK_INT(world_said("5,1,se%20cr%29et,", PROC_MEMORY_ALL), NOT_SAID);
	CHECK_INT(strlen(world.point[0].name), strlen("5,1,") +
	    REDACT_HASH_LEN + 1);
	CHECK(strstr(world.point[0].name, "cr") == NULL);
	world_leave();
}

TEST(any_bytes_are_a_name_and_none_too_long_or_empty_costs_the_row)
{
	world_enter();
	world.options.top_names = TOP_NAMES_CLEAR;
	world_put(&(struct made){ .pid = 5, .rss = 9, .start = 1,
		.name = "\xff\xfe\n\x01\"%\\)(\x7f\x80\x81\x82\x83\x84" });
	world_put(&(struct made){ .pid = 6, .rss = 8, .start = 1,
		.name = "" });
	cycle();
	CHECK_INT(world_said("6,1,", PROC_MEMORY_ALL), 8 * page);
	CHECK_STR(world.point[0].name, "5,1,%FF%FE%0A%01%22%25%5C%29%28%7F"
	    "%80%81%82%83%84,");
	world_leave();
}

TEST(what_a_worker_of_the_kernel_works_on_is_no_part_of_its_name)
{
	world_enter();
	world.options.top_names = TOP_NAMES_CLEAR;
	world_put(&(struct made){ .pid = 5, .rss = 9, .start = 1,
		.name = "kworker/u8:3-ev" });
	world_put(&(struct made){ .pid = 6, .rss = 8, .start = 1,
		.name = "kworker/0:1+mm_percpu_wq_and_more_than_15" });
	cycle();
	CHECK_INT(world_said("5,1,kworker/u8:3,", PROC_MEMORY_ALL), 9 * page);
	CHECK_INT(world_said("6,1,kworker/0:1,", PROC_MEMORY_ALL), 8 * page);
	world_leave();
}

static void
burn_as(const char *name, long user)
{
	world_put(&(struct made){ .pid = 5, .name = name, .rss = 9,
		.start = 1, .user = user });
	cycle();
}

TEST(another_name_is_another_series_where_names_are_sent_and_else_not)
{
	uint64_t before;

	world_enter();
	burn_as("sh", 10);
	burn_as("sh", 30);
	burn_as("make", 50);
	CHECK_INT(world_said("5,1,", PROC_CPU_USER), 40);
	world.options.top_names = TOP_NAMES_CLEAR;
	burn_as("make", 60);
	before = world.wall_ns;
	burn_as("cc", 67);
	CHECK_INT(world_said("5,1,cc,", PROC_CPU_USER), 7);
	CHECK_INT(world_find("5,1,cc,", PROC_CPU_USER)->start_ns, before);
	world_leave();
}

TEST(a_counter_that_falls_takes_nothing_from_any_row)
{
	world_enter();
	burn_as("p", 1000);
	burn_as("p", 1100);
	burn_as("p", 1050);
	CHECK_INT(world_said("5,1,", PROC_CPU_USER), 100);
	burn_as("p", 1110);
	CHECK_INT(world_said("5,1,", PROC_CPU_USER), 110);
	world_leave();
}

TEST(a_file_that_is_wrong_is_reported_and_the_rest_says_no_memory)
{
	int fd;

	world_enter();
	put_three();
	CHECK_INT(mkdir("proc/7", 0700), 0);
	fd = open("proc/7/stat", O_WRONLY | O_CREAT, 0600);
	CHECK_INT(write(fd, "7 (x) S 1 2", 11), 11);
	close(fd);
	cycle();
	CHECK_STR(world.ran.last_path, "[pid]/stat");
	CHECK_INT(world.ran.last_error, -EBADMSG);
	CHECK_INT(world_said("3,100,", PROC_MEMORY_ALL), 30 * page);
	CHECK_INT(world_said("", PROC_MEMORY_ALL), NOT_SAID);
	CHECK_INT(world_said("", PROC_CPU_USER), 0);
	CHECK_INT(world_said("", PROC_COUNT_LEFT_OUT), 1);
	world_leave();
}

TEST(both_sources_share_one_pass_and_each_new_cycle_has_its_own)
{
	world_enter();
	put_three();
	world_run(&source_process, true);
	world_put(&(struct made){ .pid = 4, .start = 1, .rss = 99 });
	world_run(&source_top, false);
	CHECK_INT(world_said("", PROC_COUNT_ROW) +
	    world_said("", PROC_COUNT_OTHERS), 3);
	world_run(&source_process, true);
	world_run(&source_top, false);
	CHECK_INT(world_said("", PROC_COUNT_ROW) +
	    world_said("", PROC_COUNT_OTHERS), 4);
	CHECK_INT(world_said("", PROCESS_COUNT_SLEEPING), 4);
	world_leave();
}
