/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See source.h. */
#include "source.h"

#include "now.h"

#include <errno.h>

enum failure
failure_of(int error)
{
	static const struct {
		int error;
		enum failure failure;
	} row[] = {
		{ ENOENT, FAILURE_MISSING },
		{ ENOTDIR, FAILURE_MISSING },
		{ ENODEV, FAILURE_MISSING },
		{ ENXIO, FAILURE_MISSING },
		{ ESRCH, FAILURE_MISSING },
		/* pressure files of a kernel booted with psi=0 */
		{ EOPNOTSUPP, FAILURE_MISSING },
		{ EACCES, FAILURE_DENIED },
		{ EPERM, FAILURE_DENIED },
		{ EBADMSG, FAILURE_MALFORMED },
		{ EFBIG, FAILURE_OVERSIZE },
		{ ENOBUFS, FAILURE_OVERSIZE },
		{ ETIMEDOUT, FAILURE_TIMEOUT },
		{ ETIME, FAILURE_TIMEOUT },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (row[i].error == -error)
			return row[i].failure;
	return FAILURE_OTHER;
}

bool
failure_may_pass(int error)
{
	return error < 0 && failure_of(error) == FAILURE_OTHER;
}

const char *
failure_name(enum failure f)
{
	/* the word that the metric has for it */
	return registry_point(SOURCE_FAILURES_MISSING + f)->attr[0].value;
}

uint64_t
source_profile(enum profile profile)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < source_table_size; i++)
		if (source_table[i]->profile <= profile)
			bits |= SOURCE_BIT(source_table[i]->id);
	return bits;
}

const struct source *
source_of(enum source_id id)
{
	for (size_t i = 0; i < source_table_size; i++)
		if (source_table[i]->id == id)
			return source_table[i];
	return NULL;
}

uint64_t
source_series_most(const struct source *s, const struct source_options *o)
{
	const uint32_t most = o->most[s->id];
	uint64_t sum = 0;

	for (size_t i = 0; i < SOURCE_SERIES_MAX; i++) {
		const struct source_series *n = &s->series[i];
		const uint32_t limit = n->limit == NULL ? n->most :
		    n->limit(o);

		sum += (uint64_t)n->each * (limit < n->most ? limit : n->most);
	}
	return most > 0 && most < sum ? most : sum;
}

void
collect_failed(struct collect *c, const char *path, int error)
{
	c->report(c->report_arg, c->source, path, error);
}

bool
collect_read(struct collect *c, enum host_root root, const char *path,
    struct text *t)
{
	const int error = host_read(c->host, root, path, t);

	if (error < 0)
		collect_failed(c, path, error);
	return error == 0;
}

void
collect_say(struct collect *c, unsigned id, int64_t value)
{
	if (value >= 0)
		build_point(c->build, id, value);
}

bool
collect_late(const struct collect *c)
{
	return now_ns(CLOCK_BOOTTIME) > c->deadline_ns;
}
