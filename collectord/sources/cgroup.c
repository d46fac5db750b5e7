/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cgroup.h. */
#include "sources/cgroup.h"

#include "sources/cgroup_disks.h"
#include "sources/cgroup_tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	REPORT_MAX = 64,
	/* cycles in which a ration stands before more is tried again */
	RATION_CYCLES = 64,
};

static struct cgroup_tree tree;
static struct cgroup_sample sample;

/*
 * Where time runs out, as many as were read, less a quarter, are read in the
 * cycles to come: else the last ones would come and go.
 */
static struct {
	size_t cgroups;
	unsigned cycles;	/* left; 0: no ration */
} ration;

static const unsigned points[CGROUP_SAID] = {
	[CGROUP_USAGE_US] = CGROUP_CPU_USAGE_ALL,
	[CGROUP_USER_US] = CGROUP_CPU_TIME_USER,
	[CGROUP_SYSTEM_US] = CGROUP_CPU_TIME_SYSTEM,
	[CGROUP_NR_PERIODS] = CGROUP_CPU_PERIODS_ALL,
	[CGROUP_NR_THROTTLED] = CGROUP_CPU_THROTTLED_ALL,
	[CGROUP_THROTTLED_US] = CGROUP_CPU_THROTTLED_TIME_ALL,
	[CGROUP_MILLICPU_MAX] = CGROUP_CPU_LIMIT_ALL,
	[CGROUP_MEM] = CGROUP_MEMORY_ALL,
	[CGROUP_MEM_ANON] = CGROUP_MEMORY_ANON_ALL,
	[CGROUP_MEM_FILE] = CGROUP_MEMORY_FILE_ALL,
	[CGROUP_MEM_KERNEL] = CGROUP_MEMORY_KERNEL_ALL,
	[CGROUP_MEM_SWAP] = CGROUP_SWAP_ALL,
	[CGROUP_MEM_MAX] = CGROUP_MEMORY_LIMIT_ALL,
	[CGROUP_MEM_HIGH] = CGROUP_MEMORY_HIGH_ALL,
	[CGROUP_SWAP_MAX] = CGROUP_SWAP_LIMIT_ALL,
	[CGROUP_OOM] = CGROUP_MEMORY_EVENTS_OOM,
	[CGROUP_OOM_KILL] = CGROUP_MEMORY_EVENTS_OOM_KILL,
	[CGROUP_MAX] = CGROUP_MEMORY_EVENTS_MAX,
	[CGROUP_HIGH] = CGROUP_MEMORY_EVENTS_HIGH,
	[CGROUP_TASKS] = CGROUP_PIDS_ALL,
	[CGROUP_TASKS_MAX] = CGROUP_PIDS_LIMIT_ALL,
	[CGROUP_CPU_SOME_US] = CGROUP_PSI_STALL_CPU_SOME,
	[CGROUP_CPU_FULL_US] = CGROUP_PSI_STALL_CPU_FULL,
	[CGROUP_MEM_SOME_US] = CGROUP_PSI_STALL_MEMORY_SOME,
	[CGROUP_MEM_FULL_US] = CGROUP_PSI_STALL_MEMORY_FULL,
	[CGROUP_IO_SOME_US] = CGROUP_PSI_STALL_IO_SOME,
	[CGROUP_IO_FULL_US] = CGROUP_PSI_STALL_IO_FULL,
};

static void
attr(struct build *b, enum key key, struct text value)
{
	if (value.len > 0)
		build_attr(b, key, value.p, value.len);
}

static void
say_name(struct build *b, const struct cgroup_name *n)
{
	attr(b, KEY_UNIT, n->unit);
	attr(b, KEY_SLICE, n->slice);
	attr(b, KEY_UNIT_UID, n->uid);
	attr(b, KEY_CONTAINER_ID, n->container);
	if (n->runtime != NULL)
		build_attr(b, KEY_CONTAINER_RUNTIME, n->runtime,
		    strlen(n->runtime));
	attr(b, KEY_POD_UID, text_of(n->pod, n->pod_len));
}

static void
say_values(struct collect *c, const struct cgroup_name *n)
{
	build_instance(c->build);
	say_name(c->build, n);
	for (unsigned i = 0; i < CGROUP_SAID; i++)
		collect_say(c, points[i], sample.value[i]);
}

static void
say_device(struct collect *c, const struct cgroup_name *n, size_t i)
{
	const int64_t *v = sample.io.device[i].value;
	char number[CGROUP_DISK_NAME_MAX];
	const struct text disk = cgroup_disk_name(c, sample.io.device[i].major,
	    sample.io.device[i].minor, number);

	if (disk.len == 0)
		return;
	build_instance(c->build);
	attr(c->build, KEY_DEVICE, disk);
	say_name(c->build, n);
	if (sample.io.has_bytes) {
		build_point(c->build, CGROUP_IO_READ, v[CGROUP_READ_BYTES]);
		build_point(c->build, CGROUP_IO_WRITE, v[CGROUP_WRITE_BYTES]);
	}
	if (sample.io.has_operations) {
		build_point(c->build, CGROUP_OPERATIONS_READ, v[CGROUP_READS]);
		build_point(c->build, CGROUP_OPERATIONS_WRITE,
		    v[CGROUP_WRITES]);
	}
}

