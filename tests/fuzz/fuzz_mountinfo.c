/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "sources/mountinfo.h"

#include <stdlib.h>
#include <string.h>

enum { MOUNTS = 256 };

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
visit(const struct mount *mounts, size_t n, const struct mount *m)
{
	char path[256];

	if (mount_reach(mounts, n, m) == 0 && mount_kind(m) == MOUNT_FOREIGN)
		abort();
	if (mountinfo_unescape(m->point, path, sizeof(path)) == 0 &&
	    (path[0] != '/' || strlen(path) >= sizeof(path)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct mount mounts[MOUNTS];
	struct text t = text_of((const char *)data, len);
	size_t n = 0;

	while (n < MOUNTS && mountinfo_next(&t, &mounts[n]) == 1)
		n++;
	for (size_t i = 0; i < n; i++)
		visit(mounts, n, &mounts[i]);
	return 0;
}
