/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See egress.h. */
#include "egress.h"

#include <string.h>

#define NS_PER_MS UINT64_C(1000000)

enum { MINUTE_MS = 60000 };

void
egress_init(struct egress *e, uint32_t limit, uint32_t age_ms,
    uint64_t now_ns)
{
	const uint64_t age_ns = age_ms * NS_PER_MS;

	memset(e, 0, sizeof(*e));
	e->limit = limit;
	e->born_ns = age_ns < now_ns ? now_ns - age_ns : 0;
}

static void
forget(struct egress *e, uint64_t minute)
{
	if (minute - e->minute >= EGRESS_MINUTES) {
		memset(e->bytes, 0, sizeof(e->bytes));
		e->used = 0;
		e->minute = minute;
	}
	while (e->minute < minute) {
		uint32_t *oldest = &e->bytes[++e->minute % EGRESS_MINUTES];

		e->used -= *oldest;
		*oldest = 0;
	}
}

uint64_t
egress_take(struct egress *e, size_t bytes, uint64_t now_ns)
{
	uint64_t earned_ms;

	forget(e, (now_ns - e->born_ns) / NS_PER_MS / MINUTE_MS);
	if (bytes > e->limit || e->used + bytes > e->limit)
		return EGRESS_OVER;
	e->used += bytes;
	e->bytes[e->minute % EGRESS_MINUTES] += (uint32_t)bytes;
	/* an hour after the start at the latest: then the sum alone counts */
	earned_ms = (e->used * EGRESS_HOUR_MS + e->limit - 1) / e->limit;
	return e->born_ns + earned_ms * NS_PER_MS;
}

/* A quarter is left for what is made meanwhile. */
uint64_t
egress_pace_ms(const struct egress *e, size_t bytes)
{
	const uint64_t share = (uint64_t)e->limit * 3 / 4;

	return (uint64_t)bytes * EGRESS_HOUR_MS / share;
}
