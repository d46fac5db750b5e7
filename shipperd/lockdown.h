/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  What this process takes from itself, in order. */
#ifndef SLUICE_SHIPPER_LOCKDOWN_H
#define SLUICE_SHIPPER_LOCKDOWN_H

#include "confine.h"
#include "shipconf.h"

extern const struct syscall_row shipper_calls[];
extern const size_t shipper_ncalls;

/*
 * Keeps no file at all, the TCP ports that the configuration needs, and the
 * table.  See confine().
 */
void	shipper_lock(const struct shipconf *, struct layers *);

#endif
