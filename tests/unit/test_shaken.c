/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Every source, over many cycles on a host whose files come
 * and go and whose calls fail at random: what is kept from cycle to cycle
 * must survive it.  SLUICE_SHAKEN=FIRST:COUNT takes other seeds.
 */
#include "now.h"
#include "shaken_calls.h"
#include "shaken_tree.h"
#include "source.h"
#include "test.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SAID_MAX = 8192, KEY_LEN = 240,
	SHAKEN_CYCLES = 60,
	/* longer than anything is kept: a ration, names, walks */
	HEALING_CYCLES = 80,
	/* where only calls failed */
	SOON_CYCLES = 4,
};

/* How much goes wrong. */
enum harm { CALLS_FAIL, FILES_GO, BYTES_CHANGE, HARMS };

struct said {
	unsigned source, id;
	int64_t value;
	char key[KEY_LEN];
};

/* Of one cycle; in memory that processes share. */
struct result {
	size_t n;
	int fds;
	struct said said[SAID_MAX];
};

static struct shared {
	char wrong[512];
	struct result fresh, healed;
} *shared;

static struct result now_said;
static struct host host;
static struct series *series;
static struct source_options options;
static enum harm harm;
static bool in_time;		/* nothing is late, as it then is for long */

static _Noreturn void wrong(const char *, ...)
	    __attribute__((format(printf, 1, 2)));

static void
wrong(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(shared->wrong, sizeof(shared->wrong), format, ap);
	va_end(ap);
	_exit(1);
}

static int
order(const void *x, const void *y)
{
	const struct said *a = x, *b = y;

	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return strcmp(a->key, b->key);
}

static void
keep_instance(struct result *r, unsigned source, struct instance *inst)
{
	char key[KEY_LEN];
	struct point p;
	size_t n = 0;

	key[0] = '\0';
	for (size_t i = 0; i < inst->nattrs; i++)
		n += (size_t)snprintf(key + n, sizeof(key) - n, "%s=%.*s ",
		    registry_key(inst->attr[i].key)->name, inst->attr[i].len,
		    (const char *)inst->attr[i].value);
	while (record_next_point(inst, &p) == 1) {
		struct said *s = &r->said[r->n++];

		if (r->n == SAID_MAX)
			wrong("more than %d points", SAID_MAX);
		s->source = source;
		s->id = p.id;
		s->value = p.value;
		strcpy(s->key, key);
	}
}

static void
keep(struct result *r, const struct source *s, const struct build *b)
{
	uint8_t *record = NULL;
	size_t len = 0;

	while (build_next(b, &record, &len)) {
		struct record_reader rr;
		struct instance inst;

		if (record_check(record, len) < 0 ||
		    record_open(&rr, record, len) < 0)
			wrong("a record of %s is malformed", s->kernel);
		while (record_next_instance(&rr, &inst) == 1)
			keep_instance(r, s->id, &inst);
	}
}

static void
report(void *arg, const struct source *s, const char *path, int error)
{
	(void)arg;
	if (error >= 0 || path[0] == '\0')
		wrong("%s says error %d of \"%s\"",
		    registry_source(s->id)->name, error, path);
}

/* Now and then there is little time, or none. */
static uint64_t
deadline(void)
{
	static const unsigned us[] = { 1, 10, 100, 1000 };

	if (in_time || shaken.one_in == 0 || shaken_random(8) != 0)
		return UINT64_MAX;
	return now_ns(CLOCK_BOOTTIME) + UINT64_C(1000) *
	    shaken_random(us[shaken_random(4)]);
}

static void
read_one(struct result *r, const struct source *s,
    const struct record_head *step)
{
	static uint8_t space[BUILD_SPACE];
	struct record_head head = *step;
	struct build b;
	struct collect c = { .host = &host, .build = &b, .source = s,
		.options = &options, .report = report,
		.deadline_ns = deadline() };
	int error;

	head.source = s->id;
	build_start(&b, &head, series, space);
	if (s->read(&c) < 0)
		return;
	if ((error = build_finish(&b)) < 0)
		wrong("%s: build_finish says %d",
		    registry_source(s->id)->name, error);
	if (b.lost > 0 && harm != BYTES_CHANGE)
		wrong("%s: lost %d", registry_source(s->id)->name,
		    (int)b.lost);
	keep(r, s, &b);
}

