/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  One line for `systemctl status`, the only one there is:
 * what is wrong; records shipped, queued and lost; which layers are in force;
 * where to.  In this order, so that what matters is in the first 80 columns.
 */
#ifndef SLUICE_STATUS_H
#define SLUICE_STATUS_H

#include "notify.h"
#include "ring.h"
#include "self.h"
#include "url.h"

enum { STATUS_LEAST_S = 5 };

struct status {
	struct notify *notify;
	const struct url *endpoint;	/* ENDPOINTS_MAX */
	const struct ring *ring;
	const struct self *self;
	uint64_t said_ns;		/* CLOCK_MONOTONIC */
	uint64_t failing_ns;		/* since then; 0: all is well */
};

/* The line itself, cut to size bytes. */
void	status_line(const struct status *, uint64_t now_ns, char *, size_t);
/* Says it where it is time to: at most every STATUS_LEAST_S. */
void	status_step(struct status *, uint64_t now_ns);

#endif
