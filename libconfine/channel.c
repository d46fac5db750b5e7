/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See channel.h. */
#include "channel.h"

#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Newer than the floor's headers; a kernel without them says ENOPROTOOPT. */
enum { SOCKOPT_PEERPIDFD = 77, SOCKOPT_PASSRIGHTS = 83 };
enum { CONTROL_PIDFD = 4 };	/* SCM_PIDFD */

/* Room to see that too many came: the kernel closes what does not fit. */
enum { FDS_SEEN_MAX = 8 };

union control {
	char bytes[CMSG_SPACE(sizeof(struct ucred)) +
	    CMSG_SPACE(FDS_SEEN_MAX * sizeof(int))];
	struct cmsghdr align;
};

const char *
channel_fault_name(enum channel_fault fault)
{
	static const char *const names[CHANNEL_FAULT_END] = {
		[CHANNEL_OK] = "ok",
		[CHANNEL_AGAIN] = "again",
		[CHANNEL_CLOSED] = "closed",
		[CHANNEL_ERRNO] = "system_call",
		[CHANNEL_NOT_UNIX] = "not_unix",
		[CHANNEL_NOT_SEQPACKET] = "not_seqpacket",
		[CHANNEL_NO_PASSCRED] = "no_passcred",
		[CHANNEL_WRONG_PEER] = "wrong_peer",
		[CHANNEL_WRONG_LABEL] = "wrong_label",
		[CHANNEL_PEER_EXITED] = "peer_exited",
		[CHANNEL_NO_CREDENTIALS] = "no_credentials",
		[CHANNEL_WRONG_SENDER] = "wrong_sender",
		[CHANNEL_TRUNCATED] = "truncated",
		[CHANNEL_STRAY_FD] = "stray_descriptor",
	};

	return fault < CHANNEL_FAULT_END ? names[fault] : "?";
}

int
channel_want_credentials(int fd)
{
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

int
channel_pair(int sv[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return -1;
	if (channel_want_credentials(sv[0]) == 0 &&
	    channel_want_credentials(sv[1]) == 0)
		return 0;
	close(sv[0]);
	close(sv[1]);
	return -1;
}

static bool
int_option(int fd, int option, int *value)
{
	socklen_t len = sizeof(*value);

	return getsockopt(fd, SOL_SOCKET, option, value, &len) == 0 &&
	    len == sizeof(*value);
}

int
channel_creator(int fd, struct identity *id)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -1;
	*id = (struct identity){ cred.pid, cred.uid, cred.gid };
	return 0;
}

static bool
same_identity(const struct identity *a, const struct identity *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/* The pid could have been used again; the pidfd names the process itself. */
static enum channel_fault
judge_alive(int fd)
{
	struct pollfd pfd = { .events = POLLIN };
	int ready;

	if (!int_option(fd, SOCKOPT_PEERPIDFD, &pfd.fd))
		return errno == ENOPROTOOPT ? CHANNEL_OK : CHANNEL_ERRNO;
	ready = poll(&pfd, 1, 0);
	close(pfd.fd);
	if (ready < 0)
		return CHANNEL_ERRNO;
	return ready == 0 ? CHANNEL_OK : CHANNEL_PEER_EXITED;
}

enum channel_fault
channel_judge(int fd, const struct identity *creator)
{
	struct identity found;
	int value;

	if (!int_option(fd, SO_DOMAIN, &value) || value != AF_UNIX)
		return CHANNEL_NOT_UNIX;
	if (!int_option(fd, SO_TYPE, &value) || value != SOCK_SEQPACKET)
		return CHANNEL_NOT_SEQPACKET;
	if (!int_option(fd, SO_PASSCRED, &value) || value != 1)
		return CHANNEL_NO_PASSCRED;
	if (channel_creator(fd, &found) < 0)
		return CHANNEL_ERRNO;
	if (!same_identity(&found, creator))
		return CHANNEL_WRONG_PEER;
	return judge_alive(fd);
}

/* Best effort on top of the checks of each message: 6.16 and later. */
static void
refuse_descriptors(int fd)
{
	const int off = 0;

	(void)setsockopt(fd, SOL_SOCKET, SOCKOPT_PASSRIGHTS, &off,
	    sizeof(off));
}

int
channel_only_receive(int fd)
{
	refuse_descriptors(fd);
	return shutdown(fd, SHUT_WR);
}

int
channel_only_send(int fd)
{
	refuse_descriptors(fd);
	return shutdown(fd, SHUT_RD);
}

struct received {
	bool has_cred, has_pidfd;
	struct ucred cred;
	int nfds;
	int fds[sizeof(union control) / sizeof(int)];	/* all that can fit */
};

static void
take_descriptors(struct received *got, const struct cmsghdr *c, size_t len)
{
	memcpy(got->fds + got->nfds, CMSG_DATA(c), len);
	got->nfds += (int)(len / sizeof(int));
}

static void
read_control(struct msghdr *msg, struct received *got)
{
	struct cmsghdr *c;

	memset(got, 0, sizeof(*got));
	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		size_t len = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS &&
		    len == sizeof(got->cred)) {
			memcpy(&got->cred, CMSG_DATA(c), len);
			got->has_cred = true;
		} else if (c->cmsg_type == SCM_RIGHTS) {
			take_descriptors(got, c, len);
		} else if (c->cmsg_type == CONTROL_PIDFD) {
			/* the maker of our end asked for one a message */
			take_descriptors(got, c, len);
			got->has_pidfd = true;
		}
	}
}

