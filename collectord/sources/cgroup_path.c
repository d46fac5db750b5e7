/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cgroup_path.h. */
#include "sources/cgroup_path.h"

#include <string.h>

enum { CONTAINER_ID_LEN = 64, STATIC_POD_UID_LEN = 32, UID_DIGITS = 10 };

/* The root slice, and the slice of services that name none. */
static const char root_slice[] = "-.slice", usual_slice[] = "system.slice";

/* What stands before a container's id, and its "-" or ":". */
static const struct {
	const char *word, *runtime;
} runtimes[] = {
	{ "docker", "docker" },
	{ "cri-containerd", "containerd" },
	{ "nerdctl", "containerd" },
	{ "crio", "cri-o" },
	{ "libpod", "podman" },
	{ "libpod-payload", "podman" },
};

struct walk {
	struct cgroup_name *name;
	struct text slice;	/* where the walk is */
	struct text before;	/* the component before */
	unsigned slices;
	bool by_systemd;	/* all so far is as systemd makes it */
};

static bool
ends(struct text t, const char *end)
{
	const size_t len = strlen(end);

	return t.len > len && memcmp(t.p + t.len - len, end, len) == 0;
}

static struct text
without(struct text t, const char *end)
{
	return text_of(t.p, t.len - strlen(end));
}

static bool
is_hex(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((t.p[i] < '0' || t.p[i] > '9') &&
		    (t.p[i] < 'a' || t.p[i] > 'f'))
			return false;
	return true;
}

/* With dashes or, as in the name of a slice, underscores; or a hash. */
static bool
is_pod_uid(struct text t)
{
	if (t.len == STATIC_POD_UID_LEN)
		return is_hex(t);
	if (t.len != POD_UID_LEN)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		const bool joint = i == 8 || i == 13 || i == 18 || i == 23;

		if (joint ? t.p[i] != '-' && t.p[i] != '_' :
		    !is_hex(text_of(t.p + i, 1)))
			return false;
	}
	return true;
}

static void
set_pod(struct cgroup_name *n, struct text uid)
{
	n->pod_len = uid.len;
	for (size_t i = 0; i < uid.len; i++)
		n->pod[i] = uid.p[i] == '_' ? '-' : uid.p[i];
}

/* "pod<uid>", or "kubepods…-pod<uid>.slice", which other words may precede. */
static void
take_pod(struct cgroup_name *n, struct text c)
{
	static const char sign[] = "pod";
	struct text skipped, uid;

	if (n->pod_len > 0)
		return;
	if (ends(c, ".slice"))
		c = without(c, ".slice");
	do {
		if (!text_starts(c, sign))
			continue;
		uid = text_of(c.p + strlen(sign), c.len - strlen(sign));
		if (is_pod_uid(uid)) {
			set_pod(n, uid);
			return;
		}
	} while (text_until(&c, '-', &skipped));
}

static bool
take_runtime(struct cgroup_name *n, struct text word)
{
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (text_is(word, runtimes[i].word)) {
			n->runtime = runtimes[i].runtime;
			return true;
		}
	return false;
}

/* "docker-<id>.scope", "crio-<id>", "<pod's slice>:cri-containerd:<id>". */
static bool
is_named_container(struct cgroup_name *n, struct text head)
{
	const char joint = head.p[head.len - 1];
	struct text where;

	head.len--;
	if (joint == '-')
		return take_runtime(n, head);
	if (joint != ':' || !text_until(&head, ':', &where) ||
	    !take_runtime(n, head))
		return false;
	take_pod(n, where);
	return true;
}

static bool
is_container(struct walk *w, struct text c)
{
	const bool scope = ends(c, ".scope");
	const struct text whole = scope ? without(c, ".scope") : c;
	struct text id;
	size_t head;

	if (whole.len < CONTAINER_ID_LEN)
		return false;
	head = whole.len - CONTAINER_ID_LEN;
	id = text_of(whole.p + head, CONTAINER_ID_LEN);
	if (!is_hex(id))
		return false;
	if (head == 0 ? scope :
	    !is_named_container(w->name, text_of(whole.p, head)))
		return false;
	/* the directory that a runtime without systemd makes is its name */
	if (head == 0)
		take_runtime(w->name, w->before);
	w->name->container = id;
	return true;
}