/* True when something was said. */
static bool
read_one(struct collect *c, size_t number)
{
	struct cgroup *cg = &tree.entry[number];
	const struct cgroup_name name = cgroup_name_of(text_of(cg->path,
	    cg->len));

	cgroup_read(&tree.files, c->host, cg, number, &sample);
	tree.stale |= cg->gone;
	say_values(c, &name);
	for (size_t i = 0; i < sample.io.n; i++)
		say_device(c, &name, i);
	return c->build->npoints > 0;
}

/* Each file by its name, and not by the cgroup's: there may be thousands. */
static void
report_files(struct collect *c)
{
	char path[REPORT_MAX];

	for (size_t i = 0; i < tree.layout->nfiles; i++) {
		const int error = cgroup_file_error(&tree.files, i);

		if (error == 0)
			continue;
		snprintf(path, sizeof(path), "[cgroup]/%s",
		    tree.layout->file[i].name);
		collect_failed(c, path, error);
	}
}

static void
report_left_out(struct collect *c)
{
	static const char *const classes[CGROUP_CLASSES] = {
		"[units]", "[containers]", "[users]" };

	for (unsigned i = 0; i < CGROUP_CLASSES; i++)
		if (tree.left_out[i] > 0)
			collect_failed(c, classes[i], -ENOBUFS);
	if (tree.too_long > 0)
		collect_failed(c, "[path]", -ENAMETOOLONG);
	if (tree.error != 0)
		collect_failed(c, "fs/cgroup/", tree.error);
}

static size_t
left_out(void)
{
	size_t sum = tree.too_long;

	for (unsigned i = 0; i < CGROUP_CLASSES; i++)
		sum += tree.left_out[i];
	return sum;
}

struct counts {
	size_t live, read, sent;
};

static struct counts
read_all(struct collect *c)
{
	struct counts n = { 0 };
	bool late = false;

	if (ration.cycles > 0)
		ration.cycles--;
	for (size_t i = 0; i < CGROUPS_MAX; i++) {
		if (!tree.entry[i].used)
			continue;
		n.live++;
		late = late || collect_late(c);
		if (late || (ration.cycles > 0 && n.read == ration.cgroups))
			continue;
		n.sent += read_one(c, i);
		n.read++;
	}
	/* a walk takes time once: that says nothing of the cycles to come */
	if (late && n.read > 0 && !cgroup_tree_walked(&tree)) {
		ration.cgroups = n.read - n.read / 4;
		ration.cycles = RATION_CYCLES;
	}
	return n;
}

/* Once it is known what there is; what has failed is neither. */
static void
say_counts(struct build *b, const struct counts *n)
{
	const size_t out = n->live - n->read + left_out();

	if (n->sent + out == 0)
		return;
	build_instance(b);
	build_point(b, CGROUP_COUNT_SENT, (int64_t)n->sent);
	build_point(b, CGROUP_COUNT_LEFT_OUT, (int64_t)out);
}

static int
read_cgroups(struct collect *c)
{
	struct counts n;

	if (!cgroup_tree_refresh(&tree, c))
		return 0;
	cgroup_disks_begin();
	cgroup_files_begin(&tree.files);
	n = read_all(c);
	report_files(c);
	report_left_out(c);
	if (n.read < n.live)
		collect_failed(c, "[cgroup]", -ETIMEDOUT);
	say_counts(c->build, &n);
	return 0;
}

void
cgroup_forget(void)
{
	cgroup_tree_reset(&tree);
	ration.cycles = 0;
}

const struct source source_cgroup = {
	.id = SOURCE_CGROUP,
	.profile = PROFILE_FULL,
	.path = { { HOST_SYS, "fs/cgroup/" }, { HOST_PROC, "diskstats" },
	    { HOST_PROC, "cgroups" } },
	.kernel = "4.20, CONFIG_CGROUPS; without PSI 4.15",
	.capability = CAPABILITY_NONE,
	.series = { { 2, 1 }, { CGROUP_SAID, CGROUPS_MAX },
	    { 4 * CGROUPS_MAX, CGROUP_DEVICES_MAX,
		{ HOST_PROC, "diskstats" } } },
	.select = KEY_BIT(UNIT) | KEY_BIT(SLICE) | KEY_BIT(CONTAINER_ID) |
	    KEY_BIT(CONTAINER_RUNTIME) | KEY_BIT(POD_UID),
	.describes = KEY_BIT(CONTAINER_RUNTIME) | KEY_BIT(POD_UID),
	.read = read_cgroups,
};
