/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See process.h. */
#include "sources/process.h"

#include "source.h"

#include <errno.h>
#include <string.h>

enum {
	/* number, name (64 bytes in parentheses at most) and state */
	STAT_START = 128,
	PID_DIGITS = 10,
	LATE_EVERY = 64,	/* processes between looks at the clock */
};

/* TASK_REPORT of the kernel's fs/proc/array.c: proc_pid_stat(5). */
static const struct {
	char letter;
	enum process_state state;
} letters[] = {
	{ 'S', PROCESS_SLEEPING },	/* waiting for an event */
	{ 'I', PROCESS_SLEEPING },	/* idle kernel thread */
	{ 'R', PROCESS_RUNNING },
	{ 'D', PROCESS_SLEEPING },	/* waiting, mostly for a disk */
	{ 'Z', PROCESS_DEFUNCT },
	{ 'T', PROCESS_STOPPED },
	{ 't', PROCESS_STOPPED },	/* by a tracer */
	{ 'X', PROCESS_DEFUNCT },	/* being taken down */
	{ 'P', PROCESS_SLEEPING },	/* parked kernel thread */
};

int
pidstat_state(struct text t, enum process_state *state)
{
	/* a name can hold anything, even ")": the last one ends it */
	const char *end = t.len == 0 ? NULL : memrchr(t.p, ')', t.len);

	if (end == NULL || t.len - (size_t)(end - t.p) < 3 || end[1] != ' ')
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].letter == end[2]) {
			*state = letters[i].state;
			return 0;
		}
	return -EBADMSG;
}

struct scan {
	struct collect *c;
	int64_t count[PROCESS_STATES];
	size_t seen;
	int error;
};

static bool
is_pid(const char *name)
{
	const size_t n = strspn(name, "0123456789");

	return n > 0 && n <= PID_DIGITS && name[n] == '\0';
}

/* 1, 0 where the process has gone, or -errno. */
static int
read_state(struct host *h, const char *pid, enum process_state *state)
{
	char path[PID_DIGITS + sizeof("/stat")], buf[STAT_START];
	struct text t;
	int error;

	stpcpy(stpcpy(path, pid), "/stat");
	error = host_read_start(h, HOST_PROC, path, buf, sizeof(buf), &t);
	if (error == -ENOENT || error == -ESRCH)
		return 0;
	if (error == 0)
		error = pidstat_state(t, state);
	return error < 0 ? error : 1;
}

static bool
count_one(void *arg, const char *name)
{
	struct scan *s = arg;
	enum process_state state;
	int got;

	if (!is_pid(name))
		return true;
	if (s->seen++ % LATE_EVERY == 0 && collect_late(s->c))
		got = -ETIMEDOUT;
	else
		got = read_state(s->c->host, name, &state);
	if (got < 0)
		s->error = got;
	else if (got > 0)
		s->count[state]++;
	return got >= 0;
}

/*
 * Process 1 is always there and, but for odd containers, another user's: where
 * it cannot be read, hidepid (proc(5)) or a policy hides processes, and what
 * is left to count would be a lie.
 */
static int
check_visible(struct host *h)
{
	enum process_state state;
	const int got = host_is_real(h, HOST_PROC) ?
	    read_state(h, "1", &state) : 1;

	return got == 0 ? -EACCES : got < 0 ? got : 0;
}

/* All counts or none. */
static int
count_all(struct collect *c)
{
	struct scan s = { .c = c };
	int error = check_visible(c->host);

	if (error == 0)
		error = host_list(c->host, HOST_PROC, ".", count_one, &s);
	if (error == 0)
		error = s.error;
	if (error < 0)
		return error;
	for (unsigned i = 0; i < PROCESS_STATES; i++)
		build_point(c->build, PROCESS_COUNT_RUNNING + i, s.count[i]);
	return 0;
}

static void
say_limit(struct collect *c)
{
	static const char path[] = "sys/kernel/threads-max";
	struct text t, line;
	int64_t limit;

	if (!collect_read(c, HOST_PROC, path, &t))
		return;
	if (text_line(&t, &line) && text_u63(line, &limit))
		build_point(c->build, PROCESS_LIMIT_ALL, limit);
	else
		collect_failed(c, path, -EBADMSG);
}

static int
read_processes(struct collect *c)
{
	int error;

	build_instance(c->build);
	if ((error = count_all(c)) < 0)
		collect_failed(c, "[pid]/stat", error);
	say_limit(c);
	return 0;
}

const struct source source_process = {
	.id = SOURCE_PROCESS,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_PROC, "./" },
	    { HOST_PROC, "sys/kernel/threads-max" } },
	.kernel = "2.6",
	.capability = CAPABILITY_NONE,
	.group = "where /proc is mounted hidepid: that of its gid=",
	.series = { { 5, 1 } },
	.read = read_processes,
};
