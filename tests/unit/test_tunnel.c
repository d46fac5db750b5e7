/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: tests.  A proxy that speaks no TLS is the other end of a pair. */
#include "test.h"
#include "tunnel.h"

#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct http_reply reply;
static struct tunnel tunnel;
static const struct proxy proxy = { .kind = PROXY_PLAIN };
static int end[2];

static void
begin(const char *receiver, const struct tunnel_login *login)
{
	struct url url;

	CHECK(url_parse(&url, receiver) == NULL);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, end), 0);
	CHECK(tunnel_start(&tunnel, &proxy, NULL, login, end[0], &url,
	    &reply));
}

static enum tunnel_step
step(void)
{
	uint8_t buf[4096];

	return tunnel_step(&tunnel, buf, sizeof(buf));
}

static void
say(const void *bytes, size_t len)
{
	CHECK_INT(send(end[1], bytes, len, MSG_NOSIGNAL), (ptrdiff_t)len);
}

static void
finish(void)
{
	tunnel_stop(&tunnel);
	close(end[0]);
	close(end[1]);
}

/* What that answer makes of it. */
static enum tunnel_step
answer(const char *text, const struct tunnel_login *login)
{
	enum tunnel_step result;

	begin("https://a.test/", login);
	CHECK_INT(step(), TUNNEL_WAIT);
	say(text, strlen(text));
	result = step();
	finish();
	return result;
}

static const char *
read_login(struct tunnel_login *login, const void *bytes, size_t len)
{
	const int fd = memfd_create("login", MFD_CLOEXEC);

	memset(login, 0, sizeof(*login));
	CHECK_INT(write(fd, bytes, len), (ptrdiff_t)len);
	lseek(fd, 0, SEEK_SET);
	return tunnel_login_read(login, fd);
}

static void
forget_version(char *request)
{
	char *version = strstr(request, "sluice/"), *behind;

	CHECK(version != NULL);
	version += strlen("sluice/");
	behind = strchr(version, '\r');
	CHECK(behind > version);
	memmove(version, behind, strlen(behind) + 1);
}

static void
check_request(const char *receiver, const struct tunnel_login *login,
    const char *authority, const char *more)
{
	char want[2048], got[2048] = "";

	snprintf(want, sizeof(want), "CONNECT %s HTTP/1.1\r\nHost: %s\r\n"
	    "User-Agent: sluice/\r\n%s\r\n", authority, authority, more);
	begin(receiver, login);
	CHECK_INT(step(), TUNNEL_WAIT);
	CHECK_INT(tunnel.events, POLLIN);
	CHECK(recv(end[1], got, sizeof(got) - 1, 0) > 0);
	forget_version(got);
	CHECK_STR(got, want);
	finish();
}

TEST(the_proxy_is_told_name_and_port_and_the_login_where_there_is_one)
{
	struct tunnel_login login;

	check_request("https://a.test/path", NULL, "a.test:4318", "");
	check_request("https://[2001:db8::1]:443/", NULL, "[2001:db8::1]:443",
	    "");
	CHECK(read_login(&login, "Aladdin:open sesame\n", 20) == NULL);
	check_request("https://192.0.2.1:1/", &login, "192.0.2.1:1",
	    "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
}

TEST(the_longest_names_and_the_longest_login_fit)
{
	char line[LOGIN_MAX], host[254], url[300], authority[300];
	char more[400];
	struct tunnel_login login;

	memset(line, 'x', sizeof(line));
	line[1] = ':';
	CHECK(read_login(&login, line, sizeof(line)) == NULL);
	CHECK_INT(strlen(login.credentials), 6 + 340);
	for (size_t i = 0; i < 253; i++)
		host[i] = i % 50 == 49 ? '.' : 'a';
	host[253] = '\0';
	snprintf(url, sizeof(url), "https://%s:65535/", host);
	snprintf(authority, sizeof(authority), "%s:65535", host);
	snprintf(more, sizeof(more), "Proxy-Authorization: %s\r\n",
	    login.credentials);
	check_request(url, &login, authority, more);
}

TEST(a_login_is_one_line_with_a_colon_and_nothing_else)
{
	static const struct {
		const char *line, *credentials;
	} good[] = {
		{ "u:", "Basic dTo=" }, { "u:p\n", "Basic dTpw" },
		{ "u:p:q", "Basic dTpwOnE=" },
		{ "\xc3\xbc:\xff", "Basic w7w6/w==" },
	};
	static const char *const bad[] = { "", "\n", "u", "u\n", ":p",
		"u:p\r\n", "u:p\n\n", "u:p\nv:q\n", "u\t:p", "u:\x7f" };
	char longest[LOGIN_MAX + 3];
	struct tunnel_login login;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(read_login(&login, good[i].line,
		    strlen(good[i].line)) == NULL);
		CHECK_STR(login.credentials, good[i].credentials);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(read_login(&login, bad[i], strlen(bad[i])) != NULL);
	CHECK(read_login(&login, "u:\0p", 4) != NULL);
	memset(longest, 'x', sizeof(longest));
	longest[1] = ':';
	CHECK(read_login(&login, longest, LOGIN_MAX + 1) != NULL);
	CHECK(read_login(&login, longest, LOGIN_MAX + 3) != NULL);
	CHECK_STR(login.credentials, "");
	CHECK_STR(tunnel_login_read(&login, -1), "cannot be read");
}

TEST(any_success_is_the_tunnel_and_ends_with_its_head)
{
	CHECK_INT(answer("HTTP/1.1 200 Connection established\r\n\r\n", NULL),
	    TUNNEL_STANDS);
	CHECK_INT(answer("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", NULL),
	    TUNNEL_STANDS);
	CHECK_INT(answer("HTTP/1.1 204 \r\n\r\n", NULL), TUNNEL_STANDS);
	CHECK_INT(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	    NULL), TUNNEL_STANDS);
	CHECK_INT(answer("HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
	    NULL), TUNNEL_STANDS);
}

