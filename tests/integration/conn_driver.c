/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: tests.  conn.h without a collector: posts under the shipper's own
 * lock, so that a case that would need another system call ends this process
 * as it would end shipperd.
 *
 *	conn_driver CA CERT KEY URL [KEY=VALUE]...
 *
 * posts, gap_ms (idle before each post but the first), skip_s (seconds that the
 * monotonic clock seems to jump between posts), timeout_ms, bytes (of
 * the body), json=1, server=ADDRESS:PORT, url=URL (posts go to each in turn),
 * crl=FILE, pin=HEX (several), report=1 (pins), fips=1, proxy=URL,
 * proxy_ca=FILE, proxy_login=FILE.
 * One line a post: outcome, class (what becomes of the request), reason,
 * status, connections, body_len, heap (most of OpenSSL since the lock), end (of
 * the server's chain), mismatches, cpu_ms (of the longest turn), detail.
 */
#include "conn.h"
#include "lockdown.h"
#include "log.h"
#include "otlp_reply.h"

#include <openssl/crypto.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const uint64_t NS_PER_MS = 1000000;
static struct shipconf conf = { .timeout_ms = 5000 };
static unsigned long posts = 1, gap_ms, skip_s, body_len = 1000, json;
static unsigned long report_only, fips;
static const char *crl, *proxy_ca, *proxy_login;
static struct tunnel_login login;
static uint64_t skipped_ns;
static size_t heap_now, heap_most, heap_before;	/* OpenSSL's */
static uint64_t cpu_most_ns;
static struct tls_context *context;

static uint64_t
clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t
now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC) + skipped_ns;
}

static void
count(void *p, int sign)
{
	const size_t size = p != NULL ? malloc_usable_size(p) : 0;

	heap_now = sign > 0 ? heap_now + size : heap_now - size;
	if (heap_now > heap_most)
		heap_most = heap_now;
}

static void *
count_malloc(size_t size, const char *file, int line)
{
	void *p = malloc(size);

	(void)file;
	(void)line;
	count(p, 1);
	return p;
}

static void
count_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	count(p, -1);
	free(p);
}

/* Both blocks at once, as it may well be. */
static void *
count_realloc(void *old, size_t size, const char *file, int line)
{
	void *p = count_malloc(size, file, line);

	if (p != NULL && old != NULL)
		memcpy(p, old, size < malloc_usable_size(old) ? size :
		    malloc_usable_size(old));
	if (p != NULL)
		count_free(old, file, line);
	return p;
}

static void
say(const char *line)
{
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		_exit(3);
}

static void
add_url(const char *text)
{
	const char *fault = url_parse(&conf.endpoint[conf.nendpoints++], text);

	if (fault != NULL)
		fatal_text(text, fault);
}

/* ADDRESS:PORT is what stands in a URL. */
static void
add_server(const char *text)
{
	struct nameserver *ns = &conf.server[conf.nservers++];
	char url[300];
	struct url parsed;

	snprintf(url, sizeof(url), "https://%s", text);
	if (url_parse(&parsed, url) != NULL || inet_pton(
	    parsed.is_ipv6 ? AF_INET6 : AF_INET, parsed.host, ns->addr) != 1)
		fatal_text(text, "not ADDRESS:PORT");
	ns->family = parsed.is_ipv6 ? 6 : 4;
	ns->port = parsed.port;
}

static void
add_pin(const char *hex)
{
	uint8_t *pin = conf.pin[conf.npins++];
	unsigned byte;

	for (size_t i = 0; i < PIN_SIZE; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			fatal_text(hex, "not 64 digits");
		pin[i] = (uint8_t)byte;
	}
}

static void
set_proxy(const char *text)
{
	bool tls;
	const char *fault = url_parse_proxy(&conf.proxy.url, &tls, text);

	conf.proxy.kind = tls ? PROXY_TLS : PROXY_PLAIN;
	if (fault != NULL)
		fatal_text(text, fault);
}

static void
set(const char *word)
{
	const char *value = strchr(word, '=');
	unsigned long timeout_ms;
	const struct {
		const char *key;
		unsigned long *number;
	} numbers[] = {
		{ "posts=", &posts }, { "gap_ms=", &gap_ms },
		{ "timeout_ms=", &timeout_ms }, { "bytes=", &body_len },
		{ "json=", &json }, { "skip_s=", &skip_s },
		{ "report=", &report_only }, { "fips=", &fips },
	};

	if (value++ == NULL)
		fatal_text(word, "not KEY=VALUE");
	timeout_ms = conf.timeout_ms;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strncmp(word, numbers[i].key, strlen(numbers[i].key)) == 0)
			*numbers[i].number = strtoul(value, NULL, 10);
	conf.timeout_ms = (uint32_t)timeout_ms;
	if (strncmp(word, "server=", 7) == 0)
		add_server(value);
	if (strncmp(word, "url=", 4) == 0)
		add_url(value);
	if (strncmp(word, "crl=", 4) == 0)
		crl = value;
	if (strncmp(word, "proxy=", 6) == 0)
		set_proxy(value);
	if (strncmp(word, "proxy_ca=", 9) == 0)
		proxy_ca = value;
	if (strncmp(word, "proxy_login=", 12) == 0)
		proxy_login = value;
	if (strncmp(word, "pin=", 4) == 0)
		add_pin(value);
}

