/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  What stands in for shipperd's conn.c, link.c, otlp.c and
 * random numbers, so that delivery.c runs against a script and a clock of its
 * own: the requests that it posts are kept, and end as the test says.  The
 * encoders are the real ones.
 */
#ifndef SLUICE_FAKE_CONN_H
#define SLUICE_FAKE_CONN_H

#include "conn.h"
#include "link.h"

enum { FAKE_POSTS_MAX = 256 };

struct fake_post {
	size_t endpoint;
	const char *content_type;
	uint8_t *body;			/* a copy */
	size_t len;
	uint64_t at_ns;
};

extern struct fake_post fake_posts[FAKE_POSTS_MAX];
extern size_t fake_nposts;
/* What tls_random64() says: 0 is no jitter, UINT64_MAX the most. */
extern uint64_t fake_random;
/* What REQUEST_MAX seems to be: no real record is as large as that. */
extern size_t fake_request_max;

/* As at the start; frees the copies. */
void		fake_reset(void);
struct conn	*fake_conn(void);
/* The post that is under way ends with this answer, byte for byte. */
void		fake_answer(const char *http);
/* … or so, without one. */
void		fake_fail(enum conn_outcome, const char *reason,
		    const char *detail);
/* What link_receive() gives, in order; copied. */
void		fake_record(const void *, size_t);

#endif
