/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "host.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A tree of its own for each test, in which it stands. */
static void
enter_tree(void)
{
	char name[] = "/tmp/test_host.XXXXXX";

	CHECK(mkdtemp(name) != NULL);
	CHECK_INT(chdir(name), 0);
	CHECK_INT(mkdir("proc", 0700), 0);
	CHECK_INT(mkdir("sys", 0700), 0);
}

static void
leave_tree(void)
{
	char command[128], here[64];

	CHECK(getcwd(here, sizeof(here)) != NULL);
	CHECK_INT(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", here);
	CHECK_INT(system(command), 0);
}

static void
put(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, bytes, len), len);
	close(fd);
}

static struct host
opened(const char *procfs, const char *sysfs)
{
	const char *which;
	struct host h;

	CHECK_INT(host_open(&h, procfs, sysfs, &which), 0);
	return h;
}

TEST(a_root_that_is_missing_is_named)
{
	const char *which;
	struct host h;

	CHECK_INT(host_open(&h, "/proc", "/no/such/sys", &which), -1);
	CHECK_INT(errno, ENOENT);
	CHECK_STR(which, "/no/such/sys");
	CHECK_INT(host_open(&h, "/proc/stat", "/sys", &which), -1);
	CHECK_INT(errno, ENOTDIR);
	CHECK_STR(which, "/proc/stat");
}

TEST(the_kernel_s_own_procfs_and_sysfs_are_told_from_copies)
{
	struct host h = opened("/proc", "/sys");

	CHECK(host_is_real(&h, HOST_PROC));
	host_close(&h);
	h = opened("/tmp", "/proc");
	CHECK(!host_is_real(&h, HOST_PROC));
	CHECK(!host_is_real(&h, HOST_SYS));
	host_close(&h);
}

TEST(a_file_of_the_kernel_is_held_and_read_anew_each_time)
{
	struct host h = opened("/proc", "/sys");
	struct text a, b;
	char first[64];

	CHECK_INT(host_read(&h, HOST_PROC, "uptime", &a), 0);
	CHECK(a.len > 0 && a.len < sizeof(first));
	memcpy(first, a.p, a.len);
	usleep(30000);
	CHECK_INT(host_read(&h, HOST_PROC, "uptime", &b), 0);
	CHECK(b.len != a.len || memcmp(first, b.p, b.len) != 0);
	CHECK_INT(h.nheld, 1);
	CHECK(h.held[0].fd >= 0);
	host_close(&h);
}

TEST(a_held_file_that_went_away_is_opened_again)
{
	struct host h = opened("/proc", "/sys");
	struct text t;

	CHECK_INT(host_read(&h, HOST_PROC, "stat", &t), 0);
	close(h.held[0].fd);
	CHECK_INT(host_read(&h, HOST_PROC, "stat", &t), 0);
	CHECK(text_starts(t, "cpu"));
	/* a descriptor that cannot be read as a file is given up too */
	CHECK_INT(dup2(h.root[HOST_PROC], h.held[0].fd), h.held[0].fd);
	CHECK_INT(host_read(&h, HOST_PROC, "stat", &t), 0);
	CHECK(text_starts(t, "cpu"));
	CHECK_INT(h.nheld, 1);
	host_close(&h);
}

static size_t
lines_of(struct text t)
{
	struct text line;
	size_t n = 0;

	while (text_line(&t, &line))
		n++;
	return n;
}

