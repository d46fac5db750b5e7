/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A URL that was taken can be put together from its parts
 * and is taken apart into the same; none of them can break a request's head.
 * The same for a proxy's.
 */
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_visible(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			abort();
}

static void
fuzz_proxy(const char *text)
{
	struct url u, again;
	char whole[1024];
	bool tls, tls_again;

	if (url_parse_proxy(&u, &tls, text) != NULL)
		return;
	check_visible(u.host);
	snprintf(whole, sizeof(whole), "http%s://%s%s%s:%u", tls ? "s" : "",
	    u.is_ipv6 ? "[" : "", u.host, u.is_ipv6 ? "]" : "",
	    (unsigned)u.port);
	if (url_parse_proxy(&again, &tls_again, whole) != NULL ||
	    tls != tls_again || memcmp(&u, &again, sizeof(u)) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct url u, again;
	char text[1024];

	if (len >= sizeof(text))
		return 0;
	memcpy(text, bytes, len);
	text[len] = '\0';
	fuzz_proxy(text);
	if (url_parse(&u, text) != NULL)
		return 0;
	check_visible(u.host);
	check_visible(u.path);
	snprintf(text, sizeof(text), "https://%s%s%s:%u%s",
	    u.is_ipv6 ? "[" : "", u.host, u.is_ipv6 ? "]" : "",
	    (unsigned)u.port, u.path);
	if (url_parse(&again, text) != NULL ||
	    strcmp(u.host, again.host) != 0 || u.port != again.port ||
	    strcmp(u.path, again.path) != 0 ||
	    u.is_address != again.is_address || u.is_ipv6 != again.is_ipv6)
		abort();
	return 0;
}
