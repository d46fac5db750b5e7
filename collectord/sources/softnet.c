/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See softnet.h. */
#include "sources/softnet.h"

#include <errno.h>
#include <string.h>

/* Later kernels add columns at the end. */
enum { COLUMN_BACKLOG = 11, COLUMN_CPU = 12, COLUMNS = 13 };

static const unsigned char column[SOFTNET_COUNTERS] = {
	[SOFTNET_PROCESSED] = 0, [SOFTNET_DROPPED] = 1,
	[SOFTNET_SQUEEZED] = 2, [SOFTNET_STEERED] = 9,
	[SOFTNET_FLOW_LIMITED] = 10,
};

int
softnet_next(struct text *t, struct softnet_row *row)
{
	uint32_t value[COLUMNS];
	struct text line;

	memset(row, 0, sizeof(*row));
	if (!text_line(t, &line))
		return 0;
	for (size_t i = 0; i < COLUMNS; i++)
		if (!text_next_hex32(&line, &value[i]))
			return -EBADMSG;
	if (value[COLUMN_CPU] >= SOFTNET_CPUS_MAX)
		return -EBADMSG;
	row->cpu = value[COLUMN_CPU];
	row->backlog = value[COLUMN_BACKLOG];
	for (size_t i = 0; i < SOFTNET_COUNTERS; i++)
		row->count[i] = value[column[i]];
	return 1;
}

void
softnet_add(struct softnet *s, const struct softnet_row *row)
{
	uint32_t *last = s->last[row->cpu];

	if (!s->seen[row->cpu]) {
		memset(last, 0, sizeof(s->last[row->cpu]));
		s->seen[row->cpu] = true;
	}
	for (size_t i = 0; i < SOFTNET_COUNTERS; i++) {
		s->total[i] += (uint32_t)(row->count[i] - last[i]);
		last[i] = row->count[i];
	}
}
