/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  See hold.h. */
#include "hold.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

enum { READY_MS = 30000, END_S = 30 };

struct start {
	int (*what)(void *);
	void *arg;
	int ready, go;
};

static int
run_held(void *arg)
{
	const struct start *s = arg;

	REQUIRE(dup2(s->go, STDIN_FILENO) == STDIN_FILENO);
	REQUIRE(dup2(s->ready, STDOUT_FILENO) == STDOUT_FILENO);
	close(s->go);
	close(s->ready);
	return s->what(s->arg);
}

struct hold
hold_start(int (*what)(void *), void *arg)
{
	int ready[2], go[2];
	struct pollfd pfd;
	struct hold h;
	char byte;

	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(pipe2(ready, O_CLOEXEC), 0);
	CHECK_INT(pipe2(go, O_CLOEXEC), 0);
	/* so that only our end of it keeps the child waiting */
	CHECK_INT(fcntl(go[1], F_SETFL, O_NONBLOCK), 0);
	h.ready = ready[0];
	h.go = go[1];
	h.child = child_start(run_held, &(struct start){ what, arg, ready[1],
	    go[0] });
	close(ready[1]);
	close(go[0]);
	pfd = (struct pollfd){ .fd = h.ready, .events = POLLIN };
	if (poll(&pfd, 1, READY_MS) == 1 && read(h.ready, &byte, 1) == 1)
		return h;
	test_fail(__FILE__, __LINE__, "never ready: %s",
	    child_story(hold_end(h)));
}

const struct ended *
hold_end(struct hold h)
{
	if (write(h.go, "", 1) < 0 && errno != EPIPE)
		test_fail(__FILE__, __LINE__, "the one that waits is gone");
	close(h.go);
	close(h.ready);
	return child_end(h.child, END_S);
}

void
hold_here(void)
{
	char byte = 0;

	if (write(STDOUT_FILENO, &byte, 1) == 1 &&
	    read(STDIN_FILENO, &byte, 1) == 1)
		return;
	child_fail(__FILE__, __LINE__, "nobody looked");
}
