/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  /proc/self/mountinfo, proc_pid_mountinfo(5), and what
 * follows from it without touching any mount: which of them can be asked for
 * its space without waiting for anybody.
 */
#ifndef SLUICE_SOURCES_MOUNTINFO_H
#define SLUICE_SOURCES_MOUNTINFO_H

#include "text.h"

/* Texts as they stand in the file, with "\040" for a space and so on. */
struct mount {
	int64_t id, parent;
	struct text device;	/* "8:1" */
	struct text point;
	struct text type;
	struct text source;	/* may be empty */
	bool read_only;		/* the file system, not this mount of it */
};

/* Takes the next line off: 1; 0 at the end; -EBADMSG. */
int	mountinfo_next(struct text *, struct mount *);

/* As a path, terminated.  0; -EBADMSG where it has a NUL; -ENAMETOOLONG. */
int	mountinfo_unescape(struct text, char *, size_t);

enum mount_kind {
	MOUNT_FOREIGN,	/* may wait for a server or a daemon */
	MOUNT_PASSED,	/* local, without space of its own to speak of */
	MOUNT_LOCAL,	/* local, with space */
};

/* By an allow-list: a type that it does not know is foreign. */
enum mount_kind	mount_kind(const struct mount *);

/*
 * Goes to that mount as path resolution would, mount by mount from the root.
 * 0 when it gets there and no step was foreign; -EREMOTE where one was;
 * -ENOENT where another mount hides it; -ELOOP.
 */
int	mount_reach(const struct mount *, size_t n, const struct mount *);

#endif
