/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Services and containers: what their cgroups say of
 * CPU, memory, I/O, processes and waiting.  No runtime is asked.
 */
#ifndef SLUICE_SOURCES_CGROUP_H
#define SLUICE_SOURCES_CGROUP_H

struct source;
extern const struct source source_cgroup;

/* Forgets what was found, as if nothing had been read before. */
void	cgroup_forget(void);

#endif
