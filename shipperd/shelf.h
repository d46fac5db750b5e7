/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  For each source some bytes, in the order of the sources
 * and without holes, in one space.  What changes its length moves all behind
 * it, so a place is asked for anew after each change.
 */
#ifndef SLUICE_SHELF_H
#define SLUICE_SHELF_H

#include "registry.h"

struct shelf {
	uint8_t *space;			/* borrowed */
	size_t cap, used;
	size_t len[SOURCE_END];		/* 0: the source has nothing */
};

void	shelf_init(struct shelf *, uint8_t *space, size_t cap);
void	shelf_clear(struct shelf *);
/* Where the source's bytes are, or would be. */
uint8_t	*shelf_at(const struct shelf *, enum source_id);
/* Its first bytes stay as far as there are; false: no room, all as before. */
bool	shelf_resize(struct shelf *, enum source_id, size_t len);
/* Takes away what the sources have that are false in it. */
void	shelf_keep(struct shelf *, const bool keep[SOURCE_END]);

#endif
