/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See disk.h. */
#include "sources/disk.h"

#include "source.h"

#include <errno.h>
#include <string.h>

/* Whatever the device's own: a sector of these columns is 512 bytes. */
enum { SECTOR_BYTES = 512 };

enum { REST_AT_ONCE = 8 };

static bool
any(const int64_t *value, int n)
{
	for (int i = 0; i < n; i++)
		if (value[i] != 0)
			return true;
	return false;
}

/* Discards and flushes came later, and so may others: only whether used. */
static int
take_rest(struct text *line, struct disk_sample *d)
{
	int64_t value[REST_AT_ONCE];
	int n;

	while ((n = text_numbers(line, value, REST_AT_ONCE)) > 0)
		d->used = d->used || any(value, n);
	return n < 0 ? -EBADMSG : 1;
}

/* The columns of a device that was never used, as most of some hosts are. */
static bool
never_used(struct text columns)
{
	static const char zeros[] = " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0";

	return columns.len >= 2 * DISK_COLUMNS &&
	    columns.len < sizeof(zeros) &&
	    memcmp(columns.p, zeros, columns.len) == 0;
}

int
diskstats_next(struct text *t, struct disk_sample *d)
{
	struct text line;
	int64_t number;

	memset(d, 0, sizeof(*d));
	if (!text_line(t, &line))
		return 0;
	if (!text_next_u63(&line, &number) || !text_next_u63(&line, &number) ||
	    !text_word(&line, &d->name))
		return -EBADMSG;
	if (never_used(line))
		return 1;
	if (text_numbers(&line, d->value, DISK_COLUMNS) < DISK_COLUMNS)
		return -EBADMSG;
	d->used = any(d->value, DISK_COLUMNS);
	if (__builtin_mul_overflow(d->value[DISK_READ_BYTES], SECTOR_BYTES,
		&d->value[DISK_READ_BYTES]) ||
	    __builtin_mul_overflow(d->value[DISK_WRITTEN_BYTES], SECTOR_BYTES,
		&d->value[DISK_WRITTEN_BYTES]))
		return -EBADMSG;
	return take_rest(&line, d);
}

/*
 * The names of whole disks, as hashes: diskstats also has partitions, and
 * thousands of disks times thousands of lines is too much to compare.
 */
enum { SLOTS = 8192, DISKS_MAX = SLOTS / 2 };

struct disk_names {
	uint64_t devices;	/* of diskstats, when this was made */
	size_t n;
	bool all;		/* unknown: every device counts as a disk */
	bool none;		/* unknown in this cycle only: nothing does */
	bool full;
	uint64_t slot[SLOTS];	/* 0: free */
};

/* FNV-1a.  In sysfs a name's '/' is a '!'. */
static uint64_t
name_hash(const char *name, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)(name[i] == '!' ? '/' : name[i])) *
		    UINT64_C(0x100000001b3);
	return h == 0 ? 1 : h;
}

/* Where the hash stands, or could. */
static uint64_t *
slot_of(struct disk_names *names, uint64_t hash)
{
	size_t i = hash % SLOTS;

	while (names->slot[i] != 0 && names->slot[i] != hash)
		i = (i + 1) % SLOTS;
	return &names->slot[i];
}

static bool
add_name(void *arg, const char *name)
{
	struct disk_names *names = arg;
	const uint64_t hash = name_hash(name, strlen(name));

	if (names->n == DISKS_MAX) {
		names->full = true;
		return false;
	}
	*slot_of(names, hash) = hash;
	names->n++;
	return true;
}

/* What diskstats has, in a number: disks do not change while it stands. */
static uint64_t
devices_of(struct text t)
{
	struct text line, name;
	uint64_t h = 1;

	while (text_line(&t, &line))
		if (text_skip(&line, 2) && text_word(&line, &name))
			h = h * 31 + name_hash(name.p, name.len);
	return h;
}

static void
list_disks(struct collect *c, struct disk_names *names, uint64_t devices)
{
	int error;

	if (devices == names->devices)
		return;
	memset(names, 0, sizeof(*names));
	error = host_list(c->host, HOST_SYS, "block", add_name, names);
	if (error == 0 && names->full)
		error = -EFBIG;
	if (error < 0)
		collect_failed(c, "block/", error);
	names->all = failure_of(error) == FAILURE_MISSING ||
	    failure_of(error) == FAILURE_DENIED;
	/* partitions that are disks for once would count everything twice */
	names->none = error < 0 && !names->all && !names->full;
	/* what went wrong is tried again each time */
	names->devices = error < 0 ? 0 : devices;
}

static bool
is_disk(struct disk_names *names, struct text name)
{
	return names->all ||
	    *slot_of(names, name_hash(name.p, name.len)) != 0;
}

/* In the order of the registry. */
static const struct {
	enum point_id point;
	enum disk_column column;
} said[] = {
	{ DISK_IO_READ, DISK_READ_BYTES },
	{ DISK_IO_WRITE, DISK_WRITTEN_BYTES },
	{ DISK_OPERATIONS_READ, DISK_READS },
	{ DISK_OPERATIONS_WRITE, DISK_WRITES },
	{ DISK_MERGED_READ, DISK_READS_MERGED },
	{ DISK_MERGED_WRITE, DISK_WRITES_MERGED },
	{ DISK_OPERATION_TIME_READ, DISK_READ_MS },
	{ DISK_OPERATION_TIME_WRITE, DISK_WRITE_MS },
	{ DISK_IO_TIME_ALL, DISK_BUSY_MS },
	{ DISK_WEIGHTED_TIME_ALL, DISK_WEIGHTED_MS },
	{ DISK_IN_FLIGHT_ALL, DISK_NOW },
};

static void
say(struct build *b, const struct disk_sample *d)
{
	build_instance(b);
	build_attr(b, KEY_DEVICE, d->name.p, d->name.len);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		build_point(b, said[i].point, d->value[said[i].column]);
}

static int
read_disks(struct collect *c)
{
	static struct disk_names names;
	struct disk_sample d;
	struct text t;
	int more, error = 0;

	if (!collect_read(c, HOST_PROC, "diskstats", &t))
		return 0;
	list_disks(c, &names, devices_of(t));
	while ((more = diskstats_next(&t, &d)) != 0) {
		if (more < 0)
			error = more;
		else if (d.used && !names.none && is_disk(&names, d.name))
			say(c->build, &d);
	}
	if (error < 0)
		collect_failed(c, "diskstats", error);
	return 0;
}

const struct source source_disk = {
	.id = SOURCE_DISK,
	.profile = PROFILE_MINIMAL,
	.path = { { HOST_PROC, "diskstats" }, { HOST_SYS, "block/" } },
	.kernel = "2.6.25",
	.capability = CAPABILITY_NONE,
	.series = { { 11, DISKS_MAX, { HOST_PROC, "diskstats" } } },
	.select = KEY_BIT(DEVICE),
	.read = read_disks,
};
