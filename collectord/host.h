/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The only way to a host's files: /proc and /sys, or
 * the trees that stand for them (configuration: procfs, sysfs).  Everything
 * is opened below two directory descriptors, read-only, and read with a
 * bound.  The calls used are those of lockdown.c's table.
 */
#ifndef SLUICE_HOST_H
#define SLUICE_HOST_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* The last is the operator's directory, and only there if it is asked for. */
enum host_root { HOST_PROC, HOST_SYS, HOST_OPERATOR, HOST_ROOTS };

enum {
	HOST_TEXT_MAX = 4194304,	/* bytes of one file; more is -EFBIG */
	HOST_AHEAD_MAX = 131072,	/* bytes of files read ahead */
	HOST_HELD_MAX = 48,		/* files kept open between cycles */
	HOST_SKIP = 15,
};

/* Cycles by what is asked for in them: cycle_pace(). */
enum host_cycle { HOST_CYCLE, HOST_CYCLE_BRIEF, HOST_CYCLES };

struct held {
	enum host_root root;
	const char *path;	/* a constant of a source's declaration */
	int fd;			/* below 0: to be opened */
	size_t size;		/* bytes when it was last read */
	size_t line_max;	/* its longest line; SIZE_MAX: not known */
	unsigned skip;		/* reads to go without asking: it is missing */
	bool asked[HOST_CYCLES];	/* for, in the last cycle of a kind */
	bool ahead;		/* it is read: that is text */
	struct text text;
};

struct host {
	int root[HOST_ROOTS];	/* directories */
	bool real[HOST_ROOTS];	/* procfs or sysfs itself, by statfs(2) */
	/* what was read ahead, then HOST_TEXT_MAX + 1 bytes; as far as used */
	char *text;
	size_t ahead;
	struct held held[HOST_HELD_MAX];
	size_t nheld, next;	/* next: mostly asked for now */
	enum host_cycle cycle;	/* which kind this one is */
};

/* 0, or -1 with errno; *which says the path that failed. */
int	host_open(struct host *, const char *procfs, const char *sysfs,
	    const char **which);
void	host_close(struct host *);
/*
 * Opens the operator's directory as well: 0, or -1 with errno, EPERM where it
 * is not root's or others may write it.
 */
int	host_open_operator(struct host *, const char *path);

/*
 * A cycle of that kind begins.  Ahead: files that host_read was asked for in
 * the last one of the kind are read now, one after the other, and given when
 * they are asked for: the kernel's code stays in the processor's caches
 * meanwhile, and after that ours does.  What fails or has no room is left to
 * host_read.
 */
void	host_begin(struct host *, enum host_cycle, bool ahead);
/* What was read ahead is read again when it is asked for. */
void	host_forget(struct host *);

/*
 * The whole file, read anew from its start; the descriptor stays open between
 * calls where the root is real (a copy's files may be replaced at any time).
 * A file that is missing is looked for again after HOST_SKIP calls, of which
 * those in a brief cycle do not count.
 * 0 or -errno (-ENOENT, -EACCES, -EFBIG …).  The text stands until the next
 * call of host_read or host_read_once.  A path that is absolute or has ".."
 * in it is -EINVAL, here and below.
 */
int	host_read(struct host *, enum host_root, const char *path,
	    struct text *);
/*
 * Whether that file, which host_read has read before, may have changed since
 * this was last asked; for those that the kernel can be polled about
 * (proc_pid_mountinfo(5)).  True where it cannot say.
 */
bool	host_changed(struct host *, enum host_root, const char *path);
/* host_read for a path made at run time: opened, read and closed. */
int	host_read_once(struct host *, enum host_root, const char *path,
	    struct text *);
/* The same, of at most cap bytes into buf: what is longer is cut, no error. */
int	host_read_start(struct host *, enum host_root, const char *path,
	    char *buf, size_t cap, struct text *);
/*
 * For a source that keeps many files open itself: a descriptor or -errno, to
 * be closed by it; and one read of at most cap bytes, for files that the
 * kernel gives whole.  What fills cap is -EFBIG.
 */
int	host_open_file(const struct host *, enum host_root, const char *path);
int	host_read_file(int fd, char *buf, size_t cap, struct text *);

/* What stat(2) says of the size, of the path itself: 0 or -errno. */
int	host_size(const struct host *, enum host_root, const char *path,
	    int64_t *);

/* fstatat(2) of the path itself, not of what it links to: 0 or -errno. */
int	host_look(const struct host *, enum host_root, const char *path,
	    struct stat *);

/*
 * Names in a directory, by getdents64(2); "." and ".." are left out.  each()
 * returns false to stop.  0 or -errno.
 */
int	host_list(struct host *, enum host_root, const char *path,
	    bool (*each)(void *arg, const char *name), void *arg);
/* Only those of directories. */
int	host_list_dirs(struct host *, enum host_root, const char *path,
    bool (*each)(void *arg, const char *name), void *arg);

/* True when the root is the kernel's own procfs or sysfs, not a copy. */
bool	host_is_real(const struct host *, enum host_root);

#endif
