/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See process.h. */
#include "sources/process.h"

#include "sources/processes.h"

#include <errno.h>

/* All counts or none. */
static int
count_all(struct collect *c)
{
	const struct processes *all = processes_get(c);
	int64_t count[PROCESS_STATES] = { 0 };

	if (all->error < 0)
		return all->error;
	for (size_t i = 0; i < all->n; i++)
		if (all->process[i].read)
			count[all->process[i].state]++;
	for (unsigned i = 0; i < PROCESS_STATES; i++)
		build_point(c->build, PROCESS_COUNT_RUNNING + i, count[i]);
	return 0;
}

static void
say_limit(struct collect *c)
{
	static const char path[] = "sys/kernel/threads-max";
	struct text t, line;
	int64_t limit;

	if (!collect_read(c, HOST_PROC, path, &t))
		return;
	if (text_line(&t, &line) && text_u63(line, &limit))
		build_point(c->build, PROCESS_LIMIT_ALL, limit);
	else
		collect_failed(c, path, -EBADMSG);
}

static int
read_processes(struct collect *c)
{
	int error;

	build_instance(c->build);
	if ((error = count_all(c)) < 0)
		collect_failed(c, "[pid]/stat", error);
	say_limit(c);
	return 0;
}

const struct source source_process = {
	.id = SOURCE_PROCESS,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_PROC, "./" },
	    { HOST_PROC, "sys/kernel/threads-max" } },
	.kernel = "2.6",
	.capability = CAPABILITY_NONE,
	.group = "where /proc is mounted hidepid: that of its gid=",
	.series = { { 5, 1 } },
	.read = read_processes,
};
