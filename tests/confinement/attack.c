/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See attack.h; attack_scene.c prepares what is used. */
#include "attack.h"

#include "attack_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PROTOCOL_MPTCP = 262, PAGE = 65536 };	/* of any machine */
enum { STREAM = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK };

/* Only what a layer answers counts as refused: the rest is a broken test. */
static int
outcome(long result)
{
	if (result >= 0)
		return ATTACK_WORKED;
	if (errno == EPERM || errno == EACCES || errno == EAGAIN)
		return ATTACK_REFUSED;
	if (errno == EPROTONOSUPPORT || errno == EOPNOTSUPP ||
	    errno == ENOSPC || errno == ENOSYS)
		return ATTACK_ABSENT;
	dprintf(STDERR_FILENO, "errno %d\n", errno);
	return ATTACK_ODD;
}

static int
do_open(void)
{
	return outcome(open(scene.readable, O_RDONLY | O_CLOEXEC));
}
const struct attack open_a_file = { "open a file", do_open, .abi = 1 };

static int
do_open_roots(void)
{
	/* which may fail: then it is opened as the user that we are */
	if (setresuid(0, 0, 0) < 0 && errno != EPERM)
		return ATTACK_ODD;
	return outcome(open(scene.roots, O_RDONLY | O_CLOEXEC));
}
const struct attack open_roots_file = {
	"become root and open a file of root's", do_open_roots, .abi = 1 };

static int
do_create(void)
{
	return outcome(open("created", O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
}
const struct attack create_a_file = { "create a file", do_create, .abi = 1 };

static int
do_write(void)
{
	int fd = open(scene.writable, O_WRONLY | O_CLOEXEC);

	return outcome(fd < 0 ? fd : write(fd, "x", 1));
}
const struct attack write_a_file = { "write to a file", do_write, .abi = 1 };

static int
do_stat(void)
{
	struct stat st;

	return outcome(stat(scene.readable, &st));
}
const struct attack stat_a_file = { "learn where a link leads", do_stat };

static int
do_look(void)
{
	struct stat st;

	return outcome(lstat(scene.roots, &st));
}
const struct attack look_at_a_file = {
	"learn that a file is there", do_look };

static int
do_execute(void)
{
	char *const argv[] = { scene.program, NULL };
	char *const environment[] = { NULL };

	return outcome(execve("/bin/true", argv, environment));
}
const struct attack execute_a_file = {
	"execute a program", do_execute, .abi = 1 };

static int
do_set_uid(void)
{
	char *const argv[] = { scene.program, NULL };
	char *const environment[] = { scene.marker, NULL };

	return outcome(execve(scene.program, argv, environment));
}
const struct attack execute_set_uid = {
	"become root by a set-uid program", do_set_uid, .abi = 1 };

static int
do_protect(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? ATTACK_ODD :
	    outcome(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
}
const struct attack run_written_memory = {
	"make written memory executable", do_protect, .mdwe = true };

static int
do_map(void)
{
	return outcome(mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
}
const struct attack run_own_memory = {
	"map memory to write and execute", do_map, .mdwe = true };

static int
do_memory_file(void)
{
	int fd = memfd_create("code", MFD_CLOEXEC);

	if (fd < 0 || write(fd, "\xc3", 1) != 1)
		return outcome(-1);
	return outcome(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE,
	    fd, 0) == MAP_FAILED ? -1 : 0);
}
const struct attack run_memory_file = {
	"execute what was written to a memfd", do_memory_file };

/* To the end of connecting, as the shipper's table allows it. */
static int
reach(int fd, const struct sockaddr *to, socklen_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	const struct timespec wait = { .tv_sec = 10 };
	socklen_t size = sizeof(int);
	int error = 0;

	if (fd < 0)
		return outcome(fd);
	if (connect(fd, to, len) < 0 && errno != EINPROGRESS)
		return outcome(-1);
	if (ppoll(&pfd, 1, &wait, NULL) != 1 || getsockopt(fd, SOL_SOCKET,
	    SO_ERROR, &error, &size) < 0)
		return ATTACK_ODD;
	errno = error;
	return outcome(error == 0 ? 0 : -1);
}

static int
reach_port(int type, int protocol)
{
	return reach(socket(AF_INET, type, protocol),
	    (const struct sockaddr *)&scene.tcp, sizeof(scene.tcp));
}

static int
do_datagram(void)
{
	return reach_port(SOCK_DGRAM | SOCK_CLOEXEC, 0);
}
const struct attack datagram_socket = { "speak UDP to anyone", do_datagram };

static int
do_netlink(void)
{
	return outcome(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
	    NETLINK_ROUTE));
}
const struct attack netlink_socket = { "make a netlink socket", do_netlink };

static int
reach_unix(const struct sockaddr_un *to, socklen_t len)
{
	return reach(socket(AF_UNIX, STREAM, 0), (const struct sockaddr *)to,
	    len);
}

static int
do_unix(void)
{
	return reach_unix(&scene.named, sizeof(scene.named));
}
const struct attack unix_socket = {
	"speak to a local service by its path", do_unix };

static int
do_abstract(void)
{
	return reach_unix(&scene.abstract, scene.abstract_len);
}
const struct attack abstract_socket = {
	"speak to a local service by an abstract name", do_abstract,
	.abi = 6 };

static int
do_other_port(void)
{
	return reach_port(STREAM, 0);
}
const struct attack other_port = {
	"connect to a port that is not configured", do_other_port, .abi = 4 };

static int
do_fast_open(void)
{
	int fd = socket(AF_INET, STREAM, 0);

	if (fd < 0)
		return outcome(fd);
	if (sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
	    (const struct sockaddr *)&scene.tcp, sizeof(scene.tcp)) < 0 &&
	    errno != EINPROGRESS)
		return outcome(-1);
	return ATTACK_WORKED;
}
const struct attack fast_open = {
	"reach another port by TCP fast open", do_fast_open,
	.optional = true };

static int
do_multipath(void)
{
	return reach_port(STREAM, PROTOCOL_MPTCP);
}
const struct attack multipath = {
	"reach another port by multipath TCP", do_multipath,
	.optional = true };

static int
do_bind(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, STREAM, 0);

	return outcome(fd < 0 ? fd :
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)));
}
const struct attack bind_a_port = { "bind a port", do_bind, .abi = 4 };

