/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  `sluice doctor`: one line a finding, what is missing, what
 * that costs and what to do.  doctor.c looks at the host's files, and
 * doctor_layers.c at what protects the agent.
 */
#ifndef SLUICE_DOCTOR_H
#define SLUICE_DOCTOR_H

#include "config.h"
#include "host.h"

enum finding {
	FINDING_OK,
	FINDING_NOTE,		/* less than there could be; all is well */
	FINDING_MISSING,	/* something that is asked for cannot be had */
};

struct doctor {
	const struct config *config;
	struct host *host;
	bool missing;		/* any FINDING_MISSING */
};

/* costs and remedy: "" where there is nothing to be said. */
void	doctor_say(struct doctor *, enum finding, const char *topic,
	    const char *found, const char *costs, const char *remedy);
/* A file's first line, "" where there is none; 0 or -errno. */
int	doctor_line(struct doctor *, enum host_root, const char *path,
	    char *buf, size_t cap);
bool	doctor_wants(const struct doctor *, enum source_id);

/* Landlock, seccomp, SELinux, FIPS, systemd. */
void	doctor_layers(struct doctor *);

#endif
