/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  Files that stay open between cycles; see host.h. */
#include "host_inside.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { ASK_SPARE = 64 };

/* The file's slot, a new one if need be; NULL where all are taken. */
static struct held *
held_slot(struct host *h, enum host_root root, const char *path)
{
	struct held *f;

	/* the order is the same in each cycle */
	for (size_t i = 0; i < h->nheld; i++) {
		f = &h->held[h->next < h->nheld ? h->next : 0];
		h->next = (size_t)(f - h->held) + 1;
		if (f->root == root && strcmp(f->path, path) == 0)
			return f;
	}
	f = &h->held[h->nheld];
	if (h->nheld == HOST_HELD_MAX)
		return NULL;
	h->nheld++;
	*f = (struct held){ .root = root, .path = path, .fd = -1,
	    .size = ASK_FIRST, .line_max = host_longest_line(h, root, path) };
	return f;
}

/* Enough for what it held last time and a little growth. */
static size_t
ask_for(const struct held *f)
{
	const size_t ask = f->size + f->size / 4 + ASK_SPARE;

	return ask < ASK_MOST ? ask : ASK_MOST;
}

static void
read_ahead(struct host *h, struct held *f)
{
	char *at = h->text + h->ahead;
	const size_t cap = HOST_AHEAD_MAX - h->ahead;
	const ssize_t n = host_read_all(f->fd, at, cap, ask_for(f),
	    f->line_max);

	/* what fills the room may be longer */
	if (n < 0 || (size_t)n == cap)
		return;
	f->size = (size_t)n;
	f->text = text_of(at, (size_t)n);
	f->ahead = true;
	h->ahead += (size_t)n;
}

void
host_begin(struct host *h, enum host_cycle cycle, bool ahead)
{
	host_forget(h);
	h->cycle = cycle;
	for (size_t i = 0; i < h->nheld; i++) {
		struct held *f = &h->held[i];

		if (ahead && f->asked[cycle] && f->fd >= 0)
			read_ahead(h, f);
		f->asked[cycle] = false;
	}
}

void
host_forget(struct host *h)
{
	for (size_t i = 0; i < h->nheld; i++)
		h->held[i].ahead = false;
	h->ahead = 0;
}

static int
read_held(struct host *h, struct held *f, struct text *t)
{
	int error;

	if (f->fd < 0)
		f->fd = host_open_below(h, f->root, f->path, FILE_FLAGS);
	if (f->fd < 0)
		return f->fd;
	error = host_read_whole(h, f->fd, ask_for(f), f->line_max, t);
	if (error == 0) {
		f->size = t->len;
	} else if (error != -EFBIG) {
		close(f->fd);
		f->fd = -1;
	}
	return error;
}

/* What it names may have gone and come again: a device, a module. */
static int
read_or_open(struct host *h, struct held *f, struct text *t)
{
	const bool was_open = f->fd >= 0;
	int error = read_held(h, f, t);

	if (was_open && f->fd < 0)
		error = read_held(h, f, t);
	if (error == -ENOENT)
		f->skip = HOST_SKIP;
	return error;
}

int
host_read(struct host *h, enum host_root root, const char *path,
    struct text *t)
{
	struct held *f = h->real[root] ? held_slot(h, root, path) : NULL;

	if (f == NULL)
		return host_read_once(h, root, path, t);
	if (f->skip > 0) {
		f->skip -= h->cycle != HOST_CYCLE_BRIEF;
		return -ENOENT;
	}
	f->asked[h->cycle] = true;
	if (!f->ahead)
		return read_or_open(h, f, t);
	*t = f->text;
	return 0;
}

bool
host_changed(struct host *h, enum host_root root, const char *path)
{
	const struct timespec now = { 0 };
	struct held *f = h->real[root] ? held_slot(h, root, path) : NULL;
	struct pollfd pfd = { .fd = f == NULL ? -1 : f->fd,
		.events = POLLPRI };

	return pfd.fd < 0 || ppoll(&pfd, 1, &now, NULL) != 0;
}
