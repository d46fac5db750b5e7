/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord, and in the child until exec.  See launch.h. */
#include "launch.h"

#include "log.h"
#include "privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END_PAUSES = 50, END_PAUSE_NS = 20000000 };	/* a second in all */

struct user {
	uid_t uid;
	gid_t gid;
};

static bool
whole_number(const char *s, unsigned long *value)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*value = strtoul(s, &end, 10);
	return errno == 0 && *end == '\0' && *value < UINT32_MAX;
}

/* A number stands for a user and a group of that number. */
static struct user
find_user(const char *name)
{
	unsigned long number;
	const struct passwd *pw;

	if (whole_number(name, &number))
		return (struct user){ (uid_t)number, (gid_t)number };
	if ((pw = getpwnam(name)) == NULL)
		fatal_text("the shipper's user does not exist; systemd-sysusers"
		    " makes it, --shipper-user names another", name);
	return (struct user){ pw->pw_uid, pw->pw_gid };
}

/* Numbered descriptors: 0 and 1 nothing, 2 the log, 3 the channel. */
static int
arrange_descriptors(int p)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int channel;

	/* above the slots, so that no dup2() closes what is still needed */
	if (null < 0 || (channel = fcntl(p, F_DUPFD_CLOEXEC, 10)) < 0)
		return -1;
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(channel, SHIPPER_CHANNEL_FD) < 0)
		return -1;
	/* a leaked reader of a channel steals records without a trace */
	return close_range(SHIPPER_CHANNEL_FD + 1, ~0U, 0);
}

_Noreturn static void
become_shipper(const struct launch_options *o, int p, bool split,
    struct user user)
{
	char name[] = "shipperd";
	char *const argv[] = { name, NULL };
	char *const no_environment[] = { NULL };

	if (arrange_descriptors(p) < 0)
		fatal("descriptors of the shipper", errno);
	if (split && privilege_become(user.uid, user.gid) < 0)
		fatal("become the shipper's user", errno);
	if (!split && (capabilities_drop() < 0 || privilege_no_new() < 0))
		fatal("drop the shipper's capabilities", errno);
	execve(o->path, argv, no_environment);
	fatal(o->path, errno);
}

static void
drop_own(void)
{
	if (capabilities_drop() < 0)
		fatal("drop the collector's capabilities", errno);
	if (privilege_no_new() < 0)
		fatal("no_new_privs", errno);
}

void
launch_shipper(struct link *l, const struct launch_options *o)
{
	struct user user = { getuid(), getgid() };
	int pair[2];
	pid_t pid;

	memset(l, 0, sizeof(*l));
	l->q = -1;
	l->stage = STAGE_HELLO;
	l->split = capabilities_can_split();
	if (l->split)
		user = find_user(o->user);
	if (l->split && (user.uid == 0 || user.gid == 0 ||
	    user.uid == getuid() || user.gid == getgid()))
		fatal_text("the shipper needs a user and a group that are"
		    " neither root's nor the collector's", o->user);
	if (channel_pair(pair) < 0)
		fatal("socketpair", errno);
	if ((pid = fork()) < 0)
		fatal("fork", errno);
	if (pid == 0)
		become_shipper(o, pair[1], l->split, user);
	close(pair[1]);
	l->p = pair[0];
	l->shipper = (struct identity){ pid, user.uid, user.gid };
	drop_own();
}

/* One message into buf; waits for it.  *fd: the descriptor, or -1. */
static struct frame
await(int fd, enum frame_path path, struct link *l, uint8_t *buf,
    int *passed, int timeout_ms)
{
	enum channel_fault fault;
	struct frame f;
	size_t len;

	if (channel_wait(fd, timeout_ms) < 0)
		fatal("waiting for the shipper", errno);
	fault = channel_receive(fd, &l->shipper, buf, FRAME_MAX, &len,
	    passed);
	if (fault == CHANNEL_CLOSED)
		fatal_text("the shipper ended before it was ready",
		    "its own log line says why");
	if (fault != CHANNEL_OK)
		channel_refuse("handshake", fault);
	if (frame_take(&f, buf, len, passed != NULL && *passed >= 0, path,
	    &l->stage) < 0)
		fatal_text("handshake", "a frame that does not belong here");
	return f;
}

static void
send_frame(struct link *l, enum frame_type type, const void *payload,
    size_t len, int fd)
{
	static uint8_t message[FRAME_MAX];
	enum channel_fault fault;

	message[0] = (uint8_t)type;
	if (len > 0)
		memcpy(message + 1, payload, len);
	fault = channel_send(l->p, message, len + 1, fd);
	if (fault != CHANNEL_OK)
		channel_refuse(frame_row(type)->name, fault);
}

