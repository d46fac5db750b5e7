/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  What the files of host share; see host.h. */
#ifndef SLUICE_HOST_INSIDE_H
#define SLUICE_HOST_INSIDE_H

#include "host.h"

#include <fcntl.h>
#include <sys/types.h>

enum {
	/*
	 * The kernel allocates and clears as much as is asked for when it
	 * reads a file of /proc/sys, however short: so ask for little, and
	 * for more only where there is more.
	 */
	ASK_FIRST = 1024,
	ASK_MOST = 65536,
};

/* Last component no link, and a FIFO in a copied tree must not block. */
#define FILE_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)

/* openat(2) of a path that stays below the root: a descriptor or -errno. */
int	host_open_below(const struct host *, enum host_root, const char *path,
	    int flags);
/* The longest line that the kernel gives of it; SIZE_MAX: not known. */
size_t	host_longest_line(const struct host *, enum host_root,
	    const char *path);
/*
 * From its start until nothing more comes or cap is full, so much at first:
 * bytes or -errno.  The kernel's own files of short lines need no call to see
 * their end.
 */
ssize_t	host_read_all(int fd, char *buf, size_t cap, size_t ask,
	    size_t line_max);
/* All of it, behind what was read ahead: 0 or -errno. */
int	host_read_whole(struct host *, int fd, size_t ask, size_t line_max,
	    struct text *);

#endif
