/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  The memory of series.c: instances and counters. */
#include "series_inside.h"

#include <string.h>

static uint64_t
name_of(const struct series *s, enum source_id source,
    const struct attr *attr, size_t n)
{
	struct siphash h = siphash_begin(s->key);

	siphash_add(&h, &(uint8_t){ (uint8_t)source }, 1);
	for (size_t i = 0; i < n; i++) {
		siphash_add(&h, (uint8_t[]){ (uint8_t)attr[i].key,
		    attr[i].len }, 2);
		siphash_add(&h, attr[i].value, attr[i].len);
	}
	return siphash_end(&h);
}

/* Where the name is in the index, or the empty slot where it would go. */
static size_t
find_slot(const struct series *s, uint64_t name)
{
	size_t i = name & INDEX_MASK;

	while (s->index[i] != 0 && s->entry[s->index[i]].name != name)
		i = (i + 1) & INDEX_MASK;
	return i;
}

/* Empties a slot; what had to make way for it moves back. */
static void
clear_slot(struct series *s, size_t hole)
{
	for (size_t i = (hole + 1) & INDEX_MASK; s->index[i] != 0;
	    i = (i + 1) & INDEX_MASK) {
		const size_t home = s->entry[s->index[i]].name & INDEX_MASK;

		if (((i - home) & INDEX_MASK) < ((i - hole) & INDEX_MASK))
			continue;
		s->index[hole] = s->index[i];
		hole = i;
	}
	s->index[hole] = 0;
}

static void
free_chunks(struct series *s, uint16_t first)
{
	for (uint16_t next; first != 0; first = next) {
		next = s->chunk[first].next;
		s->chunk[first] = (struct chunk){ .next = s->free_chunk };
		s->free_chunk = first;
		s->nused--;
	}
}

void
series_forget(struct series *s, uint16_t gone)
{
	free_chunks(s, s->entry[gone].counters);
	clear_slot(s, find_slot(s, s->entry[gone].name));
	if (gone != s->nentries) {
		s->index[find_slot(s, s->entry[s->nentries].name)] = gone;
		s->entry[gone] = s->entry[s->nentries];
	}
	s->nentries--;
}

void
series_forget_counters(struct series *s, struct entry *e)
{
	free_chunks(s, e->counters);
	e->counters = 0;
}

static void
remember(struct entry *e, const struct attr *attr, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; len += 2 + (size_t)attr[i++].len) {
		if (attr[i].len > SAID_MAX - 2 ||
		    len > SAID_MAX - 2 - (size_t)attr[i].len) {
			e->said_len = SAID_LONG;
			return;
		}
		e->said[len] = (uint8_t)attr[i].key;
		e->said[len + 1] = attr[i].len;
		memcpy(e->said + len + 2, attr[i].value, attr[i].len);
	}
	e->said_len = (uint8_t)len;
}

static bool
is_that(const struct entry *e, enum source_id source, const struct attr *attr,
    size_t n)
{
	const uint8_t *said = e->said;

	if (e->source != source || e->nattrs != n || e->said_len == SAID_LONG)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (said[0] != attr[i].key || said[1] != attr[i].len ||
		    memcmp(said + 2, attr[i].value, attr[i].len) != 0)
			return false;
		said += 2 + said[1];
	}
	return true;
}

static struct entry *
hash_entry(struct series *s, enum source_id source, const struct attr *attr,
    size_t nattrs, uint64_t start_ns)
{
	const uint64_t name = name_of(s, source, attr, nattrs);
	const size_t slot = find_slot(s, name);
	struct entry *e;

	if (s->index[slot] != 0)
		return &s->entry[s->index[slot]];
	if (s->nentries >= (nattrs > 0 ? SERIES_INSTANCES_MAX : ENTRIES_MAX))
		return NULL;
	s->index[slot] = ++s->nentries;
	e = &s->entry[s->nentries];
	*e = (struct entry){ .name = name, .start_ns = start_ns,
		.source = (uint8_t)source, .nattrs = (uint8_t)nattrs };
	remember(e, attr, nattrs);
	return e;
}

/*
 * Instances mostly come in the order of the cycle before, and then are known
 * without their hash: that is asked where the next one is another.
 */
struct entry *
series_find(struct series *s, enum source_id source, const struct attr *attr,
    size_t nattrs, uint64_t start_ns)
{
	uint16_t *next = &s->entry[s->last].next;
	struct entry *e = &s->entry[*next];

	if (*next == 0 || *next > s->nentries ||
	    !is_that(e, source, attr, nattrs))
		e = hash_entry(s, source, attr, nattrs, start_ns);
	if (e != NULL)
		s->last = *next = (uint16_t)(e - s->entry);
	return e;
}

int64_t *
series_search_counter(struct series *s, const struct entry *e, unsigned id,
    struct place *next)
{
	for (uint16_t c = e->counters; c != 0; c = s->chunk[c].next)
		for (uint16_t i = 0; i < CHUNK_COUNTERS; i++)
			if (s->chunk[c].id[i] == id) {
				*next = (struct place){ c, i };
				return series_take_place(s, next);
			}
	return NULL;
}

static uint16_t
take_chunk(struct series *s, bool named)
{
	uint16_t c = s->free_chunk;

	if (s->nused >= (named ? CHUNKS_NAMED : CHUNKS_MAX))
		return 0;
	if (c != 0)
		s->free_chunk = s->chunk[c].next;
	else
		c = ++s->nchunks;
	s->nused++;
	s->chunk[c].next = 0;
	return c;
}

int64_t *
series_add_counter(struct series *s, struct entry *e, unsigned id)
{
	uint16_t *link = &e->counters;

	for (; *link != 0; link = &s->chunk[*link].next)
		for (size_t i = 0; i < CHUNK_COUNTERS; i++)
			if (s->chunk[*link].id[i] == 0) {
				s->chunk[*link].id[i] = (uint16_t)id;
				return &s->chunk[*link].value[i];
			}
	if ((*link = take_chunk(s, e->nattrs > 0)) == 0)
		return NULL;
	s->chunk[*link].id[0] = (uint16_t)id;
	return &s->chunk[*link].value[0];
}
