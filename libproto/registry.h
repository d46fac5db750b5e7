/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: both processes.  The tables that metrics.def generates: the enums,
 * and for each number its strings.  Nothing here can be changed at run time.
 */
#ifndef SLUICE_REGISTRY_H
#define SLUICE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_BIT(id) (1u << KEY_##id)

enum key {
#define KEY(number, id, name, alphabet, longest) KEY_##id = (number),
#include "metrics.def"
#undef KEY
	KEY_END
};

enum source_id {
#define SOURCE(number, id, name, keys, reads) SOURCE_##id = (number),
#include "metrics.def"
#undef SOURCE
	SOURCE_END
};

enum metric {
#define METRIC(number, id, source, name, unit, instrument, scale, text) \
	METRIC_##id = (number),
#include "metrics.def"
#undef METRIC
	METRIC_END
};

/* A point's number is its metric's times 16, plus k. */
enum { POINTS_PER_METRIC = 16 };

enum point_id {
#define POINT(metric, k, id, key1, value1, key2, value2) \
	metric##_##id = METRIC_##metric * POINTS_PER_METRIC + (k),
#include "metrics.def"
#undef POINT
	POINT_END = METRIC_END * POINTS_PER_METRIC
};

/* Where a point's row stands: numbers have gaps, rows have none. */
enum point_place {
	PLACE_NONE,
#define POINT(metric, k, id, key1, value1, key2, value2) \
	PLACE_##metric##_##id,
#include "metrics.def"
#undef POINT
	PLACE_END
};

enum alphabet {
	ALPHABET_DIGITS,	/* 0-9, no leading zero; sent as an integer */
	ALPHABET_WORD,		/* a-z A-Z 0-9 . _ - */
	ALPHABET_DEVICE,	/* WORD and / : % @ + = ! , */
	ALPHABET_PATH,		/* DEVICE, space and valid UTF-8 above ASCII */
};

enum instrument {
	COUNTER,		/* cumulative, monotonic sum */
	UPDOWN,			/* cumulative sum, not monotonic */
	GAUGE,
};

/* What a record's integer must be divided by to get the metric's unit. */
enum scale {
	SCALE_INT = 0,		/* nothing; sent as an integer */
	SCALE_CENTI = 100,	/* also USER_HZ, which is 100 everywhere */
	SCALE_MILLI = 1000,
	SCALE_MICRO = 1000000,
	SCALE_NANO = 1000000000,
};

struct source_row {
	const char *name;
	const char *reads;	/* files under procfs, for docs */
	uint32_t keys;		/* KEY_BITs that an instance may carry */
};

struct key_row {
	const char *name;
	size_t name_len;
	enum alphabet alphabet;
	size_t longest;		/* bytes */
};

struct metric_row {
	const char *name;
	const char *unit;	/* UCUM */
	const char *text;
	uint16_t name_len, unit_len, text_len;
	enum source_id source;
	enum instrument instrument;
	enum scale scale;
};

/* What is asked of a point again and again, in few cache lines. */
struct metric_kind {
	uint8_t source;
	uint8_t instrument;
	uint8_t npoints;	/* from 0, without a hole */
};

struct fixed_attr {
	const char *key;	/* NULL: none */
	const char *value;
	uint16_t key_len, value_len;
};

struct point_row {
	struct fixed_attr attr[2];
};

extern const struct source_row registry_sources[SOURCE_END];
extern const struct key_row registry_keys[KEY_END];
extern const struct metric_row registry_metrics[METRIC_END];
extern const struct metric_kind registry_kinds[METRIC_END];
extern const uint16_t registry_places[POINT_END];
extern const struct point_row registry_points[PLACE_END];

/* NULL where the number has no row. */
static inline const struct source_row *
registry_source(unsigned number)
{
	return number >= SOURCE_END || registry_sources[number].name == NULL ?
	    NULL : &registry_sources[number];
}

static inline const struct key_row *
registry_key(unsigned number)
{
	return number >= KEY_END || registry_keys[number].name == NULL ?
	    NULL : &registry_keys[number];
}

static inline const struct metric_row *
registry_metric(unsigned number)
{
	return number >= METRIC_END || registry_metrics[number].name == NULL ?
	    NULL : &registry_metrics[number];
}

/* Its number, METRIC_END where none has that name. */
unsigned	registry_metric_named(const char *name);

static inline const struct point_row *
registry_point(unsigned number)
{
	return number >= POINT_END || registry_places[number] == PLACE_NONE ?
	    NULL : &registry_points[registry_places[number]];
}

/* These only for a number that registry_point() knows. */
static inline enum metric
point_metric(unsigned number)
{
	return (enum metric)(number / POINTS_PER_METRIC);
}

static inline bool
point_is_counter(unsigned number)
{
	return registry_kinds[point_metric(number)].instrument == COUNTER;
}

/* Any number: whether a record of that source may have it, and that value. */
static inline bool
point_ok(unsigned number, enum source_id source, int64_t value)
{
	const struct metric_kind *kind;

	if (number >= POINT_END)
		return false;
	kind = &registry_kinds[point_metric(number)];
	return number % POINTS_PER_METRIC < kind->npoints &&
	    kind->source == source &&
	    (value >= 0 || kind->instrument != COUNTER);
}

/* True when the bytes may stand as that attribute's value. */
bool	registry_value_ok(enum key, const uint8_t *, size_t);

#endif
