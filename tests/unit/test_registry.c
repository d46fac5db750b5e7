/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  The registry keeps its own rules, row by row. */
#include "registry.h"
#include "bounds.h"
#include "test.h"

#define EACH_METRIC(m, row) \
	for (unsigned m = 0; m < METRIC_END; m++) \
		for (const struct metric_row *row = registry_metric(m); \
		    row != NULL; row = NULL)

/* Rows as metrics.def has them: two of one number would leave fewer. */
TEST(no_number_is_used_twice)
{
	unsigned want[4] = { 0 }, got[4] = { 0 };

#define SOURCE(...) want[0]++;
#define KEY(...) want[1]++;
#define METRIC(...) want[2]++;
#define POINT(...) want[3]++;
#include "metrics.def"
#undef SOURCE
#undef KEY
#undef METRIC
#undef POINT
	for (unsigned i = 0; i < POINT_END; i++) {
		got[0] += registry_source(i) != NULL;
		got[1] += registry_key(i) != NULL;
		got[2] += registry_metric(i) != NULL;
		got[3] += registry_point(i) != NULL;
	}
	for (size_t i = 0; i < 4; i++)
		CHECK_INT(got[i], want[i]);
}

TEST(numbers_without_a_row_are_not_known)
{
	static const unsigned far[] = { POINT_END, UINT32_MAX, 1u << 31 };

	CHECK(registry_source(0) == NULL && registry_key(0) == NULL);
	CHECK(registry_metric(0) == NULL && registry_point(0) == NULL);
	CHECK(registry_source(SOURCE_END) == NULL);
	CHECK(registry_key(KEY_END) == NULL);
	CHECK(registry_metric(METRIC_END) == NULL);
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		CHECK(registry_source(far[i]) == NULL);
		CHECK(registry_key(far[i]) == NULL);
		CHECK(registry_metric(far[i]) == NULL);
		CHECK(registry_point(far[i]) == NULL);
	}
}

TEST(each_metric_has_a_source_and_points_without_a_hole_and_none_is_stray)
{
	EACH_METRIC(m, row) {
		bool ended = false;

		if (registry_source(row->source) == NULL ||
		    registry_point(m * POINTS_PER_METRIC) == NULL)
			test_fail(__FILE__, __LINE__, "%s", row->name);
		for (unsigned k = 0; k < POINTS_PER_METRIC; k++) {
			const bool known =
			    registry_point(m * POINTS_PER_METRIC + k) != NULL;

			if (ended && known)
				test_fail(__FILE__, __LINE__, "%s: %u",
				    row->name, k);
			ended = !known;
		}
	}
	for (unsigned id = 0; id < POINT_END; id++)
		if (registry_point(id) != NULL)
			CHECK(registry_metric(point_metric(id)) != NULL);
}

/* point_ok() looks at fewer bytes than the rows; it must say the same. */
TEST(a_point_is_good_where_it_has_a_row_of_that_source)
{
	for (unsigned id = 0; id < POINT_END + 64; id++)
		for (unsigned source = 0; source <= SOURCE_END; source++) {
			const bool has = registry_point(id) != NULL &&
			    registry_metric(point_metric(id))->source ==
			    source;
			const bool counter = has &&
			    registry_metric(point_metric(id))->instrument ==
			    COUNTER;

			CHECK(point_ok(id, source, 0) == has);
			CHECK(point_ok(id, source, -1) == (has && !counter));
		}
	CHECK(!point_ok(UINT32_MAX, SOURCE_CPU, 0));
}

TEST(one_instance_can_carry_all_points_of_its_source_and_all_its_keys)
{
	for (unsigned s = 1; s < SOURCE_END; s++) {
		unsigned npoints = 0, nkeys = 0;

		if (registry_source(s) == NULL)
			continue;
		for (unsigned id = 0; id < POINT_END; id++)
			npoints += registry_point(id) != NULL &&
			    registry_metric(point_metric(id))->source == s;
		for (unsigned key = 0; key < 32; key++)
			if ((registry_source(s)->keys & 1u << key) != 0) {
				CHECK(registry_key(key) != NULL);
				nkeys++;
			}
		CHECK(npoints > 0 && npoints <= RECORD_POINTS_MAX);
		CHECK(nkeys <= RECORD_ATTRS_MAX);
	}
	static_assert(KEY_END <= 32, "a KEY_BIT is one of 32");
}

