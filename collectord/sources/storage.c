/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See storage.h. */
#include "sources/storage.h"

#include "sources/class_walk.h"
#include "sources/rare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EXT4 "fs/ext4/"
#define XFS "fs/xfs/"
#define BTRFS "fs/btrfs/"
#define ZFS "spl/kstat/zfs/"

enum { FILES_MAX = 1024, MOUNTS_MAX = 256, POOLS_MAX = 64, NAME_MAX_LEN = 48 };

/* What a file is; from BTRFS_FIRST on, a row of btrfs_files. */
enum row { EXT4_ERRORS_ROW, XFS_ROW, BTRFS_ERRORS_ROW, BTRFS_FIRST };

/* Numbers of a Btrfs file system, ascending by point. */
static const struct {
	const char *name;
	unsigned point;
} btrfs_files[] = {
	{ "allocation/data/bytes_used", BTRFS_USAGE_DATA },
	{ "allocation/metadata/bytes_used", BTRFS_USAGE_METADATA },
	{ "allocation/system/bytes_used", BTRFS_USAGE_SYSTEM },
	{ "allocation/data/total_bytes", BTRFS_ALLOCATED_DATA },
	{ "allocation/metadata/total_bytes", BTRFS_ALLOCATED_METADATA },
	{ "allocation/system/total_bytes", BTRFS_ALLOCATED_SYSTEM },
};

enum { BTRFS_FILES = sizeof(btrfs_files) / sizeof(btrfs_files[0]) };

struct mounted {
	size_t len;
	bool cut;			/* not all its files are known */
	char name[NAME_MAX_LEN];	/* of its device; its UUID */
};

static struct class_file file[FILES_MAX];
static struct class_walk walk = { .file = file, .max = FILES_MAX };
static struct mounted mounts[MOUNTS_MAX];
static size_t nmounts;

static bool
add_mount(struct collect *c, const char *top, const char *name)
{
	struct mounted *m = &mounts[nmounts];

	if (nmounts == MOUNTS_MAX || collect_late(c)) {
		class_walk_failed(c, &walk, top, nmounts == MOUNTS_MAX ?
		    -EFBIG : -ETIMEDOUT);
		return false;
	}
	m->len = strlen(name);
	memcpy(m->name, name, m->len);
	m->cut = false;
	nmounts++;
	return true;
}

static void
add_file(struct collect *c, unsigned row, const char *top, const char *name,
    const char *path)
{
	char dir[CLASS_PATH_MAX];

	snprintf(dir, sizeof(dir), "%s%.*s/", top, NAME_MAX_LEN, name);
	class_add(c, &walk, (unsigned)nmounts - 1, row, dir, path);
}

static bool
each_ext4(void *arg, const char *name)
{
	if (strcmp(name, "features") == 0 || strlen(name) > NAME_MAX_LEN)
		return true;
	if (!add_mount(arg, EXT4, name))
		return false;
	add_file(arg, EXT4_ERRORS_ROW, EXT4, name, "errors_count");
	return true;
}

static bool
each_xfs(void *arg, const char *name)
{
	if (strcmp(name, "stats") == 0 || strcmp(name, "debug") == 0 ||
	    strlen(name) > NAME_MAX_LEN)
		return true;
	if (!add_mount(arg, XFS, name))
		return false;
	add_file(arg, XFS_ROW, XFS, name, "stats/stats");
	return true;
}

struct devices {
	struct collect *c;
	const char *uuid;
};

static bool
each_device(void *arg, const char *name)
{
	const struct devices *d = arg;
	char path[64];
	unsigned number;

	if (class_number_of(name, "", &number)) {
		snprintf(path, sizeof(path), "devinfo/%u/error_stats", number);
		add_file(d->c, BTRFS_ERRORS_ROW, BTRFS, d->uuid, path);
	}
	return true;
}

static bool
each_btrfs(void *arg, const char *name)
{
	struct collect *c = arg;
	const unsigned failed = walk.failed;
	char dir[CLASS_PATH_MAX];

	if (!btrfs_is_uuid(name))
		return true;
	if (!add_mount(c, BTRFS, name))
		return false;
	for (size_t i = 0; i < BTRFS_FILES; i++)
		add_file(c, BTRFS_FIRST + (unsigned)i, BTRFS, name,
		    btrfs_files[i].name);
	snprintf(dir, sizeof(dir), BTRFS "%s/devinfo/", name);
	class_list(c, &walk, dir, each_device,
	    &(struct devices){ .c = c, .uuid = name });
	mounts[nmounts - 1].cut = walk.failed != failed;
	return true;
}

/* What the files of one file system said. */
struct said {
	struct named_sample sample;
	int64_t ext4_errors, btrfs[BTRFS_FILES];	/* -1: nothing */
	bool broken;		/* one of those that are added up */
};

static void
take_sum(struct collect *c, struct class_file *f, struct said *s)
{
	struct text t;
	int error;

	if (!class_read(c, &walk, f, &t)) {
		s->broken = true;
		return;
	}
	error = f->row == XFS_ROW ? xfs_parse(t, &s->sample) :
	    btrfs_errors_parse(t, &s->sample);
	s->broken = s->broken || error < 0;
	if (error < 0)
		collect_failed(c, f->path, error);
}

