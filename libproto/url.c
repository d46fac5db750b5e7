/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: both processes.  See url.h. */
#include "url.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 1123, section 2.1: labels of 1 to 63, not all of the last digits. */
static bool
dns_name(const char *s, size_t len)
{
	size_t label = 0;
	bool digits = true;

	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (label == 0 || s[i - 1] == '-')
				return false;
			label = 0;
			digits = true;
			continue;
		}
		if (!is_alnum(s[i]) && (s[i] != '-' || label == 0))
			return false;
		if (++label > 63)
			return false;
		digits = digits && is_digit(s[i]);
	}
	return label > 0 && s[len - 1] != '-' && !digits;
}

static const char *
parse_host(struct url *u, const char *s, size_t len)
{
	unsigned char addr[16];

	if (len == 0 || len > FRAME_TEXT_MAX)
		return "the host is missing or longer than 255 bytes";
	for (size_t i = 0; i < len; i++)
		u->host[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ?
		    s[i] - 'A' + 'a' : s[i]);
	u->host[len] = '\0';
	if (u->is_ipv6) {
		u->is_address = true;
		if (inet_pton(AF_INET6, u->host, addr) == 1)
			return NULL;
		return "what stands in brackets is not an IPv6 address";
	}
	u->is_address = inet_pton(AF_INET, u->host, addr) == 1;
	if (u->is_address || dns_name(s, len))
		return NULL;
	return "the host is neither a DNS name nor an IP address"
	    " (IPv6 stands in brackets)";
}

static const char *
parse_port(struct url *u, const char *s, size_t len)
{
	unsigned port = 0;

	if (len == 0 || len > 5)
		return "the port must be a number from 1 to 65535";
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(s[i]))
			return "the port must be a number from 1 to 65535";
		port = port * 10 + (unsigned)(s[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX || s[0] == '0')
		return "the port must be a number from 1 to 65535";
	u->port = (uint16_t)port;
	return NULL;
}

static const char *
parse_path(struct url *u, const char *s)
{
	size_t len = strlen(s);

	if (len == 0)
		s = "/v1/metrics";
	else if (s[0] == '?')
		return "a query needs a path before it";
	if (len > FRAME_TEXT_MAX)
		return "the path is longer than 255 bytes";
	for (const char *p = s; *p != '\0'; p++) {
		if (*p == '#')
			return "a fragment (#) is never sent: leave it out";
		if (*p <= ' ' || *p > '~')
			return "the path must be visible ASCII;"
			    " write other bytes as %XX";
	}
	strcpy(u->path, s);
	return NULL;
}

const char *
url_parse(struct url *u, const char *s)
{
	static const char scheme[] = "https://";
	const char *authority, *colon, *error;
	size_t len, host_len;

	memset(u, 0, sizeof(*u));
	if (strncasecmp(s, scheme, sizeof(scheme) - 1) != 0)
		return "an endpoint starts with https://";
	authority = s + sizeof(scheme) - 1;
	len = strcspn(authority, "/?#");
	if (memchr(authority, '@', len) != NULL)
		return "no user information in an endpoint: it would be sent"
		    " in clear logs; use a client certificate";
	u->is_ipv6 = authority[0] == '[';
	if (u->is_ipv6) {
		const char *close = memchr(authority, ']', len);

		if (close == NULL)
			return "the bracket of the IPv6 address is not closed";
		host_len = (size_t)(close - authority) - 1;
		colon = close + 1;
		if (colon < authority + len && *colon != ':')
			return "after the closing bracket comes a port or a"
			    " path";
		authority++;
		len--;
	} else {
		colon = memchr(authority, ':', len);
		host_len = colon == NULL ? len : (size_t)(colon - authority);
	}
	if ((error = parse_host(u, authority, host_len)) != NULL)
		return error;
	u->port = 4318;
	if (colon != NULL && colon < authority + len &&
	    (error = parse_port(u, colon + 1,
	    (size_t)(authority + len - colon) - 1)) != NULL)
		return error;
	return parse_path(u, authority + len);
}