static const char *
name_of(const struct said *s)
{
	static char text[KEY_LEN + 80];

	snprintf(text, sizeof(text), "%s %s{%s}",
	    registry_source(s->source)->name,
	    registry_metric(point_metric(s->id))->name, s->key);
	return text;
}

static void
run_cycle(struct result *r)
{
	struct record_head step;

	shaken.clock_ns += UINT64_C(10000000000);
	step = (struct record_head){ .boottime_ns = shaken.clock_ns,
		.wall_ns = UINT64_C(1000000000000) + shaken.clock_ns,
		.start_ns = 1000 };
	series_cycle(series, step.wall_ns);
	host_begin(&host, HOST_CYCLE, shaken_random(2) == 0);
	r->n = 0;
	for (size_t i = 0; i < source_table_size; i++)
		/* what it is asked of is not in the files */
		if (source_table[i]->id != SOURCE_SOCKDIAG &&
		    source_table[i]->id != SOURCE_OPERATOR)
			read_one(r, source_table[i], &step);
	qsort(r->said, r->n, sizeof(r->said[0]), order);
	for (size_t i = 1; i < r->n; i++)
		if (order(&r->said[i - 1], &r->said[i]) == 0)
			wrong("%s is said twice", name_of(&r->said[i]));
}

static int
count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += dup2(fd, fd) == fd;
	return n;
}

static void
begin(const char *tree, bool real, uint64_t seed)
{
	char procfs[64], sysfs[64];
	const char *which;

	snprintf(procfs, sizeof(procfs), "%s/proc", tree);
	snprintf(sysfs, sizeof(sysfs), "%s/sys", tree);
	if (host_open(&host, procfs, sysfs, &which) < 0)
		wrong("no %s", which);
	host.real[HOST_PROC] = host.real[HOST_SYS] = real;
	series = series_new(1);
	shaken = (struct shaken){ .random = seed, .clock_ns =
		UINT64_C(5000000000000) };
	options = (struct source_options){ .cpu_per_cpu = true,
		.interrupts_detail = true, .all_mountpoints = true,
		.top_count = 3 };
	for (size_t i = 0; i < source_table_size; i++)
		if (source_table[i]->start != NULL &&
		    source_table[i]->id != SOURCE_SOCKDIAG)
			source_table[i]->start(&host);
}

/* Who was busiest, and what is of this host, is as it is. */
static bool
is_free(const struct said *s)
{
	return s->source == SOURCE_TOP || s->source == SOURCE_CLOCK;
}

/* What is said of all that could be read. */
static bool
is_of_some(const struct said *s)
{
	return s->id == CGROUP_COUNT_SENT || s->id == CGROUP_COUNT_LEFT_OUT ||
	    s->id == CPU_FREQUENCIES_LEAST || s->id == CPU_FREQUENCIES_MEAN ||
	    s->id == CPU_FREQUENCIES_MOST ||
	    s->source == SOURCE_FILESYSTEM;
}

/* An answer may be left out where calls fail, but never be another. */
static void
check_true(const struct result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct said *s = &r->said[i];
		const struct said *f = bsearch(s, shared->fresh.said,
		    shared->fresh.n, sizeof(*f), order);

		if (is_free(s))
			continue;
		if (f == NULL)
			wrong("%s is made up", name_of(s));
		if (!is_of_some(s) && f->value != s->value)
			wrong("%s is %lld, not %lld", name_of(s),
			    (long long)s->value, (long long)f->value);
	}
}

static void
shake(void)
{
	shaken.one_in = 2u << shaken_random(10);
	shaken.changed = shaken_random(2) == 0;
	if (shaken_random(4) == 0)
		shaken.one_in = 0;
	for (unsigned i = shaken_random(6); harm > CALLS_FAIL && i > 0; i--) {
		const unsigned one_in = shaken.one_in;

		shaken.one_in = 0;
		if (harm == BYTES_CHANGE && shaken_random(2) == 0)
			tree_spoil();
		else
			tree_take_away();
		shaken.one_in = one_in;
	}
}

