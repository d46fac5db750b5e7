/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cgroup_files.h. */
#include "sources/cgroup_files.h"

#include "source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	TEXT_MAX = 65536,
	NAMES_MAX = 64,		/* base and name of a row of a layout */
	NONE = -1,
};

static char text_space[TEXT_MAX];

void
cgroup_files_init(struct cgroup_files *f, const struct cgroup_layout *layout)
{
	for (size_t i = 0; i < f->nheld * f->per_cgroup; i++)
		if (f->fd[i] >= 0)
			close(f->fd[i]);
	memset(f, 0, sizeof(*f));
	for (size_t i = 0; i < CGROUP_HELD_MAX; i++)
		f->fd[i] = NONE;
	f->layout = layout;
	for (size_t i = 0; layout != NULL && i < layout->nfiles; i++)
		f->per_cgroup += !layout->file[i].limit;
	if (f->per_cgroup > 0)
		f->nheld = CGROUP_HELD_MAX / f->per_cgroup;
}

void
cgroup_files_begin(struct cgroup_files *f)
{
	f->cycle++;
}

void
cgroup_hold(struct cgroup_files *f, struct cgroup *cg)
{
	for (size_t row = 0; row < f->nheld && !f->starved; row++)
		if (!f->taken[row]) {
			f->taken[row] = true;
			cg->held = (uint16_t)(row + 1);
			return;
		}
}

static int *
held_row(struct cgroup_files *f, size_t row)
{
	return &f->fd[row * f->per_cgroup];
}

static void
close_row(struct cgroup_files *f, size_t row)
{
	int *fd = held_row(f, row);

	for (size_t i = 0; i < f->per_cgroup; i++)
		if (fd[i] >= 0) {
			close(fd[i]);
			fd[i] = NONE;
		}
}

void
cgroup_release(struct cgroup_files *f, struct cgroup *cg)
{
	if (cg->held == 0)
		return;
	close_row(f, cg->held - 1u);
	f->taken[cg->held - 1u] = false;
	cg->held = 0;
}

/* The limit of descriptors is lower than ours: other sources need them. */
static void
starve(struct cgroup_files *f)
{
	f->starved = true;
	for (size_t row = 0; row < f->nheld; row++)
		close_row(f, row);
}

static size_t
add(char *path, size_t at, const char *bytes, size_t len)
{
	memcpy(path + at, bytes, len);
	return at + len;
}

static int
open_file(struct cgroup_files *f, struct host *h, const struct cgroup *cg,
    const struct cgroup_file *file)
{
	char path[CGROUP_PATH_MAX + NAMES_MAX];
	size_t at;
	int fd;

	at = add(path, 0, file->base, strlen(file->base));
	at = add(path, at, cg->path, cg->len);
	at = add(path, at, "/", 1);
	add(path, at, file->name, strlen(file->name) + 1);
	fd = host_open_file(h, HOST_SYS, path);
	if (fd == -EMFILE && !f->starved) {
		starve(f);
		fd = host_open_file(h, HOST_SYS, path);
	}
	return fd;
}

/* Where a row's descriptor of that file is kept; NULL: it is not. */
static int *
held_place(struct cgroup_files *f, const struct cgroup *cg, size_t ordinal,
    const struct cgroup_file *file)
{
	if (cg->held == 0 || f->starved || file->limit)
		return NULL;
	return held_row(f, cg->held - 1u) + ordinal;
}

/* What was open may have gone and come again, as a service that restarts. */
static int
read_file(struct cgroup_files *f, struct host *h, const struct cgroup *cg,
    const struct cgroup_file *file, int *held, struct text *t)
{
	int fd, error;

	if (held != NULL && *held >= 0) {
		error = host_read_file(*held, text_space, TEXT_MAX, t);
		if (error == 0)
			return 0;
		close(*held);
		*held = NONE;
	}
	if ((fd = open_file(f, h, cg, file)) < 0)
		return fd;
	error = host_read_file(fd, text_space, TEXT_MAX, t);
	if (held != NULL && error == 0 && !f->starved)
		*held = fd;
	else
		close(fd);
	return error;
}

/* No such controller here, or PSI switched off: nothing failed. */
static bool
is_absence(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -ENOTDIR ||
	    error == -EOPNOTSUPP;
}

static int
read_and_parse(struct cgroup_files *f, struct host *h, const struct cgroup *cg,
    size_t i, size_t ordinal, struct cgroup_sample *s)
{
	const struct cgroup_file *file = &f->layout->file[i];
	int64_t before[CGROUP_VALUES];
	struct text t;
	int error = read_file(f, h, cg, file,
	    held_place(f, cg, ordinal, file), &t);

	if (error < 0)
		return error;
	memcpy(before, s->value, sizeof(before));
	/* half of a file's numbers would be worse than none */
	if ((error = file->parse(file, t, s)) < 0)
		memcpy(s->value, before, sizeof(before));
	return error;
}

/* True when it was there, whatever is in it. */
static bool
take_file(struct cgroup_files *f, struct host *h, struct cgroup *cg, size_t i,
    size_t ordinal, struct cgroup_sample *s)
{
	const int error = read_and_parse(f, h, cg, i, ordinal, s);
	const bool limit = f->layout->file[i].limit;

	cg->absent &= ~(1u << i);
	if (error == 0)
		return true;
	if (is_absence(error)) {
		cg->absent |= 1u << i;
		return false;
	}
	f->error[i] = error;
	f->failed_cycle[i] = f->cycle;
	cg->again |= limit && failure_may_pass(error);
	return true;
}

static const enum cgroup_value limits[CGROUP_LIMITS] = {
	CGROUP_MILLICPU_MAX, CGROUP_MEM_MAX, CGROUP_MEM_HIGH, CGROUP_SWAP_MAX,
	CGROUP_TASKS_MAX };

/* Limits that were not read this time are what they were the last time. */
static void
keep_limits(struct cgroup *cg, struct cgroup_sample *s, bool were_read)
{
	for (unsigned i = 0; i < CGROUP_LIMITS; i++) {
		int64_t *now = &s->value[limits[i]];

		if (were_read)
			cg->limit[i] = *now;
		else
			*now = cg->limit[i];
	}
}

void
cgroup_read(struct cgroup_files *f, struct host *h, struct cgroup *cg,
    size_t number, struct cgroup_sample *s)
{
	const bool turn = cg->fresh || cg->again ||
	    (f->cycle + number) % CGROUP_LIMITS_EVERY == 0;
	const bool had = !cg->fresh && cg->absent !=
	    (1u << f->layout->nfiles) - 1u;
	size_t ordinal = 0;
	bool any = false;

	cg->again = false;
	memset(s->value, -1, sizeof(s->value));
	s->io.n = 0;
	s->io.has_bytes = s->io.has_operations = false;
	for (size_t i = 0; i < f->layout->nfiles; i++) {
		const bool is_limit = f->layout->file[i].limit;

		if (turn || (!is_limit && (cg->absent & 1u << i) == 0))
			any |= take_file(f, h, cg, i, ordinal, s);
		ordinal += !is_limit;
	}
	cgroup_derive(s->value);
	keep_limits(cg, s, turn);
	cg->gone = !any && (had || cg->gone);
	cg->fresh = false;
}

int
cgroup_file_error(const struct cgroup_files *f, size_t file)
{
	const uint64_t age = f->cycle - f->failed_cycle[file];

	if (f->failed_cycle[file] == 0)
		return 0;
	if (f->layout->file[file].limit && !failure_may_pass(f->error[file]))
		return age < CGROUP_LIMITS_EVERY ? f->error[file] : 0;
	return age == 0 ? f->error[file] : 0;
}
