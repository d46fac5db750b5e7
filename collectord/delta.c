/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See delta.h. */
#include "delta.h"

#include "bounds.h"
#include "cursor.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum operation { SAME, SKIP, NEW };

enum {
	AHEAD_MAX = 32,		/* gone instances that are looked for */
	OPERATION_BITS = 2,
};

/* One instance, cut where its points begin. */
struct part {
	const uint8_t *start, *points, *end;
	unsigned npoints;
};

/* Only as much of the format as it takes to find the values: their number. */
static unsigned
pass_head(struct reader *r)
{
	unsigned nattrs;
	size_t len;

	if (read_u8(r) != 0)
		read_u64(r);
	nattrs = read_u8(r);
	for (unsigned i = 0; i < nattrs && !r->bad; i++) {
		read_u8(r);
		read_text(r, 0, ATTR_TEXT_MAX, &len);
	}
	return read_u8(r);
}

static bool
next_part(struct reader *r, struct part *part)
{
	if (reader_left(r) == 0)
		return false;
	part->start = r->p;
	part->npoints = pass_head(r);
	part->points = r->p;
	for (unsigned i = 0; i < part->npoints && !r->bad; i++) {
		read_varint(r);
		read_zigzag(r);
	}
	part->end = r->p;
	return !r->bad;
}

static struct reader
points_of(const struct part *part)
{
	return reader_of(part->points, (size_t)(part->end - part->points));
}

/* Both move on past an instance that is the same in all but the values. */
static bool
pass_alike(struct reader *a, struct reader *b)
{
	const uint8_t *sa = a->p, *sb = b->p;
	unsigned n;

	if (reader_left(a) == 0 || reader_left(b) == 0)
		return false;
	n = pass_head(a);
	if (pass_head(b) != n || a->p - sa != b->p - sb ||
	    memcmp(sa, sb, (size_t)(a->p - sa)) != 0)
		return false;
	while (n-- > 0) {
		if (read_varint(a) != read_varint(b))
			return false;
		read_zigzag(a);
		read_zigzag(b);
	}
	return !a->bad && !b->bad;
}

/* The same in all but the values. */
static bool
alike(const struct part *a, const struct part *b)
{
	const size_t head = (size_t)(a->points - a->start);
	struct reader ra = points_of(a), rb = points_of(b);

	if (head != (size_t)(b->points - b->start) ||
	    memcmp(a->start, b->start, head) != 0)
		return false;
	for (unsigned i = 0; i < a->npoints; i++) {
		if (read_varint(&ra) != read_varint(&rb))
			return false;
		read_zigzag(&ra);
		read_zigzag(&rb);
	}
	return true;
}

/* How many instances before the one that is alike are gone; -1: it is new. */
static int
find_alike(struct reader before, const struct part *now)
{
	struct part part;

	for (int gone = 0; gone < AHEAD_MAX && next_part(&before, &part);
	    gone++)
		if (alike(&part, now))
			return gone;
	return -1;
}

static void
write_operation(struct writer *w, enum operation operation, uint64_t n)
{
	if (n > 0)
		write_varint(w, n << OPERATION_BITS | operation);
}

/* Values that stand still, until one does not. */
struct tokens {
	struct writer *w;
	uint64_t still;
};

static void
flush_still(struct tokens *t)
{
	if (t->still > 0)
		write_varint(t->w, (t->still - 1) << 1 | 1);
	t->still = 0;
}

static void
say_value(struct tokens *t, int64_t before, int64_t now)
{
	const uint64_t step = (uint64_t)now - (uint64_t)before;
	const uint64_t zigzag = step << 1 ^ (step >> 63 != 0 ? ~UINT64_C(0) :
	    0);

	if (step == 0) {
		t->still++;
		return;
	}
	flush_still(t);
	if (zigzag > UINT64_MAX >> 1)
		t->w->full = true;
	write_varint(t->w, zigzag << 1);
}

static void
say_values(struct tokens *t, struct reader *before, struct reader *now)
{
	unsigned n = pass_head(before);

	pass_head(now);
	while (n-- > 0) {
		read_varint(before);
		read_varint(now);
		const int64_t value = read_zigzag(before);

		say_value(t, value, read_zigzag(now));
	}
}

