/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  Whatever shipconf_decode() takes is within its bounds and
 * has one encoding.
 */
#include "shipconf.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_bounds(const struct shipconf *c)
{
	if (c->nendpoints < 1 || c->nendpoints > ENDPOINTS_MAX ||
	    c->nservers > NAMESERVERS_MAX || c->nattrs > RESOURCE_ATTRS_MAX ||
	    c->interval_ms < INTERVAL_MIN_MS || c->batch < BATCH_MIN ||
	    c->egress_limit < EGRESS_MIN || c->egress_limit > EGRESS_MAX ||
	    c->protocol >= PROTOCOL_END)
		abort();
	for (size_t i = 0; i < c->nendpoints; i++)
		if (c->endpoint[i].port == 0 ||
		    c->endpoint[i].path[0] != '/' ||
		    strpbrk(c->endpoint[i].host, "/@?# \r\n") != NULL)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t again[FRAME_MAX];
	struct shipconf c;

	if (len >= FRAME_MAX || shipconf_decode(&c, bytes, len) < 0)
		return 0;
	check_bounds(&c);
	if (shipconf_encode(&c, again, sizeof(again)) != (ptrdiff_t)len ||
	    memcmp(again, bytes, len) != 0)
		abort();
	return 0;
}
