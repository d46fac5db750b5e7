/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: shipperd.  See gzip_part.h.  The plan: what is done once.  It looks
 * harder for repetitions than gzip.c does, and no farther than the piece.
 */
#include "gzip_part.h"

#include "gzip_bits.h"

#include <assert.h>

enum {
	LENGTH_MIN = 3,
	LENGTH_GOOD = 64,	/* nothing better is looked for */
	WAYS = 8,		/* places looked at for one key */
	KEYS = GZIP_PLACES / WAYS,
	KEY_BITS = 8,
	FIELD_MOST = GZIP_FIELD_SIZE * (int)GZIP_LITERAL_MOST,
};

static_assert(KEYS == 1 << KEY_BITS, "key_of");

struct plan {
	struct gzip *gzip;
	const uint8_t *bytes;
	size_t len;
	const struct gzip_field *field;
	size_t nfields;
	struct gzip_part *part;
	uint64_t *word;			/* behind a term for each field */
	size_t room;			/* words */
	uint64_t held, most;		/* bits: of a word, of all */
	unsigned n;
};

/* A repetition, and how many bits it spares. */
struct found {
	size_t length, distance;
	long gain;
};

static void
end_word(struct plan *p, uint64_t top)
{
	if (p->part->nwords < p->room)
		p->word[p->part->nwords] = p->held | top;
	p->part->nwords++;
	p->most += p->n;
	p->held = p->n = 0;
}

static void
end_run(struct plan *p)
{
	end_word(p, (uint64_t)p->n << GZIP_BITS_MAX | GZIP_PART_LAST);
}

/* At most 32 bits; a word is filled before the next is begun. */
static void
add_bits(struct plan *p, uint64_t bits, unsigned n)
{
	while (n > 0) {
		const unsigned left = GZIP_BITS_MAX - p->n;
		const unsigned now = n < left ? n : left;

		p->held |= (bits & ((UINT64_C(1) << now) - 1)) << p->n;
		p->n += now;
		bits >>= now;
		n -= now;
		if (n > 0)
			end_word(p, 0);
	}
}

static void
add_literal(struct plan *p, uint8_t byte)
{
	const struct gzip_code code = gzip_literal(p->gzip, byte);

	add_bits(p, code.bits, code.n);
}

static void
add_repetition(struct plan *p, const struct found *f)
{
	unsigned n;
	const uint32_t code = gzip_distance_code(p->gzip, f->distance, &n);

	add_bits(p, p->gzip->length[f->length].bits,
	    p->gzip->length[f->length].n);
	add_bits(p, code, n);
}

static void
add_field(struct plan *p, size_t at)
{
	p->part->term[p->part->nterms++].at = (uint32_t)at;
	end_run(p);
	p->most += FIELD_MOST;
}

