/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sluice.  See verify.h.  Only what its key signed comes here: an
 * attacker can leave out, repeat and put elsewhere, and that is all.
 */
#include "verify.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum { HALF = VERIFY_SIGNATURE / 2 };

struct stream {
	/* both: no key speaks for the ring of another */
	char name[VERIFY_RING], keyid[VERIFY_KEYID];
	uint64_t start, high, created, requests, missing;
	size_t ngaps;
	struct order_gap *gap;
	struct stream *next;
};

/* The signature's first number: the second one has two right values. */
struct seen {
	uint8_t number[HALF];
};

struct order {
	void *streams, *seen;		/* tsearch(3) */
	struct stream *first, **last;	/* in the order they came */
};

struct order *
order_new(void)
{
	struct order *o = calloc(1, sizeof(*o));

	if (o == NULL)
		abort();
	o->last = &o->first;
	return o;
}

static int
compare_streams(const void *a, const void *b)
{
	return memcmp(a, b, VERIFY_RING + VERIFY_KEYID);
}

static int
compare_seen(const void *a, const void *b)
{
	return memcmp(a, b, HALF);
}

static bool
was_seen(struct order *o, const uint8_t signature[VERIFY_SIGNATURE])
{
	struct seen *s = malloc(sizeof(*s));
	struct seen **found;

	if (s == NULL)
		abort();
	memcpy(s->number, signature, HALF);
	if ((found = tsearch(s, &o->seen, compare_seen)) == NULL)
		abort();
	if (*found == s)
		return false;
	free(s);
	return true;
}

static struct stream *
find_stream(struct order *o, const struct claim *c)
{
	struct stream *s = calloc(1, sizeof(*s)), **found;

	if (s == NULL)
		abort();
	memcpy(s->name, c->ring.p, VERIFY_RING);
	memcpy(s->keyid, c->keyid.p, VERIFY_KEYID);
	if ((found = tsearch(s, &o->streams, compare_streams)) == NULL)
		abort();
	if (*found == s) {
		*o->last = s;
		o->last = &s->next;
	} else {
		free(s);
	}
	return *found;
}

static void
add_gap(struct stream *s, uint64_t first, uint64_t last)
{
	struct order_gap *more = reallocarray(s->gap, s->ngaps + 1,
	    sizeof(*more));

	if (more == NULL)
		abort();
	s->gap = more;
	s->gap[s->ngaps++] = (struct order_gap){ first, last };
	s->missing += last - first + 1;
}

static bool
is_in_gap(const struct stream *s, const struct claim *c)
{
	for (size_t i = 0; i < s->ngaps; i++)
		if (c->first <= s->gap[i].last && s->gap[i].first <= c->last)
			return true;
	return c->first < s->start;
}

/* Left out before it was signed: the host lost them itself. */
static uint64_t
missing_in(const struct claim *c)
{
	return c->last - c->first + 1 - c->count;
}

static uint64_t
smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Something of it came before, or should have. */
static enum place
take_old(struct stream *s, const struct claim *c)
{
	if (c->created < s->created || is_in_gap(s, c))
		return PLACE_REORDERED;
	s->requests++;
	s->created = c->created;
	if (c->last > s->high) {
		/* where they are missing, nobody can say: in what is new */
		s->missing += smaller(missing_in(c), c->last - s->high);
		s->high = c->last;
	}
	return PLACE_AGAIN;
}

enum place
order_take(struct order *o, const struct claim *c, struct order_gap *gap)
{
	struct stream *s;
	enum place place = PLACE_NEXT;

	if (was_seen(o, c->signature))
		return PLACE_REPLAYED;
	s = find_stream(o, c);
	if (s->requests > 0 && c->first <= s->high)
		return take_old(s, c);
	if (s->requests == 0) {
		s->start = c->first;
		place = PLACE_FIRST;
	} else if (c->first > s->high + 1) {
		*gap = (struct order_gap){ s->high + 1, c->first - 1 };
		add_gap(s, gap->first, gap->last);
		place = PLACE_GAP;
	}
	s->missing += missing_in(c);
	s->requests++;
	s->high = c->last;
	s->created = c->created;
	return place;
}

uint64_t
order_print(const struct order *o, FILE *out)
{
	uint64_t missing = 0;

	for (const struct stream *s = o->first; s != NULL; s = s->next) {
		fprintf(out, "%.*s: records %" PRIu64 " to %" PRIu64 " in %"
		    PRIu64 " requests, %" PRIu64 " missing, signed by %.*s\n",
		    VERIFY_RING, s->name, s->start, s->high, s->requests,
		    s->missing, VERIFY_KEYID, s->keyid);
		missing += s->missing;
	}
	return missing;
}
