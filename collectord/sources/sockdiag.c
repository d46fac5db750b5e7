/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See sockdiag.h. */
#include "sources/sockdiag.h"

#include "source.h"
#include "sources/interface_names.h"
#include "sources/sockdiag_parse.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel fills as much of it as 32 KiB at once. */
enum { ANSWER_MAX = 32768 };

static const char *const names[SOCKDIAG_DUMPS] = {
	[SOCKDIAG_TCP4] = "tcp/ipv4", [SOCKDIAG_TCP6] = "tcp/ipv6",
	[SOCKDIAG_UDP4] = "udp/ipv4", [SOCKDIAG_UDP6] = "udp/ipv6",
	[SOCKDIAG_UNIX] = "unix",
};

/* One round asks all questions; it may take more than one cycle. */
static struct {
	int fd;			/* or -errno of what failed at the start */
	bool asked;		/* an answer is on its way */
	enum sockdiag_dump at;
	uint32_t seq;
	int error[SOCKDIAG_DUMPS];
	struct sockdiag found;
} round_ = { .fd = -EBADF };

static void
start(const struct host *h)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd;

	(void)h;
	if (round_.fd >= 0)
		close(round_.fd);
	memset(&round_, 0, sizeof(round_));
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_SOCK_DIAG);
	round_.fd = fd < 0 ? -errno : fd;
	/* what is connected to the kernel takes messages from nobody else */
	if (fd >= 0 && connect(fd, (const void *)&kernel,
	    sizeof(kernel)) < 0) {
		round_.fd = -errno;
		close(fd);
	}
}

