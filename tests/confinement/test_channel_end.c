/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  How a channel ends: peers that die, directions, waiting. */
#include "bounds.h"
#include "channel.h"
#include "child.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPTION_PEERPIDFD = 77, OPTION_PASSRIGHTS = 83 };

static int pair[2];

static struct identity
self(void)
{
	return (struct identity){ getpid(), getuid(), getgid() };
}

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

static void
check_fault(enum channel_fault got, enum channel_fault want)
{
	CHECK_STR(channel_fault_name(got), channel_fault_name(want));
}

static enum channel_fault
receive(int fd, size_t *len)
{
	const struct identity sender = self();
	char buf[64];

	return channel_receive(fd, &sender, buf, sizeof(buf), len, NULL);
}

TEST(an_empty_message_is_a_message_and_the_end_is_the_end)
{
	size_t len = 99;

	make_pair();
	check_fault(receive(pair[0], &len), CHANNEL_AGAIN);
	check_fault(channel_send(pair[1], "", 0, -1), CHANNEL_OK);
	check_fault(receive(pair[0], &len), CHANNEL_OK);
	CHECK_INT(len, 0);
	close(pair[1]);
	check_fault(receive(pair[0], &len), CHANNEL_CLOSED);
	check_fault(receive(pair[0], &len), CHANNEL_CLOSED);
	close(pair[0]);
}

/* Sends, and dies with something unread: the reset comes first. */
static int
speak_and_die(void *unused)
{
	(void)unused;
	close(pair[0]);
	REQUIRE(channel_send(pair[1], "1", 1, -1) == CHANNEL_OK);
	REQUIRE(channel_send(pair[1], "2", 1, -1) == CHANNEL_OK);
	return 0;
}

TEST(what_a_dying_peer_had_sent_is_still_read)
{
	struct identity sender = self();
	struct child c;
	char buf[8];
	size_t len;

	make_pair();
	check_fault(channel_send(pair[0], "unread", 6, -1), CHANNEL_OK);
	c = child_start(speak_and_die, NULL);
	sender.pid = c.pid;
	close(pair[1]);
	CHECK_EXIT(child_end(c, 10), 0);
	for (char want = '1'; want <= '2'; want++) {
		check_fault(channel_receive(pair[0], &sender, buf,
		    sizeof(buf), &len, NULL), CHANNEL_OK);
		CHECK_INT(len, 1);
		CHECK_INT(buf[0], want);
	}
	check_fault(channel_receive(pair[0], &sender, buf, sizeof(buf), &len,
	    NULL), CHANNEL_CLOSED);
	close(pair[0]);
}

TEST(a_reset_does_come_before_the_data)
{
	char buf[8];

	/* why channel_receive() reads once more; without it, data is lost */
	make_pair();
	CHECK_INT(send(pair[0], "unread", 6, 0), 6);
	CHECK_INT(send(pair[1], "data", 4, 0), 4);
	close(pair[1]);
	CHECK_INT(recv(pair[0], buf, sizeof(buf), 0), -1);
	CHECK_INT(errno, ECONNRESET);
	CHECK_INT(recv(pair[0], buf, sizeof(buf), 0), 4);
	close(pair[0]);
}

TEST(a_channel_is_one_way_once_it_was_made_so)
{
	size_t len;

	make_pair();
	CHECK_INT(channel_only_send(pair[0]), 0);
	CHECK_INT(channel_only_receive(pair[1]), 0);
	check_fault(channel_send(pair[0], "x", 1, -1), CHANNEL_OK);
	check_fault(receive(pair[1], &len), CHANNEL_OK);
	check_fault(channel_send(pair[1], "x", 1, -1), CHANNEL_CLOSED);
	CHECK_INT(send(pair[1], "x", 1, MSG_NOSIGNAL), -1);
	CHECK_INT(errno, EPIPE);
	check_fault(receive(pair[0], &len), CHANNEL_CLOSED);
	close_pair();
}

TEST(either_side_alone_can_end_the_direction)
{
	make_pair();
	CHECK_INT(channel_only_send(pair[0]), 0);
	check_fault(channel_send(pair[1], "x", 1, -1), CHANNEL_CLOSED);
	close_pair();
	make_pair();
	CHECK_INT(channel_only_receive(pair[1]), 0);
	check_fault(channel_send(pair[1], "x", 1, -1), CHANNEL_CLOSED);
	close_pair();
}

TEST(a_one_way_channel_takes_no_descriptor_where_the_kernel_can_refuse)
{
	int value;
	socklen_t len = sizeof(value);

	make_pair();
	if (getsockopt(pair[1], SOL_SOCKET, OPTION_PASSRIGHTS, &value,
	    &len) < 0) {
		close_pair();
		test_skip("this kernel has no SO_PASSRIGHTS (6.16)");
	}
	CHECK_INT(channel_only_receive(pair[1]), 0);
	check_fault(channel_send(pair[0], "x", 1, 0), CHANNEL_ERRNO);
	CHECK_INT(errno, EPERM);
	close_pair();
}

