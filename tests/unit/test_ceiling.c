/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Worst-case series on hosts whose number is known. */
#include "ceiling.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
open_tree(struct host *h, const char *tree)
{
	const char *root = getenv("SLUICE_SOURCE_ROOT");
	char procfs[1024], sysfs[1024];
	const char *which;

	snprintf(procfs, sizeof(procfs), "%s/tests/fixtures/%s/proc",
	    root == NULL ? "." : root, tree);
	snprintf(sysfs, sizeof(sysfs), "%s/tests/fixtures/%s/sys",
	    root == NULL ? "." : root, tree);
	CHECK_INT(host_open(h, procfs, sysfs, &which), 0);
}

static uint64_t
series(const char *tree, enum source_id id, const struct source_options *o)
{
	struct host h;
	uint64_t n;

	open_tree(&h, tree);
	n = ceiling_of(&h, source_of(id), o);
	host_close(&h);
	return n;
}

static uint64_t
lines(const char *tree, const char *path)
{
	struct text t, line;
	struct host h;
	uint64_t n = 0;

	open_tree(&h, tree);
	CHECK_INT(host_read_once(&h, HOST_PROC, path, &t), 0);
	while (text_line(&t, &line))
		n++;
	host_close(&h);
	return n;
}

TEST(what_is_not_counted_is_what_the_source_declares)
{
	static const struct source_options none;

	CHECK_INT(series("linux-6.18", SOURCE_LOAD, &none), 4);
	CHECK_INT(series("linux-6.18", SOURCE_CPU, &none), 14);
}

TEST(lines_of_a_file_bound_the_instances)
{
	static const struct source_options none;

	CHECK_INT(series("linux-6.18", SOURCE_NETWORK, &none),
	    8 * lines("linux-6.18", "net/dev"));
	CHECK_INT(series("linux-6.18", SOURCE_DISK, &none),
	    11 * lines("linux-6.18", "diskstats"));
}

TEST(names_of_a_directory_do_too_and_none_where_it_is_missing)
{
	static const struct source_options none;

	/* mc0, mc1, and whatever else stands there */
	CHECK(series("linux-5.14-rhel9", SOURCE_EDAC, &none) >= 2 * 2);
	CHECK(series("linux-5.14-rhel9", SOURCE_EDAC, &none) < 2 * 8);
	CHECK_INT(series("linux-6.1-debian12", SOURCE_EDAC, &none), 0);
}

TEST(the_configuration_lowers_it_and_never_raises_it)
{
	struct source_options o = { .cpu_per_cpu = true };
	const uint64_t all = series("linux-6.18", SOURCE_CPU, &o);

	CHECK(all > 14);
	o.most[SOURCE_CPU] = 15;
	CHECK_INT(series("linux-6.18", SOURCE_CPU, &o), 15);
	o.most[SOURCE_CPU] = 1000000;
	CHECK_INT(series("linux-6.18", SOURCE_CPU, &o), all);
}

static uint32_t
none_of_them(const struct source_options *o)
{
	(void)o;
	return 0;
}

TEST(each_kind_of_instance_is_bounded_by_itself)
{
	static const struct source_options none;
	const struct source made = { .id = SOURCE_LOAD, .series = {
	    { 100, 1 }, { 3, 50, { HOST_PROC, "net/dev" } },
	    { 7, 50, { HOST_PROC, "diskstats" }, none_of_them } } };
	const uint64_t interfaces = lines("linux-6.18", "net/dev");
	struct host h;

	CHECK(interfaces < 50 && lines("linux-6.18", "diskstats") > 0);
	open_tree(&h, "linux-6.18");
	CHECK_INT(ceiling_of(&h, &made, &none), 100 + 3 * interfaces);
	host_close(&h);
}

TEST(a_ceiling_is_said_to_be_too_low_with_what_would_be_right)
{
	struct source_options o = { .enabled = SOURCE_BIT(SOURCE_LOAD) |
	    SOURCE_BIT(SOURCE_MEMORY) };
	char text[CEILING_TEXT_MAX];
	struct host h;

	open_tree(&h, "linux-6.18");
	CHECK_INT(ceiling_sum(&h, &o), ceiling_own(0) + 4 + 19);
	CHECK(ceiling_check(&h, &o, text));
	o.max_series = (uint32_t)ceiling_own(0) + 23;
	CHECK(ceiling_check(&h, &o, text));
	CHECK_STR(text, "");
	o.max_series--;
	CHECK(!ceiling_check(&h, &o, text));
	CHECK(strstr(text, "19 of them of memory") != NULL);
	CHECK(strstr(text, "collect.sources.memory.max_series") != NULL);
	host_close(&h);
}

TEST(a_source_that_is_off_counts_for_nothing)
{
	struct source_options o = { .enabled = 0 };
	struct host h;

	open_tree(&h, "linux-6.18");
	CHECK_INT(ceiling_sum(&h, &o), ceiling_own(0));
	host_close(&h);
}

static uint32_t
egress(uint64_t n, uint32_t interval_ms, bool gzip)
{
	static struct config c;

	c.interval_ms = interval_ms;
	c.gzip = gzip;
	return ceiling_egress(&c, n);
}

TEST(the_limit_of_egress_grows_with_series_and_collections_within_its_bounds)
{
	static const struct config said = { .egress_limit = 65536,
		.interval_ms = 1000 };

	CHECK_INT(egress(722, 10000, true), 722 * 128 * 360);
	CHECK_INT(egress(722, 1000, true), 722 * 128 * 3600);
	CHECK_INT(egress(722, 10000, false), 722 * 1024 * 360);
	CHECK_INT(egress(1, INTERVAL_MAX_MS, true), 4194304);
	CHECK_INT(egress(0, INTERVAL_MIN_MS, true), 4194304);
	CHECK_INT(egress(1000000, 1000, false), EGRESS_MAX);
	CHECK_INT(egress(UINT64_MAX, INTERVAL_MIN_MS, false), EGRESS_MAX);
	CHECK_INT(ceiling_egress(&said, 1000000), 65536);
}
