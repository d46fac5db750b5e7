/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/memory.h"

#include <errno.h>

static struct ran ran;

static int
parse(const char *s, struct meminfo_sample *out)
{
	return meminfo_parse(text_of(s, strlen(s)), out);
}

TEST(the_states_of_memory_add_up_to_its_limit_on_every_kernel)
{
	static const char *const tree[] = { "linux-5.14-rhel9",
	    "linux-6.1-debian12", "linux-6.12-rhel10", "linux-6.18" };

	for (size_t i = 0; i < sizeof(tree) / sizeof(tree[0]); i++) {
		run_source(&ran, &source_memory, tree[i], NULL);
		CHECK_INT(ran.n, 19);
		CHECK_INT(ran.nfailures, 0);
		CHECK_INT(said(&ran, MEMORY_USAGE_USED) +
		    said(&ran, MEMORY_USAGE_FREE) +
		    said(&ran, MEMORY_USAGE_BUFFERS) +
		    said(&ran, MEMORY_USAGE_CACHED),
		    said(&ran, MEMORY_LIMIT_ALL));
	}
}

TEST(amounts_are_bytes_and_huge_pages_are_pages)
{
	run_source(&ran, &source_memory, "linux-5.14-rhel9", NULL);
	CHECK_INT(said(&ran, MEMORY_LIMIT_ALL), INT64_C(32594212) * 1024);
	CHECK_INT(said(&ran, MEMORY_USAGE_FREE), INT64_C(11228044) * 1024);
	CHECK_INT(said(&ran, MEMORY_USAGE_BUFFERS), 4212 * 1024);
	CHECK_INT(said(&ran, MEMORY_USAGE_CACHED),
	    (INT64_C(14012288) + 401320) * 1024);
	CHECK_INT(said(&ran, MEMORY_AVAILABLE_ALL), INT64_C(24198820) * 1024);
	CHECK_INT(said(&ran, MEMORY_SHARED_ALL), 268844 * 1024);
	CHECK_INT(said(&ran, MEMORY_SLAB_RECLAIMABLE), 401320 * 1024);
	CHECK_INT(said(&ran, MEMORY_SLAB_UNRECLAIMABLE), 254552 * 1024);
	CHECK_INT(said(&ran, MEMORY_COMMITTED_ALL), INT64_C(9113588) * 1024);
	CHECK_INT(said(&ran, MEMORY_COMMIT_LIMIT_ALL),
	    INT64_C(24685710) * 1024);
	CHECK_INT(said(&ran, MEMORY_DIRTY_ALL), 1868 * 1024);
	CHECK_INT(said(&ran, MEMORY_WRITEBACK_ALL), 12 * 1024);
	CHECK_INT(said(&ran, HUGEPAGES_LIMIT_ALL), 512);
	CHECK_INT(said(&ran, HUGEPAGES_USAGE_FREE), 384);
	CHECK_INT(said(&ran, HUGEPAGES_USAGE_USED), 128);
	CHECK_INT(said(&ran, HUGEPAGES_RESERVED_ALL), 16);
	CHECK_INT(said(&ran, HUGEPAGES_SURPLUS_ALL), 0);
	CHECK_INT(said(&ran, HUGEPAGES_PAGE_SIZE_ALL), 2048 * 1024);
}

TEST(what_the_file_lacks_is_not_made_up)
{
	struct meminfo_sample s;

	CHECK_INT(parse("MemTotal: 100 kB\nMemFree: 60 kB\nCached: 10 kB\n",
	    &s), 0);
	CHECK_INT(s.total, 102400);
	CHECK_INT(s.buffers, -1);
	CHECK_INT(meminfo_cached(&s), -1);
	CHECK_INT(meminfo_used(&s), -1);
	CHECK_INT(s.huge_total, -1);
}

TEST(used_memory_that_would_be_below_zero_is_not_said)
{
	struct meminfo_sample s;

	CHECK_INT(parse("MemTotal: 100 kB\nMemFree: 60 kB\nBuffers: 20 kB\n"
	    "Cached: 20 kB\nSReclaimable: 1 kB\n", &s), 0);
	CHECK_INT(meminfo_cached(&s), 21 * 1024);
	CHECK_INT(meminfo_used(&s), -1);
	s.reclaimable = 0;
	CHECK_INT(meminfo_used(&s), 0);
}

TEST(names_are_compared_as_a_whole)
{
	struct meminfo_sample s;

	CHECK_INT(parse("MemTotal: 1 kB\nSwapCached: 5 kB\nCachedX: 6 kB\n"
	    "Dirty(x): 7 kB\nnothing\n", &s), 0);
	CHECK_INT(s.cached, -1);
	CHECK_INT(s.dirty, -1);
}

TEST(malformed_numbers_and_units_refuse_the_file)
{
	static const char *const bad[] = { "", "MemFree: 1 kB\n",
	    "MemTotal: 1\n", "MemTotal: 1 MB\n", "MemTotal: x kB\n",
	    "MemTotal: -1 kB\n", "MemTotal:\n",
	    "MemTotal: 9007199254740992 kB\n",
	    "MemTotal: 1 kB\nHugePages_Total: -\n" };
	struct meminfo_sample s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(parse(bad[i], &s), -EBADMSG);
	CHECK_INT(parse("MemTotal: 9007199254740991 kB\n", &s), 0);
}
