/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See inventory.h. */
#include "sources/inventory.h"

#include "sources/cpu_topology.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FIRMWARE "class/dmi/id/"
#define DISKS "block/"
#define NICS "class/net/"

enum {
	DISKS_MAX = 512, NICS_MAX = 256,
	DEVICE_MAX = 40,	/* the kernel's names are shorter */
	SECTOR_BYTES = 512,	/* of a size, whatever the device's own */
	BYTES_PER_MBIT = 125000,
	CPUINFO_START = 4096,	/* holds the first CPU */
};

struct name {
	size_t len;
	char text[INVENTORY_NAME_MAX];
};

struct device {
	size_t len;
	char name[DEVICE_MAX];
	int64_t size;		/* of a disk, bytes; of a NIC, bytes a second */
	struct name model;
};

static struct class_walk walk;
static struct cpu_topology topology;
static bool all_cpus;			/* are in it */
static struct name cpu_model, vendor, product, bios;
static struct device disks[DISKS_MAX], nics[NICS_MAX];
static size_t ndisks, nnics;

static void
look_name(struct collect *c, const char *dir, const char *file,
    struct name *name)
{
	char buf[2 * INVENTORY_NAME_MAX];
	struct text t;

	name->len = class_look(c, &walk, dir, file, buf, sizeof(buf), &t) ?
	    inventory_clean(t, name->text, sizeof(name->text)) : 0;
}

static void
look_cpu_model(struct collect *c)
{
	char buf[CPUINFO_START];
	struct text t, model;
	const int error = host_read_start(c->host, HOST_PROC, "cpuinfo", buf,
	    sizeof(buf), &t);

	cpu_model.len = 0;
	if (error < 0)
		class_walk_failed(c, &walk, "cpuinfo", error);
	/* only some architectures give it a name */
	else if (inventory_cpu_model(t, &model))
		cpu_model.len = inventory_clean(model, cpu_model.text,
		    sizeof(cpu_model.text));
}

static void
each_cpu(struct collect *c, unsigned cpu, const char *dir)
{
	const unsigned failed = walk.failed;
	struct cpu_place place;

	(void)cpu;
	cpu_topology_look(c, &walk, dir, &topology, &place);
	all_cpus &= walk.failed == failed;
}

/* False where there is no room for it. */
static bool
add_device(struct collect *c, const char *dir, const char *name,
    struct device *devices, size_t *n, size_t max)
{
	struct device *d = &devices[*n];
	const size_t len = strlen(name);

	if (*n == max || collect_late(c)) {
		class_walk_failed(c, &walk, dir, *n == max ? -EFBIG :
		    -ETIMEDOUT);
		return false;
	}
	if (len > sizeof(d->name))
		return true;
	d->len = len;
	for (size_t i = 0; i < len; i++)
		/* as the kernel calls it everywhere but in sysfs */
		d->name[i] = name[i] == '!' ? '/' : name[i];
	d->model.len = 0;
	(*n)++;
	return true;
}

static bool
each_disk(void *arg, const char *name)
{
	struct collect *c = arg;
	char dir[CLASS_PATH_MAX];
	int64_t size;
	struct device *d = &disks[ndisks];

	snprintf(dir, sizeof(dir), DISKS "%s/", name);
	if (!class_look_int(c, &walk, dir, "size", &size) || size <= 0 ||
	    __builtin_mul_overflow(size, SECTOR_BYTES, &size))
		return true;
	if (!add_device(c, DISKS, name, disks, &ndisks, DISKS_MAX))
		return false;
	d->size = size;
	look_name(c, dir, "device/model", &d->model);
	return true;
}

/* Of a bridge or a tunnel, a speed says nothing. */
static bool
is_physical(struct collect *c, const char *dir)
{
	char path[CLASS_PATH_MAX + sizeof("device")];
	int fd;

	snprintf(path, sizeof(path), "%sdevice", dir);
	fd = host_open_file(c->host, HOST_SYS, path);
	if (fd >= 0)
		close(fd);
	/* in the kernel's own tree it is a link, and those are not opened */
	return fd >= 0 || fd == -ELOOP;
}

