/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See layout.h. */
#include "layout.h"

#include "log.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What never changes has them, too. */
enum { NO_NUMBER, RESOURCE_NUMBER, TAIL_NUMBER, LAST_NUMBER = TAIL_NUMBER };

static_assert((int)LAYOUT_PARTS == (int)SHELF_SLOTS, "a slot for each part");

void
layout_init(struct layout *l, const struct otlp_request *rq, uint8_t *space,
    uint8_t *spare)
{
	const size_t head = otlp_pb_head_most(rq, spare);
	uint8_t *shapes = malloc(LAYOUT_SHAPES);

	if (shapes == NULL)
		fatal("memory for shapes", ENOMEM);
	*l = (struct layout){ .space = space, .spare = spare,
		.last_number = LAST_NUMBER };
	shelf_init(&l->shapes, shapes, LAYOUT_SHAPES);
	shelf_init(&l->bodies, space + head,
	    REQUEST_MAX - head - OTLP_PB_TAIL_MAX);
}

/*
 * False: one is no record, or they are not of one time, or those of a source
 * do not stand together, as they do when collectord sends them.
 */
static bool
find_sources(struct layout *l, const struct otlp_request *rq)
{
	unsigned last = SOURCE_END;

	memset(l->n, 0, sizeof(l->n));
	if (rq->nrecords > BATCH_RECORDS_MAX)
		return false;
	for (size_t i = 0; i < rq->nrecords; i++) {
		struct record_reader rr;

		if (record_open(&rr, rq->record[i].bytes,
		    rq->record[i].len) < 0 ||
		    (i > 0 && rr.head.wall_ns != l->wall_ns))
			return false;
		l->wall_ns = rr.head.wall_ns;
		if (rr.head.source != last) {
			last = rr.head.source;
			if (l->n[last] > 0)
				return false;
			l->first[last] = &rq->record[i];
		}
		l->n[last]++;
	}
	return true;
}

/* A kept record: when its counters started, its length, its instances. */
static void
keep_record(struct writer *w, const struct batch_record *record)
{
	struct record_reader rr;

	record_open(&rr, record->bytes, record->len);
	write_u64(w, rr.head.start_ns);
	write_u64(w, reader_left(&rr.r));
	write_span(w, rr.r.p, reader_left(&rr.r));
}

/* Multiples of eight, so that the places of the next source are aligned. */
static size_t
shape_size(size_t places, const struct batch_record *record, size_t n)
{
	size_t size = places * sizeof(struct otlp_pb_place);

	for (size_t i = 0; i < n; i++)
		size += 2 * sizeof(uint64_t) + record[i].len -
		    RECORD_HEAD_SIZE;
	return (size + 7) & ~(size_t)7;
}

static void
keep_shape(struct layout *l, enum source_id source, struct walk *walk)
{
	const struct batch_record *record = l->first[source];
	const size_t n = l->n[source];
	const size_t size = shape_size(walk->nread, record, n);
	struct otlp_pb_place *place;
	struct writer w;

	/* without one it is encoded each time */
	if (!shelf_resize(&l->shapes, source, size)) {
		shelf_resize(&l->shapes, source, 0);
		return;
	}
	w = writer_of(shelf_at(&l->shapes, source), size);
	place = (struct otlp_pb_place *)(void *)w.p;
	w.p += walk->nread * sizeof(*place);
	memset(place, 0, walk->nread * sizeof(*place));
	for (size_t i = 0; i < n; i++)
		keep_record(&w, &record[i]);
	walk_rewind(walk);
	otlp_pb_places(shelf_at(&l->bodies, source), l->bodies.len[source],
	    walk, place);
}

/* Its shape may be known, but its bytes are not there. */
static bool
encode(struct layout *l, const struct otlp_request *rq, enum source_id source,
    struct walk *walk)
{
	struct writer w = writer_of(l->spare, REQUEST_MAX);
	ptrdiff_t len;

