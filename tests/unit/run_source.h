/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Reads one source over a tree and keeps what it said, so
 * that a test can ask for a point by its number and its first attribute.
 */
#ifndef SLUICE_TESTS_RUN_SOURCE_H
#define SLUICE_TESTS_RUN_SOURCE_H

#include "now.h"
#include "source.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

enum { RAN_MAX = 4096, RAN_NAME_MAX = 100, NOT_SAID = -987654321 };

struct ran {
	int result;		/* of the source, then of build_finish */
	size_t nrecords, nfailures;
	uint64_t lost;
	char last_path[128];	/* that failed */
	int last_error;
	size_t n;
	struct {
		unsigned id;
		int64_t value;
		char name[RAN_NAME_MAX];
	} said[RAN_MAX];
};

static inline void
ran_failure(void *arg, const struct source *s, const char *path, int error)
{
	struct ran *r = arg;

	(void)s;
	r->nfailures++;
	snprintf(r->last_path, sizeof(r->last_path), "%s", path);
	r->last_error = error;
}

static inline void
ran_keep_instance(struct ran *r, struct instance *inst)
{
	struct point p;

	while (record_next_point(inst, &p) == 1) {
		CHECK(r->n < RAN_MAX);
		r->said[r->n].id = p.id;
		r->said[r->n].value = p.value;
		snprintf(r->said[r->n].name, RAN_NAME_MAX, "%.*s",
		    inst->nattrs > 0 ? inst->attr[0].len : 0,
		    inst->nattrs > 0 ? (const char *)inst->attr[0].value : "");
		r->n++;
	}
}

static inline void
ran_keep(struct ran *r, const struct build *b)
{
	uint8_t *record = NULL;
	size_t len = 0;

	while (build_next(b, &record, &len)) {
		struct record_reader rr;
		struct instance inst;

		CHECK_INT(record_check(record, len), 0);
		CHECK_INT(record_open(&rr, record, len), 0);
		while (record_next_instance(&rr, &inst) == 1)
			ran_keep_instance(r, &inst);
	}
}

static inline void
run_on_host(struct ran *r, const struct source *s, struct host *h,
    const struct source_options *o)
{
	const struct record_head head = { .boottime_ns = 1, .wall_ns = 2000,
		.start_ns = 1000, .source = s->id };
	static struct source_options none;
	static uint8_t space[BUILD_SPACE];
	struct build b;
	struct collect c = { .host = h, .build = &b, .source = s,
		.options = o == NULL ? &none : o, .report = ran_failure,
		.report_arg = r, .deadline_ns = UINT64_MAX };

	memset(r, 0, sizeof(*r));
	if (s->start != NULL)
		s->start(h);
	build_start(&b, &head, NULL, space);
	if ((r->result = s->read(&c)) < 0)
		return;
	r->result = build_finish(&b);
	r->nrecords = b.nrecords;
	r->lost = b.lost;
	CHECK(r->result >= 0);
	ran_keep(r, &b);
}

/* Over a tree below the source tree; its /sys may be missing. */
static inline void
run_source(struct ran *r, const struct source *s, const char *tree,
    const struct source_options *o)
{
	const char *root = getenv("SLUICE_SOURCE_ROOT");
	char procfs[1024], sysfs[1024];
	const char *which;
	struct host h;

	snprintf(procfs, sizeof(procfs), "%s/tests/fixtures/%s/proc",
	    root == NULL ? "." : root, tree);
	snprintf(sysfs, sizeof(sysfs), "%s/tests/fixtures/%s/sys",
	    root == NULL ? "." : root, tree);
	if (host_open(&h, procfs, sysfs, &which) < 0)
		CHECK_INT(host_open(&h, procfs, procfs, &which), 0);
	run_on_host(r, s, &h, o);
	host_close(&h);
}

static inline int64_t
said_of(const struct ran *r, unsigned id, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->said[i].id == id && strcmp(r->said[i].name, name) == 0)
			return r->said[i].value;
	return NOT_SAID;
}

static inline int64_t
said(const struct ran *r, unsigned id)
{
	return said_of(r, id, "");
}

#define TEXT(literal) text_of(literal, sizeof(literal) - 1)

#endif
