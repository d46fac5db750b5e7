/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests. */
#include "test.h"
#include "url.h"

#include <stdio.h>

#define LABEL63 \
	"abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"
#define NAME253 LABEL63 "." LABEL63 "." LABEL63 "." \
	"abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwx"

TEST(endpoints_are_taken_apart)
{
	static const struct {
		const char *text, *host;
		unsigned port;
		const char *path;
		bool is_address, is_ipv6;
	} good[] = {
		{ "https://otlp.example.net", "otlp.example.net", 4318,
		    "/v1/metrics", false, false },
		{ "https://otlp.example.net/", "otlp.example.net", 4318, "/",
		    false, false },
		{ "HTTPS://OTLP.Example.NET:443/a/b?c=d&e=%20",
		    "otlp.example.net", 443, "/a/b?c=d&e=%20", false, false },
		{ "https://localhost:1", "localhost", 1, "/v1/metrics", false,
		    false },
		{ "https://192.0.2.1:65535/x", "192.0.2.1", 65535, "/x", true,
		    false },
		{ "https://[2001:DB8::1]", "2001:db8::1", 4318, "/v1/metrics",
		    true, true },
		{ "https://[::1]:8443/v1/metrics", "::1", 8443, "/v1/metrics",
		    true, true },
		{ "https://[::ffff:192.0.2.1]/", "::ffff:192.0.2.1", 4318, "/",
		    true, true },
		{ "https://1a/", "1a", 4318, "/", false, false },
		{ "https://x--y.z9/", "x--y.z9", 4318, "/", false, false },
		{ "https://" NAME253, NAME253, 4318, "/v1/metrics", false,
		    false },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct url u;

		CHECK(url_parse(&u, good[i].text) == NULL);
		CHECK_STR(u.host, good[i].host);
		CHECK_INT(u.port, good[i].port);
		CHECK_STR(u.path, good[i].path);
		CHECK_INT(u.is_address, good[i].is_address);
		CHECK_INT(u.is_ipv6, good[i].is_ipv6);
	}
}