static void
take_file(struct collect *c, struct class_file *f, struct said *s)
{
	int64_t *to = f->row == EXT4_ERRORS_ROW ? &s->ext4_errors :
	    &s->btrfs[f->row - BTRFS_FIRST];
	int64_t v;

	if (class_read_int(c, &walk, f, &v))
		*to = v;
}

static void
say(struct collect *c, const struct mounted *m, const struct said *s)
{
	build_instance(c->build);
	build_attr(c->build, KEY_DEVICE, m->name, m->len);
	for (size_t i = 0; i < storage_table.n; i++)
		if (storage_table.row[i].file == STORAGE_XFS &&
		    s->sample.found[i] && !s->broken)
			build_point(c->build, storage_table.row[i].point,
			    s->sample.value[i]);
	for (size_t i = 0; i < BTRFS_FILES; i++)
		collect_say(c, btrfs_files[i].point, s->btrfs[i]);
	for (size_t i = 0; i < storage_table.n; i++)
		if (storage_table.row[i].file == STORAGE_BTRFS_ERRORS &&
		    s->sample.found[i] && !s->broken)
			build_point(c->build, storage_table.row[i].point,
			    s->sample.value[i]);
	collect_say(c, EXT4_ERRORS_ALL, s->ext4_errors);
}

static void
read_mounts(struct collect *c)
{
	struct said s;
	size_t i = 0;

	for (size_t m = 0; m < nmounts; m++) {
		memset(&s, 0, sizeof(s));
		memset(s.btrfs, -1, sizeof(s.btrfs));
		s.ext4_errors = -1;
		s.broken = mounts[m].cut;
		for (; i < walk.n && file[i].entry == m; i++)
			if (file[i].row == XFS_ROW ||
			    file[i].row == BTRFS_ERRORS_ROW)
				take_sum(c, &file[i], &s);
			else
				take_file(c, &file[i], &s);
		say(c, &mounts[m], &s);
	}
}

struct pools {
	struct collect *c;
	size_t n;
};

static bool
each_pool(void *arg, const char *name)
{
	struct pools *pools = arg;
	struct collect *c = pools->c;
	char path[sizeof(ZFS) + NAME_MAX_LEN + sizeof("/state")];
	struct text t, line;
	unsigned state;
	int error;

	if (strlen(name) > NAME_MAX_LEN)
		return true;
	if (collect_late(c) || pools->n == POOLS_MAX) {
		collect_failed(c, ZFS, pools->n == POOLS_MAX ? -EFBIG :
		    -ETIMEDOUT);
		return false;
	}
	snprintf(path, sizeof(path), ZFS "%s/state", name);
	error = host_read_once(c->host, HOST_PROC, path, &t);
	/* most names there are files about all pools */
	if (error == -ENOTDIR || error == -ENOENT)
		return true;
	pools->n++;
	state = error == 0 && text_line(&t, &line) ? zfs_state(line) : 0;
	if (state == 0) {
		collect_failed(c, path, error < 0 ? error : -EBADMSG);
		return true;
	}
	build_instance(c->build);
	build_attr(c->build, KEY_DEVICE, name, strlen(name));
	for (unsigned p = ZFS_POOL_STATE_ONLINE; p <= ZFS_POOL_STATE_FAILED;
	    p++)
		build_point(c->build, p, p == state);
	return true;
}

static void
read_zfs(struct collect *c)
{
	static const char arc[] = ZFS "arcstats";
	static struct rare pools = { .path = ZFS };
	struct named_sample s;
	struct text t;

	memset(&s, 0, sizeof(s));
	if (rare_read(c, arc, &t) && arc_parse(t, &s) < 0)
		collect_failed(c, arc, -EBADMSG);
	named_say(c->build, &storage_table, &s);
	rare_list(c, &pools, each_pool, &(struct pools){ .c = c });
}

static int
read_storage(struct collect *c)
{
	if (class_walk_due(&walk, c->host)) {
		nmounts = 0;
		class_list(c, &walk, EXT4, each_ext4, c);
		class_list(c, &walk, XFS, each_xfs, c);
		class_list(c, &walk, BTRFS, each_btrfs, c);
	}
	read_zfs(c);
	read_mounts(c);
	return 0;
}

const struct source source_storage = {
	.id = SOURCE_STORAGE,
	.profile = PROFILE_FULL,
	.path = { { HOST_SYS, EXT4 }, { HOST_SYS, XFS }, { HOST_SYS, BTRFS },
	    { HOST_PROC, ZFS } },
	.kernel = "5.14; ZFS: its module, 0.8",
	.capability = CAPABILITY_NONE,
	.series = { { 4, 1 }, { 12, MOUNTS_MAX },
	    { 3, POOLS_MAX, { HOST_PROC, ZFS } } },
	.select = KEY_BIT(DEVICE),
	.read = read_storage,
};
