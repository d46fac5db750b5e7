/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  Slots of some bytes each, in order and without holes, in
 * one space: for each source one, or for each part of a body.  What changes
 * its length moves all behind it, so ask anew where a slot is after that.
 */
#ifndef SLUICE_SHELF_H
#define SLUICE_SHELF_H

#include "registry.h"

enum { SHELF_SLOTS = SOURCE_END + 4 };

struct shelf {
	uint8_t *space;			/* borrowed */
	size_t cap, used;
	size_t len[SHELF_SLOTS];
};

void	shelf_init(struct shelf *, uint8_t *space, size_t cap);
/* Where the slot's bytes are, or would be. */
uint8_t	*shelf_at(const struct shelf *, unsigned slot);
/* Its first bytes stay as far as there are; false: no room, all as before. */
bool	shelf_resize(struct shelf *, unsigned slot, size_t len);
/* Takes away what the slots have of which there are none. */
void	shelf_keep(struct shelf *, const size_t n[SHELF_SLOTS]);

#endif