/* In this order: what the kernel cut off cannot be judged at all. */
static enum channel_fault
judge_message(const struct msghdr *msg, const struct received *got,
    const struct identity *sender, bool fd_wanted)
{
	const struct identity found = {
		got->cred.pid, got->cred.uid, got->cred.gid };

	if ((msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return CHANNEL_TRUNCATED;
	if (!got->has_cred)
		return CHANNEL_NO_CREDENTIALS;
	if (!same_identity(&found, sender))
		return CHANNEL_WRONG_SENDER;
	if (got->nfds > (fd_wanted ? 1 : 0) || got->has_pidfd)
		return CHANNEL_STRAY_FD;
	return CHANNEL_OK;
}

/* Full, empty, or the kernel is short of memory: later. */
static bool
is_passing(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS ||
	    error == ENOMEM;
}

static enum channel_fault
receive_once(int fd, struct msghdr *msg, size_t *len)
{
	ssize_t n;

	do
		n = recvmsg(fd, msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && is_passing(errno))
		return CHANNEL_AGAIN;
	if (n < 0)
		return CHANNEL_ERRNO;
	/* the end has no control data; an empty message has credentials */
	if (n == 0 && msg->msg_controllen == 0)
		return CHANNEL_CLOSED;
	*len = (size_t)n;
	return CHANNEL_OK;
}

enum channel_fault
channel_receive(int fd, const struct identity *sender, void *buf, size_t cap,
    size_t *len, int *fd_out)
{
	union control control;
	struct iovec iov = { .iov_base = buf, .iov_len = cap };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	struct received got;
	enum channel_fault fault;

	fault = receive_once(fd, &msg, len);
	/* a dying peer's reset comes before what it had still sent */
	if (fault == CHANNEL_ERRNO && errno == ECONNRESET) {
		msg.msg_controllen = sizeof(control);
		fault = receive_once(fd, &msg, len);
	}
	if (fd_out != NULL)
		*fd_out = -1;
	if (fault != CHANNEL_OK)
		return fault;
	read_control(&msg, &got);
	fault = judge_message(&msg, &got, sender, fd_out != NULL);
	if (fault == CHANNEL_OK && got.nfds == 1)
		*fd_out = got.fds[0];
	for (int i = 0; fault != CHANNEL_OK && i < got.nfds; i++)
		close(got.fds[i]);
	return fault;
}

static ssize_t
send_with_fd(int fd, const void *buf, size_t len, int pass_fd)
{
	union control control;
	struct iovec iov = { .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(int)) };
	struct cmsghdr *c;

	memcpy(&iov.iov_base, &buf, sizeof(buf));
	memset(&control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
	return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

enum channel_fault
channel_send(int fd, const void *buf, size_t len, int pass_fd)
{
	ssize_t n;

	do
		n = pass_fd >= 0 ? send_with_fd(fd, buf, len, pass_fd) :
		    sendto(fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return CHANNEL_OK;
	if (is_passing(errno))
		return CHANNEL_AGAIN;
	return errno == EPIPE || errno == ECONNRESET ? CHANNEL_CLOSED :
	    CHANNEL_ERRNO;
}

int
channel_wait(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int ready;

	do
		ready = poll(&pfd, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0 ? 0 : -1;
}

_Noreturn void
channel_refuse(const char *what, enum channel_fault fault)
{
	int error = errno;
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR, "channel_refused");
	log_text(&line, "what", what);
	log_word(&line, "fault", channel_fault_name(fault));
	if (fault == CHANNEL_ERRNO)
		log_errno(&line, error);
	log_end(&line);
	_exit(1);
}
