/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See reason.h. */
#include "reason.h"

#include <string.h>

/* Only ever appended to: the number is the place. */
static const char *const reasons[] = {
	"",
	"no_name_server", "name_server_unreachable", "name_server_silent",
	"name_server_cut", "name_server_failure", "dns_malformed",
	"timeout_resolving", "no_such_name", "name_malformed",
	"address_malformed", "url_too_long",
	"connect_failed", "timeout_connecting",
	"server_refused", "client_refused",
	"tls_failed", "handshake_cut", "timeout_handshake",
	"no_reply", "reply_cut", "timeout_sending", "timeout_reply", "timeout",
	"memory", "bad_reply", "reply_too_long",
	"redirect", "captive_portal", "http_401", "http_403", "http_404",
	"http_405", "http_407", "http_511",
	"http_400", "http_413", "http_415", "http_4xx", "http_500", "http_501",
	"http_5xx",
	"partial_success", "odd_body", "delivered", "answered",
	"http_429", "http_502", "http_503", "http_504",
	"proxy_untrusted", "proxy_refused", "proxy_login", "proxy_denied",
	"proxy_failed", "proxy_reply", "proxy_cut", "timeout_proxy",
};

enum { REASONS = sizeof(reasons) / sizeof(reasons[0]) };

const char *
reason_name(unsigned number)
{
	return number < REASONS ? reasons[number] : NULL;
}

unsigned
reason_number(const char *name)
{
	for (unsigned i = 1; i < REASONS; i++)
		if (strcmp(reasons[i], name) == 0)
			return i;
	return REASON_NONE;
}