TEST(it_does_not_matter_in_which_pieces_the_answer_comes)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n";

	begin("https://a.test/", NULL);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		CHECK_INT(step(), TUNNEL_WAIT);
		CHECK_INT(tunnel.events, POLLIN);
		say(text + i, 1);
	}
	CHECK_INT(step(), TUNNEL_STANDS);
	finish();
}

TEST(what_is_odd_is_refused_with_a_word)
{
	static const char *const odd[][2] = {
		{ "HTTP/1.1 200 OK\r\n\r\nx", "bytes behind" },
		{ "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
		    "bytes behind" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
		    "connect_body" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		    "connect_body" },
		{ "HTTP/1.1 101 Switching\r\n\r\n", "protocol_switch" },
		{ "HTTP/2 200 OK\r\n\r\n", "status_line" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "status_line" },
		{ "HTTP/1.1 200 OK\n\n", "line_end" },
		{ "HTTP/1.1 200 OK\r\n x\r\n\r\n", "header_fold" },
		{ "\x15\x03\x03\x00\x02\x02\x28", "control_byte" },
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		CHECK_INT(answer(odd[i][0], NULL), TUNNEL_ODD);
		CHECK_STR(tunnel.reason, "proxy_reply");
		CHECK(strstr(tunnel.detail.text, odd[i][1]) != NULL);
	}
}

TEST(a_refusal_says_what_it_is_and_whether_time_can_help)
{
	static const struct {
		const char *status;
		enum tunnel_step step;
		const char *reason;
	} rows[] = {
		{ "301", TUNNEL_REFUSED, "proxy_denied" },
		{ "400", TUNNEL_REFUSED, "proxy_denied" },
		{ "401", TUNNEL_REFUSED, "proxy_denied" },
		{ "403", TUNNEL_REFUSED, "proxy_denied" },
		{ "405", TUNNEL_REFUSED, "proxy_denied" },
		{ "407", TUNNEL_REFUSED, "proxy_login" },
		{ "408", TUNNEL_FAILED, "proxy_failed" },
		{ "429", TUNNEL_FAILED, "proxy_failed" },
		{ "500", TUNNEL_FAILED, "proxy_failed" },
		{ "501", TUNNEL_REFUSED, "proxy_denied" },
		{ "502", TUNNEL_FAILED, "proxy_failed" },
		{ "503", TUNNEL_FAILED, "proxy_failed" },
		{ "504", TUNNEL_FAILED, "proxy_failed" },
		{ "511", TUNNEL_REFUSED, "proxy_denied" },
	};
	char text[200], want[20];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "HTTP/1.1 %s Oops\r\n"
		    "Content-Length: 9999\r\n\r\n<html>", rows[i].status);
		CHECK_INT(answer(text, NULL), rows[i].step);
		CHECK_STR(tunnel.reason, rows[i].reason);
		snprintf(want, sizeof(want), "HTTP %s", rows[i].status);
		CHECK(strncmp(tunnel.detail.text, want, strlen(want)) == 0);
	}
}

TEST(a_login_that_is_wrong_or_missing_is_said_and_never_shown)
{
	static const char text[] = "HTTP/1.1 407 Who?\r\n"
	    "Proxy-Authenticate: Basic realm=\"x\"\r\n\r\n";
	struct tunnel_login login;

	CHECK_INT(answer(text, NULL), TUNNEL_REFUSED);
	CHECK_STR(tunnel.detail.text, "HTTP 407: it asks for ship.proxy_login");
	CHECK(read_login(&login, "u:secret", 8) == NULL);
	CHECK_INT(answer(text, &login), TUNNEL_REFUSED);
	CHECK_STR(tunnel.detail.text,
	    "HTTP 407: it does not take ship.proxy_login");
	CHECK(memmem(&tunnel, sizeof(tunnel), login.credentials + 6, 8) ==
	    NULL);
}

TEST(an_end_before_the_answer_is_for_another_time)
{
	begin("https://a.test/", NULL);
	CHECK_INT(step(), TUNNEL_WAIT);
	say("HTTP/1.1 200 OK\r\n", 17);
	shutdown(end[1], SHUT_WR);
	CHECK_INT(step(), TUNNEL_FAILED);
	CHECK_STR(tunnel.reason, "proxy_cut");
	CHECK_STR(tunnel.detail.text, "the stream ended");
	finish();
	begin("https://a.test/", NULL);
	close(end[1]);
	CHECK_INT(step(), TUNNEL_FAILED);
	CHECK_STR(tunnel.reason, "proxy_cut");
	close(end[0]);
}

TEST(what_it_said_before_it_closed_is_read)
{
	static const char text[] = "HTTP/1.1 407 No\r\n\r\n";

	begin("https://a.test/", NULL);
	say(text, sizeof(text) - 1);
	close(end[1]);
	CHECK_INT(step(), TUNNEL_REFUSED);
	CHECK_STR(tunnel.reason, "proxy_login");
	close(end[0]);
}
