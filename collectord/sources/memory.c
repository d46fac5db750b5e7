/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See memory.h. */
#include "sources/memory.h"

#include "sources/fields.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct field fields[] = {
#define ROW(name, member, kib) FIELD(name ":", meminfo_sample, member, kib)
	ROW("MemTotal", total, true),
	ROW("MemFree", free, true),
	ROW("MemAvailable", available, true),
	ROW("Buffers", buffers, true),
	ROW("Cached", cached, true),
	ROW("Dirty", dirty, true),
	ROW("Writeback", writeback, true),
	ROW("Shmem", shared, true),
	ROW("SReclaimable", reclaimable, true),
	ROW("SUnreclaim", unreclaimable, true),
	ROW("CommitLimit", commit_limit, true),
	ROW("Committed_AS", committed, true),
	ROW("HugePages_Total", huge_total, false),
	ROW("HugePages_Free", huge_free, false),
	ROW("HugePages_Rsvd", huge_reserved, false),
	ROW("HugePages_Surp", huge_surplus, false),
	ROW("Hugepagesize", huge_size, true),
#undef ROW
};

static_assert(sizeof(struct meminfo_sample) <= UINT8_MAX, "offsets fit");

int
meminfo_parse(struct text t, struct meminfo_sample *s)
{
	memset(s, -1, sizeof(*s));
	return fields_parse(t, fields, sizeof(fields) / sizeof(fields[0]),
	    s) < 0 || s->total < 0 ? -EBADMSG : 0;
}

/* -1 where one of the two is. */
static int64_t
sum(int64_t a, int64_t b)
{
	return a < 0 || b < 0 || __builtin_add_overflow(a, b, &a) ? -1 : a;
}

int64_t
meminfo_cached(const struct meminfo_sample *s)
{
	return sum(s->cached, s->reclaimable);
}

int64_t
meminfo_used(const struct meminfo_sample *s)
{
	const int64_t other = sum(sum(s->free, s->buffers),
	    meminfo_cached(s));

	return other < 0 || other > s->total ? -1 : s->total - other;
}

static void
say_huge_pages(struct collect *c, const struct meminfo_sample *s)
{
	collect_say(c, HUGEPAGES_LIMIT_ALL, s->huge_total);
	collect_say(c, HUGEPAGES_USAGE_FREE, s->huge_free);
	if (s->huge_free >= 0 && s->huge_total >= s->huge_free)
		collect_say(c, HUGEPAGES_USAGE_USED,
		    s->huge_total - s->huge_free);
	collect_say(c, HUGEPAGES_RESERVED_ALL, s->huge_reserved);
	collect_say(c, HUGEPAGES_SURPLUS_ALL, s->huge_surplus);
	collect_say(c, HUGEPAGES_PAGE_SIZE_ALL, s->huge_size);
}

static int
read_memory(struct collect *c)
{
	struct meminfo_sample s;
	struct text t;

	if (!collect_read(c, HOST_PROC, "meminfo", &t))
		return 0;
	if (meminfo_parse(t, &s) < 0)
		return -EBADMSG;
	build_instance(c->build);
	collect_say(c, MEMORY_USAGE_USED, meminfo_used(&s));
	collect_say(c, MEMORY_USAGE_FREE, s.free);
	collect_say(c, MEMORY_USAGE_BUFFERS, s.buffers);
	collect_say(c, MEMORY_USAGE_CACHED, meminfo_cached(&s));
	collect_say(c, MEMORY_LIMIT_ALL, s.total);
	collect_say(c, MEMORY_AVAILABLE_ALL, s.available);
	collect_say(c, MEMORY_SHARED_ALL, s.shared);
	collect_say(c, MEMORY_SLAB_RECLAIMABLE, s.reclaimable);
	collect_say(c, MEMORY_SLAB_UNRECLAIMABLE, s.unreclaimable);
	collect_say(c, MEMORY_COMMITTED_ALL, s.committed);
	collect_say(c, MEMORY_COMMIT_LIMIT_ALL, s.commit_limit);
	collect_say(c, MEMORY_DIRTY_ALL, s.dirty);
	collect_say(c, MEMORY_WRITEBACK_ALL, s.writeback);
	say_huge_pages(c, &s);
	return 0;
}

const struct source source_memory = {
	.id = SOURCE_MEMORY,
	.profile = PROFILE_MINIMAL,
	.path = { { HOST_PROC, "meminfo" } },
	.kernel = "3.14",
	.capability = CAPABILITY_NONE,
	.series = { { 19, 1 } },
	.read = read_memory,
};
