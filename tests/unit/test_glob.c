/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "glob.h"
#include "test.h"

#include <string.h>
#include <time.h>

static bool
fits(const char *pattern, const char *name)
{
	struct glob g;

	CHECK(glob_make(&g, pattern));
	return glob_match(&g, (const uint8_t *)name, strlen(name));
}

TEST(a_pattern_without_signs_fits_itself_alone)
{
	CHECK(fits("sda", "sda"));
	CHECK(!fits("sda", "sda1"));
	CHECK(!fits("sda", "xsda"));
	CHECK(!fits("sda", "sd"));
	CHECK(!fits("sda", ""));
	CHECK(!fits("sda", "SDA"));
}

TEST(a_star_is_any_text_and_none)
{
	CHECK(fits("*", ""));
	CHECK(fits("*", "anything at all/ü"));
	CHECK(fits("sd*", "sd"));
	CHECK(fits("sd*", "sdaa17"));
	CHECK(!fits("sd*", "nsd"));
	CHECK(fits("*.service", "a.service"));
	CHECK(fits("*.service", ".service"));
	CHECK(!fits("*.service", "a.service.d"));
	CHECK(fits("/var/*/x", "/var/a/b/x"));
	CHECK(fits("a*b*c", "a-b-b-c-c"));
	CHECK(!fits("a*b*c", "a-c-b"));
	CHECK(fits("**a**", "a"));
}

TEST(a_question_mark_is_one_character_and_never_none)
{
	CHECK(fits("nvme?n1", "nvme0n1"));
	CHECK(!fits("nvme?n1", "nvmen1"));
	CHECK(!fits("nvme?n1", "nvme10n1"));
	CHECK(!fits("?", ""));
	CHECK(fits("?*", "a"));
	CHECK(!fits("??", "a"));
}

TEST(a_character_of_several_bytes_is_one)
{
	CHECK(fits("/home/?", "/home/ü"));
	CHECK(fits("/home/?", "/home/\xf0\x9f\x90\x9f"));
	CHECK(!fits("/home/?", "/home/üü"));
	CHECK(fits("/home/??", "/home/üü"));
	CHECK(!fits("/home/??", "/home/ü"));
	CHECK(fits("ü", "ü"));
	CHECK(!fits("ü", "ö"));
	CHECK(fits("*?", "ü"));
}

TEST(nothing_else_has_a_meaning)
{
	CHECK(!fits("sd[ab]", "sda"));
	CHECK(fits("sd[ab]", "sd[ab]"));
	CHECK(!fits("a\\*", "a*"));
	CHECK(!fits("{a,b}", "a"));
	CHECK(!fits("a.c", "abc"));
}

TEST(a_pattern_is_bounded)
{
	char text[GLOB_TEXT_MAX + 2];
	struct glob g;

	memset(text, 'a', sizeof(text));
	text[GLOB_TEXT_MAX + 1] = '\0';
	CHECK(!glob_make(&g, ""));
	CHECK(!glob_make(&g, text));
	text[GLOB_TEXT_MAX] = '\0';
	CHECK(fits(text, text));
	text[GLOB_TEXT_MAX - 1] = '\0';
	CHECK(fits("???????????????????????????????????????????????????????"
	    "???????", text));
}

static double
seconds_of(const struct glob *g, const uint8_t *name, size_t len)
{
	struct timespec from, to;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (int i = 0; i < 20000; i++)
		CHECK(!glob_match(g, name, len));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	return (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* What a matcher that goes back takes years for. */
TEST(a_pattern_full_of_stars_costs_what_a_plain_one_does)
{
	struct glob plain, stars, marks;
	uint8_t name[255];
	double base;

	memset(name, 'a', sizeof(name));
	CHECK(glob_make(&plain, "b"));
	CHECK(glob_make(&stars, "a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*"
	    "a*a*a*a*a*a*a*a*b"));
	CHECK(glob_make(&marks, "*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?*?"
	    "*?*?*?*?*?*?*?*?b"));
	base = seconds_of(&plain, name, sizeof(name)) + 0.001;
	CHECK(seconds_of(&stars, name, sizeof(name)) < 20 * base);
	CHECK(seconds_of(&marks, name, sizeof(name)) < 20 * base);
}