/* Each is refused, and for the reason that holds this word. */
TEST(what_is_not_an_endpoint_is_refused_with_the_reason)
{
	static const char *const bad[][2] = {
		{ "", "https" }, { "http://a/", "https" },
		{ "ftp://a/", "https" }, { "https:/a", "https" },
		{ " https://a", "https" }, { "a.example:4318", "https" },
		{ "https://", "host" }, { "https:///x", "host" },
		{ "https://:443/", "host" },
		{ "https://user@a/", "user information" },
		{ "https://user:pw@a/", "user information" },
		{ "https://@a/", "user information" },
		{ "https://a b/", "host" }, { "https://a_b/", "host" },
		{ "https://-a/", "host" }, { "https://a-/", "host" },
		{ "https://a-.b/", "host" }, { "https://a..b/", "host" },
		{ "https://.a/", "host" }, { "https://a./", "host" },
		{ "https://1.2.3/", "host" }, { "https://1.2.3.4.5/", "host" },
		{ "https://256.1.1.1/", "host" }, { "https://123/", "host" },
		{ "https://a.123/", "host" }, { "https://h\xc3\xa9/", "host" },
		{ "https://a" LABEL63 "/", "host" },
		{ "https://" NAME253 "a/", "host" },
		{ "https://::1/", "host" }, { "https://[::1/", "bracket" },
		{ "https://[]/", "host" }, { "https://[:::]/", "IPv6" },
		{ "https://[192.0.2.1]/", "IPv6" },
		{ "https://[fe80::1%eth0]/", "IPv6" },
		{ "https://[fe80::1%25eth0]/", "IPv6" },
		{ "https://[::1]x/", "bracket" },
		{ "https://[::1]4/", "bracket" },
		{ "https://a:/", "port" }, { "https://[::1]:/", "port" },
		{ "https://a:0/", "port" }, { "https://a:065/", "port" },
		{ "https://a:65536/", "port" }, { "https://a:99999/", "port" },
		{ "https://a:111111/", "port" }, { "https://a:+1/", "port" },
		{ "https://a:1x/", "port" }, { "https://a:1:2/", "port" },
		{ "https://a?x", "query" }, { "https://a/#x", "fragment" },
		{ "https://a#x", "fragment" }, { "https://a/ ", "ASCII" },
		{ "https://a/\x7f", "ASCII" },
		{ "https://a/\xc3\xa9", "ASCII" },
		{ "https://a/x\r\nHost: b", "ASCII" },
		{ "https://a/\t", "ASCII" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct url u;
		const char *error = url_parse(&u, bad[i][0]);

		if (error == NULL || strstr(error, bad[i][1]) == NULL)
			test_fail(__FILE__, __LINE__, "%s: %s", bad[i][0],
			    error == NULL ? "taken" : error);
	}
}

TEST(host_and_path_have_the_documented_lengths_and_not_a_byte_more)
{
	static char text[1024];
	struct url u;

	snprintf(text, sizeof(text), "https://a/%0254d", 0);
	CHECK(url_parse(&u, text) == NULL);
	CHECK_INT(strlen(u.path), FRAME_TEXT_MAX);
	snprintf(text, sizeof(text), "https://a/%0255d", 0);
	CHECK(strstr(url_parse(&u, text), "path") != NULL);
	snprintf(text, sizeof(text), "https://%0256d/", 0);
	CHECK(strstr(url_parse(&u, text), "host") != NULL);
	snprintf(text, sizeof(text), "https://[%0255d]/", 0);
	CHECK(strstr(url_parse(&u, text), "IPv6") != NULL);
}

TEST(proxies_are_taken_apart)
{
	static const struct {
		const char *text, *host;
		unsigned port;
		bool tls, is_address, is_ipv6;
	} good[] = {
		{ "http://proxy:3128", "proxy", 3128, false, false, false },
		{ "HTTPS://Proxy.Example.NET:443/", "proxy.example.net", 443,
		    true, false, false },
		{ "http://192.0.2.1:80", "192.0.2.1", 80, false, true, false },
		{ "https://[2001:DB8::1]:8443", "2001:db8::1", 8443, true,
		    true, true },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct url u;
		bool tls;

		CHECK(url_parse_proxy(&u, &tls, good[i].text) == NULL);
		CHECK_STR(u.host, good[i].host);
		CHECK_STR(u.path, "/");
		CHECK_INT(u.port, good[i].port);
		CHECK_INT(tls, good[i].tls);
		CHECK_INT(u.is_address, good[i].is_address);
		CHECK_INT(u.is_ipv6, good[i].is_ipv6);
	}
}

TEST(what_is_not_a_proxy_is_refused_with_the_reason)
{
	static const char *const bad[][2] = {
		{ "", "starts with" }, { "proxy:3128", "starts with" },
		{ "socks5://p:1080", "starts with" },
		{ "http://p", "port is to be said" },
		{ "https://p/", "port is to be said" },
		{ "http://[::1]", "port is to be said" },
		{ "http://p:", "port must be" },
		{ "http://p:0", "port must be" },
		{ "http://p:65536", "port must be" },
		{ "http://[::1]3128", "closing bracket" },
		{ "http://[::1", "bracket" },
		{ "http://u:p@proxy:3128", "ship.proxy_login" },
		{ "http://u@proxy:3128", "ship.proxy_login" },
		{ "http://:3128", "host" }, { "http://a_b:1", "host" },
		{ "http://p:1/x", "nothing follows" },
		{ "http://p:1//", "nothing follows" },
		{ "http://p:1?x", "nothing follows" },
		{ "http://p:1#x", "nothing follows" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct url u;
		bool tls;
		const char *why = url_parse_proxy(&u, &tls, bad[i][0]);

		CHECK(why != NULL && strstr(why, bad[i][1]) != NULL);
	}
}
