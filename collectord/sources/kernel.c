/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See kernel.h. */
#include "sources/kernel.h"

#include <errno.h>

/* Seconds since boot; what CPUs idled, which follows, is in /proc/stat. */
int
uptime_parse(struct text t, int64_t *centiseconds)
{
	struct text line, word;

	return text_line(&t, &line) && text_word(&line, &word) &&
	    text_centi(word, centiseconds) ? 0 : -EBADMSG;
}

/* Allocated handles, free ones (0 since Linux 2.6), the most there can be. */
int
file_nr_parse(struct text t, struct file_nr *s)
{
	struct text line;

	return text_line(&t, &line) && text_next_u63(&line, &s->open) &&
	    text_skip(&line, 1) && text_next_u63(&line, &s->limit) ?
	    0 : -EBADMSG;
}

int
number_parse(struct text t, int64_t *v)
{
	struct text line, rest;

	return text_line(&t, &line) && text_next_u63(&line, v) &&
	    !text_word(&line, &rest) ? 0 : -EBADMSG;
}

static void
read_uptime(struct collect *c)
{
	int64_t centiseconds;
	struct text t;

	if (!collect_read(c, HOST_PROC, "uptime", &t))
		return;
	if (uptime_parse(t, &centiseconds) < 0)
		collect_failed(c, "uptime", -EBADMSG);
	else
		build_point(c->build, UPTIME_ALL, centiseconds);
}

static void
read_file_nr(struct collect *c)
{
	struct file_nr s;
	struct text t;

	if (!collect_read(c, HOST_PROC, "sys/fs/file-nr", &t))
		return;
	if (file_nr_parse(t, &s) < 0) {
		collect_failed(c, "sys/fs/file-nr", -EBADMSG);
		return;
	}
	build_point(c->build, FILE_HANDLES_ALL, s.open);
	build_point(c->build, FILE_HANDLES_LIMIT_ALL, s.limit);
}

static void
read_number(struct collect *c, const char *path, unsigned id)
{
	struct text t;
	int64_t v;

	if (!collect_read(c, HOST_PROC, path, &t))
		return;
	if (number_parse(t, &v) < 0)
		collect_failed(c, path, -EBADMSG);
	else
		build_point(c->build, id, v);
}

static int
read_kernel(struct collect *c)
{
	build_instance(c->build);
	read_uptime(c);
	read_file_nr(c);
	read_number(c, "sys/kernel/random/entropy_avail", ENTROPY_ALL);
	read_number(c, "sys/kernel/hung_task_detect_count", HUNG_TASKS_ALL);
	return 0;
}

const struct source source_kernel = {
	.id = SOURCE_KERNEL,
	.profile = PROFILE_MINIMAL,
	.path = { { HOST_PROC, "uptime" }, { HOST_PROC, "sys/fs/file-nr" },
	    { HOST_PROC, "sys/kernel/random/entropy_avail" },
	    { HOST_PROC, "sys/kernel/hung_task_detect_count" } },
	.kernel = "6.13; without hung tasks 2.6",
	.capability = CAPABILITY_NONE,
	.series = { { 5, 1 } },
	.read = read_kernel,
};
