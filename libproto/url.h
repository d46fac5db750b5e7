/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  The few URLs that Sluice takes (RFC 3986). */
#ifndef SLUICE_URL_H
#define SLUICE_URL_H

#include "bounds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct url {
	/* DNS name in lower case, or address; never with brackets */
	char host[FRAME_TEXT_MAX + 1];
	char path[FRAME_TEXT_MAX + 1];	/* starts with '/'; query included */
	uint16_t port;
	bool is_ipv6;			/* Host: needs brackets */
	bool is_address;
};

/*
 * "https://HOST[:PORT][/PATH[?QUERY]]"; port 4318 where none is given, path
 * "/v1/metrics" where none is given (OTLP 1.11, "OTLP/HTTP").  Returns NULL,
 * or what is wrong and would be right: a string constant for the user.
 * Refused: any other scheme, user information, fragments, empty or too long
 * parts, bytes outside visible ASCII, a host that is neither a DNS name (RFC
 * 1123, section 2.1) nor an address.
 */
const char	*url_parse(struct url *, const char *);
/*
 * "http://HOST:PORT" or "https://HOST:PORT", of a proxy: its path is "/".
 * The port must stand there: what is usual for a proxy differs (80, 1080,
 * 3128).  *tls: whether it is https.  Returns as url_parse() does.
 */
const char	*url_parse_proxy(struct url *, bool *tls, const char *);

#endif
