/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Which cgroups are read, over a tree that changes. */
#include "run_source.h"
#include "sources/cgroup.h"
#include "sources/cgroup_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOP "sys/fs/cgroup/"
#define MANAGER "user.slice/user-7.slice/user@7.service/"

static const struct source_options options;
static struct host host;
static struct ran ran;
static char where[] = "/tmp/test_cgroup.XXXXXX";

static void
put(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
put_file(const char *cgroup, const char *name, const char *text)
{
	char path[1024];

	snprintf(path, sizeof(path), TOP "%s/%s", cgroup, name);
	put(path, text);
}

static void
make(const char *cgroup)
{
	char path[1024];

	snprintf(path, sizeof(path), TOP "%s", cgroup);
	CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
	put_file(cgroup, "pids.current", "5\n");
}

static void
take_away(const char *cgroup)
{
	char command[1024];

	snprintf(command, sizeof(command), "rm -r " TOP "%s", cgroup);
	CHECK_INT(system(command), 0);
}

static void
count_is(int n)
{
	char text[64];

	snprintf(text, sizeof(text), "nr_descendants %d\n", n);
	put(TOP "cgroup.stat", text);
}

/* A tree of its own for each test, in which it stands. */
static void
enter(void)
{
	const char *which;

	strcpy(where + strlen(where) - 6, "XXXXXX");
	CHECK(mkdtemp(where) != NULL);
	CHECK_INT(chdir(where), 0);
	CHECK_INT(mkdir("proc", 0700), 0);
	CHECK_INT(system("mkdir -p " TOP MANAGER), 0);
	put(TOP "cgroup.controllers", "pids\n");
	count_is(4);
	make("user.slice");
	make("user.slice/user-7.slice/user@7.service");
	make("a.slice");
	make("a.slice/x.service");
	cgroup_forget();
	CHECK_INT(host_open(&host, "proc", "sys", &which), 0);
}

static void
leave(void)
{
	char command[128];

	host_close(&host);
	CHECK_INT(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", where);
	CHECK_INT(system(command), 0);
}

static int64_t
tasks(const char *first_attribute)
{
	return said_of(&ran, CGROUP_PIDS_ALL, first_attribute);
}

static void
run(void)
{
	run_on_host(&ran, &source_cgroup, &host, &options);
}

TEST(a_tree_that_is_there_is_read)
{
	enter();
	run();
	CHECK_INT(tasks("x.service"), 5);
	CHECK_INT(said(&ran, CGROUP_COUNT_SENT), 4);
	leave();
}

TEST(a_host_without_cgroups_says_so)
{
	enter();
	CHECK_INT(system("rm -r sys/fs"), 0);
	run();
	CHECK_INT(ran.n, 0);
	CHECK_STR(ran.last_path, "fs/cgroup/");
	CHECK_INT(ran.last_error, -ENOENT);
	leave();
}

TEST(a_walk_is_only_made_where_the_count_changed_or_after_a_while)
{
	enter();
	run();
	make("a.slice/y.service");
	for (int i = 1; i < CGROUP_WALK_EVERY; i++) {
		run();
		CHECK_INT(tasks("y.service"), NOT_SAID);
	}
	usleep(20000);
	run();
	CHECK_INT(tasks("y.service"), 5);
	make("a.slice/z.service");
	count_is(6);
	usleep(20000);
	run();
	CHECK_INT(tasks("z.service"), 5);
	leave();
}

/* As version 1 has many: in systemd's hierarchy, and in no controller's. */
TEST(one_without_any_file_is_no_reason_to_walk_in_each_cycle)
{
	enter();
	CHECK_INT(mkdir(TOP "a.slice/bare.service", 0700), 0);
	run();
	CHECK_INT(tasks("bare.service"), NOT_SAID);
	make("a.slice/y.service");
	for (int i = 0; i < 4; i++) {
		usleep(20000);
		run();
		CHECK_INT(tasks("y.service"), NOT_SAID);
	}
	CHECK_INT(ran.nfailures, 0);
	/* it gets one, and loses it again */
	make("a.slice/bare.service");
	for (int i = 0; i < CGROUP_LIMITS_EVERY; i++)
		run();
	CHECK_INT(tasks("bare.service"), 5);
	take_away("a.slice/bare.service");
	run();
	CHECK_INT(tasks("bare.service"), NOT_SAID);
	for (int i = 0; i < 5 && tasks("y.service") != 5; i++) {
		usleep(20000);
		run();
	}
	CHECK_INT(tasks("y.service"), 5);
	leave();
}

TEST(what_goes_is_no_failure_and_what_comes_again_is_read_at_once)
{
	enter();
	run();
	take_away("a.slice/x.service");
	run();
	CHECK_INT(tasks("x.service"), NOT_SAID);
	CHECK_INT(tasks("a.slice"), 5);
	CHECK_INT(ran.nfailures, 0);
	make("a.slice/x.service");
	usleep(20000);
	run();
	CHECK_INT(tasks("x.service"), 5);
	leave();
}

TEST(a_service_that_restarted_between_two_cycles_is_not_missed)
{
	enter();
	run();
	take_away("a.slice/x.service");
	make("a.slice/x.service");
	put_file("a.slice/x.service", "pids.current", "9\n");
	run();
	CHECK_INT(tasks("x.service"), 9);
	leave();
}

TEST(limits_are_read_every_eighth_time_and_stand_in_between)
{
	int changed = -1;

	enter();
	put_file("a.slice/x.service", "pids.max", "100\n");
	run();
	CHECK_INT(said_of(&ran, CGROUP_PIDS_LIMIT_ALL, "x.service"), 100);
	put_file("a.slice/x.service", "pids.max", "200\n");
	for (int i = 0; i < CGROUP_LIMITS_EVERY; i++) {
		const int64_t limit = (run(), said_of(&ran,
		    CGROUP_PIDS_LIMIT_ALL, "x.service"));

		CHECK(limit == 100 || limit == 200);
		CHECK(changed < 0 || limit == 200);
		if (limit == 200 && changed < 0)
			changed = i;
	}
	CHECK(changed >= 0);
	leave();
}

TEST(a_limit_that_cannot_be_read_is_reported_each_time_not_each_eighth)
{
	enter();
	put_file("a.slice/x.service", "pids.max", "x\n");
	for (int i = 0; i < 2 * CGROUP_LIMITS_EVERY; i++) {
		run();
		CHECK_INT(ran.nfailures, 1);
		CHECK_STR(ran.last_path, "[cgroup]/pids.max");
		CHECK_INT(ran.last_error, -EBADMSG);
	}
	leave();
}

TEST(of_a_file_that_is_wrong_in_one_line_nothing_is_said)
{
	enter();
	put_file("a.slice/x.service", "cpu.stat",
	    "usage_usec 5\nuser_usec x\nsystem_usec 1\n");
	run();
	CHECK_INT(said_of(&ran, CGROUP_CPU_USAGE_ALL, "x.service"), NOT_SAID);
	CHECK_INT(tasks("x.service"), 5);
	CHECK_STR(ran.last_path, "[cgroup]/cpu.stat");
	CHECK_INT(ran.last_error, -EBADMSG);
	leave();
}

TEST(a_controller_that_comes_later_is_found)
{
	bool there = false;

	enter();
	run();
	put_file("a.slice/x.service", "memory.current", "4096\n");
	for (int i = 0; i < CGROUP_LIMITS_EVERY; i++) {
		run();
		there = said_of(&ran, CGROUP_MEMORY_ALL, "x.service") == 4096;
	}
	CHECK(there);
	leave();
}

static size_t
count_units(void)
{
	size_t n = 0;

	for (size_t i = 0; i < ran.n; i++)
		n += ran.said[i].id == CGROUP_PIDS_ALL &&
		    strncmp(ran.said[i].name, "unit", 4) == 0;
	return n;
}

/* Names of services that are said, in a table by number. */
static void
mark(bool *said_now, int n)
{
	char name[32];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "unit%d.service", i);
		said_now[i] = tasks(name) == 5;
	}
}

