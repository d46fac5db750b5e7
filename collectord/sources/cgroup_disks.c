/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See cgroup_disks.h. */
#include "sources/cgroup_disks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DISKS_MAX = 1024 };

static struct {
	bool read;		/* in this cycle */
	bool unknown;		/* they could not be read */
	size_t n;
	struct {
		int64_t major, minor;
		size_t len;
		char name[CGROUP_DISK_NAME_MAX];
	} disk[DISKS_MAX];
} disks;

void
cgroup_disks_begin(void)
{
	disks.read = disks.unknown = false;
	disks.n = 0;
}

static bool
take_line(struct text line)
{
	struct text name;
	int64_t major, minor;

	if (!text_next_u63(&line, &major) || !text_next_u63(&line, &minor) ||
	    !text_word(&line, &name))
		return false;
	if (name.len > CGROUP_DISK_NAME_MAX || disks.n == DISKS_MAX)
		return true;
	disks.disk[disks.n].major = major;
	disks.disk[disks.n].minor = minor;
	disks.disk[disks.n].len = name.len;
	memcpy(disks.disk[disks.n].name, name.p, name.len);
	disks.n++;
	return true;
}

static void
read_names(struct collect *c)
{
	struct text t, line;
	int error = host_read(c->host, HOST_PROC, "diskstats", &t);

	disks.read = true;
	while (error == 0 && text_line(&t, &line))
		if (!take_line(line))
			error = -EBADMSG;
	if (error < 0)
		collect_failed(c, "diskstats", error);
	disks.unknown = error < 0 && error != -ENOENT;
}

struct text
cgroup_disk_name(struct collect *c, int64_t major, int64_t minor,
    char buf[CGROUP_DISK_NAME_MAX])
{
	int len;

	if (!disks.read)
		read_names(c);
	if (disks.unknown)
		return text_of("", 0);
	for (size_t i = 0; i < disks.n; i++)
		if (disks.disk[i].major == major &&
		    disks.disk[i].minor == minor)
			return text_of(disks.disk[i].name, disks.disk[i].len);
	len = snprintf(buf, CGROUP_DISK_NAME_MAX, "%lld:%lld",
	    (long long)major, (long long)minor);
	return text_of(buf, (size_t)len);
}
