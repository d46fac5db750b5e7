/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests, as the child of launch.c.  See fake_shipper.h. */
#include "fake_shipper.h"

#include "channel.h"
#include "child.h"
#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { P = 3, WAIT_MS = 60000 };

static int q = -1;
static uint8_t hello[1 + NONCE_SIZE] = { FRAME_HELLO, 'h', 'e', 'l', 'l', 'o' };
static uint8_t locked[1 + NONCE_SIZE + 3] = { FRAME_LOCKED };

/* Until the collector is gone: it is to find the fault by itself. */
static void
stay(void)
{
	struct pollfd pfd = { .fd = P };

	poll(&pfd, 1, WAIT_MS);
}

static void
say(const char *words)
{
	REQUIRE(write(STDERR_FILENO, words, strlen(words)) > 0);
}

static void
send_on(int fd, const void *message, size_t len, int pass)
{
	REQUIRE(channel_send(fd, message, len, pass) == CHANNEL_OK);
}

static void
send_byte(int fd, uint8_t type, size_t len)
{
	static uint8_t message[2 * FRAME_MAX];

	message[0] = type;
	send_on(fd, message, len, -1);
}

static void
make_q(int type, int *theirs)
{
	int own[2];

	REQUIRE(socketpair(AF_UNIX, type, 0, own) == 0);
	REQUIRE(channel_want_credentials(own[0]) == 0);
	REQUIRE(channel_want_credentials(own[1]) == 0);
	q = own[0];
	*theirs = own[1];
}

static void
say_hello(size_t len)
{
	uint8_t message[64] = { 0 };
	int theirs;

	memcpy(message, hello, sizeof(hello));
	make_q(SOCK_SEQPACKET, &theirs);
	send_on(P, message, len, theirs);
	close(theirs);
}

/* Everything right up to START; the collector's nonce is in locked. */
static void
prepare(void)
{
	static uint8_t buf[FRAME_MAX];
	struct identity collector;
	enum channel_fault fault;
	size_t len;
	int fd;

	say_hello(sizeof(hello));
	REQUIRE(channel_creator(P, &collector) == 0);
	do {
		REQUIRE(channel_wait(P, WAIT_MS) == 0);
		fault = channel_receive(P, &collector, buf, sizeof(buf), &len,
		    &fd);
		REQUIRE(fault == CHANNEL_OK);
		if (buf[0] == FRAME_WELCOME)
			memcpy(locked + 1, buf + 1 + NONCE_SIZE, NONCE_SIZE);
		if (fd >= 0)
			close(fd);
	} while (buf[0] != FRAME_START);
	locked[1 + NONCE_SIZE] = 7;
}

static void
lock(void)
{
	prepare();
	send_on(q, locked, sizeof(locked), -1);
}

static void
send_ack(uint64_t seq, size_t len)
{
	uint8_t message[16] = { FRAME_ACK };
	struct writer w = writer_of(message + 1, 9);	/* ACK_DELIVERED: 0 */

	write_u64(&w, seq);
	send_on(q, message, len, -1);
}

static void
behave(void)
{
	lock();
	send_ack(7, 10);
	stay();
}

static void
end_at_once(void)
{
}

static void
end_before_lock(void)
{
	prepare();
}

static void
stay_silent(void)
{
	prepare();
	stay();
}

static void
hello_with(int type)
{
	int theirs;

	make_q(type, &theirs);
	send_on(P, hello, sizeof(hello), theirs);
	stay();
}

static void
hello_stream(void)
{
	hello_with(SOCK_STREAM);
}

static void
hello_dgram(void)
{
	hello_with(SOCK_DGRAM);
}

static void
hello_file(void)
{
	send_on(P, hello, sizeof(hello), open("/dev/null", O_RDWR));
	stay();
}

static void
hello_same_pair(void)
{
	send_on(P, hello, sizeof(hello), P);
	stay();
}

static void
hello_no_passcred(void)
{
	int own[2];

	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, own) == 0);
	send_on(P, hello, sizeof(hello), own[1]);
	stay();
}

