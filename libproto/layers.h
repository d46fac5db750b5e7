/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  What the shipper says about its lock in LOCKED. */
#ifndef SLUICE_LAYERS_H
#define SLUICE_LAYERS_H

#include <stdint.h>

struct layers {
	uint8_t landlock_abi;	/* 0: not in this kernel */
	uint8_t mdwe;		/* 1: memory-deny-write-execute is on */
};

#endif
