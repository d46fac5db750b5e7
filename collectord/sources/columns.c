/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See columns.h. */
#include "sources/columns.h"

#include <assert.h>
#include <string.h>

static_assert(COLUMNS_BYTES <= UINT16_MAX, "a column's number fits");
static_assert(sizeof(struct columns) <= 4096, "a page");

const struct columns_line *
columns_find(const struct columns *c, int file, struct text line)
{
	for (size_t i = 0; i < c->nlines; i++) {
		const struct columns_line *l = &c->line[i];

		if (l->file == file &&
		    text_same(line, c->bytes + l->start, l->len))
			return l;
	}
	return NULL;
}

static void
forget(struct columns *c)
{
	c->nlines = c->nwanted = c->nbytes = 0;
}

struct columns_line *
columns_keep(struct columns *c, int file, struct text line)
{
	if (line.len > sizeof(c->bytes))
		return NULL;
	if (c->nlines == COLUMNS_LINES ||
	    line.len > sizeof(c->bytes) - c->nbytes)
		forget(c);
	memcpy(c->bytes + c->nbytes, line.p, line.len);
	c->line[c->nlines] = (struct columns_line){ .file = file,
		.start = c->nbytes, .len = line.len, .first = c->nwanted };
	c->nbytes += line.len;
	return &c->line[c->nlines++];
}

bool
columns_add(struct columns *c, int row)
{
	struct columns_line *l = &c->line[c->nlines - 1];

	if (row >= 0 && c->nwanted == COLUMNS_WANTED) {
		forget(c);
		return false;
	}
	if (row >= 0) {
		c->wanted[c->nwanted++] = (struct column){ (uint16_t)l->n,
			(uint8_t)row };
		l->nwanted++;
	}
	l->n++;
	return true;
}
