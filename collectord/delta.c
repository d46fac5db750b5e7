/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See delta.h. */
#include "delta.h"

#include "bounds.h"
#include "record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum operation { SAME, SKIP, NEW };

enum {
	AHEAD_MAX = 32,		/* gone instances that are looked for */
	OPERATION_BITS = 2,
	VARINT_SURE = 9,	/* bytes that cannot be more */
};

/* False: there is none, or it is none. */
static bool
skip_part(struct reader *r)
{
	unsigned n;

	if (reader_left(r) == 0)
		return false;
	n = record_pass_head(r);
	while (n-- > 0 && !r->bad) {
		read_varint(r);
		read_zigzag(r);
	}
	return !r->bad;
}

/* Values that stand still, until one does not. */
struct tokens {
	struct writer w;
	uint64_t still;
};

static void
flush_still(struct tokens *t)
{
	if (t->still > 0)
		write_varint(&t->w, (t->still - 1) << 1 | 1);
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
		t->w.full = true;
	write_varint(&t->w, zigzag << 1);
}

/*
 * Both move on past a varint that is the same.  By its bytes, as one value
 * has one encoding; one so long that it may be none is left to read_varint().
 */
static bool
pass_equal(struct reader *a, struct reader *b)
{
	const uint8_t *const pa = a->p, *const pb = b->p;
	size_t most = VARINT_SURE, i;

	if (most > reader_left(a))
		most = reader_left(a);
	if (most > reader_left(b))
		most = reader_left(b);
	for (i = 0; i < most && pa[i] == pb[i]; i++) {
		if (pa[i] >= 0x80)
			continue;
		if (pa[i] == 0 && i > 0)
			return false;
		a->p += i + 1;
		b->p += i + 1;
		return true;
	}
	return false;
}

/* Both move on past a head that is the same; the number of its points. */
static bool
pass_heads(struct reader *a, struct reader *b, unsigned *npoints)
{
	const uint8_t *const start = a->p;
	size_t len;

	*npoints = record_pass_head(a);
	len = (size_t)(a->p - start);
	if (a->bad || reader_left(b) < len || memcmp(start, b->p, len) != 0)
		return false;
	b->p += len;
	return true;
}

/*
 * Both move on past an instance that is the same in all but the values, and
 * these are said.  False: it is another, and all three are of no use.
 */
static bool
say_alike(struct tokens *t, struct reader *before, struct reader *now)
{
	unsigned n;

	if (!pass_heads(before, now, &n))
		return false;
	while (n-- > 0) {
		if (!pass_equal(before, now) &&
		    read_varint(before) != read_varint(now))
			return false;
		if (pass_equal(before, now)) {
			t->still++;
			continue;
		}
		const int64_t value = read_zigzag(before);

		say_value(t, value, read_zigzag(now));
	}
	return !before->bad && !now->bad;
}

static bool
is_alike(struct reader before, struct reader now)
{
	struct tokens nowhere = { .w = writer_of(NULL, 0) };

	return say_alike(&nowhere, &before, &now);
}

/* How many instances before the one that is alike are gone; -1: it is new. */
static int
find_alike(struct reader before, struct reader now)
{
	for (int gone = 0; gone < AHEAD_MAX; gone++) {
		if (is_alike(before, now))
			return gone;
		if (!skip_part(&before))
			return -1;
	}
	return -1;
}

static void
write_operation(struct writer *w, enum operation operation, uint64_t n)
{
	if (n > 0)
		write_varint(w, n << OPERATION_BITS | operation);
}

/* Puts what was left out in front: the operation, in place of one byte. */
static void
write_operation_at(struct writer *w, uint8_t *at, enum operation operation,
    uint64_t n)
{
	uint8_t word[VARINT_LONGEST];
	struct writer head = writer_of(word, sizeof(word));
	size_t len;

	write_operation(&head, operation, n);
	len = (size_t)(head.p - head.start);
	if (w->full || (size_t)(w->end - w->p) < len - 1) {
		w->full = true;
		return;
	}
	if (len > 1)
		memmove(at + len, at + 1, (size_t)(w->p - at) - 1);
	memcpy(at, word, len);
	w->p += len - 1;
}

/* As many instances as are alike in a row, and their values. */
static bool
write_same(struct writer *w, struct reader *before, struct reader *now)
{
	struct tokens t = { .w = *w };
	uint64_t run = 0;

	/* most runs are short enough for an operation of one byte */
	write_u8(&t.w, 0);
	while (!t.w.full) {
		struct tokens said = t;
		struct reader b = *before, n = *now;

		if (!say_alike(&said, &b, &n))
			break;
		t = said;
		*before = b;
		*now = n;
		run++;
	}
	if (run > 0) {
		flush_still(&t);
		write_operation_at(&t.w, w->p, SAME, run);
	}
	if (run > 0 || t.w.full)
		*w = t.w;
	return run > 0;
}

/* Instances from here on that were not there before. */
static void
write_new(struct writer *w, struct reader before, struct reader *now)
{
	const uint8_t *start = now->p;
	struct reader ahead = *now;

	while (skip_part(&ahead) && find_alike(before, *now) < 0)
		now->p = ahead.p;
	write_operation(w, NEW, (size_t)(now->p - start));
	write_span(w, start, (size_t)(now->p - start));
}

ptrdiff_t
delta_encode(void *buf, size_t cap, const void *before, size_t before_len,
    const void *now, size_t now_len)
{
	struct writer w = writer_of(buf, cap);
	struct reader rb = reader_of(before, before_len);
	struct reader rn = reader_of(now, now_len), ahead;
	int gone;

	while (!w.full && rn.p != rn.end) {
		if (write_same(&w, &rb, &rn))
			continue;
		ahead = rn;
		if (!skip_part(&ahead))
			return -EBADMSG;
		gone = find_alike(rb, rn);
		if (gone < 0) {
			write_new(&w, rb, &rn);
			continue;
		}
		write_operation(&w, SKIP, (uint64_t)gone);
		while (gone-- > 0)
			skip_part(&rb);
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

/*
 * Passes an instance.  What differs is written, and what lies before it from
 * there on.  Returns where the rest begins that is not written yet.
 */
static const uint8_t *
copy_same(struct writer *w, struct reader *before, struct values *v,
    const uint8_t *from)
{
	unsigned n = record_pass_head(before);

	while (n-- > 0 && !before->bad && !v->r->bad) {
		read_varint(before);
		const uint8_t *const point = before->p;
		const int64_t old = read_zigzag(before);
		const int64_t value = next_value(v, old);

		if (value == old)
			continue;
		write_span(w, from, (size_t)(point - from));
		write_zigzag(w, value);
		from = before->p;
	}
	return from;
}

static void
read_same(struct writer *w, struct reader *before, struct reader *delta,
    uint64_t n)
{
	struct values v = { .r = delta };
	const uint8_t *from = before->p;

	while (n-- > 0 && !before->bad && !delta->bad && !w->full)
		from = copy_same(w, before, &v, from);
	write_span(w, from, (size_t)(before->p - from));
	if (v.still > 0)
		delta->bad = true;
}

static void
read_operation(struct writer *w, struct reader *before, struct reader *delta)
{
	const uint64_t word = read_varint(delta);
	const uint64_t n = word >> OPERATION_BITS;

	if (n == 0)
		delta->bad = true;
	switch (word & ((1 << OPERATION_BITS) - 1)) {
	case SAME:
		read_same(w, before, delta, n);
		break;
	case SKIP:
		for (uint64_t i = 0; i < n && !delta->bad; i++)
			delta->bad = !skip_part(before);
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