static bool
each_nic(void *arg, const char *name)
{
	struct collect *c = arg;
	char dir[CLASS_PATH_MAX];
	int64_t mbit;
	struct device *d = &nics[nnics];

	snprintf(dir, sizeof(dir), NICS "%s/", name);
	/* -1: the device does not know, for example without a cable */
	if (!is_physical(c, dir) ||
	    !class_look_int(c, &walk, dir, "speed", &mbit) || mbit <= 0 ||
	    __builtin_mul_overflow(mbit, BYTES_PER_MBIT, &mbit))
		return !collect_late(c);
	if (!add_device(c, NICS, name, nics, &nnics, NICS_MAX))
		return false;
	d->size = mbit;
	return true;
}

/* One name without the others would be another host's. */
static void
look_firmware(struct collect *c)
{
	const unsigned failed = walk.failed;

	look_name(c, FIRMWARE, "sys_vendor", &vendor);
	look_name(c, FIRMWARE, "product_name", &product);
	look_name(c, FIRMWARE, "bios_version", &bios);
	if (walk.failed != failed)
		vendor.len = product.len = bios.len = 0;
}

static void
make_walk(struct collect *c)
{
	topology.ncores = topology.npackages = 0;
	ndisks = nnics = 0;
	look_cpu_model(c);
	look_firmware(c);
	all_cpus = true;
	all_cpus &= cpu_each(c, &walk, each_cpu);
	class_list(c, &walk, DISKS, each_disk, c);
	class_list(c, &walk, NICS, each_nic, c);
}

static void
say_name(struct build *b, enum key key, const struct name *name)
{
	if (name->len > 0)
		build_attr(b, key, name->text, name->len);
}

static void
say_host(struct build *b)
{
	build_instance(b);
	if (topology.ncores > 0 && all_cpus) {
		build_point(b, CPU_CORES_ALL, (int64_t)topology.ncores);
		build_point(b, CPU_PACKAGES_ALL, (int64_t)topology.npackages);
	}
	if (cpu_model.len > 0) {
		build_instance(b);
		say_name(b, KEY_CPU_MODEL, &cpu_model);
		build_point(b, CPU_MODEL_ALL, 1);
	}
	if (vendor.len + product.len + bios.len == 0)
		return;
	build_instance(b);
	say_name(b, KEY_HW_VENDOR, &vendor);
	say_name(b, KEY_HW_MODEL, &product);
	say_name(b, KEY_HW_FIRMWARE, &bios);
	build_point(b, HOST_HARDWARE_ALL, 1);
}

static void
say_disk(struct build *b, const struct device *d)
{
	build_instance(b);
	build_attr(b, KEY_DEVICE, d->name, d->len);
	build_point(b, DISK_LIMIT_ALL, d->size);
	if (d->model.len == 0)
		return;
	build_instance(b);
	build_attr(b, KEY_DEVICE, d->name, d->len);
	say_name(b, KEY_HW_MODEL, &d->model);
	build_point(b, DISK_MODEL_ALL, 1);
}

static int
read_inventory(struct collect *c)
{
	if (class_walk_due(&walk, c->host))
		make_walk(c);
	say_host(c->build);
	for (size_t i = 0; i < ndisks; i++)
		say_disk(c->build, &disks[i]);
	for (size_t i = 0; i < nnics; i++) {
		build_instance(c->build);
		build_attr(c->build, KEY_HW_ID, nics[i].name, nics[i].len);
		build_point(c->build, NIC_LIMIT_ALL, nics[i].size);
	}
	return 0;
}

const struct source source_inventory = {
	.id = SOURCE_INVENTORY,
	.profile = PROFILE_FULL,
	.path = { { HOST_PROC, "cpuinfo" }, { HOST_SYS, CPU_DIRECTORY },
	    { HOST_SYS, FIRMWARE }, { HOST_SYS, DISKS }, { HOST_SYS, NICS } },
	.kernel = "2.6.33; firmware: CONFIG_DMIID",
	.capability = CAPABILITY_NONE,
	.series = { { 4, 1 }, { 2, DISKS_MAX, { HOST_SYS, DISKS } },
	    { 1, NICS_MAX, { HOST_SYS, NICS } } },
	.select = KEY_BIT(DEVICE) | KEY_BIT(HW_ID),
	.describes = KEY_BIT(HW_VENDOR) | KEY_BIT(HW_MODEL) |
	    KEY_BIT(HW_FIRMWARE) | KEY_BIT(CPU_MODEL),
	.read = read_inventory,
};
