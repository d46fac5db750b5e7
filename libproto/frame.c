/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See frame.h. */
#include "frame.h"

#include <errno.h>

static const struct frame_row rows[FRAME_END] = {
#define F(number, name_, path_, min, max, nfds_, stage_, next_) \
	[number] = { #name_, (path_), (min), (max), (nfds_), (stage_), \
	    (next_) },
	FRAME_TYPES(F)
#undef F
};

const struct frame_row *
frame_row(unsigned number)
{
	if (number >= FRAME_END || rows[number].name == NULL)
		return NULL;
	return &rows[number];
}

int
frame_take(struct frame *f, const void *msg, size_t len, int nfds,
    enum frame_path path, enum frame_stage *stage)
{
	const uint8_t *bytes = msg;
	const struct frame_row *row;

	if (len == 0 || (row = frame_row(bytes[0])) == NULL)
		return -EBADMSG;
	if (row->path != path || row->stage != *stage || row->nfds != nfds)
		return -EBADMSG;
	if (len - 1 < row->smallest || len - 1 > row->largest)
		return -EBADMSG;
	*f = (struct frame){
		.type = (enum frame_type)bytes[0],
		.payload = bytes + 1, .len = len - 1 };
	*stage = row->next;
	return 0;
}

bool
frame_add_record(struct writer *w, const void *record, size_t len)
{
	const struct writer before = *w;

	write_varint(w, len);
	write_span(w, record, len);
	if (!w->full)
		return true;
	*w = before;
	return false;
}

int
frame_next_record(struct reader *r, const uint8_t **record, size_t *len)
{
	uint64_t size;

	if (!r->bad && reader_left(r) == 0)
		return 0;
	size = read_varint(r);
	if (size <= RECORD_HEAD_SIZE || size > RECORD_MAX)
		r->bad = true;
	*record = r->bad ? NULL : read_span(r, (size_t)size);
	*len = (size_t)size;
	return r->bad ? -EBADMSG : 1;
}
