/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  shipperd's system calls; the tests: seccomp_tests.c. */
#include "lockdown.h"
#include "seccomp_subject.h"
#include "syscall_args.h"
#include "test.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum {
	STREAM_TYPE = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	DATAGRAM_TYPE = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	PROTOCOL_MPTCP = 262,		/* newer than the floor's headers */
};

#define SOCKET_BOUNDS { \
	{ BOUND_NUMBERS, 0, UINT64_C(1) << AF_INET | \
	    UINT64_C(1) << AF_INET6 }, \
	{ BOUND_FLIPS, 1, STREAM_TYPE }, \
	{ BOUND_NOT, 1, DATAGRAM_TYPE }, \
	{ BOUND_NUMBERS, 2, 1 << 0 }, \
	{ BOUND_NOT, 2, PROTOCOL_MPTCP } }

static const struct probe probes[] = {
	{ CALL(read), args_read, 1 },
	{ CALL(write), args_write, 1 },
	{ CALL(close), args_close, 0 },
	{ CALL(ppoll), args_ppoll, 0 },
	{ CALL(recvmsg), args_recvmsg, 1, {
	    { BOUND_BITS, 2, (unsigned)MSG_CMSG_CLOEXEC | MSG_DONTWAIT } } },
	{ CALL(sendto), args_sendto, 1, {
	    { BOUND_BITS, 3, MSG_NOSIGNAL | MSG_DONTWAIT },
	    { BOUND_FLIPS_WIDE, 4, 0 } } },
	{ CALL(socket), args_socket, 0, SOCKET_BOUNDS },
	{ CALL(socket), args_socket6, 0, SOCKET_BOUNDS },
	{ CALL(connect), args_connect, 0 },
	{ CALL(getsockopt), args_getsockopt, 0, {
	    { BOUND_NUMBERS, 1, 1 << SOL_SOCKET },
	    { BOUND_NUMBERS, 2, 1 << SO_ERROR } } },
	{ CALL(setsockopt), args_set_nodelay, 0, {
	    { BOUND_NUMBERS, 1, 1 << IPPROTO_TCP },
	    { BOUND_NUMBERS, 2, 1 << TCP_NODELAY | 1 << TCP_USER_TIMEOUT } } },
	{ CALL(setsockopt), args_set_user_timeout, 0, {
	    { BOUND_NUMBERS, 1, 1 << IPPROTO_TCP },
	    { BOUND_NUMBERS, 2, 1 << TCP_NODELAY | 1 << TCP_USER_TIMEOUT } } },
	{ CALL(setsockopt), args_set_keepalive, 0, {
	    { BOUND_NUMBERS, 1, 1 << SOL_SOCKET },
	    { BOUND_NUMBERS, 2, 1 << SO_KEEPALIVE } } },
	{ CALL(getpid), args_none, 1 },
	{ CALL(getrandom), args_getrandom, 16 },
	{ CALL(brk), args_none, 1 },
	{ CALL(mmap), args_mmap, 1, {
	    { BOUND_BITS, 2, PROT_READ | PROT_WRITE },
	    { BOUND_FLIPS, 3, MAP_PRIVATE | MAP_ANONYMOUS } } },
	{ CALL(munmap), args_munmap, 0 },
	{ CALL(mremap), args_mremap, 1 },
	{ CALL(clock_gettime), args_clock_gettime, 0 },
	{ CALL(gettimeofday), args_none, 0 },
#ifdef SYS_time
	{ CALL(time), args_none, 1 },
#endif
	{ CALL(exit_group), args_exit_group, 0 },
};

/*
 * No file by any name, no program, no process and no way to pass either; and
 * no return from a signal's handler, as there is none.
 */
static const char *const banned[] = {
	"open", "openat", "openat2", "creat", "stat", "newfstatat", "lstat",
	"statx", "execve", "execveat", "clone", "clone3", "fork", "vfork",
	"sendmsg", "sendmmsg", "bind", "listen", "accept", "accept4",
	"socketpair", "ioctl", "ptrace", "kill", "io_uring_setup",
	"rt_sigreturn", NULL
};

static void
lock(void)
{
	static const struct shipconf conf = { .nendpoints = 1,
		.endpoint = { { .port = 4318, .is_address = true } } };
	struct layers layers;

	shipper_lock(&conf, &layers);
}

const struct subject subject = {
	.row = shipper_calls,
	.nrows = &shipper_ncalls,
	.probe = probes,
	.nprobes = sizeof(probes) / sizeof(probes[0]),
	.calls_max = 20,
	.banned = banned,
	.lock = lock,
};
