/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See operator.h. */
#include "sources/operator.h"

#include "now.h"
#include "sources/operator_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".prom"

/* In the order of the points OPERATOR_REFUSED_*. */
enum cause {
	CAUSE_NONE = -1,
	CAUSE_UNDECLARED, CAUSE_KIND, CAUSE_LABEL, CAUSE_VALUE,
	CAUSE_DUPLICATE, CAUSE_LIMIT, CAUSES
};

enum { SLOTS = 2 * OPERATOR_SERIES_MAX, ATTEMPTS = 2 };

static struct {
	int64_t refused[CAUSES];	/* since the start */
	/* of this collection */
	char name[OPERATOR_FILES_MAX][OPERATOR_NAME_MAX + 1];
	size_t nnames;
	bool too_many;
	int64_t files[3];		/* read, stale, refused */
	size_t nseries;
	uint64_t seen[SLOTS];		/* hashes of series; 0: free */
	/* of this file: what its TYPE lines contradict */
	bool contradicted[DECLARED_MAX];
	char buf[OPERATOR_FILE_MAX + 1];
} op;

static void
start_operator(const struct host *host)
{
	(void)host;
	memset(&op, 0, sizeof(op));
}

bool
operator_is_file(const char *name)
{
	const size_t len = strlen(name), suffix = sizeof(SUFFIX) - 1;

	if (len <= suffix || len > OPERATOR_NAME_MAX || name[0] == '.' ||
	    strcmp(name + len - suffix, SUFFIX) != 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return true;
}

/* By name, so that of two files the same one comes first each time. */
static bool
each_name(void *arg, const char *name)
{
	size_t at = op.nnames;

	(void)arg;
	if (!operator_is_file(name))
		return true;
	if (op.nnames == OPERATOR_FILES_MAX) {
		op.too_many = true;
		return false;
	}
	for (; at > 0 && strcmp(op.name[at - 1], name) > 0; at--)
		memcpy(op.name[at], op.name[at - 1], sizeof(op.name[at]));
	strcpy(op.name[at], name);
	op.nnames++;
	return true;
}

static int
judge(const struct stat *st, bool directory)
{
	if (directory ? !S_ISDIR(st->st_mode) : !S_ISREG(st->st_mode))
		return -EINVAL;
	if (st->st_uid != 0 || (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return -EPERM;
	/* a directory that was removed can still be looked at */
	if (st->st_nlink == 0)
		return -ENOENT;
	return !directory && st->st_size > OPERATOR_FILE_MAX ? -EFBIG : 0;
}

static bool
is_old(const struct collect *c, const struct stat *st)
{
	const uint64_t now_s = now_ns(CLOCK_REALTIME) / UINT64_C(1000000000);
	const uint64_t most_s = c->options->operator_max_age_ms / 1000;

	return st->st_mtim.tv_sec < 0 ||
	    (uint64_t)st->st_mtim.tv_sec + most_s < now_s;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* -EAGAIN where it became another while it was read. */
static int
read_once(struct collect *c, const char *name, struct text *t)
{
	struct stat before, after;
	int fd, error = host_look(c->host, HOST_OPERATOR, name, &before);

	if (error == 0)
		error = judge(&before, false);
	if (error == 0 && is_old(c, &before))
		error = -ESTALE;
	if (error < 0)
		return error;
	if ((fd = host_open_file(c->host, HOST_OPERATOR, name)) < 0)
		return fd;
	error = host_read_file(fd, op.buf, sizeof(op.buf), t);
	close(fd);
	if (error == 0)
		error = host_look(c->host, HOST_OPERATOR, name, &after);
	if (error == 0 && (!is_same(&before, &after) ||
	    t->len != (size_t)after.st_size))
		error = -EAGAIN;
	return error;
}

/* FNV-1a over the number and each label: key, length, bytes. */
static uint64_t
hash_bytes(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

static uint64_t
hash_series(uint32_t number, const struct text value[DECLARED_LABELS_MAX])
{
	uint64_t h = hash_bytes(UINT64_C(0xcbf29ce484222325), &number,
	    sizeof(number));

	for (size_t i = 0; i < DECLARED_LABELS_MAX; i++) {
		h = hash_bytes(h, &value[i].len, sizeof(value[i].len));
		h = hash_bytes(h, value[i].p, value[i].len);
	}
	return h == 0 ? 1 : h;
}

static enum cause
remember(uint64_t hash)
{
	size_t i = hash % SLOTS;

	while (op.seen[i] != 0 && op.seen[i] != hash)
		i = (i + 1) % SLOTS;
	if (op.seen[i] == hash)
		return CAUSE_DUPLICATE;
	if (op.nseries == OPERATOR_SERIES_MAX)
		return CAUSE_LIMIT;
	op.seen[i] = hash;
	op.nseries++;
	return CAUSE_NONE;
}

static bool
value_ok(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!(t.p[i] >= '0' && t.p[i] <= '9') &&
		    !(t.p[i] >= 'a' && t.p[i] <= 'z') &&
		    !(t.p[i] >= 'A' && t.p[i] <= 'Z') &&
		    t.p[i] != '.' && t.p[i] != '_' && t.p[i] != '-')
			return false;
	return t.len <= DECLARED_VALUE_MAX;
}

/* Puts them into their places; an empty one is as good as none. */
static bool
place_labels(const struct declared *d, const struct prom_line *l,
    struct text value[DECLARED_LABELS_MAX])
{
	memset(value, 0, DECLARED_LABELS_MAX * sizeof(*value));
	for (size_t i = 0; i < l->nlabels; i++) {
		size_t k = 0;

		while (k < d->nlabels &&
		    !text_is(l->label[i].name, d->label[k]))
			k++;
		if (k == d->nlabels || value[k].len > 0 ||
		    !value_ok(l->label[i].value))
			return false;
		value[k] = l->label[i].value;
	}
	return true;
}

/* All of them, a comma between; nothing where each is empty. */
static void
say_labels(struct build *b, const struct text *value, size_t n)
{
	char text[DECLARED_LABELS_MAX * (DECLARED_VALUE_MAX + 1)];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			text[used++] = ',';
		if (value[i].len > 0)
			memcpy(text + used, value[i].p, value[i].len);
		used += value[i].len;
	}
	if (n > 0 && used > n - 1)
		build_attr(b, KEY_LABELS, text, used);
}

static void
say(struct build *b, const struct declared *d,
    const struct declared_metric *m, const struct text *value, int64_t v)
{
	build_instance(b);
	build_attr_number(b, KEY_DECLARED, m->number);
	say_labels(b, value, d->nlabels);
	build_point(b, m->instrument == COUNTER ? OPERATOR_COUNTER_ALL :
	    OPERATOR_GAUGE_ALL, v);
}

static enum cause
take_sample(struct collect *c, const struct prom_line *l)
{
	const struct declared *d = &c->options->declared;
	const struct declared_metric *m = declared_named(d, l->name.p,
	    l->name.len);
	struct text label[DECLARED_LABELS_MAX];
	enum cause cause;
	int64_t v;

	if (m == NULL)
		return CAUSE_UNDECLARED;
	if (op.contradicted[m - d->metric])
		return CAUSE_KIND;
	if (!place_labels(d, l, label))
		return CAUSE_LABEL;
	if (prom_value(l->value, m->scale, &v) < 0 ||
	    (m->instrument == COUNTER && v < 0))
		return CAUSE_VALUE;
	if ((cause = remember(hash_series(m->number, label))) == CAUSE_NONE)
		say(c->build, d, m, label, v);
	return cause;
}

static void
take_type(const struct declared *d, const struct prom_line *l)
{
	const struct declared_metric *m = declared_named(d, l->name.p,
	    l->name.len);

	if (m == NULL)
		return;
	op.contradicted[m - d->metric] = !text_is(l->value, "untyped") &&
	    !text_is(l->value, m->instrument == COUNTER ? "counter" :
	    "gauge");
}

static void
say_line(struct collect *c, const char *name, unsigned line, int error)
{
	char place[OPERATOR_NAME_MAX + 16];

	snprintf(place, sizeof(place), "%s:%u", name, line);
	collect_failed(c, place, error);
}

/* The first of a file is said, and all are counted. */
static void
refuse(struct collect *c, const char *name, unsigned line, enum cause cause,
    bool first)
{
	op.refused[cause]++;
	if (first)
		say_line(c, name, line, cause == CAUSE_UNDECLARED ? -EPERM :
		    cause == CAUSE_LIMIT ? -EFBIG : -EBADMSG);
}

static void
take_file(struct collect *c, const char *name, struct text t)
{
	struct prom p = { .rest = t };
	struct prom_line l;
	bool first = true;

	memset(op.contradicted, 0, sizeof(op.contradicted));
	while (prom_next(&p, &l) == 1) {
		enum cause cause = CAUSE_NONE;

		if (l.kind == PROM_TYPE)
			take_type(&c->options->declared, &l);
		else
			cause = take_sample(c, &l);
		if (cause == CAUSE_NONE)
			continue;
		refuse(c, name, p.line, cause, first);
		first = false;
	}
}

/* All of a file or nothing: a line that is wrong tells of a writer that is. */
static bool
is_well_formed(struct collect *c, const char *name, struct text t)
{
	struct prom p = { .rest = t };
	struct prom_line l;
	int64_t v;
	int more;

	while ((more = prom_next(&p, &l)) == 1)
		if (l.kind == PROM_SAMPLE &&
		    prom_value(l.value, SCALE_MICRO, &v) == -EBADMSG)
			break;
	if (more != 0)
		say_line(c, name, p.line, -EBADMSG);
	return more == 0;
}

static void
read_file_of(struct collect *c, const char *name)
{
	struct text t;
	int error = -EAGAIN;

	for (int i = 0; i < ATTEMPTS && error == -EAGAIN; i++)
		error = read_once(c, name, &t);
	/* renamed or removed since it was listed: it comes again, or not */
	if (error == -ENOENT)
		return;
	if (error < 0)
		collect_failed(c, name, error);
	if (error == 0 && is_well_formed(c, name, t)) {
		op.files[0]++;
		take_file(c, name, t);
	} else {
		op.files[error == -ESTALE ? 1 : 2]++;
	}
}

static int
list_files(struct collect *c)
{
	struct stat st;
	int error = host_look(c->host, HOST_OPERATOR, ".", &st);

	op.nnames = 0;
	op.too_many = false;
	if (error == 0)
		error = judge(&st, true);
	if (error == 0)
		error = host_list(c->host, HOST_OPERATOR, ".", each_name,
		    NULL);
	if (error == 0 && op.too_many)
		collect_failed(c, "[directory]", -EFBIG);
	return error;
}

static int
read_operator(struct collect *c)
{
	const int error = list_files(c);

	if (error < 0)
		collect_failed(c, "[directory]", error);
	memset(op.files, 0, sizeof(op.files));
	memset(op.seen, 0, sizeof(op.seen));
	op.nseries = 0;
	for (size_t i = 0; i < op.nnames && error == 0; i++) {
		if (collect_late(c)) {
			collect_failed(c, op.name[i], -ETIMEDOUT);
			break;
		}
		read_file_of(c, op.name[i]);
	}
	build_instance(c->build);
	for (unsigned i = 0; i < 3; i++)
		build_point(c->build, OPERATOR_FILES_READ + i, op.files[i]);
	for (unsigned i = 0; i < CAUSES; i++)
		build_point(c->build, OPERATOR_REFUSED_UNDECLARED + i,
		    op.refused[i]);
	return 0;
}

const struct source source_operator = {
	.id = SOURCE_OPERATOR,
	.profile = PROFILE_END,		/* none: only where it is asked for */
	.path = { { HOST_OPERATOR, "./" } },
	.kernel = "2.6.16",
	.capability = CAPABILITY_NONE,
	.series = { { 1, OPERATOR_SERIES_MAX, { HOST_OPERATOR, NULL } },
	    { 9, 1, { HOST_OPERATOR, NULL } } },
	.select = KEY_BIT(LABELS),
	.start = start_operator,
	.read = read_operator,
};
