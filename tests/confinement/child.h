/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Processes that do one thing and end: what is being shown
 * is done in a fork, as another user, its standard error read by a pipe.  A
 * CHECK of test.h jumps, so inside a child it is REQUIRE, which ends it.
 */
#ifndef SLUICE_TEST_CHILD_H
#define SLUICE_TEST_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Users that no machine has given to anyone. */
enum { UID_A = 61001, UID_B = 61002, UID_C = 61003 };

struct ended {
	int status;		/* of waitpid(2) */
	bool late;		/* it had to be killed */
	char text[8192];	/* what it said on standard error */
};

/*
 * Runs what(arg) in a fork; its return value is the exit status.  What comes
 * back stands until the next child ends.
 */
const struct ended *child_run(int (*what)(void *), void *arg);
/* The same, no longer than that; then it is killed. */
const struct ended *child_run_for(int (*what)(void *), void *arg,
		    int seconds);

/* The same in two steps, to talk with it in between. */
struct child {
	pid_t pid;
	int err;
};
struct child	child_start(int (*what)(void *), void *arg);
const struct ended *child_end(struct child, int seconds);

/* Its end in words: "exit 1", "signal 31: …", with what it said. */
const char	*child_story(const struct ended *);
bool		child_exited(const struct ended *, int status);
bool		child_killed(const struct ended *, int signal);

_Noreturn void	child_fail(const char *file, int line, const char *what);

#define REQUIRE(what) do { if (!(what)) \
	child_fail(__FILE__, __LINE__, #what); } while (0)
#define CHECK_EXIT(how, want) do { const struct ended *e_ = (how); \
	if (!child_exited(e_, (want))) test_fail(__FILE__, __LINE__, \
	    "not exit %d but %s", (want), child_story(e_)); } while (0)
#define CHECK_SAID(how, words) do { const struct ended *e_ = (how); \
	if (strstr(e_->text, (words)) == NULL) test_fail(__FILE__, __LINE__, \
	    "no \"%s\" in %s", (words), child_story(e_)); } while (0)

/* Skips the test where this is not root. */
void		need_root(void);
/* For good, and without a capability. */
void		become(uid_t);
/* As systemd starts collectord: that user, three ambient capabilities. */
void		become_starter(uid_t);
/* That user, with exactly these capabilities in all sets but bounding. */
void		become_with(uid_t, uint64_t capabilities);
/* The bounding set and the securebits, as the product leaves them. */
void		drop_bounding_set(void);

int		open_descriptors(void);
/* A line of /proc/PID/status: its value, or NULL. */
const char	*status_line(pid_t, const char *key);

#endif