/* The first field that ends behind that place; nfields: none does. */
static size_t
field_behind(const struct plan *p, size_t at)
{
	size_t low = 0, high = p->nfields;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (p->field[middle].at + GZIP_FIELD_SIZE <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Known bytes until that field begins, from a place before it. */
static size_t
known(const struct plan *p, size_t field, size_t at)
{
	return (field < p->nfields ? p->field[field].at : p->len) - at;
}

static bool
is_time(const struct plan *p, size_t field)
{
	return field < p->nfields && p->field[field].kind == GZIP_FIELD_TIME;
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	const size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/*
 * How far both places go on alike, whatever the values and the time are.  It
 * ends in no field, so no place that is looked at is within one.
 */
static size_t
alike(const struct plan *p, size_t a, size_t b)
{
	size_t fa = field_behind(p, a), fb = field_behind(p, b), n = 0;

	for (; ; fa++, fb++, n += GZIP_FIELD_SIZE) {
		const size_t na = known(p, fa, a + n);
		const size_t nb = known(p, fb, b + n);
		const size_t most = min3(na, nb, GZIP_LENGTH_MAX - n);
		size_t i = 0;

		while (i < most && p->bytes[a + n + i] == p->bytes[b + n + i])
			i++;
		n += i;
		if (i < na || i < nb || !is_time(p, fa) || !is_time(p, fb) ||
		    n + GZIP_FIELD_SIZE > GZIP_LENGTH_MAX)
			return n;
	}
}

/* Where places of the same beginning are kept; KEYS: nothing repeats it. */
static size_t
key_of(const struct plan *p, size_t at)
{
	const size_t field = field_behind(p, at);
	const size_t n = min3(known(p, field, at), LENGTH_MIN, LENGTH_MIN);
	uint32_t v = (uint32_t)n;

	if (n < LENGTH_MIN && !is_time(p, field))
		return KEYS;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p->bytes[at + i];
	return v * UINT32_C(2654435761) >> (32 - KEY_BITS);
}

/* Places are kept as one more than they are. */
static void
note(struct plan *p, size_t at)
{
	const size_t key = key_of(p, at);
	uint32_t *place = p->gzip->place + key * WAYS;

	if (key == KEYS)
		return;
	memmove(place + 1, place, (WAYS - 1) * sizeof(*place));
	place[0] = (uint32_t)at + 1;
}

static long
gain_of(const struct plan *p, size_t at, const struct found *f)
{
	unsigned n;
	long gain;

	gzip_distance_code(p->gzip, f->distance, &n);
	gain = -(long)(n + p->gzip->length[f->length].n);
	for (size_t i = 0; i < f->length; i++)
		gain += gzip_literal(p->gzip, p->bytes[at + i]).n;
	return gain;
}

static struct found
look_up(const struct plan *p, size_t at)
{
	const size_t key = key_of(p, at);
	const uint32_t *place = p->gzip->place + key * WAYS;
	struct found best = { 0 };

	for (size_t i = 0; key < KEYS && i < WAYS && place[i] != 0 &&
	    best.length < LENGTH_GOOD; i++) {
		struct found f = { .distance = at + 1 - place[i] };

		if (f.distance > GZIP_DISTANCE_MAX)
			break;
		f.length = alike(p, at, at - f.distance);
		if (f.length < LENGTH_MIN)
			continue;
		f.gain = gain_of(p, at, &f);
		if (f.gain > best.gain)
			best = f;
	}
	return best;
}

/* What it steps over may be repeated later. */
static size_t
note_all(struct plan *p, size_t at, size_t end)
{
	while (at < end) {
		const size_t field = field_behind(p, at);

		note(p, at);
		at += known(p, field, at) == 0 ? GZIP_FIELD_SIZE : 1;
	}
	return at;
}

/* One code from there on; where the next begins. */
static size_t
add_next(struct plan *p, size_t at)
{
	const bool is_field = known(p, field_behind(p, at), at) == 0;
	struct found f = look_up(p, at);

	note(p, at);
	/* a literal first, where that makes the repetition longer */
	if (f.length > 0 && f.length < LENGTH_GOOD && !is_field &&
	    look_up(p, at + 1).gain > f.gain)
		f.length = 0;
	if (f.length > 0) {
		add_repetition(p, &f);
		return note_all(p, at + (is_field ? GZIP_FIELD_SIZE : 1),
		    at + f.length);
	}
	if (is_field) {
		add_field(p, at);
		return at + GZIP_FIELD_SIZE;
	}
	add_literal(p, p->bytes[at]);
	return at + 1;
}

/* From the end on: the time's factor is the sum of its fields'. */
static void
set_factors(struct plan *p)
{
	const struct crc32 *c = &p->gzip->crc;
	struct gzip_part *part = p->part;
	struct crc32_term *term = part->term + part->nterms;
	struct crc32_term *first_time = NULL;
	uint32_t factor = CRC32_LAST, time = 0;
	size_t from = p->len - GZIP_FIELD_SIZE;

	for (size_t i = p->nfields; i-- > 0; from = p->field[i].at) {
		factor = crc32_zeros(c, factor, from - p->field[i].at);
		if (is_time(p, i))
			time ^= factor;
		if (term == part->term || term[-1].at != p->field[i].at)
			continue;
		(--term)->factor = is_time(p, i) ? 0 : factor;
		if (is_time(p, i))
			first_time = term;
	}
	assert(term == part->term);
	if (first_time != NULL)
		first_time->factor = time;
	part->factor = crc32_zeros(c, CRC32_SAME, p->len);
	part->sum = crc32_add(c, 0, p->bytes, p->len) ^ crc32_terms(c, 0,
	    part->factor, part->term, part->nterms, p->bytes);
}

static void
check_fields(const uint8_t *bytes, size_t len, const struct gzip_field *field,
    size_t n)
{
	const struct gzip_field *time = NULL;
	size_t end = 0;

	for (size_t i = 0; i < n; i++) {
		assert(field[i].at >= end && len >= GZIP_FIELD_SIZE &&
		    field[i].at <= len - GZIP_FIELD_SIZE);
		end = field[i].at + GZIP_FIELD_SIZE;
		if (field[i].kind != GZIP_FIELD_TIME)
			continue;
		if (time == NULL)
			time = &field[i];
		assert(memcmp(bytes + time->at, bytes + field[i].at,
		    GZIP_FIELD_SIZE) == 0);
	}
}

size_t
gzip_part_make(struct gzip *g, const uint8_t *bytes, size_t len,
    const struct gzip_field *field, size_t n, void *space, size_t cap)
{
	struct gzip_part *part = space;
	struct plan p = { .gzip = g, .bytes = bytes, .len = len,
		.field = field, .nfields = n, .part = part };
	const size_t fixed = sizeof(*part) + n * sizeof(part->term[0]);

	assert(len <= UINT32_MAX && (uintptr_t)space % sizeof(uint64_t) == 0);
	check_fields(bytes, len, field, n);
	if (cap < fixed)
		return 0;
	*part = (struct gzip_part){ .len = (uint32_t)len };
	p.word = (uint64_t *)(void *)(part->term + n);
	p.room = (cap - fixed) / sizeof(p.word[0]);
	memset(g->place, 0, sizeof(g->place));
	for (size_t at = 0; at < len; )
		at = add_next(&p, at);
	end_run(&p);
	if (part->nwords > p.room)
		return 0;
	part->most = (uint32_t)((p.most + 7) / 8 + 1);
	set_factors(&p);
	memmove(part->term + part->nterms, p.word,
	    part->nwords * sizeof(p.word[0]));
	return sizeof(*part) + part->nterms * sizeof(part->term[0]) +
	    part->nwords * sizeof(p.word[0]);
}