void
launch_handshake(struct link *l)
{
	uint8_t buf[FRAME_MAX], nonces[2 * NONCE_SIZE];
	enum channel_fault fault;
	struct frame hello;

	hello = await(l->p, FROM_SHIPPER_ON_P, l, buf, &l->q,
	    HANDSHAKE_TIMEOUT_MS);
	fault = channel_judge(l->q, &l->shipper);
	if (fault != CHANNEL_OK)
		channel_refuse("the shipper's own pair", fault);
	if (!selinux_peer_belongs(l->q, SELINUX_COLLECTOR,
	    SELINUX_SHIPPER_INIT))
		channel_refuse("the shipper's own pair", CHANNEL_WRONG_LABEL);
	/* ours to switch on: the peer had time to switch it off again */
	if (channel_want_credentials(l->q) < 0 ||
	    fcntl(l->q, F_SETFD, FD_CLOEXEC) < 0 ||
	    channel_only_receive(l->q) < 0)
		fatal("the shipper's own pair", errno);
	if (getrandom(l->nonce, sizeof(l->nonce), 0) != sizeof(l->nonce))
		fatal("getrandom", errno);
	memcpy(nonces, hello.payload, NONCE_SIZE);
	memcpy(nonces + NONCE_SIZE, l->nonce, NONCE_SIZE);
	send_frame(l, FRAME_WELCOME, nonces, sizeof(nonces), -1);
}

/* Nothing can come on P any more: what is there now came after HELLO. */
static void
refuse_further_hello(struct link *l)
{
	uint8_t byte;
	size_t len;

	if (channel_receive(l->p, &l->shipper, &byte, sizeof(byte), &len,
	    NULL) != CHANNEL_CLOSED)
		fatal_text("handshake", "more than one HELLO");
}

void
launch_configure(struct link *l, const void *config, size_t len,
    const int secret_fd[SECRET_END])
{
	send_frame(l, FRAME_CONFIG, config, len, -1);
	for (uint8_t kind = 0; kind < SECRET_END; kind++) {
		if (secret_fd[kind] < 0)
			continue;
		send_frame(l, FRAME_SECRET, &kind, sizeof(kind),
		    secret_fd[kind]);
		close(secret_fd[kind]);
	}
	send_frame(l, FRAME_START, NULL, 0, -1);
	if (channel_only_send(l->p) < 0)
		fatal("shutdown", errno);
	refuse_further_hello(l);
}

void
launch_await_lock(struct link *l)
{
	uint8_t buf[FRAME_MAX];
	struct frame locked = await(l->q, FROM_SHIPPER, l, buf, NULL,
	    LOCK_TIMEOUT_MS);

	if (locked.type != FRAME_LOCKED ||
	    memcmp(locked.payload, l->nonce, NONCE_SIZE) != 0)
		fatal_text("LOCKED", "the nonce is not the one we sent");
	l->layers.landlock_abi = locked.payload[NONCE_SIZE];
	l->layers.mdwe = locked.payload[NONCE_SIZE + 1];
	l->layers.selinux = locked.payload[NONCE_SIZE + 2];
	if (l->layers.selinux >= SELINUX_LAYER_END)
		fatal_text("LOCKED", "no such SELinux layer");
	/* if the kernel enforces: one answer for both, which we can read */
	if (l->layers.selinux == SELINUX_ENFORCED)
		l->layers.selinux = (uint8_t)selinux_layer(SELINUX_COLLECTOR);
	/* it says that it has made its step: the kernel must say so, too */
	if (!selinux_process_belongs(l->shipper.pid, SELINUX_COLLECTOR,
	    SELINUX_SHIPPER))
		channel_refuse("the locked shipper", CHANNEL_WRONG_LABEL);
}

/* The channel ends a moment before the process does. */
static bool
wait_a_moment(pid_t pid, siginfo_t *how)
{
	const struct timespec pause = { .tv_nsec = END_PAUSE_NS };

	for (int i = 0; i < END_PAUSES; i++) {
		how->si_pid = 0;
		if (waitid(P_PID, (id_t)pid, how, WEXITED | WNOHANG) < 0)
			return false;
		if (how->si_pid != 0)
			return true;
		ppoll(NULL, 0, &pause, NULL);
	}
	return false;
}

_Noreturn void
link_ended(const struct link *l)
{
	struct log_line line;
	siginfo_t how;

	log_begin(&line, LOG_LEVEL_ERROR, "shipper_ended");
	log_int(&line, "pid", l->shipper.pid);
	if (!wait_a_moment(l->shipper.pid, &how))
		log_word(&line, "how", "channel_closed");
	else if (how.si_code == CLD_EXITED)
		log_int(&line, "status", how.si_status);
	else
		log_int(&line, "signal", how.si_status);
	log_end(&line);
	_exit(1);
}

int
link_receive(struct link *l, struct frame *f)
{
	static uint8_t buf[FRAME_MAX];
	enum channel_fault fault;
	size_t len;

	fault = channel_receive(l->q, &l->shipper, buf, sizeof(buf), &len,
	    NULL);
	if (fault == CHANNEL_AGAIN)
		return 0;
	if (fault == CHANNEL_CLOSED)
		link_ended(l);
	if (fault != CHANNEL_OK)
		channel_refuse("a message from the shipper", fault);
	if (frame_take(f, buf, len, 0, FROM_SHIPPER, &l->stage) < 0)
		fatal_text("a frame from the shipper", "not allowed here");
	return 1;
}
