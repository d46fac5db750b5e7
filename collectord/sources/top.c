/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See top.h. */
#include "sources/top.h"

#include "sources/processes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	TICK_SCORE = 256,	/* of one tick of this cycle; halved by each */
	FD_PATH_MAX = 32,
};

/* Everything else, since the first pass. */
static struct {
	uint64_t since_ns;	/* 0: nothing was counted yet */
	int64_t counter[PROCESS_COUNTERS];
} rest;

/* The greatest so far, in descending order. */
struct best {
	size_t n, most;
	uint64_t key[TOP_COUNT_MAX];
	struct process *process[TOP_COUNT_MAX];
};

/* Of equals the one with the lower number stays: they come in order. */
static void
offer(struct best *b, struct process *p, uint64_t key)
{
	size_t i;

	if (key == 0 || b->most == 0 ||
	    (b->n == b->most && key <= b->key[b->n - 1]))
		return;
	b->n += b->n < b->most;
	for (i = b->n - 1; i > 0 && b->key[i - 1] < key; i--) {
		b->key[i] = b->key[i - 1];
		b->process[i] = b->process[i - 1];
	}
	b->key[i] = key;
	b->process[i] = p;
}

/* A copy's files may say anything. */
static int64_t
add(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t
used(const struct process *p, enum process_counter k)
{
	const int64_t more = p->counter[k] - p->top.counted[k];

	return more > 0 ? more : 0;
}

/* What it did before the first look at it is in no row. */
static void
get_known(struct process *p)
{
	if (p->top.known)
		return;
	p->top.known = true;
	if (!p->born)
		memcpy(p->top.counted, p->counter, sizeof(p->counter));
}

static void
choose(const struct processes *all, size_t most)
{
	static struct best cpu, memory;

	cpu.n = memory.n = 0;
	cpu.most = memory.most = most;
	for (size_t i = 0; i < all->n; i++) {
		struct process *p = &all->process[i];

		p->top.row = false;
		if (!p->read)
			continue;
		get_known(p);
		p->top.score = p->top.score / 2 + TICK_SCORE *
		    (uint64_t)(used(p, PROCESS_USER) +
		    used(p, PROCESS_SYSTEM));
		offer(&cpu, p, p->top.score);
		offer(&memory, p, (uint64_t)p->rss);
	}
	for (size_t i = 0; i < cpu.n; i++)
		cpu.process[i]->top.row = true;
	for (size_t i = 0; i < memory.n; i++)
		memory.process[i]->top.row = true;
}

/* What was used since the cycle before goes into its row or the rest. */
static void
account(struct process *p, uint64_t before_ns, bool named)
{
	/* another name makes it another series, which starts at nothing */
	if (p->renamed && named) {
		memset(p->top.own, 0, sizeof(p->top.own));
		p->top.since_ns = 0;
	}
	p->renamed = false;
	if (p->top.row && p->top.since_ns == 0)
		p->top.since_ns = before_ns;
	for (unsigned k = 0; k < PROCESS_COUNTERS; k++) {
		const int64_t more = used(p, k);

		if (p->top.row)
			p->top.own[k] = add(p->top.own[k], more);
		else
			rest.counter[k] = add(rest.counter[k], more);
		p->top.counted[k] += more;
	}
}

static void
say_name(struct collect *c, const struct process *p)
{
	build_attr_number(c->build, KEY_PROCESS_PID, (uint64_t)p->pid);
	build_attr_number(c->build, KEY_PROCESS_START, (uint64_t)p->start);
	if (p->name_len == 0)
		return;
	/* hashed in build.c, where that is asked for */
	if (c->options->top_names != TOP_NAMES_OFF)
		build_attr(c->build, KEY_PROCESS_NAME, p->name, p->name_len);
	else
		build_name(c->build, KEY_PROCESS_NAME, p->name, p->name_len);
}

/* threads below 0: they and the memory are not known. */
static void
say_values(struct collect *c, const int64_t *counter, int64_t rss,
    int64_t threads)
{
	int64_t bytes;

	if (__builtin_mul_overflow(rss, sysconf(_SC_PAGESIZE), &bytes))
		bytes = INT64_MAX;
	build_point(c->build, PROC_CPU_USER, counter[PROCESS_USER]);
	build_point(c->build, PROC_CPU_SYSTEM, counter[PROCESS_SYSTEM]);
	if (threads >= 0) {
		build_point(c->build, PROC_MEMORY_ALL, bytes);
		build_point(c->build, PROC_THREADS_ALL, threads);
	}
	build_point(c->build, PROC_FAULTS_MINOR,
	    counter[PROCESS_MINOR_FAULTS]);
	build_point(c->build, PROC_FAULTS_MAJOR,
	    counter[PROCESS_MAJOR_FAULTS]);
}

/* Linux 6.2 and later say it by the directory's size, earlier ones 0. */
static bool
has_fd_counts(struct collect *c)
{
	int64_t own;

	return host_is_real(c->host, HOST_PROC) &&
	    host_size(c->host, HOST_PROC, "self/fd", &own) == 0 && own > 0;
}

static void
say_row(struct collect *c, const struct process *p, bool fds)
{
	char path[FD_PATH_MAX];
	int64_t open;

	build_instance(c->build);
	build_since(c->build, p->top.since_ns);
	say_name(c, p);
	say_values(c, p->top.own, p->rss, p->threads);
	if (!fds)
		return;
	snprintf(path, sizeof(path), "%d/fd", (int)p->pid);
	if (host_size(c->host, HOST_PROC, path, &open) == 0)
		build_point(c->build, PROC_FDS_ALL, open);
}

/*
 * What could not be read is missing from everything else: then its memory and
 * its threads are not said, while its counters only come later.
 */
static void
say_rest(struct collect *c, const struct processes *all, size_t rows)
{
	const bool whole = all->nlost == 0;
	int64_t rss = 0, threads = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct process *p = &all->process[i];

		if (!p->read || p->top.row)
			continue;
		rss = add(rss, p->rss);
		threads = add(threads, p->threads);
	}
	build_instance(c->build);
	build_since(c->build, rest.since_ns);
	say_values(c, rest.counter, rss, whole ? threads : -1);
	build_point(c->build, PROC_COUNT_ROW, (int64_t)rows);
	build_point(c->build, PROC_COUNT_OTHERS, (int64_t)(all->nread - rows));
	build_point(c->build, PROC_COUNT_LEFT_OUT, (int64_t)all->nlost);
}

