/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  What every row of the table of sources must declare. */
#include "source.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

/* Names the row that a check is about, should it fail. */
static const struct source *
row(size_t i)
{
	const struct source *s = source_table[i];

	printf("# %s\n", registry_source(s->id)->name);
	return s;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

TEST(every_source_declares_the_kernel_it_needs)
{
	for (size_t i = 0; i < source_table_size; i++) {
		const struct source *s = row(i);

		CHECK(s->kernel != NULL);
		CHECK(is_digit(s->kernel[0]) && s->kernel[1] == '.');
		CHECK(is_digit(s->kernel[2]));
		/* it stands in a cell of a table */
		CHECK(strpbrk(s->kernel, "|\n") == NULL);
	}
}

TEST(every_source_declares_that_it_needs_no_capability)
{
	for (size_t i = 0; i < source_table_size; i++)
		CHECK_INT(row(i)->capability, CAPABILITY_NONE);
}

TEST(a_group_is_declared_with_when_and_whose_it_is)
{
	for (size_t i = 0; i < source_table_size; i++) {
		const char *group = row(i)->group;

		CHECK(group == NULL || strlen(group) > 10);
		CHECK(group == NULL || strpbrk(group, "|\n") == NULL);
	}
}

static uint64_t
points_of(enum source_id id)
{
	uint64_t n = 0;

	for (unsigned p = 0; p < POINT_END; p++)
		n += registry_point(p) != NULL &&
		    registry_metric(point_metric(p))->source == id;
	return n;
}

TEST(every_source_declares_at_least_as_many_series_as_it_has_points)
{
	struct source_options all;

	memset(&all, 1, sizeof(all));
	for (size_t i = 0; i < source_table_size; i++) {
		const struct source *s = row(i);

		CHECK(source_series_most(s, &all) >= points_of(s->id));
		CHECK(s->series[0].each > 0);
		for (size_t k = 0; k < SOURCE_SERIES_MAX; k++)
			CHECK((s->series[k].each > 0) ==
			    (s->series[k].most > 0));
	}
}

/* The directory itself, or what is in it. */
static bool
covers(const struct source_path *declared, const struct source_path *p)
{
	const size_t n = declared->path == NULL ? 0 : strlen(declared->path);

	if (n == 0 || declared->root != p->root)
		return false;
	if (strcmp(declared->path, "./") == 0)
		return true;
	return strcmp(declared->path, p->path) == 0 ||
	    (declared->path[n - 1] == '/' &&
	    strncmp(declared->path, p->path, n) == 0);
}

TEST(what_is_counted_is_a_path_that_the_source_declares)
{
	for (size_t i = 0; i < source_table_size; i++) {
		const struct source *s = row(i);

		for (size_t k = 0; k < SOURCE_SERIES_MAX; k++) {
			const struct source_path *p = &s->series[k].counted;
			bool found = p->path == NULL;

			for (size_t j = 0; j < SOURCE_PATHS_MAX; j++)
				found = found || covers(&s->path[j], p);
			CHECK(found);
		}
	}
}

TEST(the_table_is_in_order_and_has_each_source_once)
{
	for (size_t i = 1; i < source_table_size; i++)
		CHECK(source_table[i - 1]->id < row(i)->id);
}

TEST(an_option_that_is_off_costs_no_series)
{
	struct source_options o = { .cpu_per_cpu = false };
	const struct source *cpu = source_table[0];

	CHECK_INT(cpu->id, SOURCE_CPU);
	CHECK_INT(source_series_most(cpu, &o), 14);
	o.cpu_per_cpu = true;
	CHECK_INT(source_series_most(cpu, &o), 14 + 8 * 8192);
}
