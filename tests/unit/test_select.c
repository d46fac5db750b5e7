/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Which instances are sent, and in which form. */
#include "run_source.h"

#include <errno.h>
#include <string.h>

enum { FS_KEYS = KEY_BIT(DEVICE) | KEY_BIT(FS_TYPE) | KEY_BIT(FS_MOUNTPOINT) };

static struct select_texts texts;
static struct select rules;
static struct redact secret;
static uint8_t space[BUILD_SPACE];

static void
rule(enum source_id source, bool exclude, const char *pattern)
{
	const char *wrong = select_add(&texts, source,
	    source_of(source)->select, exclude, pattern);

	if (wrong != NULL)
		test_fail(__FILE__, __LINE__, "%s: %s", pattern, wrong);
}

static struct build
begun(enum source_id source)
{
	const struct record_head head = { .boottime_ns = 1, .wall_ns = 9000,
		.start_ns = 1000, .source = source };
	struct build b;

	memset(space, 0, sizeof(space));
	build_start(&b, &head, NULL, space);
	select_make(&rules, &texts);
	b.select = select_has(&rules, source) ? &rules : NULL;
	b.redact = &secret;
	return b;
}

static void
afresh(void)
{
	memset(&texts, 0, sizeof(texts));
	memset(&secret, 0, sizeof(secret));
}

/* Says a disk and whether it is in the records. */
static bool
disk_sent(const char *name)
{
	struct build b = begun(SOURCE_DISK);
	int records;

	build_instance(&b);
	build_attr(&b, KEY_DEVICE, name, strlen(name));
	build_point(&b, DISK_IO_READ, 1);
	records = build_finish(&b);
	CHECK_INT(b.lost, 0);
	CHECK(records == 0 || records == 1);
	CHECK((records == 1) == (b.room == UINT64_MAX - 1));
	return records == 1;
}

TEST(without_patterns_everything_is_sent)
{
	afresh();
	CHECK(disk_sent("sda"));
	rule(SOURCE_NETWORK, true, "*");
	CHECK(disk_sent("sda"));
}

TEST(what_an_exclude_pattern_fits_is_not_sent_and_costs_no_series)
{
	afresh();
	rule(SOURCE_DISK, true, "loop*");
	rule(SOURCE_DISK, true, "sr?");
	CHECK(disk_sent("sda"));
	CHECK(!disk_sent("loop7"));
	CHECK(!disk_sent("sr0"));
	CHECK(disk_sent("sr10"));
}

TEST(with_an_include_list_only_what_it_fits_is_sent)
{
	afresh();
	rule(SOURCE_DISK, false, "sd?");
	rule(SOURCE_DISK, false, "nvme*");
	CHECK(disk_sent("sda"));
	CHECK(disk_sent("nvme0n1"));
	CHECK(!disk_sent("sda1"));
	CHECK(!disk_sent("vda"));
}

TEST(exclude_wins_whatever_the_order)
{
	for (int order = 0; order < 2; order++) {
		afresh();
		rule(SOURCE_DISK, order == 0, "sdb");
		rule(SOURCE_DISK, order == 1, order == 0 ? "sd*" : "sdb");
		if (order == 1)
			rule(SOURCE_DISK, false, "sd*");
		CHECK(disk_sent("sda"));
		CHECK(!disk_sent("sdb"));
	}
}

TEST(a_pattern_is_held_against_the_name_as_it_would_be_sent)
{
	afresh();
	rule(SOURCE_DISK, true, "a%20b");
	CHECK(!disk_sent("a b"));
	CHECK(disk_sent("a%20b"));
}

static bool
filesystem_sent(const char *device, const char *type, const char *point,
    bool said)
{
	struct build b = begun(SOURCE_FILESYSTEM);

	build_instance(&b);
	build_attr(&b, KEY_DEVICE, device, strlen(device));
	build_attr(&b, KEY_FS_TYPE, type, strlen(type));
	build_attr(&b, KEY_FS_MODE, "rw", 2);
	if (said)
		build_attr(&b, KEY_FS_MOUNTPOINT, point, strlen(point));
	else
		build_name(&b, KEY_FS_MOUNTPOINT, point, strlen(point));
	build_point(&b, FS_LIMIT_ALL, 1);
	CHECK(build_finish(&b) >= 0);
	return b.nrecords == 1;
}

