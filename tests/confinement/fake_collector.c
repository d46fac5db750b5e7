/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See fake_collector.h. */
#include "fake_collector.h"

#include "link.h"
#include "log.h"
#include "privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 10000 };

struct run {
	enum place place;
	void (*act)(void *);
	void *arg;
	bool split;
};

static int p = -1, q = -1;
static bool split;
static pid_t shipper_pid;
static uint8_t hello_nonce[NONCE_SIZE];
static const uint8_t own_nonce[NONCE_SIZE] = "our own nonce";

/* shipperd's main(), without the network and the lock. */
_Noreturn static void
ship(int channel)
{
	static struct shipconf conf;
	static struct link l;
	int secret_fd[SECRET_END], got;
	const uint8_t *record;
	size_t len;

	log_open("shipperd");
	if (channel != LINK_CHANNEL_FD)
		close(LINK_CHANNEL_FD);
	if (channel >= 0)
		REQUIRE(dup2(channel, LINK_CHANNEL_FD) >= 0);
	REQUIRE(close_range(LINK_CHANNEL_FD + 1, ~0U, 0) == 0);
	if (getuid() == 0)
		become(UID_B);
	else if (split)
		REQUIRE(privilege_become(UID_B, UID_B) == 0);
	link_open(&l);
	link_configure(&l, &conf, secret_fd);
	for (int i = 0; i < SECRET_CRL; i++)
		REQUIRE((fcntl(secret_fd[i], F_GETFD) & FD_CLOEXEC) != 0);
	link_locked(&l, &(struct layers){ 7, 1 });
	do {
		REQUIRE(channel_wait(l.p, WAIT_MS) == 0);
		got = link_receive(&l, &record, &len);
		if (got == 1) {
			dprintf(STDERR_FILENO, "[record %zu]", len);
			REQUIRE(link_ack(&l, len, ACK_DELIVERED) == 1);
		}
	} while (got >= 0);
	dprintf(STDERR_FILENO, "[end]");
	_exit(0);
}

static int
make_place(enum place place)
{
	int pair[2] = { -1, -1 };

	switch (place) {
	case PLACE_PAIR:
	case PLACE_GRANDPARENTS:
	case PLACE_ROOTS:
		REQUIRE(channel_pair(pair) == 0);
		break;
	case PLACE_STREAM:
		REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		REQUIRE(channel_want_credentials(pair[1]) == 0);
		break;
	case PLACE_NO_PASSCRED:
		REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
		break;
	case PLACE_FILE:
		pair[1] = open("/dev/null", O_RDWR);
		break;
	case PLACE_NOTHING:
		break;
	}
	p = pair[0];
	return pair[1];
}

static void
start_shipper(enum place place)
{
	int theirs = make_place(place);

	shipper_pid = fork();
	REQUIRE(shipper_pid >= 0);
	if (shipper_pid == 0 && place == PLACE_GRANDPARENTS) {
		/* a process between: its child's parent made no pair */
		int status;
		pid_t pid = fork();

		if (pid == 0)
			ship(theirs);
		waitpid(pid, &status, 0);
		_exit(WEXITSTATUS(status));
	}
	if (shipper_pid == 0)
		ship(theirs);
	close(theirs);
}

