/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See class_walk.h. */
#include "sources/class_walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NUMBER_DIGITS = 5 };

static size_t nheld;
/* Other sources need descriptors too: then none is kept any more. */
static bool starved;

static void
let_go(struct class_file *f)
{
	if (f->fd < 0)
		return;
	close(f->fd);
	f->fd = -1;
	nheld--;
}

bool
class_walk_due(struct class_walk *w, const struct host *h)
{
	/* a copy may be another host each time */
	if (w->made && !w->again && ++w->age < CLASS_WALK_EVERY &&
	    host_is_real(h, HOST_SYS))
		return false;
	for (size_t i = 0; i < w->n; i++)
		let_go(&w->file[i]);
	w->n = w->age = w->failed = 0;
	w->made = true;
	w->again = w->full = false;
	return true;
}

void
class_walk_failed(struct collect *c, struct class_walk *w, const char *path,
    int error)
{
	collect_failed(c, path, error);
	w->again = true;
	w->failed++;
}

void
class_list(struct collect *c, struct class_walk *w, const char *path,
    bool (*each)(void *arg, const char *name), void *arg)
{
	int error = host_list(c->host, HOST_SYS, path, each, arg);

	if (error == 0 && collect_late(c))
		error = -ETIMEDOUT;
	if (error < 0 && error != -ENOENT)
		class_walk_failed(c, w, path, error);
}

bool
class_number_of(const char *name, const char *stem, unsigned *number)
{
	const size_t len = strlen(stem), all = strlen(name);
	int64_t v;

	if (strncmp(name, stem, len) != 0 || all > len + NUMBER_DIGITS ||
	    !text_u63(text_of(name + len, all - len), &v))
		return false;
	*number = (unsigned)v;
	return true;
}

static bool
join(struct collect *c, struct class_walk *w, const char *dir,
    const char *name, char path[CLASS_PATH_MAX])
{
	const int len = snprintf(path, CLASS_PATH_MAX, "%s%s", dir, name);

	if (len >= 0 && len < CLASS_PATH_MAX)
		return true;
	class_walk_failed(c, w, dir, -EFBIG);
	return false;
}

void
class_add(struct collect *c, struct class_walk *w, unsigned entry,
    unsigned row, const char *dir, const char *name)
{
	struct class_file *f = &w->file[w->n];

	if (w->n == w->max) {
		if (!w->full)
			class_walk_failed(c, w, dir, -EFBIG);
		w->full = true;
		return;
	}
	if (!join(c, w, dir, name, f->path))
		return;
	f->entry = (uint16_t)entry;
	f->row = (uint16_t)row;
	f->fd = -1;
	f->good = false;
	w->n++;
}

static char text_space[CLASS_TEXT_MAX + 1];

static void
keep_or_close(struct class_file *f, int fd, bool keep)
{
	if (keep && !starved && nheld < CLASS_HELD_MAX) {
		f->fd = fd;
		nheld++;
	} else {
		close(fd);
	}
}

static int
read_file(struct collect *c, struct class_walk *w, struct class_file *f,
    struct text *t)
{
	int fd, error;

	if (f->fd >= 0) {
		error = host_read_file(f->fd, text_space, sizeof(text_space),
		    t);
		if (error == 0)
			return 0;
		let_go(f);
		/* the path may be another device's by now, with other names */
		if (error == -ENODEV) {
			w->again = true;
			return error;
		}
	}
	fd = error = host_open_file(c->host, HOST_SYS, f->path);
	if (fd >= 0) {
		error = host_read_file(fd, text_space, sizeof(text_space), t);
		keep_or_close(f, fd, error == 0 &&
		    host_is_real(c->host, HOST_SYS));
	}
	starved = starved || error == -EMFILE;
	/* what never was there will not be found by another walk */
	w->again = w->again || (f->good &&
	    (error == -ENOENT || error == -ENODEV));
	f->good = error == 0;
	return error;
}

/* No such device or sensor, or nothing to be had from it now. */
static bool
is_absence(int error)
{
	static const int none[] = { -ENOENT, -ENOTDIR, -ENODEV, -ENXIO,
		-ENODATA, -EOPNOTSUPP, -EAGAIN, -EINVAL };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (error == none[i])
			return true;
	return false;
}

bool
class_read(struct collect *c, struct class_walk *w, struct class_file *f,
    struct text *t)
{
	const int error = read_file(c, w, f, t);

	if (error < 0 && !is_absence(error))
		collect_failed(c, f->path, error);
	return error == 0;
}

static struct text
first_line(struct text t)
{
	struct text line;

	if (!text_line(&t, &line))
		return text_of("", 0);
	while (line.len > 0 && line.p[line.len - 1] == ' ')
		line.len--;
	return line;
}

bool
class_read_int(struct collect *c, struct class_walk *w, struct class_file *f,
    int64_t *v)
{
	struct text t;

	if (!class_read(c, w, f, &t))
		return false;
	if (text_int(first_line(t), v))
		return true;
	collect_failed(c, f->path, -EBADMSG);
	return false;
}

/* The first line, which has to be a number where v is not NULL. */
static bool
look(struct collect *c, struct class_walk *w, const char *path, char *buf,
    size_t cap, struct text *t, int64_t *v)
{
	int error = host_read_start(c->host, HOST_SYS, path, buf, cap, t);

	if (error == 0) {
		*t = first_line(*t);
		if (v != NULL && !text_int(*t, v))
			error = -EBADMSG;
	}
	if (error < 0 && !is_absence(error))
		class_walk_failed(c, w, path, error);
	return error == 0;
}

bool
class_look(struct collect *c, struct class_walk *w, const char *dir,
    const char *name, char *buf, size_t cap, struct text *t)
{
	char path[CLASS_PATH_MAX];

	return join(c, w, dir, name, path) &&
	    look(c, w, path, buf, cap, t, NULL);
}

bool
class_look_int(struct collect *c, struct class_walk *w, const char *dir,
    const char *name, int64_t *v)
{
	char path[CLASS_PATH_MAX], buf[32];
	struct text t;

	return join(c, w, dir, name, path) &&
	    look(c, w, path, buf, sizeof(buf), &t, v);
}
