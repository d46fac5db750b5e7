/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A /proc of processes that a test makes, changes and takes
 * away, and cycles of a source over it, as much later as the test says.
 */
#ifndef SLUICE_TESTS_PROCESS_WORLD_H
#define SLUICE_TESTS_PROCESS_WORLD_H

#include "run_source.h"
#include "sources/processes.h"
#include "sources/top.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORLD_SAID_MAX = 8192, WORLD_NAME_MAX = 160 };

/* One process as its file says it. */
struct made {
	int pid;
	const char *name;
	long minor, major, user, system, threads, start, rss;
};

struct world_point {
	char name[WORLD_NAME_MAX];	/* attributes, with a "," behind each */
	unsigned id;
	int64_t value;
	uint64_t start_ns;
};

static struct {
	struct host host;
	struct source_options options;
	struct ran ran;		/* failures */
	struct redact redact;
	uint64_t boot_ns, wall_ns, deadline_ns;
	size_t n;
	struct world_point point[WORLD_SAID_MAX];
	char where[64];
} world;

static inline void
world_enter(void)
{
	const char *which;

	memset(&world, 0, sizeof(world));
	strcpy(world.where, "/tmp/test_processes.XXXXXX");
	CHECK(mkdtemp(world.where) != NULL);
	CHECK_INT(chdir(world.where), 0);
	CHECK_INT(mkdir("proc", 0700), 0);
	CHECK_INT(host_open(&world.host, "proc", "proc", &which), 0);
	world.boot_ns = UINT64_C(1000000000000);
	world.wall_ns = UINT64_C(1700000000000000000);
	world.deadline_ns = UINT64_MAX;
	world.options.top_count = 2;
	top_forget();
}

static inline void
world_leave(void)
{
	char command[128];

	top_forget();
	host_close(&world.host);
	CHECK_INT(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", world.where);
	CHECK_INT(system(command), 0);
}

static inline void
world_put(const struct made *m)
{
	char path[64], text[512];
	int fd;

	snprintf(path, sizeof(path), "proc/%d", m->pid);
	CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
	strcat(path, "/stat");
	snprintf(text, sizeof(text), "%d (%s) S 1 1 1 0 -1 4194560 %ld 7 %ld 8 "
	    "%ld %ld 9 9 20 0 %ld 0 %ld 1000000 %ld 18446744073709551615 0\n",
	    m->pid, m->name == NULL ? "p" : m->name, m->minor, m->major,
	    m->user, m->system, m->threads, m->start, m->rss);
	/* not truncated: file systems flush such a file to the disk */
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static inline void
world_end(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	CHECK_INT(unlink(path), 0);
	*strrchr(path, '/') = '\0';
	CHECK_INT(rmdir(path), 0);
}

static inline void
world_keep(const struct build *b)
{
	uint8_t *record = NULL;
	size_t len = 0;

	while (build_next(b, &record, &len)) {
		struct record_reader rr;
		struct instance inst;
		struct point p;

		CHECK_INT(record_check(record, len), 0);
		CHECK_INT(record_open(&rr, record, len), 0);
		while (record_next_instance(&rr, &inst) == 1)
			while (record_next_point(&inst, &p) == 1) {
				struct world_point *w =
				    &world.point[world.n++];

				CHECK(world.n < WORLD_SAID_MAX);
				*w = (struct world_point){ "", p.id, p.value,
				    inst.start_ns };
				for (size_t i = 0; i < inst.nattrs; i++)
					snprintf(w->name + strlen(w->name),
					    WORLD_NAME_MAX - strlen(w->name),
					    "%.*s,", inst.attr[i].len,
					    (const char *)inst.attr[i].value);
			}
	}
}

/* One cycle of one source; step: 10 s since the one before. */
static inline void
world_run(const struct source *s, bool step)
{
	static uint8_t space[BUILD_SPACE];
	struct record_head head;
	struct build b;
	struct collect c = { .host = &world.host, .build = &b, .source = s,
		.options = &world.options, .report = ran_failure,
		.report_arg = &world.ran, .deadline_ns = world.deadline_ns };

	if (step) {
		world.boot_ns += UINT64_C(10000000000);
		world.wall_ns += UINT64_C(10000000000);
		memset(&world.ran, 0, sizeof(world.ran));
		world.n = 0;
	}
	head = (struct record_head){ .boottime_ns = world.boot_ns,
		.wall_ns = world.wall_ns, .start_ns = 1000, .source = s->id };
	build_start(&b, &head, NULL, space);
	b.redact = &world.redact;
	CHECK_INT(s->read(&c), 0);
	CHECK(build_finish(&b) >= 0);
	CHECK_INT(b.lost, 0);
	world_keep(&b);
}

/* NULL: it was not said. */
static inline const struct world_point *
world_find(const char *name, unsigned id)
{
	for (size_t i = 0; i < world.n; i++)
		if (world.point[i].id == id &&
		    strcmp(world.point[i].name, name) == 0)
			return &world.point[i];
	return NULL;
}

static inline int64_t
world_said(const char *name, unsigned id)
{
	const struct world_point *p = world_find(name, id);

	return p == NULL ? NOT_SAID : p->value;
}

#endif