static int
do_listen(void)
{
	int fd = socket(AF_INET, STREAM, 0);

	return outcome(fd < 0 ? fd : listen(fd, 1));
}
const struct attack listen_unbound = {
	"listen without binding a port", do_listen };

static int
do_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	/* not waited for: that would be another call to be stopped at */
	return outcome(pid);
}
const struct attack fork_a_child = { "fork", do_fork };

static int
do_trace(void)
{
	return outcome(ptrace(PTRACE_SEIZE, scene.other, NULL, NULL));
}
const struct attack trace_other = {
	"trace the other process", do_trace, .abi = 1, .other = true };

static volatile int secret;

static int
have_read(long got, const int *found)
{
	if (got == sizeof(*found) && *found != SECRET_OF_OTHER)
		return ATTACK_ODD;
	return outcome(got);
}

static int
do_read(void)
{
	const pid_t pid = scene.other;
	int found = 0;
	const struct iovec here = { &found, sizeof(found) };
	const struct iovec there = { (void *)(uintptr_t)&secret,
		sizeof(secret) };

	return have_read(process_vm_readv(pid, &here, 1, &there, 1, 0),
	    &found);
}
const struct attack read_other = {
	"read the other's memory", do_read, .abi = 1, .other = true };

static int
do_read_mem(void)
{
	int fd = open(scene.other_mem, O_RDONLY | O_CLOEXEC), found = 0;

	if (fd < 0)
		return outcome(fd);
	return have_read(pread(fd, &found, sizeof(found),
	    (off_t)(uintptr_t)&secret), &found);
}
const struct attack read_other_mem = { "read the other's memory by /proc",
	do_read_mem, .abi = 1, .other = true };

static int
do_steal(void)
{
	long pidfd = syscall(SYS_pidfd_open, scene.other, 0);

	return outcome(pidfd < 0 ? pidfd :
	    syscall(SYS_pidfd_getfd, pidfd, STDERR_FILENO, 0));
}
const struct attack steal_descriptor = { "take a descriptor of the other's",
	do_steal, .abi = 1, .other = true };

static int
do_signal(void)
{
	return outcome(kill(scene.other, SIGURG));
}
const struct attack signal_other = {
	"send the other a signal", do_signal, .abi = 6, .other = true };

static int
do_regain(void)
{
	return outcome(setresuid(0, 0, 0));
}
const struct attack regain_root = { "become root again", do_regain };

static int
do_namespace(void)
{
	return outcome(unshare(CLONE_NEWUSER));
}
const struct attack user_namespace = {
	"make a user namespace, and hold all capabilities in it",
	do_namespace, .optional = true };

static int
do_crash(void)
{
	__builtin_trap();
}
const struct attack leave_core = {
	"leave its memory in a core file", do_crash, .abi = 1, .core = true };

void
attack_be_victim(void)
{
	secret = SECRET_OF_OTHER;
	/* Yama, where there is one, would stop more than the layers do */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
}
