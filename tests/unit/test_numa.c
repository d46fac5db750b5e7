/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "run_source.h"
#include "sources/numa.h"

#include <errno.h>

static struct ran ran;

TEST(each_node_has_its_memory_and_its_allocations)
{
	run_source(&ran, &source_numa, "linux-5.14-rhel9", NULL);
	CHECK_INT(said_of(&ran, NUMA_MEMORY_LIMIT_ALL, "0"),
	    65536000ll * 1024);
	CHECK_INT(said_of(&ran, NUMA_MEMORY_FREE, "1"), 1024000ll * 1024);
	CHECK_INT(said_of(&ran, NUMA_MEMORY_USED, "1"),
	    (65535000ll - 1024000) * 1024);
	CHECK_INT(said_of(&ran, NUMA_ALLOCATIONS_HIT, "0"), 439146061);
	CHECK_INT(said_of(&ran, NUMA_ALLOCATIONS_OTHER, "1"), 12);
	CHECK_INT(ran.nfailures, 0);
}

/* Of the pools of all nodes and sizes. */
static int64_t
sum(unsigned id)
{
	int64_t v = 0;

	for (size_t i = 0; i < ran.n; i++)
		if (ran.said[i].id == id)
			v += ran.said[i].value;
	return v;
}

TEST(pools_are_those_of_nodes_and_reservations_those_of_the_host)
{
	run_source(&ran, &source_numa, "linux-5.14-rhel9", NULL);
	CHECK_INT(sum(HUGEPAGE_LIMIT_ALL), 8 + 4);
	CHECK_INT(sum(HUGEPAGE_USAGE_FREE), 3 + 3);
	CHECK_INT(sum(HUGEPAGE_USAGE_USED), 5 + 1);
	CHECK_INT(said_of(&ran, HUGEPAGE_RESERVED_ALL, "2097152"), 2);
	CHECK_INT(said_of(&ran, HUGEPAGE_RESERVED_ALL, "1073741824"), 0);
	CHECK_INT(ran.n, 2 * 9 + 2 * 2 * 4 + 2);
}

TEST(a_kernel_without_nodes_and_pools_reports_nothing)
{
	run_source(&ran, &source_numa, "linux-6.12-rhel10", NULL);
	CHECK_INT(ran.n, 0);
	CHECK_INT(ran.nfailures, 0);
}

TEST(memory_of_a_node_is_found_by_name_and_must_be_whole)
{
	static const char *const bad[] = { "", "Node 0 MemTotal: 5 kB\n",
	    "Node 0 MemFree: 5 kB\n", "Node 0\n",
	    "Node 0 MemTotal: x kB\nNode 0 MemFree: 1 kB\n",
	    "Node 0 MemTotal: 1 kB\nNode 0 MemFree: 2 kB\n",
	    "Node 0 MemTotal: 9223372036854775807 kB\n" };
	struct numa_memory m;

	CHECK_INT(numa_memory_parse(TEXT("Node 3 MemFree: 7 kB\n"
	    "Node 3 Other(x): y\nNode 3 MemTotal: 9 kB\n"), &m), 0);
	CHECK_INT(m.total, 9 * 1024);
	CHECK_INT(m.free, 7 * 1024);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(numa_memory_parse(text_of(bad[i], strlen(bad[i])),
		    &m), -EBADMSG);
}

TEST(the_size_of_a_pool_s_pages_is_in_its_name)
{
	static const char *const bad[] = { "", "hugepages-", "hugepages-kB",
	    "hugepages-2048", "hugepages-xkB", "hugepages-2048MB",
	    "Hugepages-2048kB", "hugepages-9223372036854775807kB" };
	int64_t size;

	CHECK(numa_pool_parse("hugepages-64kB", &size));
	CHECK_INT(size, 65536);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!numa_pool_parse(bad[i], &size));
}
