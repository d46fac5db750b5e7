/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  The source sockdiag with another kernel: its netlink socket
 * is replaced by one end of a pair, and what is to be answered waits in it.
 */
#include "run_source.h"
#include "sources/sockdiag.h"
#include "sources/sockdiag_parse.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static struct host host;
static struct ran ran;
static int kernel;	/* our end */

static int
netlink_number(void)
{
	for (int fd = 3; fd < 1024; fd++) {
		socklen_t len = sizeof(int);
		int domain;

		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) ==
		    0 && domain == AF_NETLINK)
			return fd;
	}
	test_fail(__FILE__, __LINE__, "no netlink socket");
}

static void
enter(void)
{
	const char *which;
	int pair[2], number;

	if (kernel > 0) {
		close(kernel);
		host_close(&host);
	}
	CHECK_INT(host_open(&host, "/proc", "/sys", &which), 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	source_sockdiag.start(&host);
	number = netlink_number();
	CHECK_INT(dup2(pair[0], number), number);
	kernel = pair[1];
}

static void
message(uint16_t type, uint16_t flags, uint32_t seq, const void *body,
    size_t len)
{
	uint8_t bytes[256];
	const struct nlmsghdr h = {
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + len),
		.nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = seq };

	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + NLMSG_HDRLEN, body, len);
	CHECK_INT(send(kernel, bytes, h.nlmsg_len, 0), h.nlmsg_len);
}

static void
number(uint16_t type, uint32_t seq, int32_t value)
{
	message(type, 0, seq, &value, sizeof(value));
}

static void
sock(uint32_t seq, uint8_t family, uint8_t state, uint16_t port)
{
	const struct inet_diag_msg m = { .idiag_family = family,
		.idiag_state = state, .id.idiag_sport = htons(port) };

	message(SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, seq, &m, sizeof(m));
}

/* A good answer to that question of the round, with one socket. */
static void
answer(enum sockdiag_dump d, uint32_t seq)
{
	static const struct { uint8_t family, state; } one[] = {
		{ AF_INET, TCP_LISTEN }, { AF_INET6, TCP_LISTEN },
		{ AF_INET, TCP_CLOSE }, { AF_INET6, TCP_CLOSE } };
	const struct unix_diag_msg m = { .udiag_family = AF_UNIX,
		.udiag_state = TCP_LISTEN };

	if (d == SOCKDIAG_UNIX)
		message(SOCK_DIAG_BY_FAMILY, 0, seq, &m, sizeof(m));
	else
		sock(seq, one[d].family, one[d].state,
		    (uint16_t)(100 + (unsigned)d));
	number(NLMSG_DONE, seq, 0);
}

static void
answer_all_but(enum sockdiag_dump not, uint32_t before)
{
	for (unsigned d = 0; d < SOCKDIAG_DUMPS; d++)
		if (d != not)
			answer(d, before + d + 1);
}