	if (walk_open(walk, &rq->conf->declared, l->first[source],
	    l->n[source]) < 0)
		return false;
	otlp_pb_metrics(&w, walk, true);
	len = writer_finish(&w);
	if (len < 0 || !shelf_resize(&l->bodies, source, (size_t)len))
		return false;
	memcpy(shelf_at(&l->bodies, source), l->spare, (size_t)len);
	l->chunk[source].lost = false;
	l->around.len = 0;
	return true;
}

static bool
encode_anew(struct layout *l, const struct otlp_request *rq,
    enum source_id source)
{
	struct walk *walk = walk_memory();

	if (!encode(l, rq, source, walk))
		return false;
	l->chunk[source] = (struct layout_chunk){
		.judged_ns = l->wall_ns, .number = ++l->last_number,
		.series = walk->n, .points = walk->npoints,
		.places = walk->nread };
	keep_shape(l, source, walk);
	return true;
}

/* Where values go to. */
struct patch {
	uint8_t *body;
	uint64_t time;			/* as it is sent */
	const struct otlp_pb_place *place;
};

static bool
patch_point(struct patch *to, int64_t value)
{
	const struct otlp_pb_place *place = to->place++;
	uint8_t *at = to->body + place->at;

	if (value < 0 && place->monotonic)
		return false;
	if (place->at == 0)
		return true;
	memcpy(at - OTLP_PB_TIME_TO_VALUE, &to->time, sizeof(to->time));
	otlp_pb_put(at, place->scale, value);
	return true;
}

/* False: they differ in more than values. */
static bool
patch_instance(struct patch *to, struct reader *kept, struct reader *now)
{
	const uint8_t *head = kept->p, *other;
	unsigned n = record_pass_head(kept);
	const size_t size = (size_t)(kept->p - head);

	if ((other = read_span(now, size)) == NULL ||
	    memcmp(head, other, size) != 0)
		return false;
	for (; n > 0; n--) {
		const uint64_t step = read_varint(kept);

		read_varint(kept);
		if (read_varint(now) != step ||
		    !patch_point(to, read_zigzag(now)))
			return false;
	}
	return !now->bad;
}

static bool
patch_record(struct patch *to, struct reader *shape,
    const struct batch_record *record)
{
	const uint64_t start_ns = read_u64(shape), len = read_u64(shape);
	const uint8_t *instances = read_span(shape, (size_t)len);
	struct reader kept;
	struct record_reader rr;

	record_open(&rr, record->bytes, record->len);
	if (instances == NULL || rr.head.start_ns != start_ns)
		return false;
	kept = reader_of(instances, (size_t)len);
	while (reader_left(&kept) > 0)
		if (!patch_instance(to, &kept, &rr.r))
			return false;
	return reader_left(&rr.r) == 0;
}

/* False: it is of another shape; some may be written already. */
static bool
patch(struct layout *l, enum source_id source)
{
	const struct layout_chunk *c = &l->chunk[source];
	const uint8_t *at = shelf_at(&l->shapes, source);
	const size_t len = l->shapes.len[source];
	const size_t places = c->places * sizeof(struct otlp_pb_place);
	/* what is lost is only compared */
	struct patch to = { c->lost ? l->spare : shelf_at(&l->bodies, source),
		htole64(l->wall_ns), (const void *)at };
	struct reader shape;

	if (len == 0 || l->wall_ns < c->judged_ns)
		return false;
	shape = reader_of(at + places, len - places);
	for (size_t i = 0; i < l->n[source]; i++)
		if (!patch_record(&to, &shape, &l->first[source][i]))
			return false;
	/* less than a record's head is left: what was rounded up */
	return reader_left(&shape) < 2 * sizeof(uint64_t);
}

static bool
fill_source(struct layout *l, const struct otlp_request *rq,
    enum source_id source)
{
	if (!patch(l, source))
		return encode_anew(l, rq, source);
	l->chunk[source].age++;
	return !l->chunk[source].lost ||
	    encode(l, rq, source, walk_memory());
}

