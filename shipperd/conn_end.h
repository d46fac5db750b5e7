/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  What the end of a connection means, in words. */
#ifndef SLUICE_CONN_END_H
#define SLUICE_CONN_END_H

#include "conn.h"
#include "tunnel.h"

struct conn_end {
	enum conn_outcome outcome;
	const char *reason;
};

/* Of the session with the receiver; heard: a byte of its reply has come. */
struct conn_end	conn_end_of(enum tls_result, enum conn_state, bool heard);
/* Of the way through a proxy, that was TUNNEL_FAILED or worse. */
enum conn_outcome conn_end_of_tunnel(enum tunnel_step);
/* What to poll for after TLS_WANT_READ or TLS_WANT_WRITE. */
short		conn_end_wants(enum tls_result);
/* What was judged once is judged anew, by the hour or after a rest. */
bool		conn_end_is_due(uint64_t made_ns, uint64_t used_ns,
		    uint64_t now_ns);
/* The deadline passed in that state. */
const char	*conn_end_timed_out(enum conn_state);

#endif
