/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See rare.h. */
#include "sources/rare.h"

#include <errno.h>

bool
rare_read(struct collect *c, const char *path, struct text *t)
{
	const int error = host_read(c->host, HOST_PROC, path, t);

	if (error < 0 && error != -ENOENT)
		collect_failed(c, path, error);
	return error == 0;
}

void
rare_list(struct collect *c, struct rare *r,
    bool (*each)(void *arg, const char *name), void *arg)
{
	int error;

	/* a copy may be another host each time */
	if (r->rest > 0 && host_is_real(c->host, HOST_PROC)) {
		r->rest--;
		return;
	}
	error = host_list(c->host, HOST_PROC, r->path, each, arg);
	if (error == -ENOENT)
		r->rest = RARE_EVERY - 1;
	else if (error < 0)
		collect_failed(c, r->path, error);
}
