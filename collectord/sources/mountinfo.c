/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See mountinfo.h. */
#include "sources/mountinfo.h"

#include <errno.h>
#include <string.h>

/* Exactly one blank parts two fields: a source may be empty. */
static bool
take_field(struct text *line, struct text *field)
{
	return text_until(line, ' ', field);
}

static bool
take_number(struct text *line, int64_t *value)
{
	struct text field;

	return take_field(line, &field) && text_u63(field, value);
}

static bool
is_device(struct text t)
{
	struct text major;
	int64_t number;

	return text_until(&t, ':', &major) && text_u63(major, &number) &&
	    text_u63(t, &number);
}

/* The fields behind "-", which ends the optional ones. */
static bool
take_rest(struct text *line, struct mount *m)
{
	struct text field;

	do
		if (!take_field(line, &field))
			return false;
	while (!text_is(field, "-"));
	if (!take_field(line, &m->type) || !take_field(line, &m->source))
		return false;
	/*
	 * The options of the file system, not those of the mount: a sandbox
	 * may well be what made that one read-only, for us alone.
	 */
	m->read_only = text_is(*line, "ro") || text_starts(*line, "ro,");
	return m->read_only || text_is(*line, "rw") ||
	    text_starts(*line, "rw,");
}

int
mountinfo_next(struct text *t, struct mount *m)
{
	struct text line, field;

	memset(m, 0, sizeof(*m));
	if (!text_line(t, &line))
		return 0;
	if (!take_number(&line, &m->id) || !take_number(&line, &m->parent) ||
	    !take_field(&line, &m->device) || !is_device(m->device) ||
	    !take_field(&line, &field) || !take_field(&line, &m->point) ||
	    !text_starts(m->point, "/") || !take_field(&line, &field) ||
	    !take_rest(&line, m))
		return -EBADMSG;
	return 1;
}

int
mountinfo_unescape(struct text t, char *out, size_t cap)
{
	const size_t n = text_unescape(t, out, cap);

	if (n == cap)
		return -ENAMETOOLONG;
	if (memchr(out, '\0', n) != NULL)
		return -EBADMSG;
	out[n] = '\0';
	return 0;
}

static const struct {
	const char *type;
	enum mount_kind kind;
} kinds[] = {
	{ "bcachefs", MOUNT_LOCAL },
	{ "btrfs", MOUNT_LOCAL },
	{ "exfat", MOUNT_LOCAL },
	{ "ext2", MOUNT_LOCAL },
	{ "ext3", MOUNT_LOCAL },
	{ "ext4", MOUNT_LOCAL },
	{ "f2fs", MOUNT_LOCAL },
	{ "jfs", MOUNT_LOCAL },
	{ "msdos", MOUNT_LOCAL },
	{ "nilfs2", MOUNT_LOCAL },
	{ "ntfs3", MOUNT_LOCAL },
	{ "reiserfs", MOUNT_LOCAL },
	{ "tmpfs", MOUNT_LOCAL },
	{ "vfat", MOUNT_LOCAL },
	{ "xfs", MOUNT_LOCAL },
	{ "zfs", MOUNT_LOCAL },
	{ "bpf", MOUNT_PASSED },
	{ "cgroup", MOUNT_PASSED },
	{ "cgroup2", MOUNT_PASSED },
	{ "configfs", MOUNT_PASSED },
	{ "debugfs", MOUNT_PASSED },
	{ "devpts", MOUNT_PASSED },
	{ "devtmpfs", MOUNT_PASSED },
	{ "efivarfs", MOUNT_PASSED },
	{ "erofs", MOUNT_PASSED },
	{ "hugetlbfs", MOUNT_PASSED },
	{ "iso9660", MOUNT_PASSED },
	{ "mqueue", MOUNT_PASSED },
	{ "proc", MOUNT_PASSED },
	{ "pstore", MOUNT_PASSED },
	{ "ramfs", MOUNT_PASSED },
	{ "rootfs", MOUNT_PASSED },
	{ "securityfs", MOUNT_PASSED },
	{ "selinuxfs", MOUNT_PASSED },
	{ "squashfs", MOUNT_PASSED },
	{ "sysfs", MOUNT_PASSED },
	{ "tracefs", MOUNT_PASSED },
	{ "udf", MOUNT_PASSED },
};

/*
 * What a service manager gives one service: new with each of its starts, and
 * no space of the host's.
 */
static bool
is_of_one_service(const struct mount *m)
{
	return text_is(m->point, "/dev") ||
	    text_is(m->point, "/run/credentials") ||
	    text_starts(m->point, "/run/credentials/");
}

enum mount_kind
mount_kind(const struct mount *m)
{
	if (text_is(m->type, "tmpfs") && is_of_one_service(m))
		return MOUNT_PASSED;
	/* its layers may be anywhere, but the root is what we stand on */
	if (text_is(m->type, "overlay"))
		return text_is(m->point, "/") ? MOUNT_LOCAL : MOUNT_FOREIGN;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (text_is(m->type, kinds[i].type))
			return kinds[i].kind;
	return MOUNT_FOREIGN;
}

/* True where the path is the point or goes through it.  Both are escaped. */
static bool
leads_through(struct text path, struct text point)
{
	if (text_is(point, "/"))
		return true;
	return path.len >= point.len &&
	    memcmp(path.p, point.p, point.len) == 0 &&
	    (path.len == point.len || path.p[point.len] == '/');
}

/* The mount that resolution of the path crosses into next from this one. */
static const struct mount *
next_step(const struct mount *mounts, size_t n, const struct mount *at,
    struct text path)
{
	const struct mount *next = NULL;

	for (const struct mount *m = mounts; m < mounts + n; m++)
		if (m->parent == at->id && m != at &&
		    leads_through(path, m->point) &&
		    (next == NULL || m->point.len < next->point.len))
			next = m;
	return next;
}

/* The mount of our root: its parent is none that we can see. */
static const struct mount *
find_root(const struct mount *mounts, size_t n)
{
	for (const struct mount *m = mounts; m < mounts + n; m++) {
		const struct mount *p = mounts;

		if (!text_is(m->point, "/"))
			continue;
		while (p < mounts + n && (p == m || p->id != m->parent))
			p++;
		if (p == mounts + n)
			return m;
	}
	return NULL;
}

/* Deeper than any real tree of mounts, and an end to a made-up one. */
enum { STEPS_MAX = 64 };

int
mount_reach(const struct mount *mounts, size_t n, const struct mount *to)
{
	const struct mount *at = find_root(mounts, n), *next;

	/* the file says "//deleted" behind a point that was removed */
	if (memmem(to->point.p, to->point.len, "//", 2) != NULL)
		return -ENOENT;
	for (int steps = 0; steps < STEPS_MAX && at != NULL; steps++) {
		if (mount_kind(at) == MOUNT_FOREIGN)
			return -EREMOTE;
		next = next_step(mounts, n, at, to->point);
		if (next == NULL)
			return at == to ? 0 : -ENOENT;
		at = next;
	}
	return at == NULL ? -ENOENT : -ELOOP;
}
