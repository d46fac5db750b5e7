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

/* "HOST[:PORT]": len bytes; the port stays where none is given. */
static const char *
parse_authority(struct url *u, const char *s, size_t len)
{
	const char *colon, *close, *error;
	size_t host_len;

	u->is_ipv6 = s[0] == '[';
	if (u->is_ipv6) {
		close = memchr(s, ']', len);
		if (close == NULL)
			return "the bracket of the IPv6 address is not closed";
		host_len = (size_t)(close - s) - 1;
		colon = close + 1;
		if (colon < s + len && *colon != ':')
			return "after the closing bracket comes a port or a"
			    " path";
	} else {
		colon = memchr(s, ':', len);
		host_len = colon == NULL ? len : (size_t)(colon - s);
	}
	if ((error = parse_host(u, s + u->is_ipv6, host_len)) != NULL)
		return error;
	if (colon == NULL || colon == s + len)
		return NULL;
	return parse_port(u, colon + 1, (size_t)(s + len - colon) - 1);
}

/* What follows the scheme, or NULL where it is another one. */
static const char *
after_scheme(const char *s, const char *scheme)
{
	const size_t len = strlen(scheme);

	return strncasecmp(s, scheme, len) == 0 ? s + len : NULL;
}

const char *
url_parse(struct url *u, const char *s)
{
	const char *authority = after_scheme(s, "https://"), *error;
	size_t len;

	memset(u, 0, sizeof(*u));
	if (authority == NULL)
		return "an endpoint starts with https://";
	len = strcspn(authority, "/?#");
	if (memchr(authority, '@', len) != NULL)
		return "no user information in an endpoint: it would be sent"
		    " in clear logs; use a client certificate";
	u->port = 4318;
	if ((error = parse_authority(u, authority, len)) != NULL)
		return error;
	return parse_path(u, authority + len);
}

const char *
url_parse_proxy(struct url *u, bool *tls, const char *s)
{
	const char *authority = after_scheme(s, "https://"), *error;
	size_t len;

	memset(u, 0, sizeof(*u));
	*tls = authority != NULL;
	if (authority == NULL)
		authority = after_scheme(s, "http://");
	if (authority == NULL)
		return "a proxy starts with http:// or https://";
	len = strcspn(authority, "/?#");
	if (memchr(authority, '@', len) != NULL)
		return "no user information in a proxy: this file is no place"
		    " for a password; use ship.proxy_login";
	if ((error = parse_authority(u, authority, len)) != NULL)
		return error;
	if (u->port == 0)
		return "a proxy's port is to be said, as in"
		    " http://proxy.example.net:3128";
	if (strcmp(authority + len, "") != 0 &&
	    strcmp(authority + len, "/") != 0)
		return "nothing follows a proxy's port";
	strcpy(u->path, "/");
	return NULL;
}
