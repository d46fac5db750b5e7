/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord, at its start.  Files of /etc, read whole. */
#ifndef SLUICE_READ_FILE_H
#define SLUICE_READ_FILE_H

#include "text.h"

/*
 * 0 with *text in buf; else -errno (-EFBIG: does not fit; -EINVAL: not a
 * regular file) and *text is empty.
 */
int	read_file(const char *path, char *buf, size_t cap, struct text *);
/* The same of one that is open. */
int	read_file_open(int fd, char *buf, size_t cap, struct text *);
/* The same of a file that may be absent; any other failure is logged. */
int	read_file_if_any(const char *path, char *buf, size_t cap,
	    struct text *);

#endif
