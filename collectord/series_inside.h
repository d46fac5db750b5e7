/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  What the files of series.h share. */
#ifndef SLUICE_SERIES_INSIDE_H
#define SLUICE_SERIES_INSIDE_H

#include "series.h"
#include "siphash.h"

enum {
	INDEX_SLOTS = 2 * SERIES_INSTANCES_MAX,	/* never over half full */
	INDEX_MASK = INDEX_SLOTS - 1,
	CHUNK_COUNTERS = 4,	/* most instances have fewer */
	/*
	 * For what a source says of itself, without attributes: that it left
	 * something out must not be left out as well.
	 */
	ENTRIES_MAX = SERIES_INSTANCES_MAX + SOURCE_END,
	CHUNKS_NAMED = SERIES_COUNTERS_MAX / CHUNK_COUNTERS,
	CHUNKS_MAX = CHUNKS_NAMED + 8 * SOURCE_END,
	SAID_MAX = 32,		/* most names are shorter */
	SAID_LONG = UINT8_MAX,
};

static_assert((INDEX_SLOTS & INDEX_MASK) == 0, "a power of two");
static_assert(CHUNKS_MAX < UINT16_MAX && ENTRIES_MAX < UINT16_MAX &&
    POINT_END <= UINT16_MAX, "numbers fit 16 bits");

/* Numbers of entries and chunks count from 1; 0 is none. */
struct chunk {
	int64_t value[CHUNK_COUNTERS];	/* as last sent */
	uint16_t id[CHUNK_COUNTERS];	/* 0: not used */
	uint16_t next;
};

struct entry {
	uint64_t name;		/* keyed hash of source and attributes */
	uint64_t start_ns;
	uint64_t seen;		/* number of the last cycle that had it */
	uint8_t said[SAID_MAX];	/* its attributes: key, length, bytes */
	uint16_t counters;	/* first chunk */
	uint16_t next;		/* the one that was judged behind it */
	uint8_t source;
	uint8_t nattrs;
	uint8_t said_len;	/* SAID_LONG: only the hash tells it */
};

static_assert(sizeof(struct entry) <= 64, "about a line of the cache each");

/* One that is being judged, and its last value; NULL: it had none. */
struct counter {
	struct point *now;
	int64_t *before;
};

struct series {
	uint64_t boot_ns, wall_ns, wall_before_ns;
	uint64_t earliest_ns;			/* wall time of any cycle */
	uint64_t cycle;
	uint64_t first_cycle[SOURCE_END];	/* in which a source spoke */
	uint64_t unread_cycle[SOURCE_END];
	uint64_t rest_cycle[SOURCE_END];
	uint8_t key[SIPHASH_KEY];
	uint16_t nentries, nchunks, free_chunk;
	uint16_t nused;				/* chunks that are not free */
	uint16_t last;				/* entry; 0: before the first */
	/* of the instance being judged */
	size_t ncounters;
	struct counter counter[RECORD_POINTS_MAX];
	uint16_t index[INDEX_SLOTS];
	struct entry entry[ENTRIES_MAX + 1];
	struct chunk chunk[CHUNKS_MAX + 1];
};

/* The instance's entry, made where it is new; NULL where there is no room. */
struct entry	*series_find(struct series *, enum source_id,
		    const struct attr *, size_t nattrs, uint64_t start_ns);
/* The last entry takes the place of the one that goes. */
void		series_forget(struct series *, uint16_t gone);
void		series_forget_counters(struct series *, struct entry *);
/* Room for a counter's value, NULL where there is none left. */
int64_t		*series_add_counter(struct series *, struct entry *,
		    unsigned id);

/* A counter's place; where chunk is 0 there is none. */
struct place {
	uint16_t chunk, i;
};

int64_t		*series_search_counter(struct series *, const struct entry *,
		    unsigned id, struct place *);

static inline int64_t *
series_take_place(struct series *s, struct place *next)
{
	int64_t *value = &s->chunk[next->chunk].value[next->i];

	if (++next->i == CHUNK_COUNTERS)
		*next = (struct place){ s->chunk[next->chunk].next, 0 };
	return value;
}

/*
 * Where a counter's last value stands, NULL if it was not seen before.  An
 * instance says the same points in each cycle, so that it mostly is the next.
 */
static inline int64_t *
series_find_counter(struct series *s, const struct entry *e, unsigned id,
    struct place *next)
{
	if (next->chunk != 0 && s->chunk[next->chunk].id[next->i] == id)
		return series_take_place(s, next);
	return series_search_counter(s, e, id, next);
}

#endif
