/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord, at its start.  See read_file.h. */
#include "read_file.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t
read_all(int fd, char *buf, size_t cap)
{
	struct stat st;
	size_t used = 0;
	ssize_t n = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	while (used < cap && (n = read(fd, buf + used, cap - used)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		used += n < 0 ? 0 : (size_t)n;
	}
	return used == cap ? -EFBIG : (ssize_t)used;
}

int
read_file_open(int fd, char *buf, size_t cap, struct text *t)
{
	const ssize_t n = read_all(fd, buf, cap);

	*t = text_of(buf, n < 0 ? 0 : (size_t)n);
	return n < 0 ? (int)n : 0;
}

int
read_file(const char *path, char *buf, size_t cap, struct text *t)
{
	/* no waiting for a FIFO's writer */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY);
	int error;

	*t = text_of(buf, 0);
	if (fd < 0)
		return -errno;
	error = read_file_open(fd, buf, cap, t);
	close(fd);
	return error;
}

int
read_file_if_any(const char *path, char *buf, size_t cap, struct text *t)
{
	const int error = read_file(path, buf, cap, t);

	if (error < 0 && error != -ENOENT)
		log_event_errno(LOG_LEVEL_WARNING, "file_unreadable", path,
		    -error);
	return error;
}
