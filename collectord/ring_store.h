/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Where the ring comes from: the service manager kept
 * the one of the process before, or it is new and given to the manager to
 * keep.  A ring of another size than is configured hands its records over.
 */
#ifndef SLUICE_RING_STORE_H
#define SLUICE_RING_STORE_H

#include "notify.h"
#include "ring.h"

/*
 * Before the lock and before the first record; the ring lives as long as the
 * process.  Without memory for it this is fatal; one that cannot be read is
 * said, counted and left.  boot_ns: wall clock at boot, start_ns: now.
 */
struct ring	*ring_open(struct notify *, uint64_t bytes,
		    uint64_t start_ns, uint64_t boot_ns);

#endif
