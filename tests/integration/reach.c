/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests, as root.  A process that runs is captured by ptrace(2) and
 * makes system calls that are not its own, behind whatever lock it has.
 * reach PID: connects to each port; a line for each that is not refused
 * (EACCES), with the errno; the process goes on as if nothing had been.
 * reach PID NUMBER: that call, without arguments.
 */
#include <errno.h>
#include <stdio.h>

#ifdef __x86_64__
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SYSCALL = 0x050f,	/* the instruction, two bytes */
	RED_ZONE = 128,
	RESTART_FIRST = 512,	/* ERESTARTSYS and what follows it */
	RESTART_LAST = 516,
	PORTS = 65536,
};

static pid_t pid;

static void
need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void
await_stop(void)
{
	int status;

	need(waitpid(pid, &status, 0) == pid, "waitpid");
	if (WIFSTOPPED(status))
		return;
	fprintf(stderr, "it ended: %#x\n", (unsigned)status);
	exit(1);
}

/* True where it was stopped right behind a system call. */
static int
stop(struct user_regs_struct *regs)
{
	need(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0, "interrupt");
	await_stop();
	need(ptrace(PTRACE_GETREGS, pid, NULL, regs) == 0, "registers");
	return (ptrace(PTRACE_PEEKTEXT, pid, regs->rip - 2, NULL) & 0xffff) ==
	    SYSCALL;
}

static long
make(const struct user_regs_struct *saved, long number, long a, long b,
    long c)
{
	struct user_regs_struct regs = *saved;

	regs.rip -= 2;
	regs.rax = (unsigned long)number;
	/* or the call that was interrupted is made again first */
	regs.orig_rax = -1UL;
	regs.rdi = (unsigned long)a;
	regs.rsi = (unsigned long)b;
	regs.rdx = (unsigned long)c;
	need(ptrace(PTRACE_SETREGS, pid, NULL, &regs) == 0, "set registers");
	need(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0, "step");
	await_stop();
	need(ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0, "registers");
	return (long)regs.rax;
}

/* Below its stack, where nothing is. */
static long
connect_to(const struct user_regs_struct *saved, long fd, unsigned port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const unsigned long at = (saved->rsp - RED_ZONE - sizeof(to)) & ~15UL;
	struct iovec here = { &to, sizeof(to) };
	struct iovec there = { (void *)at, sizeof(to) };

	need(process_vm_writev(pid, &here, 1, &there, 1, 0) ==
	    (ssize_t)sizeof(to), "its stack");
	return make(saved, SYS_connect, fd, (long)at, sizeof(to));
}

static long
new_socket(const struct user_regs_struct *saved)
{
	const long fd = make(saved, SYS_socket, AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	errno = (int)-fd;
	need(fd >= 0, "socket");
	return fd;
}

static void
try_all(const struct user_regs_struct *saved)
{
	long fd = new_socket(saved);

	for (unsigned port = 0; port < PORTS; port++) {
		const long result = connect_to(saved, fd, port);

		if (result == -EACCES)
			continue;
		printf("%u %ld\n", port, -result);
		make(saved, SYS_close, fd, 0, 0);
		fd = new_socket(saved);
	}
	make(saved, SYS_close, fd, 0, 0);
}

static void
go_on(struct user_regs_struct *regs)
{
	const long result = (long)regs->rax;

	if (-result >= RESTART_FIRST && -result <= RESTART_LAST) {
		regs->rax = regs->orig_rax;
		regs->rip -= 2;
	}
	regs->orig_rax = -1UL;
	need(ptrace(PTRACE_SETREGS, pid, NULL, regs) == 0, "set registers");
	need(ptrace(PTRACE_DETACH, pid, NULL, NULL) == 0, "detach");
}

int
main(int argc, char **argv)
{
	struct user_regs_struct regs;

	need(argc == 2 || argc == 3, "PID [NUMBER]");
	pid = atoi(argv[1]);
	need(ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0, "seize");
	while (!stop(&regs)) {
		need(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0, "cont");
		usleep(1000);
	}
	if (argc == 3)
		printf("%ld\n", make(&regs, atol(argv[2]), 0, 0, 0));
	else
		try_all(&regs);
	go_on(&regs);
	return 0;
}

#else

int
main(void)
{
	fputs("reach: written for x86-64 alone\n", stderr);
	return 77;
}

#endif
