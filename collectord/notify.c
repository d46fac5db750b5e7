/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See notify.h. */
#include "notify.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_KEPT_FD = 3, KEPT_MAX = 16, BARRIER_MS = 5000 };

#define NS_PER_US UINT64_C(1000)

/* Digits alone; false where the variable is not set. */
static bool
number_of(const char *variable, uint64_t *number)
{
	const char *s = getenv(variable);
	char *end;

	if (s == NULL)
		return false;
	errno = 0;
	*number = strtoull(s, &end, 10);
	if (errno != 0 || *s < '0' || *s > '9' || *end != '\0')
		fatal_text(variable, "not a number");
	return true;
}

/* 0: it does not want to hear of us, or it is about another process. */
static uint64_t
watchdog_ns(void)
{
	uint64_t us, pid;

	if (!number_of("WATCHDOG_USEC", &us))
		return 0;
	if (us == 0 || us > UINT64_MAX / NS_PER_US)
		fatal_text("WATCHDOG_USEC", "not a time");
	if (number_of("WATCHDOG_PID", &pid) && pid != (uint64_t)getpid())
		return 0;
	return us * NS_PER_US;
}

/* How many descriptors the manager kept for us; each is there. */
static int
count_kept(void)
{
	uint64_t n, pid;

	if (!number_of("LISTEN_PID", &pid) || pid != (uint64_t)getpid() ||
	    !number_of("LISTEN_FDS", &n))
		return 0;
	if (n > KEPT_MAX)
		fatal_text("LISTEN_FDS", "more than were ever stored");
	for (int fd = FIRST_KEPT_FD; fd < FIRST_KEPT_FD + (int)n; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			fatal("LISTEN_FDS", errno);
	return (int)n;
}

/* A path, or "@" and a name without a place in the file system. */
static int
connect_to(const char *address)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const size_t len = strlen(address);
	int fd;

	if ((address[0] != '/' && address[0] != '@') || len < 2 ||
	    len >= sizeof(sun.sun_path))
		fatal_text("NOTIFY_SOCKET", "neither a path nor an abstract"
		    " name");
	memcpy(sun.sun_path, address, len);
	if (address[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
	    (address[0] == '/'))) < 0)
		fatal("NOTIFY_SOCKET", errno);
	return fd;
}

void
notify_open(struct notify *n)
{
	const char *address = getenv("NOTIFY_SOCKET");

	*n = (struct notify){ .fd = -1 };
	/* before a descriptor of ours could be taken for one of them */
	n->nkept = count_kept();
	if (address == NULL || *address == '\0')
		return;
	n->fd = connect_to(address);
	n->watchdog_ns = watchdog_ns();
	unsetenv("NOTIFY_SOCKET");
}

/* False: a manager that does not listen must not stop the metrics. */
static bool
say(const struct notify *n, const char *text)
{
	return n->fd < 0 || send(n->fd, text, strlen(text),
	    MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* With a descriptor; this may wait, nothing runs yet. */
static int
say_with(const struct notify *n, const char *text, int fd)
{
	struct iovec iov = { .iov_base = (char *)(uintptr_t)text,
		.iov_len = strlen(text) };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(n->fd, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* The manager closes its end when it has done all that was said before. */
static int
await_manager(const struct notify *n)
{
	struct pollfd pfd = { 0 };
	int ends[2], result;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	result = say_with(n, "BARRIER=1", ends[1]);
	close(ends[1]);
	pfd.fd = ends[0];
	if (result == 0 && poll(&pfd, 1, BARRIER_MS) != 1) {
		errno = ETIMEDOUT;
		result = -1;
	}
	close(ends[0]);
	return result;
}

int
notify_store(const struct notify *n, const char *name, int fd)
{
	char text[NOTIFY_TEXT_MAX];

	if (n->fd < 0)
		return 0;
	/* FDPOLL=0: a descriptor that cannot be polled is not given up */
	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
	return say_with(n, text, fd) < 0 ? -1 : await_manager(n);
}

void
notify_forget(const struct notify *n, const char *name)
{
	char text[NOTIFY_TEXT_MAX];

	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	say(n, text);
}

void
notify_kept(struct notify *n, void (*call)(void *, const char *, int),
    void *arg)
{
	const char *names = getenv("LISTEN_FDNAMES");
	char name[NOTIFY_TEXT_MAX];

	for (int i = 0; i < n->nkept; i++) {
		const size_t len = names == NULL ? 0 : strcspn(names, ":");

		snprintf(name, sizeof(name), "%.*s", (int)len,
		    names == NULL ? "" : names);
		call(arg, name, FIRST_KEPT_FD + i);
		if (names != NULL)
			names += len + (names[len] == ':');
	}
	n->nkept = 0;
}

void
notify_ready(struct notify *n)
{
	n->owes_ready = !say(n, "READY=1");
}

void
notify_status(struct notify *n, const char *text)
{
	char line[NOTIFY_TEXT_MAX];

	/* it would wait for that until it gives up */
	if (n->owes_ready)
		notify_ready(n);
	snprintf(line, sizeof(line), "STATUS=%s", text);
	say(n, line);
}

void
notify_stopping(const struct notify *n)
{
	say(n, "STOPPING=1");
}

void
notify_alive(struct notify *n, uint64_t now_ns)
{
	/* twice in its time, as sd_watchdog_enabled(3) asks */
	if (n->watchdog_ns == 0 || now_ns - n->alive_ns < n->watchdog_ns / 2)
		return;
	n->alive_ns = now_ns;
	say(n, "WATCHDOG=1");
}
