/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See numa.h. */
#include "sources/numa.h"

#include "sources/class_walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NODES "devices/system/node/"
#define POOLS "kernel/mm/hugepages/"

enum { NODES_MAX = 256, SIZES_MAX = 8, FILES_MAX = 2048, BYTES_PER_KIB = 1024 };

/* What a file is; those of a pool of huge pages from POOL_TOTAL on. */
enum row { NODE_MEMORY, NODE_STAT, POOL_TOTAL, POOL_FREE, POOL_SURPLUS,
	POOL_RESERVED, ROWS };

static const char *const name_of[ROWS] = {
	[NODE_MEMORY] = "meminfo", [NODE_STAT] = "numastat",
	[POOL_TOTAL] = "nr_hugepages", [POOL_FREE] = "free_hugepages",
	[POOL_SURPLUS] = "surplus_hugepages", [POOL_RESERVED] =
	"resv_hugepages",
};

static const struct named_row rows[] = {
	NAMED_ROW(0, "", "numa_hit", NUMA_ALLOCATIONS_HIT),
	NAMED_ROW(0, "", "numa_miss", NUMA_ALLOCATIONS_MISS),
	NAMED_ROW(0, "", "numa_foreign", NUMA_ALLOCATIONS_FOREIGN),
	NAMED_ROW(0, "", "interleave_hit", NUMA_ALLOCATIONS_INTERLEAVE),
	NAMED_ROW(0, "", "local_node", NUMA_ALLOCATIONS_LOCAL),
	NAMED_ROW(0, "", "other_node", NUMA_ALLOCATIONS_OTHER),
};

const struct named_table numa_table = { rows, sizeof(rows) / sizeof(rows[0]) };

/* Who the files of an entry are about. */
struct entry {
	bool has_node;
	unsigned node;
	int64_t size;			/* of a pool's pages; else 0 */
};

enum { ENTRIES_MAX = NODES_MAX * (1 + SIZES_MAX) + SIZES_MAX };

static struct class_file file[FILES_MAX];
static struct class_walk walk = { .file = file, .max = FILES_MAX };
static struct entry entries[ENTRIES_MAX];
static size_t nentries;

int
numa_memory_parse(struct text t, struct numa_memory *m)
{
	struct text line, name;

	m->total = m->free = -1;
	while (text_line(&t, &line)) {
		int64_t *to;

		if (!text_skip(&line, 2) || !text_word(&line, &name))
			return -EBADMSG;
		to = text_is(name, "MemTotal:") ? &m->total :
		    text_is(name, "MemFree:") ? &m->free : NULL;
		if (to != NULL && (!text_next_u63(&line, to) ||
			__builtin_mul_overflow(*to, BYTES_PER_KIB, to)))
			return -EBADMSG;
	}
	return m->total >= 0 && m->free >= 0 && m->free <= m->total ?
	    0 : -EBADMSG;
}

bool
numa_pool_parse(const char *name, int64_t *size)
{
	static const char stem[] = "hugepages-", end[] = "kB";
	const size_t len = strlen(name);
	const size_t around = sizeof(stem) + sizeof(end) - 2;

	return len > around && strncmp(name, stem, sizeof(stem) - 1) == 0 &&
	    strcmp(name + len - 2, end) == 0 &&
	    text_u63(text_of(name + sizeof(stem) - 1, len - around), size) &&
	    !__builtin_mul_overflow(*size, BYTES_PER_KIB, size);
}

struct place {
	struct collect *c;
	const char *dir;
	bool has_node;
	unsigned node;
};

static bool
add_entry(const struct place *p, int64_t size)
{
	if (nentries == ENTRIES_MAX)
		return false;
	entries[nentries++] = (struct entry){ p->has_node, p->node, size };
	return true;
}

static void
add_files(const struct place *p, const char *dir, enum row from, enum row to)
{
	for (enum row row = from; row <= to; row++)
		class_add(p->c, &walk, (unsigned)nentries - 1, row, dir,
		    name_of[row]);
}

/* A pool's reservations are not of any node. */
static bool
each_pool(void *arg, const char *name)
{
	const struct place *p = arg;
	char dir[CLASS_PATH_MAX];
	int64_t size;

	if (!numa_pool_parse(name, &size))
		return true;
	if (!add_entry(p, size))
		return false;
	snprintf(dir, sizeof(dir), "%s%s/", p->dir, name);
	if (p->has_node)
		add_files(p, dir, POOL_TOTAL, POOL_SURPLUS);
	else
		add_files(p, dir, POOL_RESERVED, POOL_RESERVED);
	return true;
}

