/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  A URL that was taken can be put together from its parts
 * and is taken apart into the same; none of them can break a request's head.
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

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct url u, again;
	char text[1024];

	if (len >= sizeof(text))
		return 0;
	memcpy(text, bytes, len);
	text[len] = '\0';
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
