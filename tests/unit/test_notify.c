/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  A socket of our own is the manager. */
#include "../confinement/child.h"
#include "notify.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define S UINT64_C(1000000000)

enum { MESSAGE_MAX = 4096 };

static struct notify n;
static char address[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];
static int manager = -1;

static void
forget_variables(void)
{
	static const char *const variable[] = { "NOTIFY_SOCKET",
		"WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS",
		"LISTEN_FDNAMES" };

	for (size_t i = 0; i < sizeof(variable) / sizeof(variable[0]); i++)
		unsetenv(variable[i]);
}

/* Binds to the address, of which a '@' stands for a zero byte. */
static void
listen_on(const char *where)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const size_t len = strlen(where);

	CHECK(len <= sizeof(sun.sun_path));
	memcpy(sun.sun_path, where, len);
	if (where[0] == '@')
		sun.sun_path[0] = '\0';
	else
		unlink(where);
	if (manager >= 0)
		close(manager);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(bind(manager, (struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
	    (where[0] != '@' && len < sizeof(sun.sun_path)))) == 0);
	forget_variables();
	CHECK(setenv("NOTIFY_SOCKET", where, 1) == 0);
}

static void
listen_by_name(void)
{
	static unsigned next;

	snprintf(address, sizeof(address), "@sluice-test-%d-%u",
	    (int)getpid(), next++);
	listen_on(address);
}

static void
open_by_name(void)
{
	listen_by_name();
	notify_open(&n);
	CHECK(n.fd >= 0);
}

/* A datagram, or "" where there is none; *fd: what came with it, or -1. */
static const char *
heard_with(int *fd, int flags)
{
	static char text[MESSAGE_MAX];
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) - 1 };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	const ssize_t got = recvmsg(manager, &msg, flags | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c;

	*fd = -1;
	CHECK(got >= 0 || errno == EAGAIN);
	text[got < 0 ? 0 : got] = '\0';
	/* a zero byte in it would hide the rest from CHECK_STR */
	CHECK_INT(strlen(text), got < 0 ? 0 : got);
	if (got < 0 || (c = CMSG_FIRSTHDR(&msg)) == NULL)
		return text;
	CHECK(c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)));
	memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return text;
}

static const char *
heard(void)
{
	const char *text;
	int fd;

	text = heard_with(&fd, MSG_DONTWAIT);
	CHECK_INT(fd, -1);
	return text;
}

static void
not_called(void *arg, const char *name, int fd)
{
	(void)arg, (void)name, (void)fd;
	abort();
}

TEST(without_a_manager_every_call_does_nothing)
{
	static const char *const none[] = { NULL, "" };

	for (size_t i = 0; i < 2; i++) {
		forget_variables();
		if (none[i] != NULL)
			setenv("NOTIFY_SOCKET", none[i], 1);
		/* a watchdog that nobody can hear */
		setenv("WATCHDOG_USEC", "1000000", 1);
		notify_open(&n);
		CHECK_INT(n.fd, -1);
		notify_ready(&n);
		CHECK(!n.owes_ready);
		notify_status(&n, "well");
		notify_alive(&n, 100 * S);
		notify_forget(&n, "ring-0");
		notify_stopping(&n);
		CHECK_INT(notify_store(&n, "ring-0", 0), 0);
		notify_kept(&n, not_called, NULL);
	}
}

TEST(what_is_said_is_what_sd_notify_says_byte_for_byte)
{
	open_by_name();
	notify_ready(&n);
	CHECK_STR(heard(), "READY=1");
	notify_status(&n, "Delivering to x; 5 queued");
	CHECK_STR(heard(), "STATUS=Delivering to x; 5 queued");
	notify_status(&n, "");
	CHECK_STR(heard(), "STATUS=");
	notify_forget(&n, "ring-00112233445566778899aabbccddeeff");
	CHECK_STR(heard(), "FDSTOREREMOVE=1\n"
	    "FDNAME=ring-00112233445566778899aabbccddeeff");
	notify_stopping(&n);
	CHECK_STR(heard(), "STOPPING=1");
	CHECK_STR(heard(), "");
}

