/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See host.h. */
#include "host_inside.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
	/* a buffer of seq_file, the least there is, and its longest line */
	SEQ_BUFFER = 4096,
	SEQ_LINE_MAX = 512,
	LIST_BYTES = 4096,
};

#define DIR_FLAGS (O_RDONLY | O_CLOEXEC | O_DIRECTORY)

static int
open_root(struct host *h, enum host_root root, const char *path, long magic)
{
	struct statfs fs;

	h->root[root] = open(path, DIR_FLAGS);
	if (h->root[root] < 0 || fstatfs(h->root[root], &fs) < 0)
		return -1;
	h->real[root] = fs.f_type == magic;
	return 0;
}

int
host_open(struct host *h, const char *procfs, const char *sysfs,
    const char **which)
{
	int error;

	memset(h, 0, sizeof(*h));
	h->root[HOST_PROC] = h->root[HOST_SYS] = h->root[HOST_OPERATOR] = -1;
	*which = procfs;
	if (open_root(h, HOST_PROC, procfs, PROC_SUPER_MAGIC) < 0)
		goto fail;
	*which = sysfs;
	if (open_root(h, HOST_SYS, sysfs, SYSFS_MAGIC) < 0)
		goto fail;
	*which = "memory for files";
	/* one byte more than is taken, to tell a file that is too long */
	if ((h->text = malloc(HOST_AHEAD_MAX + HOST_TEXT_MAX + 1)) == NULL)
		goto fail;
	return 0;
fail:
	error = errno;
	host_close(h);
	errno = error;
	return -1;
}

void
host_close(struct host *h)
{
	for (size_t i = 0; i < h->nheld; i++)
		if (h->held[i].fd >= 0)
			close(h->held[i].fd);
	for (int i = 0; i < HOST_ROOTS; i++)
		if (h->root[i] >= 0)
			close(h->root[i]);
	free(h->text);
	memset(h, 0, sizeof(*h));
	h->root[HOST_PROC] = h->root[HOST_SYS] = h->root[HOST_OPERATOR] = -1;
}

int
host_open_operator(struct host *h, const char *path)
{
	struct stat st;
	const int fd = open(path, DIR_FLAGS | O_NOFOLLOW);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == 0 &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0) {
		h->root[HOST_OPERATOR] = fd;
		return 0;
	}
	close(fd);
	errno = EPERM;
	return -1;
}

/* openat(2) takes an absolute path from the root, whatever the descriptor. */
static bool
stays_below(const char *path)
{
	struct text rest = text_of(path, strlen(path)), part;

	if (path[0] == '/')
		return false;
	while (text_until(&rest, '/', &part))
		if (text_is(part, ".."))
			return false;
	return !text_is(rest, "..");
}

int
host_open_below(const struct host *h, enum host_root root, const char *path,
    int flags)
{
	int fd;

	if (!stays_below(path))
		return -EINVAL;
	fd = openat(h->root[root], path, flags);
	return fd < 0 ? -errno : fd;
}

/*
 * A short read of a file of procfs or sysfs is its end, unless the kernel's
 * buffer may have been too full for the next line (fs/seq_file.c: a buffer is
 * a power of two, a page at least, and a line is in one read whole).  What an
 * earlier read left in the buffer comes first, and then how much more there
 * is in this one is not known: only too little for a page is the end.
 */
static bool
is_end(size_t got, bool leftover, size_t line_max)
{
	size_t buffer = SEQ_BUFFER;

	while (!leftover && buffer < got)
		buffer *= 2;
	return buffer >= got && buffer - got >= line_max;
}

/*
 * Only where it is known; of any other file (diskstats: a disk's partitions
 * are one with it to seq_file), and of all in a copied tree, the end itself is
 * read.  The first start that fits decides.
 */
size_t
host_longest_line(const struct host *h, enum host_root root, const char *path)
{
	static const struct {
		const char *start;
		size_t line_max;
	} known[] = {
		{ "loadavg", SEQ_LINE_MAX },
		{ "meminfo", SEQ_LINE_MAX },
		/* all lines of a slave are one to seq_file */
		{ "net/bonding/", SIZE_MAX },
		{ "net/", SEQ_LINE_MAX },
		{ "pressure/", SEQ_LINE_MAX },
		{ "softirqs", SEQ_LINE_MAX },
		{ "stat", SEQ_LINE_MAX },
		/* a name is at most PATH_MAX; without any, one read */
		{ "swaps", 4000 },
		{ "sys/", SEQ_LINE_MAX },
		{ "uptime", SEQ_LINE_MAX },
		{ "vmstat", 64 },
	};
	const size_t pid = strspn(path, "0123456789");

	if (!h->real[root])
		return SIZE_MAX;
	if (root == HOST_SYS)
		return SEQ_LINE_MAX;
	/* PID/stat is one line, as stat is one record */
	if (pid > 0 && path[pid] == '/')
		path += pid + 1;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(path, known[i].start, strlen(known[i].start)) ==
		    0)
			return known[i].line_max;
	return SIZE_MAX;
}

