/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See conn_end.h. */
#include "conn_end.h"

enum { KEPT_MAX_S = 3600, IDLE_MAX_S = 900 };

static const uint64_t NS_PER_S = 1000000000;

/*
 * A server that judges our certificate after the handshake (TLS 1.3) sends an
 * alert, which is read even where it also resets the connection.  A reset
 * without any alert is taken for what servers that restart or are overloaded
 * do: unreachable, tried again soon.
 */
struct conn_end
conn_end_of(enum tls_result result, enum conn_state state, bool heard)
{
	if (result == TLS_REFUSED_SERVER)
		return (struct conn_end){ CONN_SERVER_REFUSED,
			"server_refused" };
	if (result == TLS_REFUSED_US)
		return (struct conn_end){ CONN_CLIENT_REFUSED,
			"client_refused" };
	if (result == TLS_FAILED)
		return (struct conn_end){ CONN_UNREACHABLE, "tls_failed" };
	if (state == CONN_HANDSHAKE)
		return (struct conn_end){ CONN_UNREACHABLE, "handshake_cut" };
	return (struct conn_end){ CONN_UNREACHABLE,
		heard ? "reply_cut" : "no_reply" };
}

enum conn_outcome
conn_end_of_tunnel(enum tunnel_step step)
{
	if (step == TUNNEL_REFUSED)
		return CONN_PROXY_REFUSED;
	return step == TUNNEL_ODD ? CONN_BAD_REPLY : CONN_UNREACHABLE;
}

short
conn_end_wants(enum tls_result result)
{
	return result == TLS_WANT_WRITE ? POLLOUT : POLLIN;
}

bool
conn_end_is_due(uint64_t made_ns, uint64_t used_ns, uint64_t now_ns)
{
	return now_ns - made_ns > KEPT_MAX_S * NS_PER_S ||
	    now_ns - used_ns > IDLE_MAX_S * NS_PER_S;
}

const char *
conn_end_timed_out(enum conn_state state)
{
	static const char *const words[] = {
		[CONN_IDLE] = "timeout",
		[CONN_RESOLVING] = "timeout_resolving",
		[CONN_CONNECTING] = "timeout_connecting",
		[CONN_TUNNEL] = "timeout_proxy",
		[CONN_HANDSHAKE] = "timeout_handshake",
		[CONN_SENDING] = "timeout_sending",
		[CONN_READING] = "timeout_reply",
		[CONN_ENDED] = "timeout",
	};

	return words[state];
}
