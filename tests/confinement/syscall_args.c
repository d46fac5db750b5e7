/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See syscall_args.h. */
#include "syscall_args.h"

#include "child.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, KERNEL_SIGSET = 8 };

static char buffer[PAGE];

static uint64_t
at(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static uint64_t
opened(const char *path, int flags)
{
	const int fd = open(path, flags | O_CLOEXEC);

	REQUIRE(fd >= 0);
	return (uint64_t)fd;
}

/* One end; the other has sent it a byte. */
static uint64_t
end_of_pair(void)
{
	int pair[2];

	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	REQUIRE(send(pair[1], "x", 1, 0) == 1);
	return (uint64_t)pair[0];
}

static uint64_t
tcp_socket(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	REQUIRE(fd >= 0);
	return (uint64_t)fd;
}

static uint64_t
one_page(void)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return at(p);
}

void
args_none(struct call *c)
{
	c->arg[0] = 0;
}

void
args_adjtimex(struct call *c)
{
	static struct timex tx;

	c->arg[0] = at(&tx);
}

void
args_clock_gettime(struct call *c)
{
	static struct timespec ts;

	c->arg[0] = CLOCK_MONOTONIC;
	c->arg[1] = at(&ts);
}

void
args_close(struct call *c)
{
	c->arg[0] = opened("/dev/null", O_RDONLY);
}

void
args_connect(struct call *c)
{
	static struct sockaddr_in sin;
	static socklen_t len = sizeof(sin);
	const int listener = (int)tcp_socket();

	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	REQUIRE(bind(listener, (struct sockaddr *)&sin, len) == 0);
	REQUIRE(listen(listener, 1) == 0);
	REQUIRE(getsockname(listener, (struct sockaddr *)&sin, &len) == 0);
	c->arg[0] = tcp_socket();
	c->arg[1] = at(&sin);
	c->arg[2] = len;
}

void
args_exit_group(struct call *c)
{
	c->arg[0] = PROBE_ENDED;
}

void
args_getdents64(struct call *c)
{
	c->arg[0] = opened("/proc", O_RDONLY | O_DIRECTORY);
	c->arg[1] = at(buffer);
	c->arg[2] = sizeof(buffer);
}

void
args_getrandom(struct call *c)
{
	c->arg[0] = at(buffer);
	c->arg[1] = 16;
}

void
args_getsockopt(struct call *c)
{
	static socklen_t len = sizeof(int);

	c->arg[0] = tcp_socket();
	c->arg[1] = SOL_SOCKET;
	c->arg[2] = SO_ERROR;
	c->arg[3] = at(buffer);
	c->arg[4] = at(&len);
}

void
args_mmap(struct call *c)
{
	c->arg[1] = PAGE;
	c->arg[2] = PROT_READ | PROT_WRITE;
	c->arg[3] = MAP_PRIVATE | MAP_ANONYMOUS;
	c->arg[4] = UINT64_MAX;
}

void
args_mremap(struct call *c)
{
	c->arg[0] = one_page();
	c->arg[1] = PAGE;
	c->arg[2] = 2 * PAGE;
	c->arg[3] = MREMAP_MAYMOVE;
}

void
args_munmap(struct call *c)
{
	c->arg[0] = one_page();
	c->arg[1] = PAGE;
}

void
args_newfstatat(struct call *c)
{
	static struct stat st;

	c->arg[0] = opened("/proc", O_RDONLY | O_DIRECTORY);
	c->arg[1] = at("self/fd");
	c->arg[2] = at(&st);
	c->arg[3] = AT_SYMLINK_NOFOLLOW;
}

void
args_openat(struct call *c)
{
	c->arg[0] = opened("/proc", O_PATH | O_DIRECTORY);
	c->arg[1] = at("uptime");
	c->arg[2] = O_CLOEXEC;
}

void
args_ppoll(struct call *c)
{
	static struct timespec at_once;

	c->arg[2] = at(&at_once);
	c->arg[4] = KERNEL_SIGSET;
}

void
args_pread64(struct call *c)
{
	c->arg[0] = opened("/proc/uptime", O_RDONLY);
	c->arg[1] = at(buffer);
	c->arg[2] = sizeof(buffer);
}

void
args_read(struct call *c)
{
	c->arg[0] = end_of_pair();
	c->arg[1] = at(buffer);
	c->arg[2] = sizeof(buffer);
}

void
args_recvmsg(struct call *c)
{
	static struct iovec iov = { buffer, sizeof(buffer) };
	static struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	c->arg[0] = end_of_pair();
	c->arg[1] = at(&msg);
	c->arg[2] = MSG_CMSG_CLOEXEC | MSG_DONTWAIT;
}

static void
note(int signal)
{
	(void)signal;
}

void
args_rt_sigreturn(struct call *c)
{
	static sigset_t none, usr1;

	sigaddset(&usr1, SIGUSR1);
	REQUIRE(signal(SIGUSR1, note) != SIG_ERR);
	REQUIRE(sigprocmask(SIG_BLOCK, &usr1, NULL) == 0);
	REQUIRE(raise(SIGUSR1) == 0);
	c->number = SYS_ppoll;
	c->arg[3] = at(&none);
	c->arg[4] = KERNEL_SIGSET;
}

void
args_sendto(struct call *c)
{
	c->arg[0] = end_of_pair();
	c->arg[1] = at(buffer);
	c->arg[2] = 1;
	c->arg[3] = MSG_NOSIGNAL | MSG_DONTWAIT;
}

static void
set_option(struct call *c, int level, int name)
{
	static const int one = 1;

	c->arg[0] = tcp_socket();
	c->arg[1] = (uint64_t)level;
	c->arg[2] = (uint64_t)name;
	c->arg[3] = at(&one);
	c->arg[4] = sizeof(one);
}

void
args_set_keepalive(struct call *c)
{
	set_option(c, SOL_SOCKET, SO_KEEPALIVE);
}

void
args_set_nodelay(struct call *c)
{
	set_option(c, IPPROTO_TCP, TCP_NODELAY);
}

void
args_set_user_timeout(struct call *c)
{
	set_option(c, IPPROTO_TCP, TCP_USER_TIMEOUT);
}

void
args_socket(struct call *c)
{
	c->arg[0] = AF_INET;
	c->arg[1] = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
}

void
args_socket6(struct call *c)
{
	args_socket(c);
	c->arg[0] = AF_INET6;
}

void
args_statfs(struct call *c)
{
	static struct statfs fs;

	c->arg[0] = at("/");
	c->arg[1] = at(&fs);
}

void
args_waitid(struct call *c)
{
	static siginfo_t how;
	const pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (pid == 0)
		_exit(0);
	c->arg[0] = P_PID;
	c->arg[1] = (uint64_t)pid;
	c->arg[2] = at(&how);
	c->arg[3] = WEXITED;
}

/* All three descriptors that a table may name, and none is the test's. */
void
args_write(struct call *c)
{
	const int null = (int)opened("/dev/null", O_RDWR);

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		REQUIRE(dup2(null, fd) == fd);
	c->arg[0] = STDERR_FILENO;
	c->arg[1] = at("x");
	c->arg[2] = 1;
}
