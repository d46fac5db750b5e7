/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See rare.h. */
#include "sources/rare.h"

#include <errno.h>

/* A copy may be another host each time. */
static bool
is_due(struct rare *r, const struct host *h)
{
	if (r->rest == 0 || !host_is_real(h, HOST_PROC))
		return true;
	r->rest--;
	return false;
}

static bool
judge(struct collect *c, struct rare *r, int error)
{
	if (error == -ENOENT)
		r->rest = RARE_EVERY - 1;
	else if (error < 0)
		collect_failed(c, r->path, error);
	return error == 0;
}

bool
rare_read(struct collect *c, struct rare *r, struct text *t)
{
	return is_due(r, c->host) &&
	    judge(c, r, host_read(c->host, HOST_PROC, r->path, t));
}

void
rare_list(struct collect *c, struct rare *r,
    bool (*each)(void *arg, const char *name), void *arg)
{
	if (is_due(r, c->host))
		judge(c, r, host_list(c->host, HOST_PROC, r->path, each, arg));
}
