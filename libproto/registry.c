/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See registry.h. */
#include "registry.h"

#include "utf8.h"

#include <assert.h>
#include <string.h>

const struct source_row registry_sources[SOURCE_END] = {
#define SOURCE(number, id, name_, keys_, reads_) \
	[number] = { .name = (name_), .reads = (reads_), .keys = (keys_) },
#include "metrics.def"
#undef SOURCE
};

const struct key_row registry_keys[KEY_END] = {
#define KEY(number, id, name_, alphabet_, longest_) \
	[number] = { (name_), sizeof(name_) - 1, (alphabet_), (longest_) },
#include "metrics.def"
#undef KEY
};

const struct metric_row registry_metrics[METRIC_END] = {
#define METRIC(number, id, source_, name_, unit_, instrument_, scale_, text_) \
	[number] = { (name_), (unit_), (text_), sizeof(name_) - 1, \
	    sizeof(unit_) - 1, sizeof(text_) - 1, SOURCE_##source_, \
	    (instrument_), SCALE_##scale_ },
#include "metrics.def"
#undef METRIC
};

/* Each row of a metric's points says one more of them, the last one all. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const struct metric_kind registry_kinds[METRIC_END] = {
#define METRIC(number, id, source_, name_, unit_, instrument_, scale_, text_) \
	[number].source = SOURCE_##source_, \
	[number].instrument = (instrument_),
#define POINT(metric, k, id, key1, value1, key2, value2) \
	[METRIC_##metric].npoints = (k) + 1,
#include "metrics.def"
#undef POINT
#undef METRIC
};
#pragma GCC diagnostic pop

static_assert(SOURCE_END <= UINT8_MAX, "a source fits metric_kind");

/* The lengths of a key that is NULL mean nothing. */
#define FIXED(key, value) \
	{ key, value, sizeof(key) - 1, sizeof(value) - 1 }

const uint16_t registry_places[POINT_END] = {
#define POINT(metric, k, id, key1, value1, key2, value2) \
	[metric##_##id] = PLACE_##metric##_##id,
#include "metrics.def"
#undef POINT
};

const struct point_row registry_points[PLACE_END] = {
#define POINT(metric, k, id, key1, value1, key2, value2) \
	[PLACE_##metric##_##id] = { { FIXED(key1, value1), \
	    FIXED(key2, value2) } },
#include "metrics.def"
#undef POINT
};

/* A bit for each alphabet that a byte is in: each holds the one before. */
enum {
	P = 1 << ALPHABET_PATH,
	V = P | 1 << ALPHABET_DEVICE,
	W = V | 1 << ALPHABET_WORD,
	D = W | 1 << ALPHABET_DIGITS,
};

#define ROW(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x

static const uint8_t alphabets[256] = {
	ROW(0), ROW(0),
	P, V, 0, 0, 0, V, 0, 0, 0, 0, 0, V, V, W, W, V,	/* ! % + , - . / */
	D, D, D, D, D, D, D, D, D, D, V, 0, 0, V, 0, 0,	/* 0-9 : = */
	V, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,	/* @ A-O */
	W, W, W, W, W, W, W, W, W, W, W, 0, 0, 0, 0, W,	/* P-Z _ */
	0, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,	/* a-o */
	W, W, W, W, W, W, W, W, W, W, W, 0, 0, 0, 0, 0,	/* p-z */
	ROW(P), ROW(P), ROW(P), ROW(P), ROW(P), ROW(P), ROW(P), ROW(P),
};

#undef ROW

unsigned
registry_metric_named(const char *name)
{
	unsigned i = 0;

	while (i < METRIC_END && (registry_metric(i) == NULL ||
	    strcmp(registry_metric(i)->name, name) != 0))
		i++;
	return i;
}

bool
registry_value_ok(enum key key, const uint8_t *value, size_t len)
{
	const struct key_row *row = registry_key(key);
	uint8_t in_all = UINT8_MAX, bits = 0;

	if (row == NULL || len == 0 || len > row->longest)
		return false;
	for (size_t i = 0; i < len; i++) {
		in_all &= alphabets[value[i]];
		bits |= value[i];
	}
	if ((in_all & 1 << row->alphabet) == 0)
		return false;
	if (row->alphabet == ALPHABET_DIGITS && value[0] == '0' && len > 1)
		return false;
	return bits < 0x80 || utf8_valid(value, len);
}
