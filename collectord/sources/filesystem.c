/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See filesystem.h. */
#include "sources/filesystem.h"

#include "sources/mountinfo.h"
#include "source.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static const char mountinfo[] = "self/mountinfo";

/* Other mount points name people and projects: sent only when asked for. */
static const char *const standard_points[] = {
	"/", "/boot", "/boot/efi", "/dev", "/dev/shm", "/efi", "/home", "/mnt",
	"/opt", "/root", "/run", "/run/lock", "/srv", "/sysroot", "/tmp",
	"/usr", "/usr/local", "/var", "/var/cache", "/var/home", "/var/lib",
	"/var/log", "/var/log/audit", "/var/spool", "/var/tmp",
};

static bool
is_standard(const char *point)
{
	const size_t n = sizeof(standard_points) / sizeof(standard_points[0]);

	for (size_t i = 0; i < n; i++)
		if (strcmp(point, standard_points[i]) == 0)
			return true;
	return false;
}

bool
space_of(const struct statfs *fs, struct space *s)
{
	const uint64_t unit = fs->f_frsize > 0 ? (uint64_t)fs->f_frsize :
	    (uint64_t)fs->f_bsize;
	const uint64_t avail = fs->f_bavail < fs->f_bfree ? fs->f_bavail :
	    fs->f_bfree;
	int64_t bytes;

	memset(s, 0, sizeof(*s));
	if (fs->f_blocks == 0 || fs->f_bfree > fs->f_blocks ||
	    __builtin_mul_overflow(fs->f_blocks, unit, &bytes))
		return false;
	s->limit = bytes;
	s->used = (int64_t)((fs->f_blocks - fs->f_bfree) * unit);
	s->free = (int64_t)(avail * unit);
	s->reserved = (int64_t)((fs->f_bfree - avail) * unit);
	s->has_inodes = fs->f_files > 0 && fs->f_files <= INT64_MAX &&
	    fs->f_ffree <= fs->f_files;
	if (s->has_inodes) {
		s->inodes_used = (int64_t)(fs->f_files - fs->f_ffree);
		s->inodes_free = (int64_t)fs->f_ffree;
	}
	return true;
}

enum {
	MOUNTS_MAX = 8192,
	MOUNTS_TEXT = 65536,	/* kept of mountinfo; more is read anew */
	/* readings: an error makes a file system read-only, and no mount new */
	LOOK_AGAIN = 6,
};

struct mounts {
	bool known;		/* what is below is of the reading before */
	unsigned age;		/* readings */
	size_t n, nsaid;
	char text[MOUNTS_TEXT];		/* that the mounts point into */
	struct mount mount[MOUNTS_MAX];
	uint16_t said[MOUNTS_MAX];	/* places in mount[] */
	int error;			/* of the first that was refused */
	char refused[PATH_MAX];
};

/* All or none: a mount that is not seen might be the one that hangs. */
static int
read_mounts(struct text t, struct mounts *all)
{
	int more;

	all->n = all->nsaid = 0;
	all->error = 0;
	while ((more = mountinfo_next(&t, &all->mount[all->n])) == 1)
		if (++all->n == MOUNTS_MAX)
			return -EFBIG;
	return more;
}

static bool
is_excluded(const struct source_options *o, struct text type)
{
	for (size_t i = 0; i < o->nexclude_types; i++)
		if (text_is(type, o->exclude_types[i]))
			return true;
	return false;
}

/* One file system can be mounted in many places. */
static bool
is_said(const struct mounts *all, struct text device)
{
	for (size_t i = 0; i < all->nsaid; i++) {
		const struct text d = all->mount[all->said[i]].device;

		if (d.len == device.len &&
		    memcmp(d.p, device.p, d.len) == 0)
			return true;
	}
	return false;
}

static bool
is_wanted(const struct mounts *all, const struct mount *m,
    const struct source_options *o)
{
	return mount_kind(m) == MOUNT_LOCAL && !is_excluded(o, m->type) &&
	    !is_said(all, m->device) && mount_reach(all->mount, all->n, m) == 0;
}

/* "sda1" of "/dev/sda1"; what is on no device has its number. */
static void
say_device(struct build *b, const struct mount *m)
{
	static const char dev[] = "/dev/";
	const size_t skip = sizeof(dev) - 1;
	char name[ATTR_TEXT_MAX];

	if (text_starts(m->source, dev) && m->source.len > skip &&
	    mountinfo_unescape(m->source, name, sizeof(name)) == 0)
		build_attr(b, KEY_DEVICE, name + skip, strlen(name) - skip);
	else
		build_attr(b, KEY_DEVICE, m->device.p, m->device.len);
}