TEST(sending_never_waits_with_or_without_a_descriptor)
{
	for (int fd = -1; fd <= 0; fd++) {
		enum channel_fault fault = CHANNEL_OK;
		int sent = 0;

		make_pair();
		for (; fault == CHANNEL_OK && sent < 100000; sent++)
			fault = channel_send(pair[1], "x", 1, fd);
		check_fault(fault, CHANNEL_AGAIN);
		CHECK(sent > 1);
		close_pair();
	}
}

TEST(sending_to_nobody_says_closed_and_raises_no_signal)
{
	make_pair();
	signal(SIGPIPE, SIG_DFL);
	close(pair[0]);
	check_fault(channel_send(pair[1], "x", 1, -1), CHANNEL_CLOSED);
	check_fault(channel_send(pair[1], "x", 1, 0), CHANNEL_CLOSED);
	close(pair[1]);
}

TEST(a_message_larger_than_the_socket_takes_is_an_error_not_a_part)
{
	static char large[4 << 20];

	make_pair();
	check_fault(channel_send(pair[1], large, sizeof(large), -1),
	    CHANNEL_ERRNO);
	CHECK_INT(errno, EMSGSIZE);
	check_fault(channel_send(pair[1], large, FRAME_MAX, -1), CHANNEL_OK);
	close_pair();
}

TEST(waiting_ends_by_time_by_data_and_by_the_peers_end)
{
	make_pair();
	CHECK_INT(channel_wait(pair[0], 20), -1);
	CHECK_INT(errno, ETIMEDOUT);
	check_fault(channel_send(pair[1], "", 0, -1), CHANNEL_OK);
	CHECK_INT(channel_wait(pair[0], 1000), 0);
	close(pair[1]);
	CHECK_INT(channel_wait(pair[0], 1000), 0);
	close(pair[0]);
}

/* Makes a pair, hands one end over with its name, and ends. */
static int
make_and_die(void *unused)
{
	int own[2];

	(void)unused;
	REQUIRE(channel_pair(own) == 0);
	REQUIRE(channel_send(pair[1], "Q", 1, own[1]) == CHANNEL_OK);
	return 0;
}

/* An end of a pair whose maker, *maker, has ended and was waited for. */
static int
orphan(struct identity *maker)
{
	struct child c;
	char buf[8];
	size_t len;
	int q;

	make_pair();
	c = child_start(make_and_die, NULL);
	*maker = (struct identity){ c.pid, getuid(), getgid() };
	CHECK_EXIT(child_end(c, 10), 0);
	check_fault(channel_receive(pair[0], maker, buf, sizeof(buf), &len,
	    &q), CHANNEL_OK);
	close_pair();
	return q;
}

static bool
has_peerpidfd(int fd)
{
	int value;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, OPTION_PEERPIDFD, &value, &len) < 0)
		return errno != ENOPROTOOPT;
	close(value);
	return true;
}

TEST(a_pair_whose_maker_is_no_more_is_refused)
{
	struct identity maker;
	int before = open_descriptors(), q = orphan(&maker);

	if (!has_peerpidfd(q)) {
		close(q);
		test_skip("this kernel has no SO_PEERPIDFD (6.5)");
	}
	check_fault(channel_judge(q, &maker), CHANNEL_PEER_EXITED);
	close(q);
	CHECK_INT(open_descriptors(), before);
}

/* A new process under a number that was used before; or -1. */
static pid_t
fork_as(pid_t number)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal,
		    stack, stack_size, tls, set_tid, set_tid_size;
	} args = { .exit_signal = SIGCHLD,
		.set_tid = (uint64_t)(uintptr_t)&number, .set_tid_size = 1 };
	pid_t pid = (pid_t)syscall(435 /* clone3 */, &args, sizeof(args));

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

TEST(a_process_that_got_the_makers_number_is_not_the_maker)
{
	struct identity maker, named;
	enum channel_fault fault;
	bool knows;
	pid_t again;
	int q;

	need_root();
	q = orphan(&maker);
	knows = has_peerpidfd(q);
	if (!knows || (again = fork_as(maker.pid)) < 0) {
		close(q);
		test_skip("needs SO_PEERPIDFD and clone3() with set_tid");
	}
	CHECK_INT(again, maker.pid);
	/* the old credentials fit the stranger: numbers do not tell */
	CHECK_INT(channel_creator(q, &named), 0);
	fault = channel_judge(q, &maker);
	kill(again, SIGKILL);
	waitpid(again, NULL, 0);
	close(q);
	CHECK_INT(named.pid, again);
	check_fault(fault, CHANNEL_PEER_EXITED);
}