/* As many instances as are alike in a row, and their values. */
static bool
write_same(struct writer *w, struct reader *before, struct reader *now)
{
	struct reader b = *before, n = *now;
	struct tokens t = { .w = w };
	uint64_t run = 0;

	while (pass_alike(&b, &n))
		run++;
	write_operation(w, SAME, run);
	for (uint64_t i = 0; i < run; i++)
		say_values(&t, before, now);
	flush_still(&t);
	return run > 0;
}

/* Instances from here on that were not there before. */
static void
write_new(struct writer *w, struct reader before, struct reader *now)
{
	const uint8_t *start = now->p;
	struct reader ahead = *now;
	struct part part;

	while (next_part(&ahead, &part) && find_alike(before, &part) < 0)
		now->p = part.end;
	write_operation(w, NEW, (size_t)(now->p - start));
	write_span(w, start, (size_t)(now->p - start));
}

static void
skip_parts(struct reader *r, int n)
{
	struct part part;

	while (n-- > 0 && next_part(r, &part))
		;
}

ptrdiff_t
delta_encode(void *buf, size_t cap, const void *before, size_t before_len,
    const void *now, size_t now_len)
{
	struct writer w = writer_of(buf, cap);
	struct reader rb = reader_of(before, before_len);
	struct reader rn = reader_of(now, now_len), ahead;
	struct part part;
	int gone;

	while (!w.full && rn.p != rn.end) {
		if (write_same(&w, &rb, &rn))
			continue;
		ahead = rn;
		if (!next_part(&ahead, &part))
			return -EBADMSG;
		gone = find_alike(rb, &part);
		if (gone < 0) {
			write_new(&w, rb, &rn);
			continue;
		}
		write_operation(&w, SKIP, (uint64_t)gone);
		skip_parts(&rb, gone);
	}
	return writer_finish(&w);
}

/* What SAME takes its values from. */
struct values {
	struct reader *r;
	uint64_t still;
};

static int64_t
next_value(struct values *v, int64_t before)
{
	uint64_t token, zigzag;

	if (v->still > 0) {
		v->still--;
		return before;
	}
	token = read_varint(v->r);
	if ((token & 1) != 0) {
		v->still = token >> 1;
		return before;
	}
	zigzag = token >> 1;
	if (zigzag == 0)
		v->r->bad = true;
	return (int64_t)((uint64_t)before +
	    (zigzag >> 1 ^ ((zigzag & 1) != 0 ? ~UINT64_C(0) : 0)));
}

static void
copy_same(struct writer *w, struct reader *before, struct values *v)
{
	struct part part;
	struct reader r;

	if (!next_part(before, &part)) {
		v->r->bad = true;
		return;
	}
	write_span(w, part.start, (size_t)(part.points - part.start));
	r = points_of(&part);
	for (unsigned i = 0; i < part.npoints && !v->r->bad; i++) {
		write_varint(w, read_varint(&r));
		write_zigzag(w, next_value(v, read_zigzag(&r)));
	}
}

static void
read_same(struct writer *w, struct reader *before, struct reader *delta,
    uint64_t n)
{
	struct values v = { .r = delta };

	while (n-- > 0 && !delta->bad && !w->full)
		copy_same(w, before, &v);
	if (v.still > 0)
		delta->bad = true;
}

static void
read_operation(struct writer *w, struct reader *before, struct reader *delta)
{
	const uint64_t word = read_varint(delta);
	const uint64_t n = word >> OPERATION_BITS;
	struct part part;

	if (n == 0)
		delta->bad = true;
	switch (word & ((1 << OPERATION_BITS) - 1)) {
	case SAME:
		read_same(w, before, delta, n);
		break;
	case SKIP:
		for (uint64_t i = 0; i < n && !delta->bad; i++)
			delta->bad = !next_part(before, &part);
		break;
	case NEW: {
		const uint8_t *bytes = n > RECORD_MAX ? NULL :
		    read_span(delta, (size_t)n);

		if (bytes == NULL)
			delta->bad = true;
		else
			write_span(w, bytes, (size_t)n);
		break;
	}
	default:
		delta->bad = true;
	}
}

ptrdiff_t
delta_decode(void *buf, size_t cap, const void *before, size_t before_len,
    const void *delta, size_t delta_len)
{
	struct writer w = writer_of(buf, cap);
	struct reader rb = reader_of(before, before_len);
	struct reader rd = reader_of(delta, delta_len);

	while (reader_left(&rd) > 0 && !rd.bad && !w.full)
		read_operation(&w, &rb, &rd);
	if (rd.bad || rb.bad)
		return -EBADMSG;
	return writer_finish(&w);
}