/* A line of net/unix each, of which a buffer of the kernel holds some 60. */
TEST(a_file_of_the_kernel_that_takes_many_reads_is_had_whole)
{
	enum { SOCKETS = 600 };
	struct host h = opened("/proc", "/sys");
	struct text once, held;
	int fd[SOCKETS];

	for (int i = 0; i < SOCKETS; i++) {
		fd[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		CHECK(fd[i] >= 0);
		if (i % 20 != 0)
			continue;
		CHECK_INT(host_read_once(&h, HOST_PROC, "net/unix", &once),
		    0);
		CHECK(lines_of(once) > (size_t)i + 1);
		/* as much as the last time and a little more, at once */
		CHECK_INT(host_read(&h, HOST_PROC, "net/unix", &held), 0);
		CHECK(lines_of(held) > (size_t)i + 1);
	}
	for (int i = 0; i < SOCKETS; i++)
		close(fd[i]);
	host_close(&h);
}

TEST(a_file_that_is_missing_says_so_each_time_and_takes_no_descriptor)
{
	struct host h = opened("/proc", "/sys");
	struct text t;

	for (int i = 0; i < 3; i++)
		CHECK_INT(host_read(&h, HOST_PROC, "no-such", &t), -ENOENT);
	CHECK_INT(h.nheld, 1);
	CHECK(h.held[0].fd < 0);
	host_close(&h);
}

TEST(in_a_brief_cycle_what_is_missing_is_not_looked_for)
{
	struct host h = opened("/proc", "/sys");
	struct text t;

	CHECK_INT(host_read(&h, HOST_PROC, "no-such", &t), -ENOENT);
	h.cycle = HOST_CYCLE_BRIEF;
	for (int i = 0; i < 3 * HOST_SKIP; i++)
		CHECK_INT(host_read(&h, HOST_PROC, "no-such", &t), -ENOENT);
	CHECK_INT(h.held[0].skip, HOST_SKIP);
	h.cycle = HOST_CYCLE;
	for (int i = 0; i < HOST_SKIP; i++)
		CHECK_INT(host_read(&h, HOST_PROC, "no-such", &t), -ENOENT);
	CHECK_INT(h.held[0].skip, 0);
	CHECK_INT(host_read(&h, HOST_PROC, "no-such", &t), -ENOENT);
	CHECK_INT(h.held[0].skip, HOST_SKIP);
	host_close(&h);
}

/* A copy that is taken for the real one, so that its files are held. */
static struct host
held_tree(void)
{
	struct host h;

	enter_tree();
	h = opened("proc", "sys");
	h.real[HOST_PROC] = true;
	put("proc/loadavg", "1\n", 2);
	put("proc/uptime", "2\n", 2);
	return h;
}

static void
check_text(struct host *h, const char *path, const char *expected)
{
	struct text t;

	CHECK_INT(host_read(h, HOST_PROC, path, &t), 0);
	CHECK(text_is(t, expected));
}

TEST(what_the_last_cycle_asked_for_is_read_when_the_next_one_begins)
{
	struct host h = held_tree();
	struct text t;

	host_begin(&h, HOST_CYCLE, false);
	check_text(&h, "loadavg", "1\n");
	host_begin(&h, HOST_CYCLE, true);
	put("proc/loadavg", "3\n", 2);
	CHECK_INT(host_read(&h, HOST_PROC, "loadavg", &t), 0);
	check_text(&h, "uptime", "2\n");
	/* not overwritten by what was read behind it */
	CHECK(text_is(t, "1\n"));
	check_text(&h, "loadavg", "1\n");
	host_forget(&h);
	check_text(&h, "loadavg", "3\n");
	put("proc/loadavg", "4\n", 2);
	host_begin(&h, HOST_CYCLE, false);
	check_text(&h, "loadavg", "4\n");
	host_close(&h);
	leave_tree();
}

TEST(what_another_kind_of_cycle_asks_for_is_not_read_ahead)
{
	struct host h = held_tree();

	host_begin(&h, HOST_CYCLE, false);
	check_text(&h, "loadavg", "1\n");
	check_text(&h, "uptime", "2\n");
	host_begin(&h, HOST_CYCLE_BRIEF, false);
	check_text(&h, "uptime", "2\n");
	for (int i = 0; i < 2; i++) {
		host_begin(&h, HOST_CYCLE_BRIEF, true);
		CHECK(!h.held[0].ahead);
		CHECK_INT(h.held[1].ahead, i == 0);
	}
	host_begin(&h, HOST_CYCLE, true);
	CHECK(h.held[0].ahead && h.held[1].ahead);
	host_close(&h);
	leave_tree();
}

TEST(what_has_no_room_or_fails_ahead_is_read_when_it_is_asked_for)
{
	char *bytes = malloc(HOST_AHEAD_MAX);
	struct host h = held_tree();
	struct text t;

	CHECK(bytes != NULL);
	memset(bytes, 'x', HOST_AHEAD_MAX);
	put("proc/stat", bytes, HOST_AHEAD_MAX);
	host_begin(&h, HOST_CYCLE, false);
	CHECK_INT(host_read(&h, HOST_PROC, "stat", &t), 0);
	check_text(&h, "loadavg", "1\n");
	check_text(&h, "uptime", "2\n");
	/* reading that fails */
	CHECK(dup2(h.root[HOST_PROC], h.held[1].fd) >= 0);
	host_begin(&h, HOST_CYCLE, true);
	CHECK(!h.held[0].ahead && !h.held[1].ahead && h.held[2].ahead);
	CHECK_INT(host_read(&h, HOST_PROC, "stat", &t), 0);
	CHECK_INT(t.len, HOST_AHEAD_MAX);
	check_text(&h, "loadavg", "1\n");
	check_text(&h, "uptime", "2\n");
	host_close(&h);
	leave_tree();
	free(bytes);
}

TEST(a_file_of_a_copy_is_followed_when_it_is_replaced)
{
	struct host h;
	struct text t;

	enter_tree();
	h = opened("proc", "sys");
	put("proc/uptime", "1", 1);
	CHECK_INT(host_read(&h, HOST_PROC, "uptime", &t), 0);
	CHECK(text_is(t, "1"));
	put("proc/new", "2", 1);
	CHECK_INT(rename("proc/new", "proc/uptime"), 0);
	CHECK_INT(host_read(&h, HOST_PROC, "uptime", &t), 0);
	CHECK(text_is(t, "2"));
	CHECK_INT(h.nheld, 0);
	host_close(&h);
	leave_tree();
}

TEST(a_file_longer_than_the_bound_is_refused_and_one_at_it_is_read)
{
	char *bytes = malloc(HOST_TEXT_MAX + 1);
	struct host h;
	struct text t;

	CHECK(bytes != NULL);
	for (int i = 0; i <= HOST_TEXT_MAX; i++)
		bytes[i] = (char)('a' + i % 23);
	enter_tree();
	h = opened("proc", "sys");
	put("proc/fits", bytes, HOST_TEXT_MAX);
	put("proc/long", bytes, HOST_TEXT_MAX + 1);
	CHECK_INT(host_read(&h, HOST_PROC, "fits", &t), 0);
	CHECK_INT(t.len, HOST_TEXT_MAX);
	CHECK_MEM(t.p, bytes, HOST_TEXT_MAX);
	CHECK_INT(host_read(&h, HOST_PROC, "long", &t), -EFBIG);
	CHECK_INT(host_read_once(&h, HOST_PROC, "long", &t), -EFBIG);
	host_close(&h);
	leave_tree();
	free(bytes);
}

TEST(the_start_of_a_file_is_cut_at_the_bound_without_an_error)
{
	char buf[8] = "zzzzzzz";
	struct host h;
	struct text t;

	enter_tree();
	h = opened("proc", "sys");
	put("proc/stat", "0123456789", 10);
	CHECK_INT(host_read_start(&h, HOST_PROC, "stat", buf, 4, &t), 0);
	CHECK(text_is(t, "0123"));
	CHECK_MEM(buf, "0123zzz", 8);
	CHECK_INT(host_read_start(&h, HOST_PROC, "no", buf, 4, &t), -ENOENT);
	host_close(&h);
	leave_tree();
}

TEST(no_path_leads_out_of_the_tree)
{
	static const char *const bad[] = { "/etc/passwd", "../secret",
	    "a/../../secret", "a/..", "..", "link" };
	struct host h;
	struct text t;
	char buf[8];

	enter_tree();
	h = opened("proc", "sys");
	put("secret", "x", 1);
	CHECK_INT(mkdir("proc/a", 0700), 0);
	CHECK_INT(symlink("../secret", "proc/link"), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(host_read(&h, HOST_PROC, bad[i], &t) < 0);
		CHECK(host_read_once(&h, HOST_PROC, bad[i], &t) < 0);
		CHECK(host_read_start(&h, HOST_PROC, bad[i], buf, 8, &t) < 0);
	}
	CHECK_INT(host_read(&h, HOST_PROC, "a/..b", &t), -ENOENT);
	CHECK_INT(host_list(&h, HOST_PROC, "a/..", NULL, NULL), -EINVAL);
	host_close(&h);
	leave_tree();
}

TEST(a_fifo_or_a_directory_in_the_place_of_a_file_is_an_error_not_a_wait)
{
	struct host h;
	struct text t;

	enter_tree();
	h = opened("proc", "sys");
	CHECK_INT(mkfifo("proc/stat", 0600), 0);
	CHECK_INT(mkdir("proc/vmstat", 0700), 0);
	CHECK_INT(host_read(&h, HOST_PROC, "stat", &t), -ESPIPE);
	CHECK_INT(host_read(&h, HOST_PROC, "vmstat", &t), -EISDIR);
	host_close(&h);
	leave_tree();
}

struct names {
	int n, stop_at;
	bool dots;
	int sum;
};

static bool
count_name(void *arg, const char *name)
{
	struct names *s = arg;

	s->dots = s->dots || name[0] == '.';
	s->sum += atoi(name + 1);
	return ++s->n != s->stop_at;
}

TEST(a_directory_of_any_length_is_listed_once_without_dots)
{
	struct names s = { 0 };
	char path[64];
	struct host h;

	enter_tree();
	h = opened("proc", "sys");
	for (int i = 1; i <= 2000; i++) {
		snprintf(path, sizeof(path), "sys/d%d", i);
		put(path, "", 0);
	}
	CHECK_INT(host_list(&h, HOST_SYS, ".", count_name, &s), 0);
	CHECK_INT(s.n, 2000);
	CHECK_INT(s.sum, 2001000);
	CHECK(!s.dots);
	s = (struct names){ .stop_at = 3 };
	CHECK_INT(host_list(&h, HOST_SYS, ".", count_name, &s), 0);
	CHECK_INT(s.n, 3);
	CHECK_INT(host_list(&h, HOST_SYS, "none/", count_name, &s), -ENOENT);
	CHECK_INT(host_list(&h, HOST_SYS, "d1", count_name, &s), -ENOTDIR);
	host_close(&h);
	leave_tree();
}

TEST(more_files_than_can_be_held_are_read_all_the_same)
{
	static char path[HOST_HELD_MAX + 4][32];
	struct host h = opened("/proc", "/sys");
	struct text t;

	for (int i = 0; i < HOST_HELD_MAX + 4; i++) {
		/* "./" in front makes as many names of one file as needed */
		snprintf(path[i], sizeof(path[i]), "%.*s%s", 2 * (i % 8),
		    "./././././././././", (const char *[]){ "stat", "uptime",
		    "loadavg", "meminfo", "vmstat", "swaps", "version" }
		    [i / 8]);
		CHECK_INT(host_read(&h, HOST_PROC, path[i], &t), 0);
		CHECK(t.len > 0);
	}
	CHECK_INT(h.nheld, HOST_HELD_MAX);
	host_close(&h);
}

TEST(no_descriptor_is_left_behind)
{
	struct host h;
	struct text t;
	int before = dup(0), after;

	close(before);
	h = opened("/proc", "/sys");
	host_read(&h, HOST_PROC, "stat", &t);
	host_read(&h, HOST_PROC, "none", &t);
	host_read_once(&h, HOST_PROC, "stat", &t);
	host_list(&h, HOST_PROC, ".", count_name, &(struct names){ 0 });
	host_close(&h);
	after = dup(0);
	close(after);
	CHECK_INT(after, before);
}