/* "a-b.slice" has its place in "a.slice", and that in the root slice. */
static bool
is_child_slice(struct text parent, struct text child)
{
	const struct text stem = without(parent, ".slice");
	struct text rest = without(child, ".slice");

	if (!text_is(parent, root_slice)) {
		if (rest.len < stem.len + 1 ||
		    memcmp(rest.p, stem.p, stem.len) != 0 ||
		    rest.p[stem.len] != '-')
			return false;
		rest = text_of(rest.p + stem.len + 1, rest.len - stem.len - 1);
	}
	return rest.len > 0 && memchr(rest.p, '-', rest.len) == NULL;
}

/* "user@1000.service" in "user-1000.slice": the number, or nothing. */
static struct text
manager_uid(struct text slice, struct text c)
{
	static const char at[] = "user@", in[] = "user-";
	struct text uid = text_of(NULL, 0), stem;
	int64_t number;

	if (!text_starts(c, at) || !ends(c, ".service") ||
	    !text_starts(slice, in))
		return uid;
	c = without(text_of(c.p + strlen(at), c.len - strlen(at)), ".service");
	stem = without(slice, ".slice");
	stem = text_of(stem.p + strlen(in), stem.len - strlen(in));
	if (c.len == stem.len && c.len <= UID_DIGITS &&
	    memcmp(c.p, stem.p, c.len) == 0 && text_u63(c, &number) &&
	    (c.p[0] != '0' || c.len == 1))
		uid = c;
	return uid;
}

static struct text
text_from(const char *s)
{
	return text_of(s, strlen(s));
}

/* The monitors of containers are nobody's service. */
static bool
is_monitor(struct text c)
{
	return text_starts(c, "libpod-conmon-") ||
	    text_starts(c, "crio-conmon-");
}

/* A component of which systemd's own names are asked; true: it is a unit. */
static bool
take_unit(struct walk *w, struct text c, bool last)
{
	struct cgroup_name *n = w->name;
	struct text uid;

	if (ends(c, ".slice") && is_child_slice(w->slice, c)) {
		w->slice = c;
		w->slices++;
		return last && w->slices == 1;
	}
	uid = n->uid.len == 0 ? manager_uid(w->slice, c) : n->uid;
	if (!last && n->uid.len == 0 && uid.len > 0) {
		n->uid = uid;
		w->slice = text_from(root_slice);
		return false;
	}
	w->by_systemd = false;
	if (!ends(c, ".service") && !ends(c, ".scope"))
		return false;
	n->unit = c;
	return last && !is_monitor(c);
}

/* True where the last component is one that is read. */
static bool
take(struct walk *w, struct text c, bool last)
{
	struct cgroup_name *n = w->name;
	bool found = false;

	if (n->in_container)
		return false;
	if (is_container(w, c)) {
		n->in_container = true;
		found = true;
	} else if (w->by_systemd) {
		found = take_unit(w, c, last);
	}
	if (!n->in_container)
		take_pod(n, c);
	w->before = c;
	return found && last;
}

/* What is said of the place: no slice where it says nothing new. */
static void
place(const struct walk *w, struct cgroup_name *n)
{
	n->class = n->uid.len > 0 ? CGROUP_USER :
	    n->in_container ? CGROUP_CONTAINER : CGROUP_SYSTEM;
	if (n->in_container)
		return;
	n->pod_len = 0;
	if (n->unit.len == 0 || n->uid.len > 0 ||
	    !text_is(w->slice, usual_slice))
		n->slice = w->slice;
}

struct cgroup_name
cgroup_name_of(struct text path)
{
	struct cgroup_name n = { .class = CGROUP_OTHER };
	struct walk w = { .name = &n, .slice = text_from(root_slice),
		.before = text_of("", 0), .by_systemd = true };
	struct text c;
	bool found = false, last;

	do {
		last = !text_until(&path, '/', &c);
		if (last)
			c = path;
		found = take(&w, c, last);
	} while (!last);
	if (found)
		place(&w, &n);
	return n;
}
