/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See shipstate.h. */
#include "shipstate.h"

#include "bounds.h"
#include "cursor.h"
#include "reason.h"

#include <errno.h>
#include <string.h>

enum { HTTP_STATUS_MAX = 999, NUMBERS = 13 };

/* The counters, then the expiries, in the order of their structs. */
static_assert(sizeof(struct export_count) + sizeof(struct export_expiry) ==
    NUMBERS * sizeof(uint64_t), "each is one number of the frame");

void
shipstate_encode(const struct shipstate *s, uint8_t *buf)
{
	struct writer w = writer_of(buf, SHIPSTATE_SIZE);
	uint64_t count[NUMBERS];

	memcpy(count, &s->count, sizeof(s->count));
	memcpy((uint8_t *)count + sizeof(s->count), &s->expiry,
	    sizeof(s->expiry));
	write_u8(&w, (uint8_t)s->phase);
	write_u8(&w, (uint8_t)s->reason);
	write_u8(&w, s->endpoint);
	write_u64(&w, s->http_status);
	for (size_t i = 0; i < NUMBERS; i++)
		write_u64(&w, count[i]);
}

int
shipstate_decode(struct shipstate *s, const uint8_t *buf, size_t len)
{
	struct reader r = reader_of(buf, len);
	uint64_t count[NUMBERS];

	memset(s, 0, sizeof(*s));
	s->phase = (enum ship_phase)read_u8(&r);
	s->reason = read_u8(&r);
	s->endpoint = read_u8(&r);
	s->http_status = read_u64(&r);
	for (size_t i = 0; i < NUMBERS; i++)
		/* more would not be a point's value */
		if ((count[i] = read_u64(&r)) > INT64_MAX)
			r.bad = true;
	memcpy(&s->count, count, sizeof(s->count));
	memcpy(&s->expiry, (uint8_t *)count + sizeof(s->count),
	    sizeof(s->expiry));
	if (s->phase >= SHIP_PHASES || reason_name(s->reason) == NULL ||
	    s->endpoint >= ENDPOINTS_MAX || s->http_status > HTTP_STATUS_MAX)
		r.bad = true;
	return reader_finish(&r);
}