/* A pair that another process of the same user made and handed to us. */
static void
hello_foreign_pair(void)
{
	struct identity maker;
	int own[2], bridge[2], theirs;
	char byte;
	size_t len;
	pid_t pid;

	REQUIRE(channel_pair(bridge) == 0);
	if ((pid = fork()) == 0) {
		REQUIRE(channel_pair(own) == 0);
		send_on(bridge[1], "x", 1, own[1]);
		stay();
		_exit(0);
	}
	maker = (struct identity){ pid, getuid(), getgid() };
	REQUIRE(channel_wait(bridge[0], WAIT_MS) == 0);
	REQUIRE(channel_receive(bridge[0], &maker, &byte, 1, &len, &theirs) ==
	    CHANNEL_OK);
	send_on(P, hello, sizeof(hello), theirs);
	stay();
}

static void
hello_alone(void)
{
	send_on(P, hello, sizeof(hello), -1);
	stay();
}

static void
hello_short(void)
{
	say_hello(sizeof(hello) - 1);
	stay();
}

static void
hello_long(void)
{
	say_hello(sizeof(hello) + 1);
	stay();
}

static void
hello_huge(void)
{
	send_byte(P, FRAME_HELLO, FRAME_MAX + 1);
	stay();
}

static void
hello_twice(void)
{
	send_on(P, hello, sizeof(hello), P);
	say_hello(sizeof(hello));
	stay();
}

/* Too late, and the kernel has ended the direction already. */
static void
hello_again(void)
{
	enum channel_fault fault;

	say_hello(sizeof(hello));
	fault = channel_send(P, hello, sizeof(hello), -1);
	if (fault == CHANNEL_CLOSED)
		say("more than one HELLO (EPIPE)");
	else
		stay();
}

static void
hello_by_a_fork(void)
{
	if (fork() == 0)
		say_hello(sizeof(hello));
	stay();
}

static void
say_nothing(void)
{
	send_on(P, "", 0, -1);
	stay();
}

static void
unknown_on_p(void)
{
	send_byte(P, FRAME_END, 1);
	stay();
}

static void
type_zero_on_p(void)
{
	send_byte(P, 0, 1);
	stay();
}

static void
record_on_p(void)
{
	send_byte(P, FRAME_RECORDS, 1 + RECORD_HEAD_SIZE + 2);
	stay();
}

static void
locked_on_p(void)
{
	send_on(P, locked, sizeof(locked), -1);
	stay();
}

static void
wrong_nonce(void)
{
	prepare();
	locked[NONCE_SIZE] ^= 1;
	send_on(q, locked, sizeof(locked), -1);
	stay();
}

/* What an earlier start sent, byte for byte: its nonce is another one. */
static void
replayed_lock(void)
{
	prepare();
	memset(locked + 1, 0x5a, NONCE_SIZE);
	send_on(q, locked, sizeof(locked), -1);
	stay();
}

static void
lock_before_welcome(void)
{
	say_hello(sizeof(hello));
	send_on(q, locked, sizeof(locked), -1);
	stay();
}

static void
ack_before_lock(void)
{
	prepare();
	send_ack(1, 10);
	stay();
}

static void
lock_short(void)
{
	prepare();
	send_on(q, locked, sizeof(locked) - 1, -1);
	stay();
}

static void
lock_long(void)
{
	prepare();
	send_byte(q, FRAME_LOCKED, sizeof(locked) + 1);
	stay();
}

static void
lock_by_a_fork(void)
{
	prepare();
	if (fork() == 0)
		send_on(q, locked, sizeof(locked), -1);
	stay();
}

/* Linux 6.16 lets the receiver refuse; before that, the receiver sees it. */
static void
lock_with_descriptor(void)
{
	enum channel_fault fault;

	prepare();
	fault = channel_send(q, locked, sizeof(locked), P);
	if (fault == CHANNEL_ERRNO && errno == EPERM)
		say("fault=stray_descriptor (EPERM)");
	else
		stay();
}

static void
lock_twice(void)
{
	lock();
	send_on(q, locked, sizeof(locked), -1);
	stay();
}

static void
ack_short(void)
{
	lock();
	send_ack(1, 9);
	stay();
}

