/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See memory.h. */
#include "sources/memory.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum { KIB = 1024 };

static const struct {
	const char *name;
	size_t len;
	size_t offset;
	int64_t unit;
} row[] = {
#define ROW(name, member, unit) \
	{ name, sizeof(name) - 1, \
	    offsetof(struct meminfo_sample, member), unit }
	ROW("MemTotal", total, KIB),
	ROW("MemFree", free, KIB),
	ROW("MemAvailable", available, KIB),
	ROW("Buffers", buffers, KIB),
	ROW("Cached", cached, KIB),
	ROW("Dirty", dirty, KIB),
	ROW("Writeback", writeback, KIB),
	ROW("Shmem", shared, KIB),
	ROW("SReclaimable", reclaimable, KIB),
	ROW("SUnreclaim", unreclaimable, KIB),
	ROW("CommitLimit", commit_limit, KIB),
	ROW("Committed_AS", committed, KIB),
	ROW("HugePages_Total", huge_total, 1),
	ROW("HugePages_Free", huge_free, 1),
	ROW("HugePages_Rsvd", huge_reserved, 1),
	ROW("HugePages_Surp", huge_surplus, 1),
	ROW("Hugepagesize", huge_size, KIB),
#undef ROW
};

/* "   1234 kB", or "   12" where pages are counted. */
static bool
amount(struct text t, int64_t unit, int64_t *v)
{
	struct text word;

	if (!text_next_u63(&t, v) ||
	    (unit == KIB && !(text_word(&t, &word) && text_is(word, "kB"))))
		return false;
	return !__builtin_mul_overflow(*v, unit, v);
}

static bool
meminfo_line(struct text name, struct text rest, struct meminfo_sample *s)
{
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		int64_t v;

		if (name.len != row[i].len ||
		    memcmp(name.p, row[i].name, name.len) != 0)
			continue;
		if (!amount(rest, row[i].unit, &v))
			return false;
		memcpy((char *)s + row[i].offset, &v, sizeof(v));
		return true;
	}
	return true;
}

int
meminfo_parse(struct text t, struct meminfo_sample *s)
{
	struct text line, name;

	memset(s, -1, sizeof(*s));
	while (text_line(&t, &line))
		if (text_until(&line, ':', &name) &&
		    !meminfo_line(name, line, s))
			return -EBADMSG;
	return s->total < 0 ? -EBADMSG : 0;
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