TEST(too_many_are_cut_and_counted_and_the_same_ones_are_kept)
{
	enum { MADE = CGROUP_SYSTEM_MAX + 50 };
	static bool before[MADE], after[MADE];
	char path[64];
	int gone = 0;

	enter();
	for (int i = 0; i < MADE; i++) {
		snprintf(path, sizeof(path), "a.slice/unit%d.service", i);
		make(path);
	}
	run();
	mark(before, MADE);
	CHECK_INT(said(&ran, CGROUP_COUNT_SENT), CGROUP_SYSTEM_MAX);
	CHECK_INT(said(&ran, CGROUP_COUNT_LEFT_OUT), 54);
	CHECK_STR(ran.last_path, "[units]");
	CHECK_INT(ran.last_error, -ENOBUFS);
	while (!before[gone])
		gone++;
	snprintf(path, sizeof(path), "a.slice/unit%d.service", gone);
	take_away(path);
	run();
	/* the next walk comes after 32 times as long as the last one took */
	for (int i = 0; i < 100 && said(&ran, CGROUP_COUNT_SENT) !=
	    CGROUP_SYSTEM_MAX; i++) {
		usleep(200000);
		run();
	}
	mark(after, MADE);
	CHECK_INT(said(&ran, CGROUP_COUNT_SENT), CGROUP_SYSTEM_MAX);
	CHECK_INT(said(&ran, CGROUP_COUNT_LEFT_OUT), 53);
	for (int i = 0; i < MADE; i++)
		CHECK(!before[i] || after[i] || i == gone);
	leave();
}

