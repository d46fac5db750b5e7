/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Whom the kernel names on a channel, and each refusal. */
#include "bounds.h"
#include "channel.h"
#include "child.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Newer than the floor's headers. */
enum { OPTION_PASSPIDFD = 76, OPTION_PEERPIDFD = 77, OPTION_PASSRIGHTS = 83 };

static int pair[2];	/* [0] is the test's, [1] the child's */

static void
make_pair(void)
{
	CHECK_INT(channel_pair(pair), 0);
}

static void
close_pair(void)
{
	close(pair[0]);
	close(pair[1]);
}

/* One message as the user of a child: REQUIREs, so only in a child. */
static void
say(int fd, const char *words)
{
	REQUIRE(channel_send(fd, words, strlen(words), -1) == CHANNEL_OK);
}

static int
say_as_b(void *words)
{
	become(UID_B);
	say(pair[1], words);
	return 0;
}

static struct identity
user(pid_t pid, uid_t uid)
{
	return (struct identity){ pid, uid, uid };
}

static void
check_fault(enum channel_fault got, enum channel_fault want)
{
	CHECK_STR(channel_fault_name(got), channel_fault_name(want));
}

/* Starts what() with pair[1], receives from it as if it were sender. */
static enum channel_fault
receive_from(int (*what)(void *), void *arg, uid_t uid, int *fd_out)
{
	struct child c = child_start(what, arg);
	const struct identity sender = user(c.pid, uid);
	enum channel_fault fault;
	char buf[FRAME_MAX];
	size_t len;

	CHECK_INT(channel_wait(pair[0], 10000), 0);
	fault = channel_receive(pair[0], &sender, buf, sizeof(buf), &len,
	    fd_out);
	CHECK_EXIT(child_end(c, 10), 0);
	return fault;
}

/* Runs instead of the tests when this program was executed by one of them. */
__attribute__((constructor)) static void
tell_creator(void)
{
	const char *fd = getenv("TELL_CREATOR_OF");
	struct identity id;

	if (fd == NULL)
		return;
	REQUIRE(channel_creator(atoi(fd), &id) == 0);
	dprintf(STDERR_FILENO, "seen by %d: %d %u", (int)getuid(),
	    (int)id.pid, (unsigned)id.uid);
	_exit(0);
}

static int
exec_and_tell(void *unused)
{
	char number[32], name[] = "test";
	char *const argv[] = { name, NULL };
	char *const environment[] = { number, NULL };

	(void)unused;
	become(UID_B);
	snprintf(number, sizeof(number), "TELL_CREATOR_OF=%d", pair[1]);
	REQUIRE(fcntl(pair[1], F_SETFD, 0) == 0);
	execve("/proc/self/exe", argv, environment);
	return 97;
}

TEST(one_pair_would_name_its_creator_on_both_ends_whoever_holds_them)
{
	struct identity id;
	const struct ended *e;
	char want[64];

	need_root();
	make_pair();
	for (int i = 0; i < 2; i++) {
		CHECK_INT(channel_creator(pair[i], &id), 0);
		CHECK_INT(id.pid, getpid());
	}
	e = child_run(exec_and_tell, NULL);
	snprintf(want, sizeof(want), "seen by %d: %d 0", UID_B, (int)getpid());
	CHECK_EXIT(e, 0);
	CHECK_SAID(e, want);
	/* and the parent learns nothing about who holds the other end */
	CHECK_INT(channel_creator(pair[0], &id), 0);
	CHECK_INT(id.pid, getpid());
	close_pair();
}

static int
make_own_pair(void *unused)
{
	struct identity id;
	int own[2];

	(void)unused;
	become(UID_B);
	REQUIRE(channel_creator(pair[1], &id) == 0);
	REQUIRE(id.pid == getppid() && id.uid == 0);
	REQUIRE(channel_pair(own) == 0);
	REQUIRE(channel_send(pair[1], "Q", 1, own[1]) == CHANNEL_OK);
	close(own[1]);
	/* ends when the other side does */
	return channel_wait(own[0], 10000) == 0 ? 0 : 1;
}

TEST(two_pairs_name_each_side_to_the_other)
{
	struct identity b, found;
	char buf[8];
	struct child c;
	size_t len;
	int q;

	need_root();
	make_pair();
	c = child_start(make_own_pair, NULL);
	b = user(c.pid, UID_B);
	CHECK_INT(channel_wait(pair[0], 10000), 0);
	check_fault(channel_receive(pair[0], &b, buf, sizeof(buf), &len, &q),
	    CHANNEL_OK);
	CHECK(q >= 0 && (fcntl(q, F_GETFD) & FD_CLOEXEC) != 0);
	CHECK_INT(channel_creator(q, &found), 0);
	CHECK_INT(found.pid, c.pid);
	CHECK_INT(found.uid, UID_B);
	check_fault(channel_judge(q, &b), CHANNEL_OK);
	close(q);
	CHECK_EXIT(child_end(c, 10), 0);
	close_pair();
}