static size_t
count_questions(void)
{
	uint8_t bytes[256];
	size_t n = 0;

	while (recv(kernel, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

static void
run_until(uint64_t deadline_ns)
{
	static uint8_t space[BUILD_SPACE];
	const struct record_head head = { .boottime_ns = 1, .wall_ns = 2000,
		.start_ns = 1000, .source = SOURCE_SOCKDIAG };
	struct build b;
	struct collect c = { .host = &host, .build = &b,
		.source = &source_sockdiag, .report = ran_failure,
		.report_arg = &ran, .deadline_ns = deadline_ns };

	memset(&ran, 0, sizeof(ran));
	build_start(&b, &head, NULL, space);
	CHECK_INT(source_sockdiag.read(&c), 0);
	CHECK(build_finish(&b) >= 0);
	ran_keep(&ran, &b);
}

static void
run(void)
{
	run_until(UINT64_MAX);
}

TEST(five_questions_are_asked_and_their_answers_said)
{
	enter();
	answer_all_but(SOCKDIAG_DUMPS, 0);
	run();
	CHECK_INT(ran.nfailures, 0);
	CHECK_INT(said_of(&ran, CONNECTIONS_LISTEN, "ipv4"), 1);
	CHECK_INT(said_of(&ran, CONNECTIONS_LISTEN, "ipv6"), 1);
	CHECK_INT(said_of(&ran, UDP_SOCKETS_UNCONNECTED, "ipv4"), 1);
	CHECK_INT(said(&ran, UNIX_SOCKETS_LISTENING), 1);
	CHECK_INT(said(&ran, LISTEN_COUNT_SENT), 4);
	CHECK_INT(count_questions(), SOCKDIAG_DUMPS);
	answer_all_but(SOCKDIAG_DUMPS, 5);
	run();
	CHECK_INT(said_of(&ran, CONNECTIONS_LISTEN, "ipv4"), 1);
	CHECK_INT(said(&ran, LISTEN_COUNT_SENT), 4);
}

TEST(what_one_answer_lacks_costs_no_other)
{
	enter();
	answer(SOCKDIAG_TCP4, 1);
	answer(SOCKDIAG_TCP6, 2);
	number(NLMSG_ERROR, 3, -ENOENT);
	answer(SOCKDIAG_UDP6, 4);
	answer(SOCKDIAG_UNIX, 5);
	run();
	CHECK_INT(ran.nfailures, 1);
	CHECK_STR(ran.last_path, "udp/ipv4");
	CHECK_INT(ran.last_error, -ENOENT);
	CHECK_INT(said_of(&ran, CONNECTIONS_LISTEN, "ipv4"), 1);
	CHECK_INT(said_of(&ran, UDP_SOCKETS_UNCONNECTED, "ipv4"), NOT_SAID);
	CHECK_INT(said_of(&ran, UDP_SOCKETS_UNCONNECTED, "ipv6"), 1);
	CHECK_INT(said(&ran, LISTEN_COUNT_SENT), NOT_SAID);
	CHECK_INT(said(&ran, UNIX_SOCKETS_LISTENING), 1);
}

TEST(a_list_that_changed_is_not_said_and_the_next_one_is)
{
	const struct inet_diag_msg m = { .idiag_family = AF_INET,
		.idiag_state = TCP_LISTEN };

	enter();
	message(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP_INTR, 1, &m, sizeof(m));
	number(NLMSG_DONE, 1, 0);
	answer_all_but(SOCKDIAG_TCP4, 0);
	run();
	CHECK_STR(ran.last_path, "tcp/ipv4");
	CHECK_INT(ran.last_error, -EINTR);
	CHECK_INT(said_of(&ran, CONNECTIONS_LISTEN, "ipv4"), NOT_SAID);
	CHECK_INT(said_of(&ran, CONNECTIONS_LISTEN, "ipv6"), 1);
	answer_all_but(SOCKDIAG_DUMPS, 5);
	run();
	CHECK_INT(ran.nfailures, 0);
	CHECK_INT(said_of(&ran, CONNECTIONS_LISTEN, "ipv4"), 1);
}

TEST(garbage_spoils_its_own_answer_and_is_taken_to_its_end)
{
	enter();
	CHECK_INT(send(kernel, "garbage", 7, 0), 7);
	sock(1, AF_INET6, TCP_LISTEN, 9);
	answer(SOCKDIAG_TCP4, 1);
	answer_all_but(SOCKDIAG_TCP4, 0);
	run();
	CHECK_INT(ran.nfailures, 1);
	CHECK_STR(ran.last_path, "tcp/ipv4");
	CHECK_INT(ran.last_error, -EBADMSG);
	CHECK_INT(said_of(&ran, CONNECTIONS_LISTEN, "ipv6"), 1);
}

TEST(a_datagram_longer_than_any_of_the_kernel_s_is_malformed)
{
	static uint8_t bytes[40000];
	/* what of it fits would be good */
	const struct nlmsghdr h = { .nlmsg_len = 32768,
		.nlmsg_type = NLMSG_NOOP, .nlmsg_seq = 1 };
	int room = 200000;

	enter();
	CHECK_INT(setsockopt(kernel, SOL_SOCKET, SO_SNDBUF, &room,
	    sizeof(room)), 0);
	memcpy(bytes, &h, sizeof(h));
	CHECK_INT(send(kernel, bytes, sizeof(bytes), 0), sizeof(bytes));
	answer_all_but(SOCKDIAG_DUMPS, 0);
	run();
	CHECK_INT(ran.nfailures, 1);
	CHECK_INT(ran.last_error, -EBADMSG);
}

TEST(silence_is_an_error_and_not_a_host_without_sockets)
{
	enter();
	run();
	CHECK_INT(ran.nfailures, SOCKDIAG_DUMPS);
	CHECK_INT(ran.last_error, -EAGAIN);
	CHECK_INT(ran.n, 0);
}

TEST(what_time_cuts_off_goes_on_without_being_asked_again)
{
	enter();
	answer_all_but(SOCKDIAG_DUMPS, 0);
	for (int i = 0; i < 3; i++) {
		run_until(0);
		CHECK_INT(ran.n, 0);
		CHECK_INT(ran.last_error, -ETIMEDOUT);
	}
	CHECK_INT(count_questions(), 1);
	run();
	CHECK_INT(ran.nfailures, 0);
	CHECK_INT(said(&ran, LISTEN_COUNT_SENT), 4);
	CHECK_INT(count_questions(), SOCKDIAG_DUMPS - 1);
}

TEST(what_is_left_of_an_older_answer_is_passed_over)
{
	enter();
	sock(77, AF_INET, TCP_LISTEN, 9);
	number(NLMSG_DONE, 77, 0);
	answer_all_but(SOCKDIAG_DUMPS, 0);
	run();
	CHECK_INT(ran.nfailures, 0);
	CHECK_INT(said_of(&ran, CONNECTIONS_LISTEN, "ipv4"), 1);
}