TEST(a_user_with_names_without_end_hides_no_service)
{
	char path[128];

	enter();
	for (int i = 0; i < CGROUP_USER_MAX + 20; i++) {
		snprintf(path, sizeof(path), MANAGER "unit%d.scope", i);
		make(path);
	}
	run();
	CHECK_INT(count_units(), CGROUP_USER_MAX);
	CHECK_INT(tasks("x.service"), 5);
	CHECK_INT(said(&ran, CGROUP_COUNT_LEFT_OUT), 20);
	CHECK_STR(ran.last_path, "[users]");
	leave();
}

TEST(of_two_with_the_same_name_the_first_is_kept_and_the_other_counted)
{
	enter();
	run();
	CHECK_INT(system("mkdir -p " TOP MANAGER "b.slice " TOP MANAGER
	    "b.slice/b-c.slice"), 0);
	make(MANAGER "docker-00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff.scope");
	make(MANAGER "b.slice/docker-00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff.scope");
	count_is(9);
	usleep(20000);
	run();
	CHECK_INT(ran.lost, 0);
	CHECK_INT(said(&ran, CGROUP_COUNT_SENT), 5);
	CHECK_INT(said(&ran, CGROUP_COUNT_LEFT_OUT), 1);
	leave();
}

TEST(paths_that_are_too_long_or_too_deep_do_no_harm)
{
	char path[1024] = "a.slice/", command[2048];

	enter();
	for (int i = 0; i < 3; i++) {
		memset(path + strlen(path), 'n', 200);
		strcat(path, ".slice/");
		snprintf(command, sizeof(command), "mkdir -p " TOP "%s", path);
		CHECK_INT(system(command), 0);
	}
	CHECK_INT(system("mkdir -p " TOP "a.slice/d/d/d/d/d/d/d/d/d/d/d/"
	    "docker/00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff"), 0);
	run();
	CHECK_INT(said(&ran, CGROUP_COUNT_SENT), 4);
	CHECK_STR(ran.last_path, "[path]");
	CHECK_INT(ran.last_error, -ENAMETOOLONG);
	leave();
}

static int
run_late(uint64_t deadline_ns)
{
	static uint8_t space[BUILD_SPACE];
	const struct record_head head = { .boottime_ns = 1, .wall_ns = 2000,
		.start_ns = 1000, .source = SOURCE_CGROUP };
	struct build b;
	struct collect c = { .host = &host, .build = &b,
		.source = &source_cgroup, .options = &options,
		.report = ran_failure, .report_arg = &ran,
		.deadline_ns = deadline_ns };

	memset(&ran, 0, sizeof(ran));
	build_start(&b, &head, NULL, space);
	CHECK_INT(source_cgroup.read(&c), 0);
	CHECK(build_finish(&b) >= 0);
	ran_keep(&ran, &b);
	return (int)said(&ran, CGROUP_COUNT_SENT);
}

/*
 * How many of 504 are read before a time runs out that is enough for some:
 * how long that takes is known of no machine.  Leaves the groups behind.
 */
static int
run_short(void)
{
	uint64_t least = 0, most = 1000000000, time = 1000000;
	char path[64];
	int n;

	for (int attempt = 0; attempt < 50; attempt++) {
		enter();
		for (int i = 0; i < 500; i++) {
			snprintf(path, sizeof(path),
			    "a.slice/unit%d.service", i);
			make(path);
		}
		CHECK_INT(run_late(UINT64_MAX), 504);
		n = run_late(now_ns(CLOCK_BOOTTIME) + time);
		if (n > 0 && n < 504)
			return n;
		leave();
		*(n == 0 ? &least : &most) = time;
		time = n == 0 && time * 2 < most ? time * 2 :
		    (least + most) / 2;
	}
	return 0;
}

TEST(where_time_runs_out_fewer_are_read_and_always_the_same)
{
	const int first = run_short();
	int ration;

	CHECK(first > 0);
	CHECK_STR(ran.last_path, "[cgroup]");
	CHECK_INT(ran.last_error, -ETIMEDOUT);
	ration = first - first / 4;
	for (int i = 0; i < 63; i++) {
		CHECK_INT(run_late(UINT64_MAX), ration);
		CHECK_INT(said(&ran, CGROUP_COUNT_LEFT_OUT), 504 - ration);
		CHECK_INT(ran.last_error, -ETIMEDOUT);
	}
	CHECK_INT(run_late(UINT64_MAX), 504);
	leave();
}

TEST(a_walk_that_takes_all_the_time_leaves_the_next_cycle_its_own)
{
	enter();
	CHECK_INT(run_late(0), 0);
	CHECK_INT(ran.last_error, -ETIMEDOUT);
	CHECK_INT(run_late(UINT64_MAX), 4);
	leave();
}
