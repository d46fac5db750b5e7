/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  The files of version 2, and of version 1 where each
 * controller has a hierarchy of its own and PSI, if anywhere, is in a third
 * place.  Tables; cgroup_files.h has the types.
 */
#ifndef SLUICE_SOURCES_CGROUP_LAYOUT_H
#define SLUICE_SOURCES_CGROUP_LAYOUT_H

#include "sources/cgroup_files.h"

/* What this host has; NULL and -errno where it has neither. */
const struct cgroup_layout	*cgroup_layout(struct host *, int *error);

#endif
