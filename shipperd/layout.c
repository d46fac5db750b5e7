/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See layout.h. */
#include "layout.h"

#include "log.h"
#include "otlp_pb.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One request's records, source by source; too large for a stack. */
static struct sorted {
	struct batch_record record[BATCH_RECORDS_MAX];
	size_t first[SOURCE_END + 1];
	bool has[SOURCE_END];
	uint64_t wall_ns;		/* of all of them */
} sorted;

void
layout_init(struct layout *l, uint8_t *space, uint8_t *spare)
{
	uint8_t *shapes = malloc(LAYOUT_SHAPES);

	if (shapes == NULL)
		fatal("memory for shapes", ENOMEM);
	*l = (struct layout){ .space = space, .spare = spare };
	shelf_init(&l->shapes, shapes, LAYOUT_SHAPES);
	shelf_init(&l->bodies, space + OTLP_PB_HEAD_MAX,
	    REQUEST_MAX - OTLP_PB_HEAD_MAX - OTLP_PB_TAIL_MAX);
}

static void
forget(struct layout *l)
{
	shelf_clear(&l->shapes);
	shelf_clear(&l->bodies);
	l->len = 0;
}

/* False: one is no record, or they are not of one time. */
static bool
count_sources(struct sorted *s, const struct otlp_request *rq,
    uint8_t source[BATCH_RECORDS_MAX])
{
	struct record_reader rr;

	memset(s->first, 0, sizeof(s->first));
	for (size_t i = 0; i < rq->nrecords; i++) {
		const struct batch_record *record = &rq->record[i];

		if (record_open(&rr, record->bytes, record->len) < 0 ||
		    (i > 0 && rr.head.wall_ns != s->wall_ns))
			return false;
		s->wall_ns = rr.head.wall_ns;
		source[i] = (uint8_t)rr.head.source;
		s->first[source[i] + 1]++;
	}
	return true;
}

static bool
sort(struct sorted *s, const struct otlp_request *rq)
{
	static uint8_t source[BATCH_RECORDS_MAX];
	size_t next[SOURCE_END];

	if (rq->nrecords > BATCH_RECORDS_MAX || !count_sources(s, rq, source))
		return false;
	for (unsigned i = 0; i < SOURCE_END; i++) {
		s->has[i] = s->first[i + 1] > 0;
		s->first[i + 1] += s->first[i];
		next[i] = s->first[i];
	}
	for (size_t i = 0; i < rq->nrecords; i++)
		s->record[next[source[i]]++] = rq->record[i];
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
	const struct batch_record *record = &sorted.record[
	    sorted.first[source]];
	const size_t n = sorted.first[source + 1] - sorted.first[source];
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

static bool
encode_anew(struct layout *l, const struct otlp_request *rq,
    enum source_id source)
{
	struct walk *walk = walk_memory();
	const size_t first = sorted.first[source];
	struct writer w = writer_of(l->spare, REQUEST_MAX);
	ptrdiff_t len;

	if (walk_open(walk, &rq->conf->declared, &sorted.record[first],
	    sorted.first[source + 1] - first) < 0)
		return false;
	otlp_pb_metrics(&w, walk, true);
	len = writer_finish(&w);
	if (len < 0 || !shelf_resize(&l->bodies, source, (size_t)len))
		return false;
	memcpy(shelf_at(&l->bodies, source), l->spare, (size_t)len);
	l->chunk[source] = (struct layout_chunk){ sorted.wall_ns, walk->n,
		walk->npoints, walk->nread };
	keep_shape(l, source, walk);
	l->len = 0;
	return true;
}

/* All that stands before the instance's first point, its number included. */
static size_t
head_size(struct reader r)
{
	const uint8_t *start = r.p;
	unsigned nattrs;
	size_t len;

	if (read_u8(&r) != 0)
		read_u64(&r);
	nattrs = read_u8(&r);
	while (nattrs-- > 0) {
		read_u8(&r);
		read_text(&r, 0, ATTR_TEXT_MAX, &len);
	}
	read_u8(&r);
	return (size_t)(r.p - start);
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
	const size_t size = head_size(*kept);
	const uint8_t *head = read_span(kept, size);
	const uint8_t *other = read_span(now, size);

	if (other == NULL || memcmp(head, other, size) != 0)
		return false;
	for (unsigned n = head[size - 1]; n > 0; n--) {
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
	struct patch to = { shelf_at(&l->bodies, source),
		htole64(sorted.wall_ns), (const void *)at };
	struct reader shape;

	if (len == 0 || sorted.wall_ns < c->judged_ns)
		return false;
	shape = reader_of(at + places, len - places);
	for (size_t i = sorted.first[source]; i < sorted.first[source + 1];
	    i++)
		if (!patch_record(&to, &shape, &sorted.record[i]))
			return false;
	/* less than a record's head is left: what was rounded up */
	return reader_left(&shape) < 2 * sizeof(uint64_t);
}

/* All that there is, or false: that is for the plain encoder to say. */
static bool
fill(struct layout *l, const struct otlp_request *rq, uint64_t *points)
{
	size_t series = 0;

	*points = 0;
	for (unsigned i = 0; i < SOURCE_END; i++) {
		if (!sorted.has[i])
			continue;
		if (!patch(l, (enum source_id)i) &&
		    !encode_anew(l, rq, (enum source_id)i))
			return false;
		series += l->chunk[i].series;
		*points += l->chunk[i].points;
	}
	return *points > 0 && series <= WALK_SERIES_MAX;
}

/* Sources of which nothing came now are not in it. */
static void
keep_present(struct layout *l)
{
	const size_t before = l->bodies.used;

	shelf_keep(&l->shapes, sorted.has);
	shelf_keep(&l->bodies, sorted.has);
	if (l->bodies.used != before)
		l->len = 0;
}

ptrdiff_t
layout_encode(struct layout *l, enum protocol protocol,
    const struct otlp_request *rq, uint64_t *points)
{
	if (protocol == PROTOCOL_HTTP_PROTOBUF && rq->terse &&
	    sort(&sorted, rq)) {
		keep_present(l);
		if (fill(l, rq, points)) {
			if (l->len == 0)
				l->len = otlp_pb_wrap(rq, l->bodies.space,
				    l->bodies.used, l->spare, &l->body);
			return (ptrdiff_t)l->len;
		}
	}
	forget(l);
	l->body = l->space;
	return otlp_encode(protocol, rq, l->space, REQUEST_MAX, points);
}
