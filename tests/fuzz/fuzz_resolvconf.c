/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  Any bytes as resolv.conf(5). */
#include "resolvconf.h"

#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct resolvconf_server s[NAMESERVERS_MAX];
	size_t n = resolvconf_parse(s, text_of((const char *)data, len));

	if (n > NAMESERVERS_MAX)
		abort();
	for (size_t i = 0; i < n; i++) {
		const int family = s[i].server.family;

		if ((family != 4 && family != 6) || s[i].server.port != 53 ||
		    memchr(s[i].scope, '\0', sizeof(s[i].scope)) == NULL ||
		    (family == 4 && s[i].scope[0] != '\0'))
			abort();
	}
	return 0;
}
