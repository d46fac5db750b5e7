/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See pace.h. */
#include "pace.h"

#include "log.h"
#include "retry.h"

#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)

/*
 * A backlog does not go faster than this, and no two hosts in step.  It stays
 * below the limit of egress by itself, but never falls behind what is made.
 */
void
pace_keep(struct delivery *d)
{
	const uint32_t pace_ms = d->conf->interval_ms / CATCH_UP;
	const uint32_t most_ms = d->conf->interval_ms / 4 * 3;
	/* spread, no secret: two hosts differ by their seeds */
	const uint32_t spread_ms = retry_phase_ms(d->seed ^ d->now_ns,
	    pace_ms / 2 + 1);
	uint64_t wait_ms = egress_pace_ms(&d->egress, d->step);

	if (wait_ms > most_ms)
		wait_ms = most_ms;
	if (wait_ms < pace_ms - pace_ms / 4 + spread_ms)
		wait_ms = pace_ms - pace_ms / 4 + spread_ms;
	d->step = 0;
	d->not_before_ns = d->now_ns + wait_ms * NS_PER_MS;
}

/* Fail closed: this much was never meant to leave. */
_Noreturn static void
end_by_egress(const struct delivery *d)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_ERROR, "egress_exceeded");
	log_int(&l, "bytes", (int64_t)(d->egress.used + d->body.len));
	log_int(&l, "limit", (int64_t)d->egress.limit);
	log_end(&l);
	_exit(1);
}

/* Once for each body: that it is sent again is not the collector's doing. */
void
pace_pay(struct delivery *d)
{
	const uint64_t when_ns = egress_take(&d->egress, d->body.len,
	    d->now_ns);

	if (when_ns == EGRESS_OVER)
		end_by_egress(d);
	d->step += d->body.len;
	if (d->not_before_ns < when_ns)
		d->not_before_ns = when_ns;
}
