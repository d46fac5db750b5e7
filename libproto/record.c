/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See record.h. */
#include "record.h"

#include <errno.h>
#include <string.h>

enum {
	OFFSET_VERSION = 32,
	OFFSET_FLAGS = 34,
	INSTANCE_OWN_START = 1,
	POINT_SIZE_MAX = 2 * VARINT_LONGEST,
};

static_assert(RECORD_HEAD_SIZE == OFFSET_FLAGS + 1, "head ends with flags");
static_assert(POINT_END <= 1 << 14, "a step is one byte or two");

static uint8_t *
put_u64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static uint64_t
get_u64(const uint8_t **p)
{
	uint64_t v;

	memcpy(&v, *p, sizeof(v));
	*p += sizeof(v);
	return le64toh(v);
}

void
record_begin(struct record_writer *rw, void *buf, size_t cap,
    const struct record_head *h)
{
	uint8_t *p = buf;

	*rw = (struct record_writer){
		.w = writer_of(buf, cap), .start_ns = h->start_ns,
		.source = h->source };
	if (cap < RECORD_HEAD_SIZE) {
		rw->w.full = true;
		return;
	}
	p = put_u64(p, h->seq);
	p = put_u64(p, h->boottime_ns);
	p = put_u64(p, h->wall_ns);
	p = put_u64(p, h->start_ns);
	*p++ = RECORD_VERSION;
	*p++ = (uint8_t)h->source;
	*p++ = h->flags;
	rw->w.p = p;
}

static bool
has_points(const struct record_writer *rw)
{
	return rw->npoints != NULL && !rw->w.full && *rw->npoints > 0;
}

/* What an instance takes before its points. */
static size_t
instance_size(bool own, const struct attr *attr, size_t n)
{
	size_t size = 1 + (own ? sizeof(uint64_t) : 0) + 1 + 1;

	for (size_t i = 0; i < n; i++)
		size += 2 + (size_t)attr[i].len;
	return size;
}

static bool
keys_ascend(const struct attr *attr, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (attr[i].key <= attr[i - 1].key)
			return false;
	return true;
}

void
record_instance(struct record_writer *rw, uint64_t start_ns,
    const struct attr *attr, size_t n)
{
	const bool own = start_ns != 0 && start_ns != rw->start_ns;
	uint8_t *p = rw->w.p;

	if (n > RECORD_ATTRS_MAX || !keys_ascend(attr, n) ||
	    (rw->npoints != NULL && !has_points(rw)) ||
	    (size_t)(rw->w.end - p) < instance_size(own, attr, n))
		rw->w.full = true;
	if (rw->w.full)
		return;
	*p++ = own ? INSTANCE_OWN_START : 0;
	if (own)
		p = put_u64(p, start_ns);
	*p++ = (uint8_t)n;
	for (size_t i = 0; i < n; i++) {
		*p++ = (uint8_t)attr[i].key;
		*p++ = attr[i].len;
		memcpy(p, attr[i].value, attr[i].len);
		p += attr[i].len;
	}
	*p = 0;
	rw->npoints = p;
	rw->last = 0;
	rw->w.p = p + 1;
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

void
record_points(struct record_writer *rw, const struct point *point, size_t n)
{
	uint8_t *p = rw->w.p;

	if (rw->w.full || rw->npoints == NULL ||
	    *rw->npoints + n > RECORD_POINTS_MAX ||
	    (size_t)(rw->w.end - p) < n * POINT_SIZE_MAX) {
		for (size_t i = 0; i < n; i++)
			record_point(rw, point[i].id, point[i].value);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		p = varint_put(p, point[i].id - rw->last - 1);
		p = varint_put(p, zigzag_of(point[i].value));
		rw->last = point[i].id;
	}
	*rw->npoints += (uint8_t)n;
	rw->w.p = p;
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
	const uint8_t *p = buf;
	uint8_t version, source;

	rr->r = reader_of(buf, len);
	/* a head, and something behind it */
	if (len <= RECORD_HEAD_SIZE)
		return -EBADMSG;
	h->seq = get_u64(&p);
	h->boottime_ns = get_u64(&p);
	h->wall_ns = get_u64(&p);
	h->start_ns = get_u64(&p);
	version = *p++;
	source = *p++;
	h->flags = *p++;
	rr->r.p = p;
	if (version != RECORD_VERSION || registry_source(source) == NULL ||
	    (h->flags & ~RECORD_LAST) != 0)
		return -EBADMSG;
	h->source = (enum source_id)source;
	if (h->wall_ns == 0 || h->wall_ns > INT64_MAX || h->start_ns == 0 ||
	    h->start_ns > h->wall_ns)
		return -EBADMSG;
	return 0;
}

static int
read_attrs(struct record_reader *rr, struct instance *inst)
{
	const uint32_t allowed = registry_source(rr->head.source)->keys;
	const unsigned n = read_u8(&rr->r);
	const uint8_t *p = rr->r.p, *end = rr->r.end;
	unsigned last = 0;

	if (rr->r.bad || n > RECORD_ATTRS_MAX)
		return -EBADMSG;
	for (unsigned i = 0; i < n; i++) {
		struct attr *a = &inst->attr[i];

		if (end - p < 2 || end - p - 2 < p[1])
			return -EBADMSG;
		*a = (struct attr){ (enum key)p[0], p[1], p + 2 };
		if (p[0] <= last || p[0] >= KEY_END ||
		    (allowed & 1u << p[0]) == 0 ||
		    !registry_value_ok(a->key, a->value, a->len))
			return -EBADMSG;
		last = p[0];
		p += 2 + a->len;
	}
	inst->nattrs = n;
	rr->r.p = p;
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

/* Behind a value of more than one byte; NULL where it is not a good one. */
static const uint8_t *
behind_long(const uint8_t *p, const uint8_t *end)
{
	struct reader r = reader_of(p, (size_t)(end - p));
	uint64_t word;
	const unsigned len = varint_len(p, end, &word);

	if (len > 0)
		return p + len;
	read_varint_rest(&r);
	return r.bad ? NULL : r.p;
}

/*
 * Judges one point: that its number is of this source, and its value within
 * bounds, of which only the sign counts: its lowest bit.  Behind it, or NULL.
 */
static const uint8_t *
pass_point(const uint8_t *p, const uint8_t *end, enum source_id source,
    unsigned *id)
{
	unsigned step;

	if (end - p < 2)
		return NULL;
	step = *p++;
	if (step >= 0x80) {
		/* more than two bytes are more than there are points */
		if (*p == 0 || *p >= 0x80)
			return NULL;
		step = (step & 0x7f) | *p++ * 128u;
		if (p == end)
			return NULL;
	}
	*id += step + 1;
	if (!point_ok(*id, source, -(int64_t)(*p & 1)))
		return NULL;
	return *p < 0x80 ? p + 1 : behind_long(p, end);
}

/* Finds where the instance's points end, and that each belongs here. */
static int
skip_points(struct record_reader *rr, struct instance *inst)
{
	const unsigned n = read_u8(&rr->r);
	const uint8_t *p = rr->r.p, *end = rr->r.end;
	unsigned id = 0;

	if (rr->r.bad || n == 0 || n > RECORD_POINTS_MAX)
		return -EBADMSG;
	for (unsigned i = 0; i < n; i++)
		if ((p = pass_point(p, end, rr->head.source, &id)) == NULL)
			return -EBADMSG;
	inst->npoints = n;
	inst->points = reader_of(rr->r.p, (size_t)(p - rr->r.p));
	inst->last = 0;
	rr->r.p = p;
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
