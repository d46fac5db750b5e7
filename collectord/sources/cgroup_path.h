/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Whose a cgroup is, by its path alone: the names that
 * systemd (systemd.slice(5), systemd.scope(5)), Docker, containerd, CRI-O,
 * Podman and Kubernetes give.  Pure.
 *
 * A delegated cgroup's owner may make any name in it.  So a unit counts as
 * one only where systemd would have put it, below slices and at most one
 * user's manager; and what stands below a service carries the service's name,
 * below a user's manager the user's number.  Then no two paths say the same.
 */
#ifndef SLUICE_SOURCES_CGROUP_PATH_H
#define SLUICE_SOURCES_CGROUP_PATH_H

#include "text.h"

/* In the order in which they are read when time is short. */
enum cgroup_class {
	CGROUP_SYSTEM,		/* the system's slices, services and scopes */
	CGROUP_CONTAINER,
	CGROUP_USER,		/* all that is below a user's manager */
	CGROUP_CLASSES,
	CGROUP_OTHER = CGROUP_CLASSES,	/* not read */
};

enum { POD_UID_LEN = 36 };

/* Spans are of the path; those of length 0 are not said. */
struct cgroup_name {
	enum cgroup_class class;
	bool in_container;	/* it is one, or below one */
	struct text unit, slice, uid, container;
	const char *runtime;	/* NULL: unknown */
	size_t pod_len;
	char pod[POD_UID_LEN];
};

/* The path is relative to the hierarchy's top: "system.slice/a.service". */
struct cgroup_name	cgroup_name_of(struct text path);

#endif