/* All that there is, or false: that is for the plain encoder to say. */
static bool
fill(struct layout *l, const struct otlp_request *rq, uint64_t *points)
{
	size_t series = 0;

	*points = 0;
	for (unsigned i = 0; i < SOURCE_END; i++) {
		if (l->n[i] == 0)
			continue;
		if (!fill_source(l, rq, (enum source_id)i))
			return false;
		series += l->chunk[i].series;
		*points += l->chunk[i].points;
	}
	return *points > 0 && series <= WALK_SERIES_MAX;
}

/* A source may rest for a while: its shape is kept. */
static void
leave_out(struct layout *l)
{
	const size_t before = l->bodies.used;

	for (unsigned i = 0; i < SOURCE_END; i++)
		if (l->n[i] == 0)
			l->chunk[i].lost = true;
	shelf_keep(&l->bodies, l->n);
	if (l->bodies.used != before)
		l->around.len = 0;
}

/* Over what is kept; but the shapes stay, and most are the same after it. */
static ptrdiff_t
encode_plain(struct layout *l, enum protocol protocol,
    const struct otlp_request *rq, uint64_t *points)
{
	for (unsigned i = 0; i < SOURCE_END; i++)
		l->chunk[i].lost = true;
	l->around.len = 0;
	l->body = l->space;
	return otlp_encode(protocol, rq, l->space, REQUEST_MAX, points);
}

ptrdiff_t
layout_encode(struct layout *l, enum protocol protocol,
    const struct otlp_request *rq, uint64_t *points)
{
	if (protocol != PROTOCOL_HTTP_PROTOBUF || !rq->terse ||
	    !find_sources(l, rq))
		return encode_plain(l, protocol, rq, points);
	leave_out(l);
	if (!fill(l, rq, points))
		return encode_plain(l, protocol, rq, points);
	if (l->around.len == 0)
		l->around = otlp_pb_wrap(rq, l->bodies.space, l->bodies.used,
		    l->spare);
	l->age++;
	l->body = l->around.start;
	return (ptrdiff_t)l->around.len;
}

static void
source_parts(const struct layout *l, struct layout_part *part)
{
	const uint8_t *at = l->bodies.space, *shape = l->shapes.space;

	for (unsigned i = 0; i < SOURCE_END; i++) {
		part[i] = (struct layout_part){ at, l->bodies.len[i],
			l->chunk[i].number, l->chunk[i].age,
			(const void *)shape, l->chunk[i].places };
		at += l->bodies.len[i];
		shape += l->shapes.len[i];
	}
}

void
layout_parts(const struct layout *l, size_t len,
    struct layout_part part[LAYOUT_PARTS])
{
	const struct otlp_pb_body *b = &l->around;
	const uint8_t *metrics = l->bodies.space;
	const uint8_t *tail = metrics + l->bodies.used;

	memset(part, 0, LAYOUT_PARTS * sizeof(part[0]));
	if (b->len == 0) {
		part[LAYOUT_FRONT].bytes = l->body;
		part[LAYOUT_FRONT].len = len;
		return;
	}
	part[LAYOUT_FRONT] = (struct layout_part){ .bytes = b->start,
		.len = (size_t)(b->resource - b->start) };
	part[LAYOUT_RESOURCE] = (struct layout_part){ .bytes = b->resource,
		.len = (size_t)(b->scope - b->resource),
		.number = RESOURCE_NUMBER, .age = l->age };
	part[LAYOUT_SCOPE] = (struct layout_part){ .bytes = b->scope,
		.len = (size_t)(metrics - b->scope) };
	source_parts(l, part + LAYOUT_SOURCES);
	part[LAYOUT_TAIL] = (struct layout_part){ .bytes = tail,
		.len = b->len - (size_t)(tail - b->start),
		.number = TAIL_NUMBER, .age = l->age };
}
