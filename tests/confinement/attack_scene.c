/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See attack_scene.h. */
#include "attack_scene.h"

#include "attack.h"
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROTOCOL_MPTCP = 262 };
#define MARKER "SLUICE_TEST_TELL_UID"

struct scene scene = { .marker = MARKER "=1" };

/* This program again, set-uid root: all it does is to say who it is. */
__attribute__((constructor)) static void
tell_uid(void)
{
	if (getenv(MARKER) != NULL)
		_exit(geteuid() == 0 ? ATTACK_WORKED : ATTACK_REFUSED);
}

static void
remove_all(void)
{
	DIR *d = opendir(scene.directory);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(scene.directory);
}

static int
make_file(char path[96], const char *name, mode_t mode)
{
	int fd;

	snprintf(path, 96, "%s/%s", scene.directory, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_INT(fchmod(fd, mode), 0);
	return fd;
}

static void
copy_self(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = make_file(scene.program, "program", 0600);
	struct stat st;

	CHECK_INT(fstat(from, &st), 0);
	while (lseek(to, 0, SEEK_CUR) < st.st_size)
		CHECK(sendfile(to, from, NULL, (size_t)st.st_size) > 0);
	CHECK_INT(fchmod(to, 04755), 0);
	close(from);
	close(to);
}

static void
listen_on(int fd, const void *name, socklen_t len)
{
	CHECK(fd >= 0);
	CHECK_INT(bind(fd, name, len), 0);
	CHECK_INT(listen(fd, 128), 0);
}

static void
listen_unix(struct sockaddr_un *a, socklen_t len)
{
	a->sun_family = AF_UNIX;
	listen_on(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), a, len);
}

static void
listen_all(void)
{
	struct sockaddr_un *const s = &scene.abstract;
	socklen_t len = sizeof(scene.tcp);
	/* which also takes those that speak TCP alone */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, PROTOCOL_MPTCP);

	if (fd < 0)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	scene.tcp.sin_family = AF_INET;
	scene.tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listen_on(fd, &scene.tcp, len);
	CHECK_INT(getsockname(fd, (struct sockaddr *)&scene.tcp, &len), 0);
	snprintf(scene.named.sun_path, sizeof(scene.named.sun_path),
	    "%s/socket", scene.directory);
	listen_unix(&scene.named, sizeof(scene.named));
	CHECK_INT(chmod(scene.named.sun_path, 0666), 0);
	scene.abstract_len = (socklen_t)offsetof(struct sockaddr_un, sun_path)
	    + (socklen_t)snprintf(s->sun_path + 1, sizeof(s->sun_path) - 1,
	    "%s", scene.directory) + 1;
	listen_unix(&scene.abstract, scene.abstract_len);
}

void
attack_prepare(void)
{
	if (scene.directory[0] != '\0')
		return;
	strcpy(scene.directory, "/tmp/sluice-attack-XXXXXX");
	CHECK(mkdtemp(scene.directory) != NULL);
	atexit(remove_all);
	CHECK_INT(chmod(scene.directory, 0777), 0);
	close(make_file(scene.readable, "readable", 0644));
	close(make_file(scene.writable, "writable", 0666));
	close(make_file(scene.roots, "roots", 0600));
	copy_self();
	listen_all();
}

void
attack_aim(int pid)
{
	scene.other = pid;
	snprintf(scene.other_mem, sizeof(scene.other_mem), "/proc/%d/mem",
	    pid);
}
