/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See packer.h. */
#include "packer.h"

#include "gzip_part.h"
#include "log.h"
#include "otlp_pb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A plan costs about as much as packing without it so many times. */
enum { PATIENCE = 16 };

/* Marks of a field, where it begins. */
enum { NONE, IS_VALUE, IS_TIME };

struct packer *
packer_new(void)
{
	/* one after the other, so that no page is touched for half of it */
	struct packer *p = malloc(sizeof(*p) + PACKER_PLANS);

	if (p == NULL)
		fatal("memory to pack a request", ENOMEM);
	gzip_init(&p->gzip);
	shelf_init(&p->plans, (uint8_t *)p->space, PACKER_PLANS);
	memset(p->number, 0, sizeof(p->number));
	return p;
}

static void
mark_fields(uint8_t *mark, const struct layout_part *part)
{
	memset(mark, NONE, part->len);
	for (size_t i = 0; i < part->nplaces; i++) {
		const size_t at = part->place[i].at;

		if (at == 0)
			continue;
		mark[at - OTLP_PB_TIME_TO_VALUE] = IS_TIME;
		mark[at] = IS_VALUE;
	}
}

/* They come in the order of the records, and are wanted as they stand. */
static size_t
list_fields(struct gzip_field *field, const uint8_t *mark, size_t len)
{
	size_t n = 0;

	for (size_t at = 0; at < len; at++)
		if (mark[at] != NONE)
			field[n++] = (struct gzip_field){ (uint32_t)at,
				mark[at] == IS_TIME ? GZIP_FIELD_TIME :
				GZIP_FIELD_VALUE };
	return n;
}

static size_t
aligned(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* In space that is free until packing begins: marks, then fields, then it. */
static void
make_plan(struct packer *p, unsigned slot, const struct layout_part *part,
    uint8_t *space, size_t cap)
{
	const size_t most = 2 * part->nplaces * sizeof(struct gzip_field);
	const size_t before = aligned(part->len) + most;
	struct gzip_field *field = (void *)(space + aligned(part->len));
	uint8_t *plan = space + before;
	size_t n, len;

	if (before > cap)
		return;
	mark_fields(space, part);
	n = list_fields(field, space, part->len);
	len = gzip_part_make(&p->gzip, part->bytes, part->len, field, n, plan,
	    cap - before);
	if (len > 0 && shelf_resize(&p->plans, slot, len))
		memcpy(shelf_at(&p->plans, slot), plan, len);
}

/* Plans of what is no more go; what came again gets one. */
static void
renew_plans(struct packer *p, const struct layout_part part[LAYOUT_PARTS],
    uint8_t *space, size_t cap)
{
	for (unsigned i = 0; i < LAYOUT_PARTS; i++) {
		if (part[i].len == 0 || part[i].number == p->number[i])
			continue;
		shelf_resize(&p->plans, i, 0);
		p->number[i] = 0;
		if (part[i].age < PATIENCE)
			continue;
		p->number[i] = part[i].number;
		make_plan(p, i, &part[i], space, cap);
	}
}

ptrdiff_t
packer_pack(struct packer *p, const struct layout *l, size_t len, uint8_t *out,
    size_t cap)
{
	const struct layout_part *part = p->part;
	const uint8_t *plan = p->plans.space;
	struct gzip_stream s;

	layout_parts(l, len, p->part);
	renew_plans(p, part, out, cap);
	gzip_begin(&s, &p->gzip, out, cap);
	for (unsigned i = 0; i < LAYOUT_PARTS; i++) {
		const size_t plan_len = p->plans.len[i];

		if (part[i].len > 0 && plan_len > 0)
			gzip_part_put(&s, (const void *)plan, part[i].bytes,
			    part[i].len);
		else if (part[i].len > 0)
			gzip_put(&s, part[i].bytes, part[i].len);
		plan += plan_len;
	}
	return gzip_end(&s);
}