static bool
each_node(void *arg, const char *name)
{
	struct collect *c = arg;
	char dir[sizeof(NODES) + 16], pools[sizeof(dir) + 16];
	struct place p = { .c = c, .dir = dir, .has_node = true };

	if (!class_number_of(name, "node", &p.node))
		return true;
	if (!add_entry(&p, 0))
		return false;
	snprintf(dir, sizeof(dir), NODES "%s/", name);
	add_files(&p, dir, NODE_MEMORY, NODE_STAT);
	snprintf(pools, sizeof(pools), "%shugepages/", dir);
	p.dir = pools;
	class_list(c, &walk, pools, each_pool, &p);
	return !collect_late(c);
}

/* What the files of one entry said; below 0: nothing. */
struct said {
	int64_t pool[ROWS];
	struct numa_memory memory;
	struct named_sample stat;
};

static void
forget(struct said *s)
{
	memset(s, 0, sizeof(*s));
	memset(s->pool, -1, sizeof(s->pool));
	s->memory.total = s->memory.free = -1;
}

static void
take_file(struct collect *c, struct class_file *f, struct said *s)
{
	struct text t;
	int64_t v;
	int error = 0;

	if (f->row >= POOL_TOTAL) {
		if (class_read_int(c, &walk, f, &v))
			s->pool[f->row] = v;
		return;
	}
	if (!class_read(c, &walk, f, &t))
		return;
	if (f->row == NODE_MEMORY)
		error = numa_memory_parse(t, &s->memory);
	else
		error = named_lines(t, &numa_table, 0, &s->stat);
	if (error < 0) {
		s->memory.total = f->row == NODE_MEMORY ? -1 : s->memory.total;
		collect_failed(c, f->path, error);
	}
}

static void
say_node(struct collect *c, const struct said *s)
{
	if (s->memory.total >= 0) {
		build_point(c->build, NUMA_MEMORY_USED,
		    s->memory.total - s->memory.free);
		build_point(c->build, NUMA_MEMORY_FREE, s->memory.free);
		build_point(c->build, NUMA_MEMORY_LIMIT_ALL, s->memory.total);
	}
	for (size_t i = 0; i < numa_table.n; i++)
		if (s->stat.found[i])
			build_point(c->build, rows[i].point, s->stat.value[i]);
}

static void
say_pool(struct collect *c, const struct said *s)
{
	const int64_t *v = s->pool;

	collect_say(c, HUGEPAGE_LIMIT_ALL, v[POOL_TOTAL]);
	if (v[POOL_FREE] >= 0 && v[POOL_TOTAL] >= v[POOL_FREE])
		build_point(c->build, HUGEPAGE_USAGE_USED,
		    v[POOL_TOTAL] - v[POOL_FREE]);
	collect_say(c, HUGEPAGE_USAGE_FREE, v[POOL_FREE]);
	collect_say(c, HUGEPAGE_RESERVED_ALL, v[POOL_RESERVED]);
	collect_say(c, HUGEPAGE_SURPLUS_ALL, v[POOL_SURPLUS]);
}

static void
say(struct collect *c, const struct entry *e, const struct said *s)
{
	build_instance(c->build);
	if (e->has_node)
		build_attr_number(c->build, KEY_NUMA_NODE, e->node);
	if (e->size > 0) {
		build_attr_number(c->build, KEY_HUGEPAGE_SIZE,
		    (uint64_t)e->size);
		say_pool(c, s);
	} else {
		say_node(c, s);
	}
}

static void
make_walk(struct collect *c)
{
	struct place host = { .c = c, .dir = POOLS };

	nentries = 0;
	class_list(c, &walk, NODES, each_node, c);
	class_list(c, &walk, POOLS, each_pool, &host);
}

static int
read_numa(struct collect *c)
{
	struct said s;
	size_t i = 0;

	if (class_walk_due(&walk, c->host))
		make_walk(c);
	for (size_t e = 0; e < nentries; e++) {
		if (collect_late(c))
			return -ETIMEDOUT;
		forget(&s);
		for (; i < walk.n && file[i].entry == e; i++)
			take_file(c, &file[i], &s);
		say(c, &entries[e], &s);
	}
	return 0;
}

const struct source source_numa = {
	.id = SOURCE_NUMA,
	.profile = PROFILE_FULL,
	.path = { { HOST_SYS, NODES }, { HOST_SYS, POOLS } },
	.kernel = "2.6.32, CONFIG_NUMA; huge pages: CONFIG_HUGETLBFS",
	.capability = CAPABILITY_NONE,
	.series = { { 9 + 4 * SIZES_MAX, NODES_MAX }, { 1, SIZES_MAX } },
	.select = KEY_BIT(NUMA_NODE),
	.read = read_numa,
};
