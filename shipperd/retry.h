/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  When to try again.  Pure: the caller has the clock. */
#ifndef SLUICE_RETRY_H
#define SLUICE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RETRY_FIRST_MS = 1000,		/* at least */
	RETRY_CAP_MS = 60000,
	RETRY_REFUSED_MS = 60000,	/* configuration errors: floor */
	RETRY_AFTER_MAX_MS = 900000,	/* the longest a server may ask for */
};

/*
 * Milliseconds to wait after that many failures in a row (1 is the first):
 * at most first_ms (never less than RETRY_FIRST_MS), exponential up to the
 * cap, then full jitter applied to the capped value.  random: 64 uniform
 * bits.  Never less than 50.
 */
uint32_t	retry_backoff_ms(uint32_t first_ms, unsigned failures,
		    uint64_t random);

/*
 * A Retry-After as milliseconds: delta-seconds, or an HTTP-date (RFC 9110,
 * section 5.6.7) measured from the reply's own Date, never from our clock.
 * False: it makes no sense (negative, past, text, date without Date).  What
 * is longer than RETRY_AFTER_MAX_MS is cut to that.
 */
bool		retry_after_ms(const char *retry_after, const char *date,
		    uint32_t *ms);

/* The first send of a host, spread over one interval: 0 to interval-1. */
uint32_t	retry_phase_ms(uint64_t seed, uint32_t interval_ms);

/* Seconds since 1970 of an HTTP-date in any of its three forms, or -1. */
int64_t		http_date_parse(const char *);

#endif