static int
ask(void)
{
	alignas(struct nlmsghdr) uint8_t request[SOCKDIAG_REQUEST_MAX];
	const size_t len = sockdiag_request(round_.at, ++round_.seq, request);

	if (send(round_.fd, request, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	round_.asked = true;
	return 0;
}

/* One datagram: its bytes, or -errno. */
static ssize_t
receive(uint8_t *answer)
{
	struct sockaddr_nl from = { .nl_pid = 0 };
	struct iovec part = { answer, ANSWER_MAX };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &part, .msg_iovlen = 1 };
	const ssize_t n = recvmsg(round_.fd, &m, MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	if ((m.msg_flags & MSG_TRUNC) != 0 || from.nl_pid != 0)
		return -EBADMSG;
	return n;
}

/*
 * An error spoils this answer, but all of it must be taken before the next
 * question.  False where time ran out: then the next cycle goes on.
 */
static bool
hear(struct collect *c)
{
	static alignas(struct nlmsghdr) uint8_t answer[ANSWER_MAX];
	int *error = &round_.error[round_.at];

	while (!collect_late(c)) {
		const ssize_t n = receive(answer);

		if (n >= 0 && sockdiag_take(&round_.found, round_.at,
		    round_.seq, answer, (size_t)n, error))
			return true;
		if (n < 0 && n != -EINTR && *error == 0)
			*error = (int)n;
		/* nothing more comes, without a last word */
		if (n == 0 || n == -EAGAIN || n == -EBADF)
			return true;
	}
	return false;
}

/* True when all questions of the round have been answered. */
static bool
go_on(struct collect *c)
{
	while (round_.at < SOCKDIAG_DUMPS) {
		int *error = &round_.error[round_.at];

		if (!round_.asked && (*error = ask()) < 0) {
			round_.at++;
			continue;
		}
		if (!hear(c)) {
			collect_failed(c, names[round_.at], -ETIMEDOUT);
			return false;
		}
		round_.asked = false;
		round_.at++;
	}
	return true;
}

static void
say_family(struct collect *c, enum sockdiag_dump tcp, enum sockdiag_dump udp,
    const char *family)
{
	const struct sockdiag *s = &round_.found;
	const bool ipv6 = tcp == SOCKDIAG_TCP6;

	build_instance(c->build);
	build_attr(c->build, KEY_NETWORK_TYPE, family, strlen(family));
	for (unsigned i = 0; i < SOCKDIAG_STATES; i++)
		if (round_.error[tcp] == 0)
			build_point(c->build, CONNECTIONS_ESTABLISHED + i,
			    (int64_t)s->tcp[ipv6][i]);
	for (unsigned i = 0; i < SOCKDIAG_LISTENING; i++)
		if (round_.error[udp] == 0)
			build_point(c->build, UDP_SOCKETS_CONNECTED + i,
			    (int64_t)s->udp[ipv6][i]);
}

/* Of the family's two answers, what is whole. */
static void
say_listening(struct collect *c, const struct listening *l)
{
	const char *class = sockdiag_class_name(l->class);
	const bool tcp = l->tcp > 0 &&
	    round_.error[l->ipv6 ? SOCKDIAG_TCP6 : SOCKDIAG_TCP4] == 0;
	const bool udp = l->udp > 0 &&
	    round_.error[l->ipv6 ? SOCKDIAG_UDP6 : SOCKDIAG_UDP4] == 0;

	build_instance(c->build);
	if (l->interface != 0) {
		const struct text name = interface_name(c, l->interface);

		build_attr(c->build, KEY_INTERFACE, name.p, name.len);
	}
	build_attr(c->build, KEY_NETWORK_TYPE, l->ipv6 ? "ipv6" : "ipv4", 4);
	build_attr_number(c->build, KEY_LOCAL_PORT, l->port);
	build_attr(c->build, KEY_ADDRESS_CLASS, class, strlen(class));
	if (tcp)
		build_point(c->build, LISTENING_TCP, l->tcp);
	if (udp)
		build_point(c->build, LISTENING_UDP, l->udp);
	if (!tcp)
		return;
	build_point(c->build, LISTEN_QUEUE_ALL, (int64_t)l->queue);
	build_point(c->build, LISTEN_LIMIT_ALL, (int64_t)l->limit);
}

static void
say_list(struct collect *c)
{
	const struct sockdiag *s = &round_.found;
	uint64_t sent = 0;
	bool whole = true;

	interface_names_begin();
	for (size_t i = 0; i < s->nlistening; i++) {
		sent += (uint64_t)s->listening[i].tcp + s->listening[i].udp;
		say_listening(c, &s->listening[i]);
	}
	for (unsigned i = 0; i < SOCKDIAG_UNIX; i++)
		whole &= round_.error[i] == 0;
	build_instance(c->build);
	for (unsigned i = 0; i < SOCKDIAG_UNIX_STATES; i++)
		if (round_.error[SOCKDIAG_UNIX] == 0)
			build_point(c->build, UNIX_SOCKETS_CONNECTED + i,
			    (int64_t)s->unix_sockets[i]);
	if (s->left_out > 0)
		collect_failed(c, "[listening]", -ENOBUFS);
	if (!whole)
		return;
	build_point(c->build, LISTEN_COUNT_SENT, (int64_t)sent);
	build_point(c->build, LISTEN_COUNT_LEFT_OUT, (int64_t)s->left_out);
}

static void
next_round(void)
{
	memset(&round_.found, 0, sizeof(round_.found));
	memset(round_.error, 0, sizeof(round_.error));
	round_.at = SOCKDIAG_TCP4;
}

static int
read_sockets(struct collect *c)
{
	/* a copy of another host has no sockets that could be asked for */
	if (!host_is_real(c->host, HOST_PROC))
		return 0;
	if (round_.fd < 0)
		return round_.fd;
	if (!go_on(c))
		return 0;
	for (unsigned i = 0; i < SOCKDIAG_DUMPS; i++)
		if (round_.error[i] < 0)
			collect_failed(c, names[i], round_.error[i]);
	say_family(c, SOCKDIAG_TCP4, SOCKDIAG_UDP4, "ipv4");
	say_family(c, SOCKDIAG_TCP6, SOCKDIAG_UDP6, "ipv6");
	say_list(c);
	next_round();
	return 0;
}

const struct source source_sockdiag = {
	.id = SOURCE_SOCKDIAG,
	.profile = PROFILE_FULL,
	.path = { { HOST_SYS, "class/net/" } },
	.kernel = "3.3, CONFIG_INET_DIAG, CONFIG_UNIX_DIAG",
	.capability = CAPABILITY_NONE,
	.series = { { 5, 1 }, { 13, 2 }, { 4, SOCKDIAG_LISTEN_MAX } },
	.select = KEY_BIT(INTERFACE) | KEY_BIT(LOCAL_PORT),
	.start = start,
	.read = read_sockets,
};