/* One turn of the loop, until conn wants no more or the time is over. */
static void
turn(struct conn *c, uint64_t until_ns)
{
	struct pollfd pfd[CONN_POLL_MAX];
	uint64_t deadline;
	const size_t n = conn_poll(c, pfd, &deadline);
	const uint64_t now = now_ns();
	struct timespec left = { 0 };
	uint64_t cpu_ns;

	if (until_ns < deadline)
		deadline = until_ns;
	if (deadline > now) {
		left.tv_sec = (time_t)((deadline - now) / 1000000000);
		left.tv_nsec = (long)((deadline - now) % 1000000000);
	}
	ppoll(pfd, n, &left, NULL);
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	conn_step(c, pfd, n, now_ns());
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	if (cpu_ns > cpu_most_ns)
		cpu_most_ns = cpu_ns;
}

/* What delivery.c makes of it: tests/unit/test_outcomes.c. */
static const char *
class_of(struct conn *c, enum conn_outcome outcome)
{
	static const char *const names[] = {
		[VERDICT_DELIVERED] = "delivered",
		[VERDICT_DROP] = "drop",
		[VERDICT_RETRY] = "retry",
		[VERDICT_REFUSED] = "configuration",
	};
	struct otlp_verdict v;

	if (outcome == CONN_SERVER_REFUSED || outcome == CONN_CLIENT_REFUSED ||
	    outcome == CONN_PROXY_REFUSED)
		return "configuration";
	if (outcome != CONN_ANSWERED)
		return "retry";
	otlp_judge(&v, conn_reply(c), json ? PROTOCOL_HTTP_JSON :
	    PROTOCOL_HTTP_PROTOBUF);
	return names[v.verdict];
}

static void
report(struct conn *c)
{
	static const char *const names[] = {
		[CONN_ANSWERED] = "ANSWERED",
		[CONN_UNREACHABLE] = "UNREACHABLE",
		[CONN_TIMED_OUT] = "TIMED_OUT",
		[CONN_SERVER_REFUSED] = "SERVER_REFUSED",
		[CONN_CLIENT_REFUSED] = "CLIENT_REFUSED",
		[CONN_PROXY_REFUSED] = "PROXY_REFUSED",
		[CONN_BAD_REPLY] = "BAD_REPLY",
	};
	const enum conn_outcome outcome = conn_take(c);
	const struct http_reply *reply = conn_reply(c);
	char line[1024];

	snprintf(line, sizeof(line), "outcome=%s class=%s reason=%s status=%u "
	    "connections=%u body_len=%zu heap=%zu end=%lld mismatches=%u "
	    "cpu_ms=%u detail=%s\n", names[outcome], class_of(c, outcome),
	    conn_reason(c), outcome == CONN_ANSWERED ? reply->status : 0,
	    (unsigned)conn_connections(c), reply->body_len,
	    heap_most - heap_before,
	    (long long)tls_terms(context)[TLS_SERVER_CHAIN].until,
	    (unsigned)tls_pin_mismatches(context),
	    (unsigned)(cpu_most_ns / NS_PER_MS), conn_detail(c));
	say(line);
}

static void
post_all(struct conn *c, const uint8_t *body)
{
	const struct http_body request = { .content_type = json ?
	    "application/json" : "application/x-protobuf", .bytes = body,
	    .len = body_len };

	for (unsigned long i = 0; i < posts; i++) {
		const uint64_t until = now_ns() + gap_ms * NS_PER_MS;

		while (i > 0 && now_ns() < until)
			turn(c, until);
		skipped_ns += i > 0 ? skip_s * 1000 * NS_PER_MS : 0;
		conn_post(c, i % conf.nendpoints, &request, now_ns());
		while (conn_state(c) != CONN_ENDED)
			turn(c, UINT64_MAX);
		report(c);
	}
}

static int
open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void
open_context(char **argv)
{
	const int secret_fd[SECRET_END] = {
		[SECRET_CA] = open_file(argv[1]),
		[SECRET_CERT] = open_file(argv[2]),
		[SECRET_KEY] = open_file(argv[3]),
		[SECRET_CRL] = crl != NULL ? open_file(crl) : -1,
		[SECRET_SIGN] = -1,
		[SECRET_PROXY_CA] = proxy_ca != NULL ?
		    open_file(proxy_ca) : -1,
		[SECRET_PROXY_LOGIN] = -1,
	};
	struct tls_error error;

	conf.flags = (uint8_t)((report_only ? SHIPCONF_PINS_REPORT : 0) |
	    (fips ? SHIPCONF_REQUIRE_FIPS : 0));
	context = tls_context_new(&conf, secret_fd, &error);
	if (context == NULL)
		fatal_text("tls_context_new", error.text);
}

static void
use_login(struct conn *c)
{
	const char *fault = tunnel_login_read(&login, open_file(proxy_login));

	if (fault != NULL)
		fatal_text(proxy_login, fault);
	conn_use_login(c, &login);
}

int
main(int argc, char **argv)
{
	struct layers layers;
	struct conn *c;
	uint8_t *body;

	log_open("conn_driver");
	if (argc < 5)
		fatal_text("usage", "conn_driver CA CERT KEY URL [KEY=VALUE]…");
	setenv("TZ", "UTC0", 1);
	tzset();
	CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free);
	signal(SIGPIPE, SIG_IGN);
	add_url(argv[4]);
	for (int i = 5; i < argc; i++)
		set(argv[i]);
	open_context(argv);
	otlp_reply_warm();
	c = conn_new(&conf, context);
	if (proxy_login != NULL)
		use_login(c);
	body = malloc(body_len + 1);
	if (c == NULL || body == NULL)
		fatal_text("memory", "none");
	memset(body, 'x', body_len);
	shipper_lock(&conf, &layers);
	heap_before = heap_most = heap_now;
	say("locked\n");
	post_all(c, body);
	conn_free(c);
	tls_context_free(context);
	free(body);
	_exit(0);
}
