/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See shaken_tree.h. */
#include "shaken_tree.h"

#include "shaken_calls.h"
#include "test.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 2048, NAME_MAX_LEN = 256, BYTES_MAX = 65536 };

static char files[FILES_MAX][NAME_MAX_LEN];
static unsigned nfiles;
static char place[32];

static void __attribute__((format(printf, 1, 2)))
run(const char *format, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	CHECK_INT(system(command), 0);
}

static void
list_files(void)
{
	FILE *f = popen("cd whole && find proc sys -type f | sort", "r");

	CHECK(f != NULL);
	nfiles = 0;
	while (fgets(files[nfiles], NAME_MAX_LEN, f) != NULL) {
		files[nfiles][strcspn(files[nfiles], "\n")] = '\0';
		CHECK(++nfiles < FILES_MAX);
	}
	CHECK_INT(pclose(f), 0);
}

void
tree_make(void)
{
	static const char *const hosts[] = { "linux-6.18", "linux-6.12-rhel10",
		"linux-6.1-debian12", "linux-5.14-rhel9" };
	const char *root = getenv("SLUICE_SOURCE_ROOT");

	strcpy(place, "/tmp/test_shaken.XXXXXX");
	CHECK(root != NULL && mkdtemp(place) != NULL && chdir(place) == 0);
	CHECK_INT(mkdir("whole", 0700), 0);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		run("cp -r %s/tests/fixtures/%s/* whole", root, hosts[i]);
	run("/usr/bin/python3 %s/tests/fixtures/make_cgroups.py rhel10 whole",
	    root);
	run("cp -r whole shaken");
	list_files();
}

void
tree_remove(void)
{
	CHECK_INT(chdir("/"), 0);
	run("rm -r %s", place);
}

static long
read_file(const char *path, char *bytes)
{
	const int fd = open(path, O_RDONLY);
	const long n = fd < 0 ? -1 : read(fd, bytes, BYTES_MAX);

	if (fd >= 0)
		close(fd);
	return n;
}

/* In its place: who holds it open sees what is new, as of the kernel. */
static void
write_file(const char *path, const char *bytes, long n)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, bytes, (size_t)n) == n);
	close(fd);
}

static void
make_directories(char *path)
{
	for (char *p = strchr(path, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
}

static void
heal_file(const char *name)
{
	static char good[BYTES_MAX], now[BYTES_MAX];
	char whole[NAME_MAX_LEN + 16], path[NAME_MAX_LEN + 16];
	long n;

	snprintf(whole, sizeof(whole), "whole/%s", name);
	snprintf(path, sizeof(path), "shaken/%s", name);
	CHECK((n = read_file(whole, good)) >= 0 && n < BYTES_MAX);
	if (read_file(path, now) == n && memcmp(good, now, (size_t)n) == 0)
		return;
	make_directories(path);
	write_file(path, good, n);
}

void
tree_heal(void)
{
	for (unsigned i = 0; i < nfiles; i++)
		heal_file(files[i]);
}

static const char *
any_file(void)
{
	return files[shaken_random(nfiles)];
}

/* A file, or one of the directories that it is in. */
void
tree_take_away(void)
{
	const char *name = any_file();
	char path[NAME_MAX_LEN + 16];
	unsigned up = shaken_random(4);

	if (shaken_random(3) == 0) {
		heal_file(name);
		return;
	}
	snprintf(path, sizeof(path), "shaken/%s", name);
	for (; up > 0; up--)
		if (strchr(strchr(path, '/') + 1, '/') !=
		    strrchr(path, '/'))
			*strrchr(path, '/') = '\0';
	run("rm -rf %s", path);
	/* gone and come again */
	if (shaken_random(3) == 0)
		heal_file(name);
}

/* Cut, some bytes others, or what another file has. */
void
tree_spoil(void)
{
	static char bytes[BYTES_MAX];
	char path[NAME_MAX_LEN + 16];
	long n;

	snprintf(path, sizeof(path), "shaken/%s", any_file());
	if ((n = read_file(path, bytes)) <= 0)
		return;
	switch (shaken_random(3)) {
	case 0:
		n = shaken_random((unsigned)n);
		break;
	case 1:
		for (unsigned i = shaken_random(8) + 1; i > 0; i--)
			bytes[shaken_random((unsigned)n)] =
			    "0 9\n-:/%\377aZ(["[shaken_random(13)];
		break;
	default:
		snprintf(path, sizeof(path), "shaken/%s", any_file());
		break;
	}
	if (access(path, F_OK) == 0)
		write_file(path, bytes, n);
}
