/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See ring_store.h. */
#include "ring_store.h"

#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RINGS_MAX = 4, RING_NAME_MAX = 5 + 2 * RING_ID + 1 };

struct found {
	const struct notify *notify;
	size_t n;
	struct ring *ring[RINGS_MAX];
	uint64_t unreadable;
};

/* By its id, so that one of two can be given up. */
static void
name_of(const uint8_t id[RING_ID], char name[RING_NAME_MAX])
{
	int at = snprintf(name, RING_NAME_MAX, "ring-");

	for (size_t i = 0; i < RING_ID; i++)
		at += snprintf(name + at, (size_t)(RING_NAME_MAX - at),
		    "%02x", id[i]);
}

static void
give_up(const struct found *f, struct ring *r)
{
	char name[RING_NAME_MAX];

	name_of(r->id, name);
	notify_forget(f->notify, name);
	ring_done(r);
	free(r);
}

static void
say_unreadable(const char *name, const char *why)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_ERROR, "ring_unreadable");
	log_text(&l, "name", name);
	log_text(&l, "why", why);
	log_end(&l);
}

static void
take_kept(void *arg, const char *name, int fd)
{
	struct found *f = arg;
	struct ring *r;
	const char *why;

	if (f->n == RINGS_MAX || strncmp(name, "ring-", 5) != 0) {
		say_unreadable(name, "not one of ours");
		notify_forget(f->notify, name);
		close(fd);
		return;
	}
	if ((r = malloc(sizeof(*r))) == NULL)
		fatal("memory for the ring", ENOMEM);
	if ((why = ring_take(r, fd)) != NULL) {
		say_unreadable(name, why);
		notify_forget(f->notify, name);
		f->unreadable++;
		free(r);
		return;
	}
	f->ring[f->n++] = r;
}

static bool
is_replaced(const struct found *f, const struct ring *r)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct ring *other = f->ring[i];

		if (ring_is_complete(other) &&
		    memcmp(other->replaces, r->id, RING_ID) == 0)
			return true;
	}
	return false;
}

/* The one that holds everything; NULL: there is none. */
static struct ring *
choose(struct found *f)
{
	struct ring *chosen = NULL;

	for (size_t i = 0; i < f->n; i++) {
		struct ring *r = f->ring[i];

		if (chosen == NULL && ring_is_complete(r) &&
		    !is_replaced(f, r))
			chosen = r;
	}
	for (size_t i = 0; i < f->n; i++)
		if (f->ring[i] != chosen)
			give_up(f, f->ring[i]);
	return chosen;
}

static void
make(struct ring *r, const struct notify *n, uint64_t bytes,
    uint64_t start_ns, uint64_t boot_ns)
{
	char name[RING_NAME_MAX];

	if (ring_new(r, bytes, start_ns, boot_ns) < 0)
		fatal("memory for the ring", errno);
	name_of(r->id, name);
	if (notify_store(n, name, r->fd) < 0)
		log_event_errno(LOG_LEVEL_WARNING, "ring_not_kept",
		    "FDSTORE=1", errno);
}

/* A crash in between leaves both: choose() knows which one is whole. */
static struct ring *
replace(struct found *f, struct ring *old, uint64_t bytes)
{
	struct ring *r = malloc(sizeof(*r));

	if (r == NULL)
		fatal("memory for the ring", ENOMEM);
	make(r, f->notify, bytes, old->start_ns, old->boot_ns);
	if (ring_move(r, old) < 0)
		fatal("handing the ring over", errno);
	log_event_int(LOG_LEVEL_NOTICE, "ring_resized", "records",
	    (int64_t)ring_queued(r));
	give_up(f, old);
	return r;
}

static void
say_taken_over(const struct ring *r)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_NOTICE, "ring_taken_over");
	log_int(&l, "queued", (int64_t)ring_queued(r));
	log_int(&l, "read", (int64_t)ring_read(r));
	log_end(&l);
}

struct ring *
ring_open(struct notify *n, uint64_t bytes, uint64_t start_ns,
    uint64_t boot_ns)
{
	struct found f = { .notify = n };
	struct ring *r;

	notify_kept(n, take_kept, &f);
	r = choose(&f);
	if (r != NULL) {
		say_taken_over(r);
		if (ring_bytes(bytes) != r->bytes)
			r = replace(&f, r, bytes);
	} else {
		if ((r = malloc(sizeof(*r))) == NULL)
			fatal("memory for the ring", ENOMEM);
		make(r, n, bytes, start_ns, boot_ns);
		ring_complete(r);
	}
	if (f.unreadable > 0)
		ring_count_missed(r, MISSED_UNREADABLE, f.unreadable);
	return r;
}