ssize_t
host_read_all(int fd, char *buf, size_t cap, size_t ask, size_t line_max)
{
	bool leftover = false;
	size_t used = 0;

	while (used < cap) {
		const size_t n = ask < cap - used ? ask : cap - used;
		const ssize_t got = pread(fd, buf + used, n, (off_t)used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		used += (size_t)got;
		/* half a line can be no end, whatever else is so */
		if ((size_t)got < n && buf[used - 1] == '\n' &&
		    is_end((size_t)got, leftover, line_max))
			break;
		leftover = (size_t)got == n;
		if ((size_t)got == ask && ask < ASK_MOST)
			ask *= 2;
	}
	return (ssize_t)used;
}

int
host_read_whole(struct host *h, int fd, size_t ask, size_t line_max,
    struct text *t)
{
	char *text = h->text + h->ahead;
	const ssize_t n = host_read_all(fd, text, HOST_TEXT_MAX + 1, ask,
	    line_max);

	if (n < 0)
		return (int)n;
	if (n > HOST_TEXT_MAX)
		return -EFBIG;
	*t = text_of(text, (size_t)n);
	return 0;
}

int
host_read_once(struct host *h, enum host_root root, const char *path,
    struct text *t)
{
	const int fd = host_open_below(h, root, path, FILE_FLAGS);
	int error;

	if (fd < 0)
		return fd;
	error = host_read_whole(h, fd, ASK_FIRST,
	    host_longest_line(h, root, path), t);
	close(fd);
	return error;
}

int
host_read_start(struct host *h, enum host_root root, const char *path,
    char *buf, size_t cap, struct text *t)
{
	const int fd = host_open_below(h, root, path, FILE_FLAGS);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = host_read_all(fd, buf, cap, cap < ASK_MOST ? cap : ASK_MOST,
	    host_longest_line(h, root, path));
	close(fd);
	if (n < 0)
		return (int)n;
	*t = text_of(buf, (size_t)n);
	return 0;
}

int
host_open_file(const struct host *h, enum host_root root, const char *path)
{
	return host_open_below(h, root, path, FILE_FLAGS);
}

int
host_read_file(int fd, char *buf, size_t cap, struct text *t)
{
	const ssize_t n = host_read_all(fd, buf, cap, cap, 1);

	if (n < 0)
		return (int)n;
	if ((size_t)n == cap)
		return -EFBIG;
	*t = text_of(buf, (size_t)n);
	return 0;
}

int
host_size(const struct host *h, enum host_root root, const char *path,
    int64_t *size)
{
	struct stat st;
	const int error = host_look(h, root, path, &st);

	if (error == 0)
		*size = st.st_size;
	return error;
}

int
host_look(const struct host *h, enum host_root root, const char *path,
    struct stat *st)
{
	if (!stays_below(path))
		return -EINVAL;
	return fstatat(h->root[root], path, st, AT_SYMLINK_NOFOLLOW) < 0 ?
	    -errno : 0;
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Some file systems do not say what an entry is. */
static bool
may_be(const struct dirent64 *d, bool dirs)
{
	return !is_dots(d->d_name) &&
	    (!dirs || d->d_type == DT_DIR || d->d_type == DT_UNKNOWN);
}

/* False when each() had enough. */
static bool
list_block(const char *block, size_t len, bool dirs,
    bool (*each)(void *arg, const char *name), void *arg)
{
	for (size_t at = 0; at < len;) {
		const void *p = block + at;
		const struct dirent64 *d = p;

		if (may_be(d, dirs) && !each(arg, d->d_name))
			return false;
		at += d->d_reclen;
	}
	return true;
}

static int
list(struct host *h, enum host_root root, const char *path, bool dirs,
    bool (*each)(void *arg, const char *name), void *arg)
{
	alignas(struct dirent64) char block[LIST_BYTES];
	const int fd = host_open_below(h, root, path, DIR_FLAGS);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = getdents64(fd, block, sizeof(block));
	while (n > 0 && list_block(block, (size_t)n, dirs, each, arg));
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

int
host_list(struct host *h, enum host_root root, const char *path,
    bool (*each)(void *arg, const char *name), void *arg)
{
	return list(h, root, path, false, each, arg);
}

int
host_list_dirs(struct host *h, enum host_root root, const char *path,
    bool (*each)(void *arg, const char *name), void *arg)
{
	return list(h, root, path, true, each, arg);
}

bool
host_is_real(const struct host *h, enum host_root root)
{
	return h->real[root];
}