TEST(a_long_status_is_cut)
{
	char text[2 * NOTIFY_TEXT_MAX];
	const char *got;

	open_by_name();
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	notify_status(&n, text);
	got = heard();
	CHECK_INT(strlen(got), NOTIFY_TEXT_MAX - 1);
	CHECK(strncmp(got, "STATUS=yyyy", 11) == 0);
	CHECK_STR(heard(), "");
}

TEST(the_manager_is_found_by_a_path_and_by_a_name_without_one)
{
	char folder[] = "/tmp/sluice-notify-XXXXXX";

	open_by_name();
	notify_ready(&n);
	CHECK_STR(heard(), "READY=1");
	CHECK(mkdtemp(folder) != NULL);
	snprintf(address, sizeof(address), "%s/notify", folder);
	listen_on(address);
	notify_open(&n);
	notify_ready(&n);
	CHECK_STR(heard(), "READY=1");
	/* the longest there can be: the last byte ends it */
	memset(address + strlen(address), 'z', sizeof(address) -
	    strlen(address));
	address[sizeof(((struct sockaddr_un *)0)->sun_path) - 1] = '\0';
	listen_on(address);
	notify_open(&n);
	notify_ready(&n);
	CHECK_STR(heard(), "READY=1");
	unlink(address);
	snprintf(address, sizeof(address), "%s/notify", folder);
	unlink(address);
	CHECK(rmdir(folder) == 0);
}

TEST(the_descriptor_and_the_address_are_not_for_who_comes_after)
{
	open_by_name();
	CHECK(getenv("NOTIFY_SOCKET") == NULL);
	CHECK_INT(fcntl(n.fd, F_GETFD), FD_CLOEXEC);
}

TEST(the_watchdog_hears_of_us_twice_in_its_time_and_not_more)
{
	listen_by_name();
	setenv("WATCHDOG_USEC", "30000000", 1);
	notify_open(&n);
	CHECK_INT(n.watchdog_ns, 30 * S);
	notify_alive(&n, 1000 * S);
	CHECK_STR(heard(), "WATCHDOG=1");
	notify_alive(&n, 1015 * S - 1);
	CHECK_STR(heard(), "");
	notify_alive(&n, 1015 * S);
	CHECK_STR(heard(), "WATCHDOG=1");
	notify_alive(&n, 1015 * S);
	CHECK_STR(heard(), "");
}

TEST(a_watchdog_that_is_not_for_us_hears_nothing)
{
	char pid[32];

	listen_by_name();
	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_open(&n);
	notify_alive(&n, 1000 * S);
	CHECK_STR(heard(), "");
	listen_by_name();
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	notify_open(&n);
	CHECK_INT(n.watchdog_ns, 30 * S);
	listen_by_name();
	notify_open(&n);
	CHECK_INT(n.watchdog_ns, 0);
	notify_alive(&n, 1000 * S);
	CHECK_STR(heard(), "");
}

TEST(a_manager_that_does_not_listen_stops_nobody_and_ready_is_said_again)
{
	int queued = 0;

	open_by_name();
	do {
		notify_ready(&n);
		queued++;
	} while (!n.owes_ready && queued < 100000);
	CHECK(n.owes_ready);
	notify_status(&n, "later");
	CHECK(n.owes_ready);
	while (strcmp(heard(), "READY=1") == 0)
		queued--;
	CHECK_INT(queued, 1);
	notify_status(&n, "now");
	CHECK(!n.owes_ready);
	CHECK_STR(heard(), "READY=1");
	CHECK_STR(heard(), "STATUS=now");
	CHECK_STR(heard(), "");
}

TEST(a_manager_that_is_gone_stops_nobody)
{
	open_by_name();
	close(manager);
	manager = -1;
	notify_ready(&n);
	CHECK(n.owes_ready);
	notify_status(&n, "well");
	notify_stopping(&n);
	CHECK_INT(notify_store(&n, "ring-0", 0), -1);
	CHECK(errno == ECONNREFUSED || errno == ENOTCONN);
}

