/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See nfs.h. */
#include "sources/nfs.h"

#include "sources/rare.h"

#include <errno.h>
#include <string.h>

/*
 * Where a number stands: its line, and how many it has before it.  Columns of
 * procedures are their numbers in the kernel's tables, behind a count; later
 * kernels add to the end.
 */
static const struct {
	const char *line;
	unsigned column;
	unsigned point;
} places[] = {
	{ "rpc", 0, NFS_CALLS_ALL },
	{ "rpc", 1, NFS_RETRANSMISSIONS_ALL },
	{ "rpc", 2, NFS_AUTH_REFRESHES_ALL },
	{ "proc3", 1 + 1, NFS_OPERATIONS_GETATTR3 },
	{ "proc3", 1 + 3, NFS_OPERATIONS_LOOKUP3 },
	{ "proc3", 1 + 4, NFS_OPERATIONS_ACCESS3 },
	{ "proc3", 1 + 6, NFS_OPERATIONS_READ3 },
	{ "proc3", 1 + 7, NFS_OPERATIONS_WRITE3 },
	{ "proc3", 1 + 21, NFS_OPERATIONS_COMMIT3 },
	{ "proc4", 1 + 18, NFS_OPERATIONS_GETATTR4 },
	{ "proc4", 1 + 19, NFS_OPERATIONS_LOOKUP4 },
	{ "proc4", 1 + 17, NFS_OPERATIONS_ACCESS4 },
	{ "proc4", 1 + 1, NFS_OPERATIONS_READ4 },
	{ "proc4", 1 + 2, NFS_OPERATIONS_WRITE4 },
	{ "proc4", 1 + 3, NFS_OPERATIONS_COMMIT4 },
	{ "proc4", 1 + 4, NFS_OPERATIONS_OPEN4 },
	{ "proc4", 1 + 8, NFS_OPERATIONS_CLOSE4 },
	{ "proc4", 1 + 14, NFS_OPERATIONS_LOCK4 },
};

static_assert(sizeof(places) / sizeof(places[0]) == NFS_VALUES, "a sample");

static int
take_line(struct text line, struct nfs_sample *s)
{
	struct text name;

	if (!text_word(&line, &name))
		return -EBADMSG;
	for (size_t i = 0; i < NFS_VALUES; i++) {
		struct text rest = line;

		if (text_is(name, places[i].line) &&
		    (!text_skip(&rest, places[i].column) ||
			!text_next_u63(&rest, &s->value[i])))
			return -EBADMSG;
	}
	return 0;
}

int
nfs_parse(struct text t, struct nfs_sample *s)
{
	struct text line;

	memset(s->value, -1, sizeof(s->value));
	while (text_line(&t, &line))
		if (take_line(line, s) < 0)
			return -EBADMSG;
	/* what every kernel has had */
	return s->value[0] >= 0 ? 0 : -EBADMSG;
}

static int
read_nfs(struct collect *c)
{
	static const char path[] = "net/rpc/nfs";
	struct nfs_sample s;
	struct text t;

	if (!rare_read(c, path, &t))
		return 0;
	if (nfs_parse(t, &s) < 0) {
		collect_failed(c, path, -EBADMSG);
		return 0;
	}
	build_instance(c->build);
	for (size_t i = 0; i < NFS_VALUES; i++)
		collect_say(c, places[i].point, s.value[i]);
	return 0;
}

const struct source source_nfs = {
	.id = SOURCE_NFS,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_PROC, "net/rpc/nfs" } },
	.kernel = "2.6, CONFIG_NFS_FS",
	.capability = CAPABILITY_NONE,
	.series = { { NFS_VALUES, 1 } },
	.read = read_nfs,
};