static int
read_top(struct collect *c)
{
	const struct processes *all = processes_get(c);
	const uint64_t now = c->build->head.wall_ns;
	const uint64_t before = all->wall_before_ns == 0 ||
	    all->wall_before_ns > now ? now : all->wall_before_ns;
	const bool fds = has_fd_counts(c);
	size_t rows = 0;

	if (all->error < 0)
		collect_failed(c, "[pid]/stat", all->error);
	if (all->hidden || all->nread == 0)
		return 0;
	if (rest.since_ns == 0)
		rest.since_ns = now;
	choose(all, c->options->top_count);
	for (size_t i = 0; i < all->n; i++) {
		struct process *p = &all->process[i];

		if (!p->read)
			continue;
		account(p, before, c->options->top_names != TOP_NAMES_OFF);
		rows += p->top.row;
		if (p->top.row)
			say_row(c, p, fds);
	}
	say_rest(c, all, rows);
	return 0;
}

void
top_forget(void)
{
	memset(&rest, 0, sizeof(rest));
	processes_forget();
}

static uint32_t
rows_most(const struct source_options *o)
{
	return 2 * o->top_count;
}

const struct source source_top = {
	.id = SOURCE_TOP,
	.profile = PROFILE_FULL,
	.path = { { HOST_PROC, "./" } },
	.kernel = "2.6; open descriptors 6.2",
	.capability = CAPABILITY_NONE,
	.group = "where /proc is mounted hidepid: that of its gid=",
	.series = { { 9, 1 }, { 7, 2 * TOP_COUNT_MAX, .limit = rows_most } },
	.select = KEY_BIT(PROCESS_NAME),
	.describes = KEY_BIT(PROCESS_NAME),
	.read = read_top,
};