static void
say(struct collect *c, const struct mount *m, const char *point,
    const struct space *s)
{
	struct build *b = c->build;

	build_instance(b);
	say_device(b, m);
	build_attr(b, KEY_FS_TYPE, m->type.p, m->type.len);
	build_attr(b, KEY_FS_MODE, m->read_only ? "ro" : "rw", 2);
	if (c->options->all_mountpoints || is_standard(point))
		build_attr(b, KEY_FS_MOUNTPOINT, point, strlen(point));
	else
		build_name(b, KEY_FS_MOUNTPOINT, point, strlen(point));
	build_point(b, FS_USAGE_USED, s->used);
	build_point(b, FS_USAGE_FREE, s->free);
	build_point(b, FS_USAGE_RESERVED, s->reserved);
	build_point(b, FS_LIMIT_ALL, s->limit);
	if (s->has_inodes) {
		build_point(b, FS_INODES_USED, s->inodes_used);
		build_point(b, FS_INODES_FREE, s->inodes_free);
	}
}

static void
refuse(struct mounts *all, const char *point, int error)
{
	/* gone since it was listed, or the point itself was removed */
	if (error == -ENOENT || error == -ENOTDIR || all->error < 0)
		return;
	all->error = error;
	stpcpy(all->refused, point);
}

/* False: it could not be asked. */
static bool
read_mount(struct collect *c, struct mounts *all, size_t i)
{
	const struct mount *m = &all->mount[i];
	char point[PATH_MAX];
	struct statfs fs;
	struct space s;
	int error = mountinfo_unescape(m->point, point, sizeof(point));

	if (error < 0) {
		refuse(all, mountinfo, error);
		return false;
	}
	if (statfs(point, &fs) < 0) {
		refuse(all, point, -errno);
		return false;
	}
	if (space_of(&fs, &s))
		say(c, m, point, &s);
	return true;
}

/* The root's first, so that its file system goes by the name "/". */
static void
read_wanted(struct collect *c, struct mounts *all, bool root)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct mount *m = &all->mount[i];

		if (text_is(m->point, "/") != root ||
		    !is_wanted(all, m, c->options))
			continue;
		if (collect_late(c)) {
			refuse(all, mountinfo, -ETIMEDOUT);
			return;
		}
		if (read_mount(c, all, i))
			all->said[all->nsaid++] = (uint16_t)i;
	}
}

/* Those of the reading before, in their order. */
static void
read_again(struct collect *c, struct mounts *all)
{
	for (size_t i = 0; i < all->nsaid; i++) {
		if (collect_late(c)) {
			refuse(all, mountinfo, -ETIMEDOUT);
			return;
		}
		if (!read_mount(c, all, all->said[i]))
			all->known = false;
	}
}

/* False: the text has no room and stands only until the next file is read. */
static bool
keep(struct mounts *all, struct text *t)
{
	if (t->len > sizeof(all->text))
		return false;
	memcpy(all->text, t->p, t->len);
	t->p = all->text;
	return true;
}

/* What is mounted, and the space of each. */
static int
look(struct collect *c, struct mounts *all)
{
	struct text t;
	bool kept;
	int error;

	all->known = false;
	all->age = 0;
	if ((error = host_read(c->host, HOST_PROC, mountinfo, &t)) < 0)
		return error;
	kept = keep(all, &t);
	if ((error = read_mounts(t, all)) < 0)
		return error;
	read_wanted(c, all, true);
	read_wanted(c, all, false);
	all->known = kept && all->error == 0;
	return 0;
}

static int
read_filesystems(struct collect *c)
{
	static struct mounts all;
	int error;

	/* statfs(2) would speak of this host, not of a copied tree's */
	if (!host_is_real(c->host, HOST_PROC))
		return -EOPNOTSUPP;
	all.error = 0;
	if (!host_changed(c->host, HOST_PROC, mountinfo) && all.known &&
	    ++all.age < LOOK_AGAIN) {
		read_again(c, &all);
	} else if ((error = look(c, &all)) < 0) {
		return error;
	}
	if (all.error < 0)
		collect_failed(c, all.refused, all.error);
	return 0;
}

const struct source source_filesystem = {
	.id = SOURCE_FILESYSTEM,
	.profile = PROFILE_MINIMAL,
	.path = { { HOST_PROC, "self/mountinfo" } },
	.kernel = "2.6.26",
	.capability = CAPABILITY_NONE,
	.series = { { 6, MOUNTS_MAX, { HOST_PROC, "self/mountinfo" } } },
	.select = KEY_BIT(DEVICE) | KEY_BIT(FS_TYPE) | KEY_BIT(FS_MOUNTPOINT),
	.describes = KEY_BIT(FS_TYPE) | KEY_BIT(FS_MODE) |
	    KEY_BIT(FS_MOUNTPOINT),
	.slow = true,
	.read = read_filesystems,
};
