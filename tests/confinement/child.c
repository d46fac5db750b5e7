/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See child.h. */
#include "child.h"

#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 60 };

struct child
child_start(int (*what)(void *), void *arg)
{
	struct child c;
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC) < 0 || (c.pid = fork()) < 0)
		test_fail(__FILE__, __LINE__, "fork: %s", strerror(errno));
	if (c.pid == 0) {
		if (dup2(pipe_fd[1], STDERR_FILENO) < 0)
			_exit(98);
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		_exit(what(arg));
	}
	close(pipe_fd[1]);
	c.err = pipe_fd[0];
	return c;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* To the end of what it and its children say, or of our patience. */
static bool
read_all(int fd, char *text, size_t cap, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t used = 0;
	ssize_t n = 1;
	char rest[512];

	text[0] = '\0';
	while (n > 0) {
		int64_t left = deadline - now_ms();

		if (left <= 0 || poll(&pfd, 1, (int)left) <= 0)
			return false;
		n = used < cap - 1 ? read(fd, text + used, cap - 1 - used) :
		    read(fd, rest, sizeof(rest));
		if (n > 0 && used < cap - 1)
			used += (size_t)n;
		text[used] = '\0';
	}
	return true;
}

const struct ended *
child_end(struct child c, int seconds)
{
	static struct ended e;

	e.late = !read_all(c.err, e.text, sizeof(e.text),
	    now_ms() + seconds * 1000);
	if (e.late)
		kill(c.pid, SIGKILL);
	close(c.err);
	waitpid(c.pid, &e.status, 0);
	return &e;
}

const struct ended *
child_run_for(int (*what)(void *), void *arg, int seconds)
{
	return child_end(child_start(what, arg), seconds);
}

const struct ended *
child_run(int (*what)(void *), void *arg)
{
	return child_run_for(what, arg, PATIENCE_S);
}

const char *
child_story(const struct ended *e)
{
	static char story[256 + sizeof(e->text)];
	int n;

	if (e->late)
		n = snprintf(story, sizeof(story), "no end");
	else if (WIFEXITED(e->status))
		n = snprintf(story, sizeof(story), "exit %d",
		    WEXITSTATUS(e->status));
	else
		n = snprintf(story, sizeof(story), "signal %d",
		    WTERMSIG(e->status));
	snprintf(story + n, sizeof(story) - (size_t)n, ": %s", e->text);
	return story;
}

bool
child_exited(const struct ended *e, int status)
{
	return !e->late && WIFEXITED(e->status) &&
	    WEXITSTATUS(e->status) == status;
}

bool
child_killed(const struct ended *e, int signal)
{
	return !e->late && WIFSIGNALED(e->status) &&
	    WTERMSIG(e->status) == signal;
}

_Noreturn void
child_fail(const char *file, int line, const char *what)
{
	dprintf(STDERR_FILENO, "%s:%d: %s (errno %s)\n", file, line, what,
	    strerror(errno));
	_exit(99);
}

void
need_root(void)
{
	if (geteuid() != 0)
		test_skip("only root can be several users");
}

void
become(uid_t uid)
{
	REQUIRE(setgroups(0, NULL) == 0);
	REQUIRE(setresgid(uid, uid, uid) == 0);
	REQUIRE(setresuid(uid, uid, uid) == 0);
}

void
become_with(uid_t uid, uint64_t caps)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	REQUIRE(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	become(uid);
	for (int i = 0; i < 2; i++)
		d[i] = (struct __user_cap_data_struct){
			(uint32_t)(caps >> 32 * i), (uint32_t)(caps >> 32 * i),
			(uint32_t)(caps >> 32 * i) };
	REQUIRE(syscall(SYS_capset, &h, d) == 0);
	REQUIRE(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0);
	for (int cap = 0; cap < 64; cap++)
		if ((caps >> cap & 1) != 0)
			REQUIRE(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
			    cap, 0, 0) == 0);
}

void
drop_bounding_set(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		REQUIRE(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0);
}

void
become_starter(uid_t uid)
{
	become_with(uid, UINT64_C(1) << CAP_SETUID |
	    UINT64_C(1) << CAP_SETGID | UINT64_C(1) << CAP_SETPCAP);
}

int
open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = -1;	/* the directory itself */

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

const char *
status_line(pid_t pid, const char *key)
{
	static char line[256];
	char path[64];
	size_t len = strlen(key);
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if ((f = fopen(path, "re")) == NULL)
		return NULL;
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = strncmp(line, key, len) == 0 && line[len] == ':';
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return found ? line + len + 1 + strspn(line + len + 1, " \t") : NULL;
}
