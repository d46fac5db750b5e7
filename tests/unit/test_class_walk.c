/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Walks and rare files, over a tree that changes. */
#include "run_source.h"
#include "sources/class_walk.h"
#include "sources/rare.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define THINGS "class/thing/"

enum { FILES = 100 };

static struct host host;
static struct ran ran;
static struct build build;
static struct class_file file[FILES];
static struct class_walk walk;
static struct collect c = { .host = &host, .build = &build,
	.report = ran_failure, .report_arg = &ran, .deadline_ns = UINT64_MAX };
static char where[] = "/tmp/test_class_walk.XXXXXX";

static void
put(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
remove_tree(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", where);
	CHECK_INT(system(command), 0);
}

/* Things 0 to n, each with the number of itself as its value. */
static void
make_world(unsigned n)
{
	const char *which;

	if (host.text == NULL) {
		CHECK(mkdtemp(where) != NULL && chdir(where) == 0);
		CHECK(mkdir("class", 0700) == 0 && mkdir(THINGS, 0700) == 0);
		atexit(remove_tree);
		CHECK_INT(host_open(&host, where, where, &which), 0);
	}
	CHECK_INT(system("rm -rf " THINGS "*"), 0);
	for (unsigned i = 0; i < n; i++) {
		char path[64], text[16];

		snprintf(path, sizeof(path), THINGS "thing%u", i);
		CHECK(mkdir(path, 0700) == 0);
		strcat(path, "/value");
		snprintf(text, sizeof(text), "%u\n", i);
		put(path, text);
	}
	/* as if it were the kernel's own */
	host.real[HOST_PROC] = host.real[HOST_SYS] = true;
	for (size_t i = 0; i < walk.n; i++)
		if (file[i].fd >= 0)
			walk.again = true;
	class_walk_due(&walk, &host);
	walk = (struct class_walk){ .file = file, .max = FILES };
	memset(&ran, 0, sizeof(ran));
}

static bool
each_thing(void *arg, const char *name)
{
	char dir[64];
	unsigned number;

	(void)arg;
	if (class_number_of(name, "thing", &number)) {
		snprintf(dir, sizeof(dir), THINGS "%s/", name);
		class_add(&c, &walk, number, 0, dir, "value");
	}
	return true;
}

/* One cycle: the sum of all values, and whether a walk was made. */
static int64_t
cycle(bool *walked)
{
	int64_t sum = 0, v;

	if ((*walked = class_walk_due(&walk, &host)))
		class_list(&c, &walk, THINGS, each_thing, NULL);
	for (size_t i = 0; i < walk.n; i++)
		if (class_read_int(&c, &walk, &file[i], &v))
			sum += v;
	return sum;
}

static size_t
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	CHECK(d != NULL);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

TEST(a_walk_is_made_once_and_again_only_now_and_then)
{
	unsigned walks = 0;
	bool walked;

	make_world(4);
	for (unsigned i = 0; i < CLASS_WALK_EVERY; i++) {
		CHECK_INT(cycle(&walked), 6);
		CHECK(walked == (i == 0));
	}
	CHECK_INT(system("cp -r " THINGS "thing3 " THINGS "thing9"), 0);
	for (unsigned i = 0; i < CLASS_WALK_EVERY; i++, walks += walked)
		CHECK_INT(cycle(&walked), 9);
	CHECK_INT(walks, 1);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_copy_is_walked_each_time_and_none_of_its_files_is_kept)
{
	size_t before;
	bool walked;

	make_world(4);
	host.real[HOST_SYS] = false;
	before = open_files();
	for (int i = 0; i < 3; i++) {
		CHECK_INT(cycle(&walked), 6);
		CHECK(walked);
		CHECK_INT(open_files(), before);
	}
}

TEST(a_device_that_went_is_no_failure_and_brings_a_walk)
{
	bool walked;

	make_world(4);
	host.real[HOST_SYS] = true;
	cycle(&walked);
	/* its file is open still: what a kernel answers is ENODEV */
	close(file[0].fd);
	CHECK_INT(open("/dev/null", O_WRONLY), file[0].fd);
	CHECK_INT(system("rm -r " THINGS "thing*"), 0);
	cycle(&walked);
	CHECK(!walked);
	cycle(&walked);
	CHECK(walked);
	CHECK_INT(walk.n, 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_file_that_never_was_there_brings_no_walk)
{
	bool walked;

	make_world(4);
	CHECK_INT(unlink(THINGS "thing2/value"), 0);
	CHECK_INT(cycle(&walked), 4);
	CHECK(walked);
	CHECK_INT(cycle(&walked), 4);
	CHECK(!walked);
	CHECK_INT(ran.nfailures, 0);
}

TEST(no_more_files_are_kept_open_than_the_ration)
{
	size_t before;
	bool walked;

	make_world(FILES);
	before = open_files();
	for (int i = 0; i < 3; i++) {
		CHECK_INT(cycle(&walked), FILES * (FILES - 1) / 2);
		CHECK_INT(open_files(), before + CLASS_HELD_MAX);
	}
	/* what is open is read, whatever stands in its place */
	CHECK_INT(rename(THINGS "thing1", "aside"), 0);
	cycle(&walked);
	CHECK_INT(rename("aside", THINGS "thing1"), 0);
}

TEST(a_file_that_cannot_be_read_is_said_and_the_others_come)
{
	bool walked;

	make_world(3);
	put(THINGS "thing2/value", "x\n");
	CHECK_INT(cycle(&walked), 1);
	CHECK_INT(ran.nfailures, 1);
	CHECK_INT(ran.last_error, -EBADMSG);
	CHECK_STR(ran.last_path, THINGS "thing2/value");
}

TEST(a_walk_that_is_full_says_so_once_and_is_made_again)
{
	bool walked;

	make_world(4);
	walk.max = 2;
	cycle(&walked);
	CHECK_INT(walk.n, 2);
	CHECK_INT(ran.nfailures, 1);
	CHECK_INT(ran.last_error, -EFBIG);
	cycle(&walked);
	CHECK(walked);
	CHECK_INT(ran.nfailures, 2);
}

TEST(a_class_that_no_driver_made_has_no_devices)
{
	make_world(0);
	class_list(&c, &walk, "class/none/", each_thing, NULL);
	CHECK_INT(walk.n, 0);
	CHECK_INT(ran.nfailures, 0);
	put("class/file", "");
	class_list(&c, &walk, "class/file/", each_thing, NULL);
	CHECK_INT(ran.last_error, -ENOTDIR);
}

TEST(a_walk_that_is_late_says_so_and_is_made_again)
{
	make_world(1);
	c.deadline_ns = 0;
	class_list(&c, &walk, THINGS, each_thing, NULL);
	c.deadline_ns = UINT64_MAX;
	CHECK_INT(ran.last_error, -ETIMEDOUT);
	CHECK(walk.again);
}

TEST(names_of_devices_end_with_their_number)
{
	static const char *const bad[] = { "", "thing", "thingx", "thing-1",
	    "thing1x", "xthing1", "thing123456", "thin1" };
	unsigned n;

	CHECK(class_number_of("thing0", "thing", &n) && n == 0);
	CHECK(class_number_of("thing12345", "thing", &n) && n == 12345);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!class_number_of(bad[i], "thing", &n));
}

TEST(what_is_looked_at_once_is_a_line_without_its_end)
{
	char buf[8];
	struct text t;
	int64_t v;

	make_world(2);
	put(THINGS "thing0/name", "ab c  \nsecond\n");
	CHECK(class_look(&c, &walk, THINGS, "thing0/name", buf, sizeof(buf),
	    &t));
	CHECK(text_is(t, "ab c"));
	CHECK(class_look_int(&c, &walk, THINGS, "thing1/value", &v) && v == 1);
	CHECK(!class_look(&c, &walk, THINGS, "thing0/none", buf, sizeof(buf),
	    &t));
	CHECK_INT(ran.nfailures, 0);
	CHECK(!class_look_int(&c, &walk, THINGS, "thing0/name", &v));
	CHECK_INT(ran.last_error, -EBADMSG);
}

static bool
count_name(void *arg, const char *name)
{
	(void)name;
	(*(unsigned *)arg)++;
	return true;
}

TEST(a_rare_directory_is_looked_for_only_now_and_then)
{
	struct rare r = { .path = "rare/" };
	unsigned names = 0, looked;

	make_world(0);
	rare_list(&c, &r, count_name, &names);
	CHECK_INT(system("mkdir -p rare/one"), 0);
	for (looked = 0; names == 0 && looked < 2 * RARE_EVERY; looked++)
		rare_list(&c, &r, count_name, &names);
	CHECK_INT(looked, RARE_EVERY);
	rare_list(&c, &r, count_name, &names);
	CHECK_INT(names, 2);
	CHECK_INT(ran.nfailures, 0);
}

TEST(a_rare_file_that_is_missing_has_not_failed)
{
	struct text t;

	make_world(0);
	host.real[HOST_PROC] = false;
	CHECK(!rare_read(&c, "none", &t));
	CHECK_INT(ran.nfailures, 0);
	put("some", "1\n");
	CHECK(rare_read(&c, "some", &t) && text_is(t, "1\n"));
	CHECK(!rare_read(&c, "some/more", &t));
	CHECK_INT(ran.last_error, -ENOTDIR);
}

/* The last: what it does to the process stays. */
TEST(where_descriptors_run_out_no_more_are_kept)
{
	const struct rlimit few = { 10, 10 };
	bool walked;
	size_t held;

	make_world(FILES);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
	cycle(&walked);
	CHECK(ran.nfailures > 0);
	CHECK_INT(ran.last_error, -EMFILE);
	walk.again = true;
	memset(&ran, 0, sizeof(ran));
	held = open("/dev/null", O_RDONLY) >= 0;
	CHECK_INT(held, 0);
	CHECK_INT(cycle(&walked), FILES * (FILES - 1) / 2);
	CHECK_INT(ran.nfailures, 0);
}
