/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cgroup_tree.h. */
#include "sources/cgroup_tree.h"

#include "now.h"
#include "sources/cgroup_layout.h"

#include <errno.h>
#include <string.h>

enum { TOP_MAX = 64, LATE_EVERY = 32 };

static_assert((CGROUP_INDEX & (CGROUP_INDEX - 1)) == 0 &&
    CGROUP_INDEX >= 2 * CGROUPS_MAX, "the index");

static const size_t places[CGROUP_CLASSES + 1] = {
	0, CGROUP_SYSTEM_MAX, CGROUP_SYSTEM_MAX + CGROUP_CONTAINER_MAX,
	CGROUPS_MAX };

struct walk {
	struct collect *c;
	struct cgroup_tree *tree;
	size_t top, len, dirs;
	unsigned depth;
	bool full[CGROUP_CLASSES];
	bool cut;			/* not all was seen */
	char path[TOP_MAX + CGROUP_PATH_MAX + 1];
};

static uint64_t
hash_add(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	/* where one ends and the next begins */
	return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

/* FNV-1a over what becomes attributes. */
static uint64_t
identity_of(const struct cgroup_name *n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	h = hash_add(h, n->unit.p, n->unit.len);
	h = hash_add(h, n->slice.p, n->slice.len);
	h = hash_add(h, n->uid.p, n->uid.len);
	h = hash_add(h, n->container.p, n->container.len);
	h = hash_add(h, n->pod, n->pod_len);
	return n->runtime == NULL ? h :
	    hash_add(h, n->runtime, strlen(n->runtime));
}

static bool
same_text(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static bool
same_name(const struct cgroup_name *a, const struct cgroup_name *b)
{
	return same_text(a->unit, b->unit) && same_text(a->slice, b->slice) &&
	    same_text(a->uid, b->uid) &&
	    same_text(a->container, b->container) &&
	    same_text(text_of(a->pod, a->pod_len),
		text_of(b->pod, b->pod_len)) && a->runtime == b->runtime;
}

/* Where the one of that name stands in the index, or could. */
static uint16_t *
find(struct cgroup_tree *t, const struct cgroup_name *name, uint64_t identity)
{
	size_t i = identity & (CGROUP_INDEX - 1);

	for (; t->index[i] != 0; i = (i + 1) & (CGROUP_INDEX - 1)) {
		const struct cgroup *cg = &t->entry[t->index[i] - 1];
		struct cgroup_name other;

		if (cg->identity != identity)
			continue;
		other = cgroup_name_of(text_of(cg->path, cg->len));
		if (same_name(name, &other))
			break;
	}
	return &t->index[i];
}

/* A free place of the class, or NULL. */
static struct cgroup *
free_place(struct walk *w, enum cgroup_class class)
{
	if (w->full[class])
		return NULL;
	for (size_t i = places[class]; i < places[class + 1]; i++)
		if (!w->tree->entry[i].used)
			return &w->tree->entry[i];
	w->full[class] = true;
	return NULL;
}

static void
found_again(struct cgroup *cg)
{
	cg->seen = true;
	if (cg->gone) {
		cg->gone = false;
		cg->fresh = true;
	}
}

static void
found(struct walk *w, const struct cgroup_name *name, struct text path)
{
	struct cgroup_tree *t = w->tree;
	const uint64_t identity = identity_of(name);
	uint16_t *slot = find(t, name, identity);
	struct cgroup *cg = *slot == 0 ? free_place(w, name->class) :
	    &t->entry[*slot - 1];

	if (*slot != 0 && same_text(path, text_of(cg->path, cg->len))) {
		found_again(cg);
	} else if (*slot != 0 || cg == NULL) {
		t->left_out[name->class]++;
	} else {
		*cg = (struct cgroup){ .used = true, .seen = true,
			.fresh = true, .identity = identity,
			.len = (uint16_t)path.len };
		memcpy(cg->path, path.p, path.len);
		*slot = (uint16_t)(cg - t->entry + 1);
	}
}

static bool each_dir(void *, const char *name);

/* What has gone since its name was read is no failure. */
static void
list_below(struct walk *w)
{
	const int error = host_list_dirs(w->c->host, HOST_SYS, w->path,
	    each_dir, w);

	if (error < 0 && error != -ENOENT && error != -ENOTDIR)
		w->tree->error = error;
}

static void
visit(struct walk *w)
{
	const struct text path = text_of(w->path + w->top, w->len - w->top);
	const struct cgroup_name name = cgroup_name_of(path);

	if (name.class != CGROUP_OTHER)
		found(w, &name, path);
	if (name.in_container || w->depth == CGROUP_DEPTH_MAX)
		return;
	w->depth++;
	list_below(w);
	w->depth--;
}

static bool
each_dir(void *arg, const char *name)
{
	struct walk *w = arg;
	const size_t len = strlen(name), before = w->len;
	const size_t joint = w->depth > 1;

	if (w->dirs++ == CGROUP_DIRS_MAX)
		w->tree->error = -EFBIG;
	if (w->dirs % LATE_EVERY == 0 && collect_late(w->c))
		w->tree->error = -ETIMEDOUT;
	w->cut |= w->tree->error == -EFBIG || w->tree->error == -ETIMEDOUT;
	if (w->cut)
		return false;
	if (before + joint + len - w->top > CGROUP_PATH_MAX) {
		w->tree->too_long++;
		return true;
	}
	memcpy(w->path + before, "/", joint);
	memcpy(w->path + before + joint, name, len + 1);
	w->len += joint + len;
	visit(w);
	w->path[before] = '\0';
	w->len = before;
	return !w->cut;
}

/*
 * Takes those out that were not seen; the index is made anew.  A copy's files
 * may be replaced at any time: they are not kept open.
 */
static void
sweep(struct cgroup_tree *t, bool all_seen, bool hold)
{
	memset(t->index, 0, sizeof(t->index));
	for (size_t i = 0; i < CGROUPS_MAX; i++) {
		struct cgroup *cg = &t->entry[i];
		struct cgroup_name name;

		if (cg->used && !cg->seen && (all_seen || cg->gone)) {
			cgroup_release(&t->files, cg);
			cg->used = false;
			/* what was left out may have its place */
			t->stale = true;
		}
		if (!cg->used)
			continue;
		cg->seen = false;
		name = cgroup_name_of(text_of(cg->path, cg->len));
		*find(t, &name, cg->identity) = (uint16_t)(i + 1);
		if (hold && cg->held == 0)
			cgroup_hold(&t->files, cg);
	}
}

static size_t
sum_left_out(const struct cgroup_tree *t)
{
	size_t sum = 0;

	for (unsigned i = 0; i < CGROUP_CLASSES; i++)
		sum += t->left_out[i];
	return sum;
}

static void
walk(struct cgroup_tree *t, struct collect *c)
{
	const uint64_t began = now_ns(CLOCK_BOOTTIME);
	struct walk w = { .c = c, .tree = t, .depth = 1 };
	uint64_t ended;

	memset(t->left_out, 0, sizeof(t->left_out));
	t->too_long = 0;
	t->error = 0;
	t->since = 0;
	t->stale = false;
	w.top = w.len = strlen(t->layout->top);
	memcpy(w.path, t->layout->top, w.top + 1);
	list_below(&w);
	sweep(t, !w.cut && t->error == 0, host_is_real(c->host, HOST_SYS));
	t->stale &= sum_left_out(t) > 0;
	t->stale |= !w.cut && failure_may_pass(t->error);
	ended = now_ns(CLOCK_BOOTTIME);
	t->rest_until_ns = ended + (ended - began) * CGROUP_WALK_REST;
}

/* How many there are, so that a walk can be spared; -1: not known. */
static int64_t
count(const struct cgroup_tree *t, struct host *h)
{
	struct text text;
	int64_t n;
	int error;

	if (t->layout->v1)
		error = host_read(h, HOST_PROC, "cgroups", &text);
	else
		error = host_read(h, HOST_SYS, "fs/cgroup/cgroup.stat", &text);
	if (error == 0)
		error = t->layout->v1 ? cgroup_numbers(text, &n) :
		    cgroup_descendants(text, &n);
	return error < 0 ? -1 : n;
}

void
cgroup_tree_reset(struct cgroup_tree *t)
{
	cgroup_files_init(&t->files, NULL);
	memset(t, 0, sizeof(*t));
}

static bool
find_layout(struct cgroup_tree *t, struct collect *c)
{
	int error;
	const struct cgroup_layout *layout = cgroup_layout(c->host, &error);

	if (layout == NULL)
		collect_failed(c, "fs/cgroup/", error);
	if (layout != t->layout) {
		cgroup_tree_reset(t);
		cgroup_files_init(&t->files, layout);
		t->layout = layout;
		t->stale = true;
	}
	return layout != NULL;
}

bool
cgroup_tree_walked(const struct cgroup_tree *t)
{
	return t->since == 0;
}

bool
cgroup_tree_refresh(struct cgroup_tree *t, struct collect *c)
{
	int64_t now;

	if ((t->layout == NULL || t->since >= CGROUP_WALK_EVERY) &&
	    !find_layout(t, c))
		return false;
	now = count(t, c->host);
	t->since++;
	t->stale |= now < 0 || now != t->count ||
	    t->since >= CGROUP_WALK_EVERY;
	if (t->stale && now_ns(CLOCK_BOOTTIME) >= t->rest_until_ns) {
		t->count = now;
		walk(t, c);
	}
	return true;
}
