/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  So many TCP sockets on loopback, and a program beside them:
 *
 *	many_sockets COUNT COMMAND...
 *
 * in a network namespace of their own.  A process holds as many as its limit
 * of descriptors lets it; they end with the command.
 */
#include <err.h>
#include <netinet/in.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SPARE = 64, BACKLOG = 16, PAIRS_MAX = 9000 };

static void
own_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		err(77, "a network namespace");
	if ((fd = socket(AF_INET, SOCK_DGRAM, 0)) < 0 ||
	    ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		err(1, "lo");
	close(fd);
}

static int
listener(struct sockaddr_in *at)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof(*at)) < 0 ||
	    listen(fd, BACKLOG) < 0)
		err(1, "listen");
	return fd;
}

static void
connect_pair(int from, const struct sockaddr_in *at)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ||
	    accept(from, NULL, NULL) < 0)
		err(1, "connect");
}

/* Each child has an address of its own, so that client ports last. */
static void
hold(unsigned child, unsigned pairs, int ready)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)(2000 + child)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + child) };
	const int fd = listener(&at);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (pairs-- > 0)
		connect_pair(fd, &at);
	if (write(ready, "x", 1) != 1)
		err(1, "ready");
	for (;;)
		pause();
}

static unsigned
raise_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		err(1, "descriptors");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur < 2 * SPARE)
		err(1, "descriptors");
	return files.rlim_cur > 2 * PAIRS_MAX + SPARE ? PAIRS_MAX :
	    (unsigned)(files.rlim_cur - SPARE) / 2;
}

int
main(int argc, char **argv)
{
	unsigned left = argc > 2 ? (unsigned)atoi(argv[1]) / 2 : 0;
	const unsigned most = raise_limit();
	unsigned child = 0;
	int ready[2];
	char c;

	if (argc < 3)
		errx(2, "usage: many_sockets COUNT COMMAND...");
	own_network();
	if (pipe(ready) < 0)
		err(1, "pipe");
	for (; left > 0; child++) {
		const unsigned pairs = left < most ? left : most;
		const pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid == 0)
			hold(child, pairs, ready[1]);
		left -= pairs;
	}
	close(ready[1]);
	while (child-- > 0)
		if (read(ready[0], &c, 1) != 1)
			errx(1, "a child ended");
	close(ready[0]);
	/* the children's parent stays this process */
	execvp(argv[2], argv + 2);
	err(1, "%s", argv[2]);
}