static void
child(uint64_t seed, bool real)
{
	const int healing = harm == CALLS_FAIL && in_time ? SOON_CYCLES :
	    HEALING_CYCLES;

	begin("shaken", real, seed);
	for (int i = 0; i < SHAKEN_CYCLES; i++) {
		shake();
		run_cycle(&now_said);
		if (harm == CALLS_FAIL)
			check_true(&now_said);
	}
	shaken.one_in = 0;
	tree_heal();
	/* what was spoilt is not lost a second time */
	for (int i = 0; i < healing; i++) {
		if (i == healing / 2) {
			shared->healed.fds = count_fds();
			harm = CALLS_FAIL;
		}
		run_cycle(&now_said);
	}
	if (count_fds() > shared->healed.fds)
		wrong("descriptors were %d and are %d", shared->healed.fds,
		    count_fds());
	shared->healed.n = now_said.n;
	memcpy(shared->healed.said, now_said.said, sizeof(now_said.said));
	_exit(0);
}

static void
fresh_child(bool real)
{
	begin("whole", real, 1);
	for (int i = 0; i < HEALING_CYCLES; i++)
		run_cycle(&shared->fresh);
	_exit(0);
}

static void
await(pid_t pid, unsigned seed)
{
	int status;

	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (status != 0)
		test_fail(__FILE__, __LINE__, "seed %u: %s", seed,
		    shared->wrong[0] == '\0' ? "a crash" : shared->wrong);
}

static bool
is_counter(const struct said *s)
{
	return registry_metric(point_metric(s->id))->instrument == COUNTER;
}

/* All that a process says that has seen nothing of it, and no more. */
static void
check_healed(unsigned seed)
{
	const struct result *f = &shared->fresh, *h = &shared->healed;
	size_t i = 0, k = 0;

	while (i < f->n || k < h->n) {
		const int way = i == f->n ? 1 : k == h->n ? -1 :
		    order(&f->said[i], &h->said[k]);
		const struct said *s = way > 0 ? &h->said[k] : &f->said[i];

		if (way != 0 && !is_free(s))
			test_fail(__FILE__, __LINE__, "seed %u: %s is %s",
			    seed, name_of(s), way < 0 ? "missing" : "new");
		if (way == 0 && !is_counter(s) && !is_free(s) &&
		    s->source != SOURCE_FILESYSTEM &&
		    s->value != h->said[k].value)
			test_fail(__FILE__, __LINE__,
			    "seed %u: %s is %lld, not %lld", seed, name_of(s),
			    (long long)h->said[k].value, (long long)s->value);
		i += way <= 0;
		k += way >= 0;
	}
}

static void
run_seed(unsigned seed)
{
	const bool real = seed / HARMS % 2 == 0;
	pid_t pid;

	harm = seed % HARMS;
	in_time = seed / HARMS / 2 % 2 == 0;
	shared->wrong[0] = '\0';
	if ((pid = fork()) == 0)
		fresh_child(real);
	await(pid, seed);
	if ((pid = fork()) == 0)
		child(seed, real);
	await(pid, seed);
	check_healed(seed);
	tree_heal();
}

static void
run_seeds(enum harm of)
{
	const char *asked = getenv("SLUICE_SHAKEN");
	unsigned first = 0, count = 24;

	if (asked != NULL && sscanf(asked, "%u:%u", &first, &count) != 2)
		test_fail(__FILE__, __LINE__, "SLUICE_SHAKEN=FIRST:COUNT");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	tree_make();
	for (unsigned i = first; i < first + count; i++)
		if (i % HARMS == of)
			run_seed(i);
	tree_remove();
}

TEST(calls_that_fail_leave_answers_out_and_make_none_up)
{
	run_seeds(CALLS_FAIL);
}

TEST(files_that_go_and_come_leave_nothing_behind)
{
	run_seeds(FILES_GO);
}

TEST(bytes_that_change_are_forgotten_when_they_are_right_again)
{
	run_seeds(BYTES_CHANGE);
}
