/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  How soon delivery.c may go on: the pace of a backlog,
 * and what egress.c says of the bytes.
 */
#ifndef SLUICE_PACE_H
#define SLUICE_PACE_H

#include "delivery.h"

/* A time step, or what says that it is one, is done with. */
void	pace_keep(struct delivery *);

/*
 * Of the body that was made: sets when it may go, ends the process where it
 * never may.
 */
void	pace_pay(struct delivery *);

#endif