TEST(a_pair_of_another_process_or_user_or_group_is_refused)
{
	const struct identity self = { getpid(), getuid(), getgid() };
	struct identity other = self;

	make_pair();
	check_fault(channel_judge(pair[0], &self), CHANNEL_OK);
	other.pid++;
	check_fault(channel_judge(pair[0], &other), CHANNEL_WRONG_PEER);
	other = self;
	other.uid++;
	check_fault(channel_judge(pair[0], &other), CHANNEL_WRONG_PEER);
	other = self;
	other.gid++;
	check_fault(channel_judge(pair[0], &other), CHANNEL_WRONG_PEER);
	close_pair();
}

TEST(what_is_no_channel_is_refused_by_name)
{
	const struct identity self = { getpid(), getuid(), getgid() };
	static const struct {
		int domain, type;
		enum channel_fault fault;
	} wrong[] = {
		{ AF_INET, SOCK_STREAM, CHANNEL_NOT_UNIX },
		{ AF_INET6, SOCK_DGRAM, CHANNEL_NOT_UNIX },
		{ AF_UNIX, SOCK_STREAM, CHANNEL_NOT_SEQPACKET },
		{ AF_UNIX, SOCK_DGRAM, CHANNEL_NOT_SEQPACKET },
		{ AF_UNIX, SOCK_SEQPACKET, CHANNEL_NO_PASSCRED },
	};
	int fd;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		fd = socket(wrong[i].domain, wrong[i].type, 0);
		CHECK(fd >= 0);
		check_fault(channel_judge(fd, &self), wrong[i].fault);
		close(fd);
	}
	fd = open("/dev/null", O_RDWR);
	check_fault(channel_judge(fd, &self), CHANNEL_NOT_UNIX);
	close(fd);
	check_fault(channel_judge(-1, &self), CHANNEL_NOT_UNIX);
}

TEST(the_right_sender_is_heard)
{
	char words[] = "one";

	need_root();
	make_pair();
	check_fault(receive_from(say_as_b, words, UID_B, NULL), CHANNEL_OK);
	close_pair();
}

TEST(a_sender_of_another_user_is_refused)
{
	char words[] = "one";

	need_root();
	make_pair();
	check_fault(receive_from(say_as_b, words, UID_A, NULL),
	    CHANNEL_WRONG_SENDER);
	close_pair();
}

/* The descriptor leaks to a third process, which writes. */
static int
let_another_say(void *uid)
{
	pid_t third = fork();
	int status;

	REQUIRE(third >= 0);
	if (third == 0) {
		become(*(uid_t *)uid);
		say(pair[1], "words");
		_exit(0);
	}
	REQUIRE(waitpid(third, &status, 0) == third && status == 0);
	return 0;
}

TEST(a_third_process_of_the_same_user_with_a_leaked_end_is_refused)
{
	uid_t uid = UID_B;

	need_root();
	make_pair();
	check_fault(receive_from(let_another_say, &uid, UID_B, NULL),
	    CHANNEL_WRONG_SENDER);
	close_pair();
}

TEST(a_third_process_of_another_user_with_a_leaked_end_is_refused)
{
	uid_t uid = UID_C;

	need_root();
	make_pair();
	check_fault(receive_from(let_another_say, &uid, UID_B, NULL),
	    CHANNEL_WRONG_SENDER);
	close_pair();
}

TEST(a_message_from_before_credentials_were_asked_for_names_nobody)
{
	const struct identity nobody = { 0, 65534, 65534 };
	struct identity self = { getpid(), getuid(), getgid() };
	char buf[8];
	size_t len;

	for (int i = 0; i < 2; i++) {
		CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
		CHECK_INT(send(pair[1], "x", 1, 0), 1);
		CHECK_INT(channel_want_credentials(pair[0]), 0);
		/* there is a control message; only its values tell */
		check_fault(channel_receive(pair[0], i == 0 ? &self : &nobody,
		    buf, sizeof(buf), &len, NULL), i == 0 ?
		    CHANNEL_WRONG_SENDER : CHANNEL_OK);
		close_pair();
	}
}

TEST(a_message_without_credentials_is_refused)
{
	const struct identity self = { getpid(), getuid(), getgid() };
	char buf[8];
	size_t len;

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	CHECK_INT(send(pair[1], "x", 1, 0), 1);
	check_fault(channel_receive(pair[0], &self, buf, sizeof(buf), &len,
	    NULL), CHANNEL_NO_CREDENTIALS);
	close_pair();
}