static void
ack_long(void)
{
	lock();
	send_ack(1, 11);
	stay();
}

static void
hello_on_q(void)
{
	lock();
	send_on(q, hello, sizeof(hello), -1);
	stay();
}

static void
start_on_q(void)
{
	lock();
	send_byte(q, FRAME_START, 1);
	stay();
}

static void
huge_on_q(void)
{
	lock();
	send_byte(q, FRAME_ACK, FRAME_MAX + 1);
	stay();
}

static void
ack_by_a_fork(void)
{
	lock();
	if (fork() == 0)
		send_ack(1, 10);
	stay();
}

#define FRAME_FAULT "a frame that does not belong here"
#define LATER_FAULT "what=\"a frame from the shipper\" detail=\"not allowed"

const struct misbehaviour misbehaviours[] = {
	{ "behave", behave, "" },
	{ "end_at_once", end_at_once, "the shipper ended before it was" },
	{ "end_before_lock", end_before_lock, "the shipper ended before" },
	{ "silence", stay, "error=\"ETIMEDOUT" },
	{ "silence_before_lock", stay_silent, "error=\"ETIMEDOUT" },
	{ "hello_stream", hello_stream, "fault=not_seqpacket" },
	{ "hello_dgram", hello_dgram, "fault=not_seqpacket" },
	{ "hello_file", hello_file, "fault=not_unix" },
	{ "hello_same_pair", hello_same_pair, "fault=wrong_peer" },
	{ "hello_foreign_pair", hello_foreign_pair, "fault=wrong_peer" },
	{ "hello_no_passcred", hello_no_passcred, "fault=no_passcred" },
	{ "hello_alone", hello_alone, FRAME_FAULT },
	{ "hello_short", hello_short, FRAME_FAULT },
	{ "hello_long", hello_long, FRAME_FAULT },
	{ "hello_huge", hello_huge, "fault=truncated" },
	{ "hello_twice", hello_twice, "fault=wrong_peer" },
	{ "hello_again", hello_again, "more than one HELLO" },
	{ "hello_by_a_fork", hello_by_a_fork, "fault=wrong_sender" },
	{ "say_nothing", say_nothing, FRAME_FAULT },
	{ "unknown_on_p", unknown_on_p, FRAME_FAULT },
	{ "type_zero_on_p", type_zero_on_p, FRAME_FAULT },
	{ "record_on_p", record_on_p, FRAME_FAULT },
	{ "locked_on_p", locked_on_p, FRAME_FAULT },
	{ "wrong_nonce", wrong_nonce, "the nonce is not the one we sent" },
	{ "replayed_lock", replayed_lock, "the nonce is not the one we" },
	{ "lock_before_welcome", lock_before_welcome, "the nonce is not" },
	{ "ack_before_lock", ack_before_lock, FRAME_FAULT },
	{ "lock_short", lock_short, FRAME_FAULT },
	{ "lock_long", lock_long, FRAME_FAULT },
	{ "lock_by_a_fork", lock_by_a_fork, "fault=wrong_sender" },
	{ "lock_with_descriptor", lock_with_descriptor,
	    "fault=stray_descriptor" },
	{ "lock_twice", lock_twice, LATER_FAULT },
	{ "ack_short", ack_short, LATER_FAULT },
	{ "ack_long", ack_long, LATER_FAULT },
	{ "hello_on_q", hello_on_q, LATER_FAULT },
	{ "start_on_q", start_on_q, LATER_FAULT },
	{ "huge_on_q", huge_on_q, "fault=truncated" },
	{ "ack_by_a_fork", ack_by_a_fork, "fault=wrong_sender" },
};
const size_t nmisbehaviours =
    sizeof(misbehaviours) / sizeof(misbehaviours[0]);

/* Before main(): which name was this program executed by? */
__attribute__((constructor)) static void
misbehave(void)
{
	const char *path = (const char *)getauxval(AT_EXECFN);
	const char *name = strrchr(path, '/');

	for (size_t i = 0; name != NULL && i < nmisbehaviours; i++)
		if (strcmp(name + 1, misbehaviours[i].name) == 0) {
			misbehaviours[i].act();
			_exit(0);
		}
}
