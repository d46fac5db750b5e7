/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See record.h. */
#include "record.h"

#include <errno.h>
#include <string.h>

enum {
	OFFSET_VERSION = 32,
	OFFSET_FLAGS = 34,
	INSTANCE_OWN_START = 1,
};

static_assert(RECORD_HEAD_SIZE == OFFSET_FLAGS + 1, "head ends with flags");

void
record_begin(struct record_writer *rw, void *buf, size_t cap,
    const struct record_head *h)
{
	*rw = (struct record_writer){
		.w = writer_of(buf, cap), .start_ns = h->start_ns,
		.source = h->source };
	write_u64(&rw->w, h->seq);
	write_u64(&rw->w, h->boottime_ns);
	write_u64(&rw->w, h->wall_ns);
	write_u64(&rw->w, h->start_ns);
	write_u8(&rw->w, RECORD_VERSION);
	write_u8(&rw->w, (uint8_t)h->source);
	write_u8(&rw->w, h->flags);
}

static bool
has_points(const struct record_writer *rw)
{
	return rw->npoints != NULL && !rw->w.full && *rw->npoints > 0;
}

void
record_instance(struct record_writer *rw, uint64_t start_ns,
    const struct attr *attr, size_t n)
{
	const bool own = start_ns != 0 && start_ns != rw->start_ns;

	if (n > RECORD_ATTRS_MAX || (rw->npoints != NULL && !has_points(rw)))
		rw->w.full = true;
	write_u8(&rw->w, own ? INSTANCE_OWN_START : 0);
	if (own)
		write_u64(&rw->w, start_ns);
	write_u8(&rw->w, (uint8_t)n);
	for (size_t i = 0; i < n && !rw->w.full; i++) {
		if (i > 0 && attr[i].key <= attr[i - 1].key)
			rw->w.full = true;
		write_u8(&rw->w, (uint8_t)attr[i].key);
		write_text(&rw->w, attr[i].value, attr[i].len);
	}
	rw->npoints = rw->w.p;
	rw->last = 0;
	write_u8(&rw->w, 0);
}

void
record_point(struct record_writer *rw, unsigned id, int64_t value)
{
	if (rw->npoints == NULL || id <= rw->last ||
	    !point_ok(id, rw->source, value))
		rw->w.full = true;
	if (rw->w.full || *rw->npoints == RECORD_POINTS_MAX) {
		rw->w.full = true;
		return;
	}
	write_varint(&rw->w, id - rw->last - 1);
	write_zigzag(&rw->w, value);
	rw->last = id;
	++*rw->npoints;
}

ptrdiff_t
record_finish(struct record_writer *rw)
{
	return has_points(rw) ? writer_finish(&rw->w) : -ENOBUFS;
}

void
record_set_flags(void *record, uint8_t flags)
{
	((uint8_t *)record)[OFFSET_FLAGS] = flags;
}

int
record_open(struct record_reader *rr, const void *buf, size_t len)
{
	struct record_head *h = &rr->head;
	uint8_t version, source;

	rr->r = reader_of(buf, len);
	h->seq = read_u64(&rr->r);
	h->boottime_ns = read_u64(&rr->r);
	h->wall_ns = read_u64(&rr->r);
	h->start_ns = read_u64(&rr->r);
	version = read_u8(&rr->r);
	source = read_u8(&rr->r);
	h->flags = read_u8(&rr->r);
	if (rr->r.bad || version != RECORD_VERSION ||
	    registry_source(source) == NULL || (h->flags & ~RECORD_LAST) != 0)
		return -EBADMSG;
	h->source = (enum source_id)source;
	if (h->wall_ns == 0 || h->wall_ns > INT64_MAX || h->start_ns == 0 ||
	    h->start_ns > h->wall_ns)
		return -EBADMSG;
	return reader_left(&rr->r) == 0 ? -EBADMSG : 0;
}

static int
read_attrs(struct record_reader *rr, struct instance *inst)
{
	uint32_t allowed = registry_source(rr->head.source)->keys;
	unsigned last = 0;

	inst->nattrs = read_u8(&rr->r);
	if (inst->nattrs > RECORD_ATTRS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < inst->nattrs; i++) {
		struct attr *a = &inst->attr[i];
		unsigned key = read_u8(&rr->r);
		size_t len;

		a->value = read_text(&rr->r, 1, ATTR_TEXT_MAX, &len);
		a->len = (uint8_t)len;
		a->key = (enum key)key;
		if (rr->r.bad || key <= last || key >= KEY_END ||
		    (allowed & 1u << key) == 0 ||
		    !registry_value_ok(a->key, a->value, len))
			return -EBADMSG;
		last = key;
	}
	return 0;
}

int
record_next_point(struct instance *inst, struct point *p)
{
	uint64_t step;

	if (reader_left(&inst->points) == 0)
		return inst->points.bad ? -EBADMSG : 0;
	step = read_varint(&inst->points);
	p->value = read_zigzag(&inst->points);
	if (inst->points.bad || step >= POINT_END)
		return -EBADMSG;
	p->id = inst->last + (unsigned)step + 1;
	inst->last = p->id;
	return 1;
}

/* Finds where the instance's points end, and that each belongs here. */
static int
skip_points(struct record_reader *rr, struct instance *inst)
{
	const uint8_t *first;

	inst->npoints = read_u8(&rr->r);
	inst->last = 0;
	inst->points = rr->r;
	first = rr->r.p;
	if (rr->r.bad || inst->npoints == 0 ||
	    inst->npoints > RECORD_POINTS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < inst->npoints; i++) {
		struct point p;

		if (record_next_point(inst, &p) != 1 ||
		    !point_ok(p.id, rr->head.source, p.value))
			return -EBADMSG;
	}
	rr->r.p = inst->points.p;
	inst->points = reader_of(first, (size_t)(rr->r.p - first));
	inst->last = 0;
	return 0;
}

int
record_next_instance(struct record_reader *rr, struct instance *inst)
{
	uint8_t flags;

	if (reader_left(&rr->r) == 0)
		return rr->r.bad ? -EBADMSG : 0;
	flags = read_u8(&rr->r);
	inst->start_ns = rr->head.start_ns;
	if (flags == INSTANCE_OWN_START) {
		inst->start_ns = read_u64(&rr->r);
		/* the record's own is said by saying nothing */
		if (inst->start_ns == rr->head.start_ns)
			rr->r.bad = true;
	} else if (flags != 0) {
		rr->r.bad = true;
	}
	if (inst->start_ns == 0 || inst->start_ns > rr->head.wall_ns)
		rr->r.bad = true;
	if (rr->r.bad || read_attrs(rr, inst) < 0 ||
	    skip_points(rr, inst) < 0) {
		rr->r.bad = true;
		return -EBADMSG;
	}
	return 1;
}

int
record_check(const void *buf, size_t len)
{
	struct record_reader rr;
	struct instance inst;
	size_t n = 0;
	int more;

	if (len > RECORD_MAX || record_open(&rr, buf, len) < 0)
		return -EBADMSG;
	while ((more = record_next_instance(&rr, &inst)) == 1)
		if (++n > RECORD_INSTANCES_MAX)
			return -EBADMSG;
	return more;
}