/* Sends with credentials of its own choosing: 0, or errno. */
static int
send_as(int fd, const struct ucred *cred)
{
	union {
		char bytes[CMSG_SPACE(sizeof(*cred))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(*cred));
	memcpy(CMSG_DATA(c), cred, sizeof(*cred));
	return sendmsg(fd, &msg, 0) == 1 ? 0 : errno;
}

static int
forge(void *cred)
{
	return send_as(pair[1], cred);
}

static int
forge_without_privilege(void *unused)
{
	const struct ucred own = { getpid(), UID_B, UID_B };
	struct ucred c = own;

	(void)unused;
	become(UID_B);
	c.pid = getppid();
	REQUIRE(send_as(pair[1], &c) == EPERM);
	c = own;
	c.uid = UID_A;
	REQUIRE(send_as(pair[1], &c) == EPERM);
	c = own;
	c.gid = UID_A;
	REQUIRE(send_as(pair[1], &c) == EPERM);
	return 0;
}

TEST(credentials_of_someone_else_are_refused_by_us_or_by_the_kernel)
{
	struct ucred root = { getpid(), 0, 0 };
	const struct ended *e;

	need_root();
	make_pair();
	/* root may lie to the kernel: what it says is not whom we expect */
	check_fault(receive_from(forge, &root, UID_B, NULL),
	    CHANNEL_WRONG_SENDER);
	e = child_run(forge_without_privilege, NULL);
	CHECK_EXIT(e, 0);
	close_pair();
}

static int
say_too_much(void *size)
{
	static char much[FRAME_MAX + 1];

	become(UID_B);
	REQUIRE(channel_send(pair[1], much, *(size_t *)size, -1) ==
	    CHANNEL_OK);
	return 0;
}

TEST(a_message_is_whole_or_refused)
{
	size_t size = FRAME_MAX;

	need_root();
	make_pair();
	check_fault(receive_from(say_too_much, &size, UID_B, NULL),
	    CHANNEL_OK);
	size++;
	check_fault(receive_from(say_too_much, &size, UID_B, NULL),
	    CHANNEL_TRUNCATED);
	close_pair();
}

static int
pass_descriptors(void *count)
{
	union {
		char bytes[CMSG_SPACE(32 * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	const size_t n = *(size_t *)count;
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	become(UID_B);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &pair[1], sizeof(int));
	REQUIRE(sendmsg(pair[1], &msg, 0) == 1);
	return 0;
}

static void
check_descriptors(size_t count, bool wanted, enum channel_fault fault)
{
	const int before = open_descriptors();
	int fd = -1;

	check_fault(receive_from(pass_descriptors, &count, UID_B,
	    wanted ? &fd : NULL), fault);
	if (fd >= 0)
		close(fd);
	CHECK_INT(fd >= 0, fault == CHANNEL_OK && wanted);
	CHECK_INT(open_descriptors(), before);
}

TEST(a_descriptor_that_was_not_asked_for_is_refused_and_closed)
{
	need_root();
	make_pair();
	check_descriptors(1, true, CHANNEL_OK);
	check_descriptors(1, false, CHANNEL_STRAY_FD);
	check_descriptors(2, true, CHANNEL_STRAY_FD);
	check_descriptors(8, true, CHANNEL_STRAY_FD);
	close_pair();
}

TEST(control_data_that_does_not_fit_is_refused_and_closed)
{
	need_root();
	make_pair();
	check_descriptors(9, true, CHANNEL_TRUNCATED);
	check_descriptors(32, false, CHANNEL_TRUNCATED);
	close_pair();
}

TEST(many_descriptors_without_credentials_are_closed_too)
{
	need_root();
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	check_descriptors(16, false, CHANNEL_NO_CREDENTIALS);
	check_descriptors(17, false, CHANNEL_TRUNCATED);
	close_pair();
}

TEST(a_pidfd_that_the_maker_of_an_end_asked_for_is_refused_and_closed)
{
	const int on = 1;
	char words[] = "one";
	int before, fd;

	need_root();
	make_pair();
	before = open_descriptors();
	if (setsockopt(pair[0], SOL_SOCKET, OPTION_PASSPIDFD, &on,
	    sizeof(on)) < 0) {
		close_pair();
		test_skip("this kernel has no SO_PASSPIDFD (6.5)");
	}
	check_fault(receive_from(say_as_b, words, UID_B, NULL),
	    CHANNEL_STRAY_FD);
	check_fault(receive_from(say_as_b, words, UID_B, &fd),
	    CHANNEL_STRAY_FD);
	CHECK_INT(open_descriptors(), before);
	close_pair();
}

TEST(every_fault_has_a_name_of_its_own)
{
	for (int i = 0; i < CHANNEL_FAULT_END; i++) {
		CHECK(channel_fault_name((enum channel_fault)i) != NULL);
		for (int j = 0; j < i; j++)
			CHECK(strcmp(channel_fault_name((enum channel_fault)i),
			    channel_fault_name((enum channel_fault)j)) != 0);
	}
	CHECK_STR(channel_fault_name(CHANNEL_FAULT_END), "?");
}