TEST(any_name_of_an_instance_can_choose_it_also_one_that_is_not_sent)
{
	afresh();
	rule(SOURCE_FILESYSTEM, true, "/mnt/*");
	rule(SOURCE_FILESYSTEM, true, "vfat");
	rule(SOURCE_FILESYSTEM, true, "dm-7");
	CHECK(filesystem_sent("sda1", "xfs", "/", true));
	CHECK(!filesystem_sent("sda1", "xfs", "/mnt/a", true));
	CHECK(!filesystem_sent("sda1", "xfs", "/mnt/a", false));
	CHECK(!filesystem_sent("sda1", "vfat", "/", true));
	CHECK(!filesystem_sent("dm-7", "xfs", "/", true));
	/* but not an attribute that the source does not declare for it */
	afresh();
	rule(SOURCE_FILESYSTEM, true, "rw");
	CHECK(filesystem_sent("sda1", "xfs", "/", true));
}

TEST(the_host_itself_has_no_name_and_is_always_sent)
{
	struct build b;

	afresh();
	rule(SOURCE_CPU, false, "0");
	b = begun(SOURCE_CPU);
	build_instance(&b);
	build_point(&b, CPU_COUNT_ALL, 4);
	for (uint64_t cpu = 0; cpu < 4; cpu++) {
		build_instance(&b);
		build_attr_number(&b, KEY_CPU, cpu);
		build_point(&b, CPU_TIME_USER, 1);
	}
	CHECK_INT(build_finish(&b), 1);
	CHECK_INT(UINT64_MAX - b.room, 2);
}

TEST(a_pattern_that_could_never_fit_is_refused)
{
	static const char *const wrong[] = { "", "sd[ab]", "a\\b", "{a,b}",
		"a\"b", "^sd", "sd$", "(a|b)", "a\nb", "\x7f", "ü" };

	afresh();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(select_add(&texts, SOURCE_DISK, KEY_BIT(DEVICE), true,
		    wrong[i]) != NULL);
	/* a mount point can have one */
	CHECK(select_add(&texts, SOURCE_FILESYSTEM, FS_KEYS, true, "/ü") ==
	    NULL);
	CHECK(select_add(&texts, SOURCE_CPU, KEY_BIT(CPU), true, "a") != NULL);
	CHECK(select_add(&texts, SOURCE_LOAD, 0, true, "a") != NULL);
}

TEST(lists_are_bounded_and_no_pattern_stands_twice)
{
	char name[8];

	afresh();
	rule(SOURCE_DISK, true, "a");
	CHECK(select_add(&texts, SOURCE_DISK, KEY_BIT(DEVICE), true, "a") !=
	    NULL);
	rule(SOURCE_DISK, false, "a");
	for (int i = 2; i < SELECT_MAX; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		rule(SOURCE_DISK, true, name);
	}
	CHECK(select_add(&texts, SOURCE_DISK, KEY_BIT(DEVICE), true, "x") !=
	    NULL);
	CHECK_INT(texts.n, SELECT_MAX);
}

TEST(series_beyond_the_room_are_left_out_whole_and_counted)
{
	struct build b;

	afresh();
	b = begun(SOURCE_DISK);
	b.room = 3;
	for (int i = 0; i < 3; i++) {
		const char name[] = { 's', 'd', (char)('a' + i) };

		build_instance(&b);
		build_attr(&b, KEY_DEVICE, name, sizeof(name));
		build_point(&b, DISK_IO_READ, 1);
		build_point(&b, DISK_IO_WRITE, 1);
	}
	CHECK_INT(build_finish(&b), 1);
	CHECK_INT(b.lost, 2);
	CHECK_INT(b.room, 1);
}

/* The bytes of the records, and all else that the builder was lent. */
static bool
in_space(const char *text)
{
	return memmem(space, sizeof(space), text, strlen(text)) != NULL;
}