static int
collect(void *arg)
{
	const struct run *r = arg;
	int status;

	split = r->split;
	if (r->place == PLACE_ROOTS)
		start_shipper(r->place);
	if (split)
		become_starter(UID_A);
	else
		become(UID_A);
	if (r->place != PLACE_ROOTS)
		start_shipper(r->place);
	if (r->act != NULL)
		r->act(r->arg);
	REQUIRE(waitpid(shipper_pid, &status, 0) == shipper_pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 97;
}

const struct ended *
collector_run(enum place place, void (*act)(void *), void *arg)
{
	struct run r = { place, act, arg, true };

	return child_run(collect, &r);
}

const struct ended *
collector_run_unsplit(void (*act)(void *), void *arg)
{
	struct run r = { PLACE_PAIR, act, arg, false };

	return child_run(collect, &r);
}

bool
collector_try(const void *message, size_t len, int fd)
{
	return channel_send(p, message, len, fd) == CHANNEL_OK;
}

void
collector_send(const void *message, size_t len, int fd)
{
	REQUIRE(collector_try(message, len, fd));
}

void
collector_send_zeroes(unsigned type, size_t payload, int fd)
{
	static uint8_t message[2 * FRAME_MAX];

	message[0] = (uint8_t)type;
	collector_send(message, 1 + payload, fd);
}

static struct identity
shipper(void)
{
	const uid_t uid = split ? UID_B : UID_A;

	return (struct identity){ shipper_pid, uid, uid };
}

static void
take_hello(void)
{
	const struct identity b = shipper();
	uint8_t buf[FRAME_MAX];
	size_t len;

	REQUIRE(channel_wait(p, WAIT_MS) == 0);
	REQUIRE(channel_receive(p, &b, buf, sizeof(buf), &len, &q) ==
	    CHANNEL_OK);
	REQUIRE(len == 1 + NONCE_SIZE && buf[0] == FRAME_HELLO);
	REQUIRE(q >= 0 && channel_judge(q, &b) == CHANNEL_OK);
	/* the shipper never listens there */
	REQUIRE(channel_send(q, "x", 1, -1) == CHANNEL_CLOSED);
	memcpy(hello_nonce, buf + 1, NONCE_SIZE);
}

size_t
collector_welcome(uint8_t message[FRAME_MAX])
{
	message[0] = FRAME_WELCOME;
	memcpy(message + 1, hello_nonce, NONCE_SIZE);
	memcpy(message + 1 + NONCE_SIZE, own_nonce, NONCE_SIZE);
	return 1 + 2 * NONCE_SIZE;
}

size_t
collector_config(uint8_t message[FRAME_MAX], uint8_t flags)
{
	static struct shipconf c;
	ptrdiff_t len;

	c.interval_ms = c.timeout_ms = INTERVAL_MIN_MS;
	c.batch = BATCH_MIN;
	c.egress_limit = EGRESS_MIN;
	c.flags = flags;
	c.nendpoints = 1;
	REQUIRE(url_parse(&c.endpoint[0], "https://127.0.0.1:4318/") == NULL);
	message[0] = FRAME_CONFIG;
	len = shipconf_encode(&c, message + 1, FRAME_MAX - 1);
	REQUIRE(len > 0);
	return 1 + (size_t)len;
}

void
collector_secret(uint8_t kind)
{
	const uint8_t message[] = { FRAME_SECRET, kind };

	collector_send(message, sizeof(message), STDIN_FILENO);
}

void
collector_reach(enum frame_stage stage)
{
	uint8_t message[FRAME_MAX] = { 0 };

	take_hello();
	if (stage == STAGE_WELCOME)
		return;
	collector_send(message, collector_welcome(message), -1);
	if (stage == STAGE_CONFIG)
		return;
	collector_send(message, collector_config(message,
	    split ? SHIPCONF_SPLIT : 0), -1);
	if (stage == STAGE_SECRET)
		return;
	for (uint8_t kind = 0; kind < SECRET_CRL; kind++)
		collector_secret(kind);
	collector_send_zeroes(FRAME_START, 0, -1);
}

static size_t
await_on_q(uint8_t buf[FRAME_MAX])
{
	const struct identity b = shipper();
	size_t len;

	REQUIRE(channel_wait(q, WAIT_MS) == 0);
	REQUIRE(channel_receive(q, &b, buf, FRAME_MAX, &len, NULL) ==
	    CHANNEL_OK);
	return len;
}

void
collector_await_ack(uint64_t seq)
{
	uint8_t buf[FRAME_MAX];
	struct reader r;

	REQUIRE(await_on_q(buf) == 10 && buf[0] == FRAME_ACK);
	r = reader_of(buf + 1, 8);
	REQUIRE(read_u64(&r) == seq);
}

void
collector_await_lock(void)
{
	uint8_t buf[FRAME_MAX];

	REQUIRE(await_on_q(buf) == 1 + NONCE_SIZE + 3);
	REQUIRE(buf[0] == FRAME_LOCKED);
	REQUIRE(memcmp(buf + 1, own_nonce, NONCE_SIZE) == 0);
	REQUIRE(buf[1 + NONCE_SIZE] == 7 && buf[2 + NONCE_SIZE] == 1);
}

void
collector_hang_up(void)
{
	close(p);
	close(q);
}

void
collector_await_end(void)
{
	struct pollfd pfd = { .fd = q };

	REQUIRE(poll(&pfd, 1, WAIT_MS) == 1);
}

void
collector_restart(void)
{
	int status;

	collector_hang_up();
	waitpid(shipper_pid, &status, 0);
	start_shipper(PLACE_PAIR);
}