/* Lower case words, joined by '.' and '_'; OpenTelemetry allows more. */
static bool
name_ok(const char *s)
{
	const size_t len = strlen(s);

	if (len == 0 || len > 255 || s[0] < 'a' || s[0] > 'z')
		return false;
	for (size_t i = 0; i < len; i++) {
		const bool joint = s[i] == '.' || s[i] == '_';

		if (!joint && !(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= '0' && s[i] <= '9'))
			return false;
		if (joint && (s[i + 1] == '.' || s[i + 1] == '_' ||
		    s[i + 1] == '\0'))
			return false;
	}
	return true;
}

/* UCUM: a unit that we use, or one annotation in braces. */
static bool
unit_ok(const char *s)
{
	static const char *const units[] = { "s", "By", "1", "bit", "Cel",
		"rpm", "V", "A", "W", "Hz", "By/s" };
	const size_t len = strlen(s);
	char word[64];

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(s, units[i]) == 0)
			return true;
	if (len < 3 || len > sizeof(word) || s[0] != '{' || s[len - 1] != '}')
		return false;
	memcpy(word, s + 1, len - 2);
	word[len - 2] = '\0';
	return name_ok(word) && strchr(word, '.') == NULL;
}

static bool
starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

TEST(names_units_and_descriptions_are_well_formed)
{
	EACH_METRIC(m, row) {
		const size_t len = strlen(row->text);

		if (!name_ok(row->name) || !unit_ok(row->unit) ||
		    len < 8 || len > 120 || row->text[len - 1] != '.')
			test_fail(__FILE__, __LINE__, "%s", row->name);
		if (!starts_with(row->name, "system.") &&
		    !starts_with(row->name, "hw.") &&
		    !starts_with(row->name, "process.") &&
		    !starts_with(row->name, "otel.sdk.") &&
		    !starts_with(row->name, "linux.") &&
		    !starts_with(row->name, "sluice."))
			test_fail(__FILE__, __LINE__, "%s", row->name);
	}
}

/* Numbers are given in blocks: there are some without a row. */
static const char *
key_name(unsigned key)
{
	return registry_key(key) == NULL ? NULL : registry_key(key)->name;
}

static const char *
source_name(unsigned source)
{
	return registry_source(source) == NULL ? NULL :
	    registry_source(source)->name;
}

