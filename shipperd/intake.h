/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Records from the channel into two batches: one is being
 * filled, one is being sent.  When neither has room nothing is read, and the
 * kernel's full socket holds the collector back.
 */
#ifndef SLUICE_INTAKE_H
#define SLUICE_INTAKE_H

#include "batch.h"
#include "link.h"

struct intake {
	struct link *link;
	struct batch *filling, *ready;	/* ready: closed, or empty */
	uint64_t last_seq;
	struct reader pending;		/* of a message, without room yet */
};

/* Fatal without memory. */
void	intake_init(struct intake *, struct link *, size_t batch_bytes);

/* True when a record that came could be kept. */
bool	intake_has_room(const struct intake *);

/* Reads what is there.  0, or -1: the collector is gone. */
int	intake_read(struct intake *);

/* The oldest closed batch, or NULL; intake_release() when it is done with. */
struct batch	*intake_ready(struct intake *);
void		intake_release(struct intake *);

#endif
