/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See registry.h. */
#include "registry.h"

#include "utf8.h"

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

static bool
in_alphabet(enum alphabet alphabet, uint8_t c)
{
	static const char *const extra[] = {
		[ALPHABET_DIGITS] = "",
		[ALPHABET_WORD] = "._-",
		[ALPHABET_DEVICE] = "._-/:%@+=!,",
		[ALPHABET_PATH] = "._-/:%@+=!, ",
	};

	if (c >= '0' && c <= '9')
		return true;
	if (c == '\0' || alphabet == ALPHABET_DIGITS)
		return false;
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	if (c >= 0x80)
		return alphabet == ALPHABET_PATH;
	return strchr(extra[alphabet], c) != NULL;
}

bool
registry_value_ok(enum key key, const uint8_t *value, size_t len)
{
	const struct key_row *row = registry_key(key);

	if (row == NULL || len == 0 || len > row->longest)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!in_alphabet(row->alphabet, value[i]))
			return false;
	if (row->alphabet == ALPHABET_DIGITS && value[0] == '0' && len > 1)
		return false;
	return row->alphabet != ALPHABET_PATH || utf8_valid(value, len);
}