static struct instance
only_filesystem(struct build *b, struct record_reader *rr)
{
	struct instance inst;
	uint8_t *record = NULL;
	size_t len = 0;

	CHECK_INT(build_finish(b), 1);
	CHECK(build_next(b, &record, &len));
	CHECK_INT(record_check(record, len), 0);
	CHECK_INT(record_open(rr, record, len), 0);
	CHECK_INT(record_next_instance(rr, &inst), 1);
	return inst;
}

/* Not returned: what it has of attributes points into itself. */
static void
customers_filesystem(struct build *b)
{
	*b = begun(SOURCE_FILESYSTEM);
	build_instance(b);
	build_attr(b, KEY_DEVICE, "vg-customer", 11);
	build_attr(b, KEY_FS_TYPE, "xfs", 3);
	build_attr(b, KEY_FS_MODE, "rw", 2);
	build_attr(b, KEY_FS_MOUNTPOINT, "/srv/customer", 13);
	build_point(b, FS_LIMIT_ALL, 1);
}

TEST(a_hashed_value_is_sixteen_digits_and_nowhere_clear)
{
	struct record_reader rr;
	struct instance inst;
	struct build b;

	afresh();
	customers_filesystem(&b);
	only_filesystem(&b, &rr);
	CHECK(in_space("/srv/customer"));
	CHECK(redact_set(&secret, "system.filesystem.mountpoint",
	    REDACT_HASH) == NULL);
	CHECK(redact_set(&secret, "system.device", REDACT_HASH) == NULL);
	customers_filesystem(&b);
	inst = only_filesystem(&b, &rr);
	CHECK_INT(inst.nattrs, 4);
	CHECK_INT(inst.attr[0].len, REDACT_HASH_LEN);
	CHECK_INT(inst.attr[3].len, REDACT_HASH_LEN);
	CHECK(memcmp(inst.attr[0].value, inst.attr[3].value,
	    REDACT_HASH_LEN) != 0);
	CHECK(!in_space("customer"));
}

TEST(a_dropped_attribute_is_not_there_and_its_value_nowhere)
{
	struct record_reader rr;
	struct instance inst;
	struct build b;

	afresh();
	CHECK(redact_set(&secret, "system.filesystem.type", REDACT_DROP) ==
	    NULL);
	CHECK(redact_set(&secret, "system.filesystem.mountpoint",
	    REDACT_DROP) == NULL);
	customers_filesystem(&b);
	inst = only_filesystem(&b, &rr);
	CHECK_INT(inst.nattrs, 2);
	CHECK_INT(inst.attr[0].key, KEY_DEVICE);
	CHECK_INT(inst.attr[1].key, KEY_FS_MODE);
	CHECK(!in_space("/srv"));
	CHECK(!in_space("xfs"));
}

TEST(what_is_redacted_can_still_be_chosen_by_its_clear_name)
{
	afresh();
	rule(SOURCE_DISK, true, "sdb");
	CHECK(redact_set(&secret, "system.device", REDACT_HASH) == NULL);
	CHECK(disk_sent("sda"));
	CHECK(!disk_sent("sdb"));
}

/* Should two become one all the same, the second is lost, and counted. */
TEST(two_instances_that_differ_by_a_dropped_attribute_never_become_one)
{
	static const char *const points[] = { "/a", "/b" };
	struct series *series = series_new(1000);
	struct build b;

	afresh();
	secret.key[KEY_FS_MOUNTPOINT] = REDACT_DROP;
	b = begun(SOURCE_FILESYSTEM);
	b.series = series;
	series_cycle(series, 9000);
	for (int i = 0; i < 2; i++) {
		build_instance(&b);
		build_attr(&b, KEY_DEVICE, "sda1", 4);
		build_attr(&b, KEY_FS_MOUNTPOINT, points[i], 2);
		build_point(&b, FS_LIMIT_ALL, 1);
	}
	CHECK_INT(build_finish(&b), 1);
	CHECK_INT(b.lost, 1);
	series_free(series);
}
