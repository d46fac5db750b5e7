/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/paging.h"

#include <errno.h>

static struct ran ran;

#define HEADING "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

TEST(a_partition_is_said_with_what_is_used_and_free)
{
	run_source(&ran, &source_paging, "linux-5.14-rhel9", NULL);
	CHECK_INT(said_of(&ran, PAGING_USAGE_USED, "/dev/dm-1"), 2048 * 1024);
	CHECK_INT(said_of(&ran, PAGING_USAGE_FREE, "/dev/dm-1"),
	    (INT64_C(8388604) - 2048) * 1024);
}

TEST(escaped_names_and_deleted_files_stay_apart)
{
	run_source(&ran, &source_paging, "linux-6.1-debian12", NULL);
	CHECK_INT(said_of(&ran, PAGING_USAGE_USED, "/dev/vda5"),
	    498640 * 1024);
	CHECK_INT(said_of(&ran, PAGING_USAGE_FREE, "/var/lib/swap%20file"),
	    999416 * 1024);
	CHECK_INT(said_of(&ran, PAGING_USAGE_FREE,
	    "/old%5Cswap%20%28deleted%29"), 4096);
	CHECK_INT(ran.n, 5 + 3 * 2);
	CHECK_INT(ran.lost, 0);
}

TEST(a_host_without_swap_says_none_and_fails_at_nothing)
{
	run_source(&ran, &source_paging, "linux-6.18", NULL);
	CHECK_INT(ran.n, 5);
	CHECK_INT(ran.nfailures, 0);
}

static int
first(const char *s, struct swap *out)
{
	struct text t = text_of(s, strlen(s));

	return swaps_next(&t, out);
}

TEST(the_heading_and_empty_lines_are_passed_over)
{
	struct swap s;

	CHECK_INT(first("", &s), 0);
	CHECK_INT(first(HEADING "\n", &s), 0);
	CHECK_INT(first(HEADING "/a partition 8 3 -2\n", &s), 1);
	CHECK_INT(s.used, 3 * 1024);
	CHECK_INT(s.free, 5 * 1024);
	CHECK_INT(s.name_len, 2);
}

TEST(malformed_areas_are_refused)
{
	static const char *const bad[] = { "/a\n", "/a partition\n",
	    "/a partition 8\n", "/a partition 8 9 -2\n",
	    "/a partition x 1 -2\n", "/a partition 8 -1 -2\n",
	    "/a partition 9223372036854775807 1 -2\n" };
	struct swap s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(first(bad[i], &s), -EBADMSG);
}

TEST(a_name_longer_than_any_attribute_is_cut_but_not_made_short)
{
	char line[400];
	struct swap s;

	memset(line, 'n', sizeof(line));
	memcpy(line + 300, " file 8 3 -2\n", sizeof(" file 8 3 -2\n"));
	CHECK_INT(first(line, &s), 1);
	CHECK_INT(s.name_len, SWAP_NAME_MAX);
	CHECK(s.name_len > registry_key(KEY_DEVICE)->longest);
}