static bool
same_name(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

TEST(no_metric_key_or_source_has_the_name_of_another)
{
	EACH_METRIC(m, row)
		for (unsigned other = 0; other < m; other++)
			CHECK(registry_metric(other) == NULL ||
			    strcmp(row->name,
			    registry_metric(other)->name) != 0);
	for (unsigned key = 1; key < KEY_END; key++)
		for (unsigned other = 1; other < key; other++)
			CHECK(!same_name(key_name(key), key_name(other)));
	for (unsigned s = 1; s < SOURCE_END; s++)
		for (unsigned other = 1; other < s; other++)
			CHECK(!same_name(source_name(s), source_name(other)));
}

TEST(times_and_ratios_have_a_fraction_and_things_that_are_counted_have_none)
{
	EACH_METRIC(m, row) {
		const bool counted = row->unit[0] == '{' &&
		    !starts_with(row->name, "system.cpu.load_average.") &&
		    m != METRIC_CGROUP_CPU_LIMIT;

		if (counted || strcmp(row->unit, "By") == 0)
			CHECK_INT(row->scale, SCALE_INT);
		if (row->instrument == COUNTER && strcmp(row->unit, "s") == 0)
			CHECK(row->scale != SCALE_INT);
		/* UCUM's 1 is a ratio or a state: never adds up */
		if (strcmp(row->unit, "1") == 0 &&
		    /* a set of states, until the conventions have those */
		    strcmp(row->name, "hw.status") != 0)
			CHECK_INT(row->instrument, GAUGE);
	}
}

static void
check_fixed(unsigned id)
{
	const struct fixed_attr *attr = registry_point(id)->attr;
	const unsigned source = registry_metric(point_metric(id))->source;

	CHECK(attr[1].key == NULL || attr[0].key != NULL);
	for (size_t i = 0; i < 2 && attr[i].key != NULL; i++) {
		CHECK(name_ok(attr[i].key));
		CHECK(attr[i].value != NULL && name_ok(attr[i].value));
		for (unsigned key = 1; key < KEY_END; key++)
			if ((registry_source(source)->keys & 1u << key) != 0)
				CHECK(strcmp(registry_key(key)->name,
				    attr[i].key) != 0);
	}
	if (attr[1].key != NULL)
		CHECK(strcmp(attr[0].key, attr[1].key) != 0);
}

TEST(a_points_own_attributes_are_well_formed_and_no_key_comes_twice)
{
	for (unsigned id = 0; id < POINT_END; id++)
		if (registry_point(id) != NULL)
			check_fixed(id);
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* True where both points would be one series. */
static bool
same_attrs(const struct fixed_attr *a, const struct fixed_attr *b)
{
	for (size_t i = 0; i < 2; i++)
		if (!same(a[i].key, b[i].key) || !same(a[i].value, b[i].value))
			return false;
	return true;
}

TEST(no_two_points_of_a_metric_have_the_same_attributes)
{
	for (unsigned a = 0; a < POINT_END; a++)
		for (unsigned b = a - a % POINTS_PER_METRIC; b < a; b++)
			if (registry_point(a) != NULL)
				CHECK(!same_attrs(registry_point(a)->attr,
				    registry_point(b)->attr));
}

static bool
ok(enum key key, const char *value)
{
	return registry_value_ok(key, (const uint8_t *)value, strlen(value));
}

TEST(an_alphabet_takes_its_own_bytes_and_no_other)
{
	static const char device[] = "._-/:%@+=!,", word[] = "._-";

	for (unsigned c = 0; c < 256; c++) {
		const uint8_t byte = (uint8_t)c;
		const bool digit = c >= '0' && c <= '9';
		const bool alnum = digit || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z');
		const bool in_word = alnum ||
		    (c != 0 && strchr(word, (int)c) != NULL);
		const bool in_device = alnum ||
		    (c != 0 && strchr(device, (int)c) != NULL);

		CHECK(registry_value_ok(KEY_CPU, &byte, 1) == digit);
		CHECK(registry_value_ok(KEY_HW_ID, &byte, 1) == in_word);
		CHECK(registry_value_ok(KEY_INTERFACE, &byte, 1) == in_device);
		CHECK(registry_value_ok(KEY_FS_MOUNTPOINT, &byte, 1) ==
		    (in_device || c == ' '));
	}
}

TEST(numbers_have_no_leading_zero_and_paths_are_valid_utf8)
{
	CHECK(ok(KEY_CPU, "0") && ok(KEY_CPU, "10") && ok(KEY_CPU, "999999"));
	CHECK(!ok(KEY_CPU, "00") && !ok(KEY_CPU, "01") && !ok(KEY_CPU, "-1"));
	CHECK(ok(KEY_FS_MOUNTPOINT, "/\xc3\xa9 \xf0\x9f\x92\xa7"));
	CHECK(!ok(KEY_FS_MOUNTPOINT, "/\xc3"));
	CHECK(!ok(KEY_FS_MOUNTPOINT, "\xff"));
	CHECK(!ok(KEY_FS_MOUNTPOINT, "/\xed\xa0\x80"));
	CHECK(!ok(KEY_DEVICE, "\xc3\xa9") && !ok(KEY_FS_TYPE, "\xc3\xa9"));
	CHECK(!ok(KEY_END, "a") && !ok((enum key)0, "a"));
}

TEST(each_key_takes_its_longest_value_and_not_a_byte_more)
{
	static uint8_t text[1024];

	memset(text, '1', sizeof(text));
	for (unsigned key = 1; key < KEY_END; key++) {
		size_t longest;

		if (registry_key(key) == NULL)
			continue;
		longest = registry_key(key)->longest;
		CHECK(name_ok(registry_key(key)->name));
		CHECK(longest > 0 && longest <= ATTR_TEXT_MAX);
		CHECK(registry_value_ok((enum key)key, text, longest));
		CHECK(!registry_value_ok((enum key)key, text, longest + 1));
		CHECK(!registry_value_ok((enum key)key, text, 0));
	}
}
