/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  Whose eyes: root could read what the collector cannot,
 * and would call good what does not start.  So root becomes that user first.
 */
#include "sluice.h"

#include "build_config.h"
#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Nobody is: chown(2) has a meaning of its own for it. */
#define NO_USER ((uid_t)-1)

struct user {
	uid_t uid;
	gid_t gid;
};

/* A number stands for a user and a group of that number. */
static bool
find_user(const char *name, struct user *user)
{
	const struct passwd *pw = getpwnam(name);
	const size_t digits = strspn(name, "0123456789");
	unsigned long n;

	if (pw != NULL) {
		*user = (struct user){ pw->pw_uid, pw->pw_gid };
		return true;
	}
	/* so that no number is too large for an unsigned long */
	if (digits == 0 || digits > 10 || name[digits] != '\0')
		return false;
	n = strtoul(name, NULL, 10);
	*user = (struct user){ (uid_t)n, (gid_t)n };
	return n < NO_USER;
}

/* With the groups that systemd would give it; see User= in systemd.exec(5). */
static int
become(const char *name, struct user user)
{
	const struct passwd *pw = getpwnam(name);
	const int groups = pw != NULL ? initgroups(name, user.gid) :
	    setgroups(0, NULL);

	if (groups < 0 || setresgid(user.gid, user.gid, user.gid) < 0 ||
	    setresuid(user.uid, user.uid, user.uid) < 0)
		return -1;
	return capabilities_drop() < 0 ? -1 : privilege_no_new();
}

static int
cannot(const char *name, const char *why)
{
	fprintf(stderr, "sluice: --user %s: %s\n", name, why);
	return EXIT_WRONG;
}

int
user_become(struct arguments *a)
{
	const char *name = a->user != NULL ? a->user : COLLECTOR_USER;
	struct user user;
	const bool known = find_user(name, &user);

	a->collector = known ? user.uid : NO_USER;
	a->group = known ? user.gid : getegid();
	if (a->user == NULL && (!known || geteuid() != 0)) {
		if (geteuid() == 0)
			fputs("sluice: note: no user " COLLECTOR_USER
			    " here: asked as root\n", stderr);
		return EXIT_GOOD;
	}
	if (!known)
		return cannot(name, "no such user");
	if (user.uid == 0 || user.gid == 0)
		return cannot(name, "the collector is never root");
	if (user.uid == geteuid())
		return EXIT_GOOD;
	if (become(name, user) < 0)
		return cannot(name, errno == EPERM ?
		    "only root can ask as another user" : strerror(errno));
	return EXIT_GOOD;
}
