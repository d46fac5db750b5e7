/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See shelf.h. */
#include "shelf.h"

#include <string.h>

void
shelf_init(struct shelf *s, uint8_t *space, size_t cap)
{
	*s = (struct shelf){ .space = space, .cap = cap };
}

uint8_t *
shelf_at(const struct shelf *s, unsigned slot)
{
	uint8_t *at = s->space;

	for (unsigned i = 0; i < slot; i++)
		at += s->len[i];
	return at;
}

bool
shelf_resize(struct shelf *s, unsigned slot, size_t len)
{
	uint8_t *at = shelf_at(s, slot);
	const size_t before = s->len[slot];
	const uint8_t *behind = at + before;

	if (len == before)
		return true;
	if (len > s->cap - s->used + before)
		return false;
	memmove(at + len, behind, (size_t)(s->space + s->used - behind));
	s->used = s->used - before + len;
	s->len[slot] = len;
	return true;
}

void
shelf_keep(struct shelf *s, const size_t n[SHELF_SLOTS])
{
	const uint8_t *from = s->space;
	uint8_t *to = s->space;

	for (unsigned i = 0; i < SHELF_SLOTS; i++) {
		const uint8_t *bytes = from;

		from += s->len[i];
		if (n[i] == 0)
			s->len[i] = 0;
		if (to != bytes)
			memmove(to, bytes, s->len[i]);
		to += s->len[i];
	}
	s->used = (size_t)(to - s->space);
}