/* In a child: gives the descriptor at arg away, and says how that went. */
static int
store(void *arg)
{
	alarm(30);
	return notify_store(&n, "ring-0a", *(int *)arg) == 0 ? 0 : 1;
}

TEST(a_descriptor_is_stored_when_the_manager_has_closed_the_barrier)
{
	int memory = memfd_create("sluice-test", MFD_CLOEXEC), got, barrier;
	struct stat given, taken;
	struct child c;

	open_by_name();
	c = child_start(store, &memory);
	CHECK_STR(heard_with(&got, 0), "FDSTORE=1\nFDNAME=ring-0a\nFDPOLL=0");
	CHECK(got >= 0 && fstat(memory, &given) == 0 &&
	    fstat(got, &taken) == 0);
	CHECK(given.st_ino == taken.st_ino && given.st_dev == taken.st_dev);
	CHECK_STR(heard_with(&barrier, 0), "BARRIER=1");
	CHECK(barrier >= 0);
	/* it waits, however long, until the manager says so by closing it */
	usleep(200000);
	CHECK_INT(waitpid(c.pid, NULL, WNOHANG), 0);
	close(barrier);
	CHECK_EXIT(child_end(c, 30), 0);
	CHECK_STR(heard(), "");
	close(got);
	close(memory);
}

TEST(a_manager_that_never_answers_is_waited_for_five_seconds)
{
	int memory = memfd_create("sluice-test", MFD_CLOEXEC);

	open_by_name();
	CHECK_INT(notify_store(&n, "ring-0a", memory), -1);
	CHECK_INT(errno, ETIMEDOUT);
	close(memory);
}

/* What notify_kept() passed on, in order. */
static struct {
	int n;
	char name[16][64];
	int fd[16];
} kept;

static void
keep(void *arg, const char *name, int fd)
{
	REQUIRE(arg == &kept && kept.n < 16 &&
	    strlen(name) < sizeof(kept.name[0]));
	strcpy(kept.name[kept.n], name);
	kept.fd[kept.n++] = fd;
}

struct handed {
	int open;		/* so many descriptors from 3 on are there */
	const char *pid;	/* NULL: ours */
	const char *fds, *names;
	const char *want;	/* the names, each with a '|' behind it */
};

/* In a child: as if the manager had started it like this. */
static int
be_started(void *arg)
{
	const struct handed *h = arg;
	char ours[32], got[1024] = "";

	for (int fd = 3; fd < 64; fd++)
		close(fd);
	for (int i = 0; i < h->open; i++)
		REQUIRE(dup2(STDERR_FILENO, 3 + i) == 3 + i);
	forget_variables();
	snprintf(ours, sizeof(ours), "%d", (int)getpid());
	setenv("LISTEN_PID", h->pid != NULL ? h->pid : ours, 1);
	if (h->fds != NULL)
		setenv("LISTEN_FDS", h->fds, 1);
	if (h->names != NULL)
		setenv("LISTEN_FDNAMES", h->names, 1);
	notify_open(&n);
	notify_kept(&n, keep, &kept);
	for (int i = 0; i < kept.n; i++) {
		REQUIRE(kept.fd[i] == 3 + i);
		REQUIRE(fcntl(3 + i, F_GETFD) == FD_CLOEXEC);
		strcat(strcat(got, kept.name[i]), "|");
	}
	REQUIRE(strcmp(got, h->want) == 0);
	notify_kept(&n, not_called, NULL);
	return 0;
}

