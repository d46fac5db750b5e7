/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The cgroups that are read: found by walking the
 * hierarchy, only where something has changed, and kept as long as they live.
 *
 * Each class has a fixed number of places.  What has one keeps it; what comes
 * when all are taken is left out, and counted, until one is free.  So neither
 * containers nor a user with names without end can crowd out services.
 */
#ifndef SLUICE_SOURCES_CGROUP_TREE_H
#define SLUICE_SOURCES_CGROUP_TREE_H

#include "source.h"
#include "sources/cgroup_files.h"
#include "sources/cgroup_path.h"

enum {
	CGROUP_SYSTEM_MAX = 512,
	CGROUP_CONTAINER_MAX = 768,
	CGROUP_USER_MAX = 256,
	CGROUPS_MAX = CGROUP_SYSTEM_MAX + CGROUP_CONTAINER_MAX +
	    CGROUP_USER_MAX,
	CGROUP_INDEX = 4096,		/* never over half full */
	CGROUP_DEPTH_MAX = 8,		/* nothing deeper is looked at */
	CGROUP_DIRS_MAX = 32768,	/* in one walk */
	CGROUP_WALK_EVERY = 16,		/* cycles, where nothing has changed */
	CGROUP_WALK_REST = 32,		/* times as long as a walk took */
};

struct cgroup_tree {
	const struct cgroup_layout *layout;
	struct cgroup_files files;
	struct cgroup entry[CGROUPS_MAX];	/* class after class */
	uint16_t index[CGROUP_INDEX];		/* 1 + entry; 0: free */
	size_t left_out[CGROUP_CLASSES];	/* no place, or the same name */
	size_t too_long;			/* paths */
	int error;				/* of the last walk, or 0 */
	int64_t count;				/* of cgroups, when walked */
	unsigned since;				/* cycles */
	bool stale;
	uint64_t rest_until_ns;
};

/* Walks where it is time to.  False: the host has no cgroups to be read. */
bool	cgroup_tree_refresh(struct cgroup_tree *, struct collect *);
/* True when the refresh before did walk. */
bool	cgroup_tree_walked(const struct cgroup_tree *);
/* Forgets everything, and closes what is open. */
void	cgroup_tree_reset(struct cgroup_tree *);

#endif
