/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  collectord's system calls; the tests: seccomp_tests.c. */
#include "child.h"
#include "lockdown.h"
#include "seccomp_subject.h"
#include "syscall_args.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const struct probe probes[] = {
	{ CALL(openat), args_openat, 0, {
	    { BOUND_BITS, 2, O_CLOEXEC | O_NONBLOCK | O_DIRECTORY |
		O_NOFOLLOW } } },
	{ CALL(pread64), args_pread64, 1 },
	{ CALL(read), args_read, 1 },
	{ CALL(getdents64), args_getdents64, 1 },
	{ CALL(close), args_close, 0 },
	{ CALL(newfstatat), args_newfstatat, 0, {
	    { BOUND_FLIPS, 3, AT_SYMLINK_NOFOLLOW } } },
	{ CALL(statfs), args_statfs, 0 },
	{ CALL(adjtimex), args_adjtimex, 0 },
	{ CALL(ppoll), args_ppoll, 0 },
	{ CALL(clock_gettime), args_clock_gettime, 0 },
	{ CALL(sendto), args_sendto, 1, {
	    { BOUND_BITS, 3, MSG_NOSIGNAL | MSG_DONTWAIT },
	    { BOUND_FLIPS_WIDE, 4, 0 } } },
	{ CALL(recvmsg), args_recvmsg, 1, {
	    { BOUND_BITS, 2, (unsigned)MSG_CMSG_CLOEXEC | MSG_DONTWAIT } } },
	{ CALL(waitid), args_waitid, 0, {
	    { BOUND_NUMBERS, 0, 1 << P_PID } } },
	{ CALL(write), args_write, 1, {
	    { BOUND_NUMBERS, 0, 1 << 0 | 1 << 1 | 1 << 2 },
	    { BOUND_NOT, 0, UINT64_C(1) << 32 | 2 },
	    { BOUND_NOT, 0, UINT64_MAX } } },
	{ CALL(brk), args_none, 1 },
	{ CALL(mmap), args_mmap, 1, {
	    { BOUND_BITS, 2, PROT_READ | PROT_WRITE },
	    { BOUND_FLIPS, 3, MAP_PRIVATE | MAP_ANONYMOUS } } },
	{ CALL(munmap), args_munmap, 0 },
	{ CALL(rt_sigreturn), args_rt_sigreturn, -EINTR },
	{ CALL(exit_group), args_exit_group, 0 },
};

/* No network, no program and no process that is not there at the lock. */
static const char *const banned[] = {
	"socket", "socketpair", "connect", "bind", "listen", "accept",
	"accept4", "sendmsg", "sendmmsg", "execve", "execveat", "clone",
	"clone3", "fork", "vfork", "open", "openat2", "creat", "ioctl",
	"ptrace", "kill", "io_uring_setup", NULL
};

static void
lock(void)
{
	static struct host host;
	struct layers layers;
	const char *which;

	REQUIRE(host_open(&host, "/proc", "/sys", &which) == 0);
	collector_lock(&host, false, false, &layers);
}

const struct subject subject = {
	.row = collector_calls,
	.nrows = &collector_ncalls,
	.probe = probes,
	.nprobes = sizeof(probes) / sizeof(probes[0]),
	.calls_max = 25,
	.banned = banned,
	.lock = lock,
};