TEST(what_the_manager_kept_comes_back_with_its_names)
{
	static struct handed row[] = {
		{ 2, NULL, "2", "ring-aa:ring-bb", "ring-aa|ring-bb|" },
		{ 1, NULL, "1", "stored", "stored|" },
		{ 1, NULL, "1", NULL, "|" },
		{ 3, NULL, "3", "a", "a|||" },
		{ 3, NULL, "3", "a::c:d", "a||c|" },
		{ 2, NULL, "2", "", "||" },
		{ 16, NULL, "16", "a:b:c:d:e:f:g:h:i:j:k:l:m:n:o:p",
		    "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|" },
		{ 2, NULL, "0", "a:b", "" },
		{ 2, NULL, NULL, "a:b", "" },
		{ 2, "1", "2", "a:b", "" },
		/* another's, which are not ours to judge */
		{ 0, "1", "99", "a:b", "" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		CHECK_EXIT(child_run(be_started, &row[i]), 0);
}

TEST(descriptors_that_make_no_sense_are_fatal)
{
	static struct handed row[] = {
		{ 0, NULL, "1", "a", "" },
		{ 2, NULL, "3", "a:b:c", "" },
		{ 17, NULL, "17", "a", "" },
		{ 1, NULL, "18446744073709551615", "a", "" },
		{ 1, NULL, "18446744073709551616", "a", "" },
		{ 1, NULL, "-1", "a", "" },
		{ 1, NULL, "", "a", "" },
		{ 1, NULL, "1 ", "a", "" },
		{ 1, NULL, "0x1", "a", "" },
		{ 1, "", "1", "a", "" },
		{ 1, "+1", "1", "a", "" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct ended *e = child_run(be_started, &row[i]);

		CHECK_EXIT(e, 1);
		CHECK_SAID(e, "event=fatal what=\"LISTEN_");
	}
}

struct variables {
	const char *socket, *usec, *pid, *blamed;
};

static int
open_with(void *arg)
{
	const struct variables *v = arg;

	setenv("NOTIFY_SOCKET", v->socket, 1);
	if (v->usec != NULL)
		setenv("WATCHDOG_USEC", v->usec, 1);
	if (v->pid != NULL)
		setenv("WATCHDOG_PID", v->pid, 1);
	notify_open(&n);
	return 0;
}

TEST(an_address_or_a_watchdog_that_makes_no_sense_is_fatal)
{
	static char long_path[256] = "/", long_name[256] = "@";
	static struct variables row[] = {
		{ "notify", .blamed = "NOTIFY_SOCKET\" detail" },
		{ "/", .blamed = "NOTIFY_SOCKET\" detail" },
		{ "@", .blamed = "NOTIFY_SOCKET\" detail" },
		{ "vsock:2:1234", .blamed = "NOTIFY_SOCKET\" detail" },
		{ "/nonexistent/notify", .blamed = "NOTIFY_SOCKET\" error" },
		{ "@sluice-nobody-listens", .blamed = "NOTIFY_SOCKET\" error" },
		{ "/dev/null", .blamed = "NOTIFY_SOCKET\" error" },
		{ long_path, .blamed = "NOTIFY_SOCKET\" detail" },
		{ long_name, .blamed = "NOTIFY_SOCKET\" detail" },
		{ address, "", .blamed = "WATCHDOG_USEC" },
		{ address, "0", .blamed = "WATCHDOG_USEC" },
		{ address, "-5", .blamed = "WATCHDOG_USEC" },
		{ address, " 5", .blamed = "WATCHDOG_USEC" },
		{ address, "5s", .blamed = "WATCHDOG_USEC" },
		{ address, "18446744073709551615", .blamed = "WATCHDOG_USEC" },
		{ address, "99999999999999999999", .blamed = "WATCHDOG_USEC" },
		{ address, "1", "", .blamed = "WATCHDOG_PID" },
		{ address, "1", "me", .blamed = "WATCHDOG_PID" },
	};

	listen_by_name();
	/* one byte more than fits */
	memset(long_path + 1, 'p', 107);
	memset(long_name + 1, 'n', 107);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct ended *e = child_run(open_with, &row[i]);
		char blamed[64];

		snprintf(blamed, sizeof(blamed), "event=fatal what=\"%s",
		    row[i].blamed);
		CHECK_EXIT(e, 1);
		CHECK_SAID(e, blamed);
	}
}
