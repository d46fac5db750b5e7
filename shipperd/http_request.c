/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See http_request.h. */
#include "http_request.h"

#include "build_config.h"

#include <errno.h>
#include <stdio.h>

enum { HTTPS_PORT = 443 };

ptrdiff_t
http_request_head(char *buf, size_t cap, const struct url *url,
    const char *content_type, size_t body_len)
{
	char port[8] = "";
	int len;

	/* RFC 9110, section 4.2.3: the scheme's own port is left out */
	if (url->port != HTTPS_PORT)
		snprintf(port, sizeof(port), ":%u", (unsigned)url->port);
	len = snprintf(buf, cap,
	    "POST %s HTTP/1.1\r\n"
	    "Host: %s%s%s%s\r\n"
	    "User-Agent: sluice/" SLUICE_VERSION "\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Length: %zu\r\n"
	    "Accept: %s\r\n"
	    "\r\n",
	    url->path, url->is_ipv6 ? "[" : "", url->host,
	    url->is_ipv6 ? "]" : "", port, content_type, body_len,
	    content_type);
	return len < 0 || (size_t)len >= cap ? -ENOBUFS : len;
}
