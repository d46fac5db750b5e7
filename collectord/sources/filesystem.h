/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  Space of local file systems; statfs(2). */
#ifndef SLUICE_SOURCES_FILESYSTEM_H
#define SLUICE_SOURCES_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/vfs.h>

struct space {
	int64_t used, free, reserved, limit;	/* bytes */
	int64_t inodes_used, inodes_free;
	bool has_inodes;
};

/* False where the size is zero or the numbers contradict each other. */
bool	space_of(const struct statfs *, struct space *);

struct source;
extern const struct source source_filesystem;

#endif
