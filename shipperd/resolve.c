/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See resolve.h. */
#include "resolve.h"

#include "tcp.h"
#include "tls.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const uint64_t NS_PER_MS = 1000000;
static const enum dns_type types[RESOLVE_TYPES] = { DNS_AAAA, DNS_A };

void
resolve_init(struct resolve *r, const struct nameserver *servers, size_t n)
{
	memset(r, 0, sizeof(*r));
	r->servers = servers;
	r->nservers = n;
	r->fd = -1;
}

void
resolve_stop(struct resolve *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/* Both questions; new numbers for each server, unlike each other. */
static int
write_questions(struct resolve *r)
{
	const uint64_t random = tls_random64();
	ptrdiff_t len;

	r->id[0] = (uint16_t)random;
	r->id[1] = (uint16_t)(random >> 16);
	if (r->id[0] == r->id[1])
		r->id[1] ^= 1;
	r->out_len = 0;
	for (size_t i = 0; i < RESOLVE_TYPES; i++) {
		len = dns_query(r->out + r->out_len,
		    sizeof(r->out) - r->out_len, r->name, types[i], r->id[i]);
		if (len < 0)
			return -1;
		r->out_len += (size_t)len;
	}
	return 0;
}

static enum resolve_step
finish(struct resolve *r, enum resolve_step how)
{
	resolve_stop(r);
	return how;
}

/* Begins with the current server, or with the next that can be begun. */
static enum resolve_step
ask(struct resolve *r, uint64_t now_ns)
{
	for (; r->server < r->nservers; r->server++) {
		const struct nameserver *ns = &r->servers[r->server];
		struct dns_addr addr = { .family = ns->family };
		/* one share more than servers: connecting needs time too */
		const uint64_t shares = r->nservers - r->server + 1;
		int fd;

		memcpy(addr.addr, ns->addr, sizeof(addr.addr));
		fd = tcp_connect(&addr, ns->scope, ns->port);
		if (fd < 0) {
			r->reason = "name_server_unreachable";
			continue;
		}
		r->fd = fd;
		r->connected = r->failed = false;
		memset(r->answered, 0, sizeof(r->answered));
		r->sent = r->got = 0;
		r->try_ns = now_ns + (r->deadline_ns - now_ns) / shares;
		if (write_questions(r) == 0)
			return RESOLVE_WAIT;
		r->reason = "name_malformed";
		return finish(r, RESOLVE_FAILED);
	}
	return RESOLVE_FAILED;
}

enum resolve_step
resolve_start(struct resolve *r, const char *name, uint64_t now_ns,
    uint64_t deadline_ns)
{
	resolve_stop(r);
	memset(&r->answer, 0, sizeof(r->answer));
	r->answer.ttl = UINT32_MAX;
	r->reason = "no_name_server";
	r->name = name;
	r->server = 0;
	r->deadline_ns = deadline_ns;
	return ask(r, now_ns);
}

/* This server will say no more; what it did say may be enough. */
static enum resolve_step
give_up(struct resolve *r, const char *reason, uint64_t now_ns)
{
	resolve_stop(r);
	if (r->answer.naddrs > 0)
		return RESOLVE_DONE;
	r->reason = reason;
	if (now_ns >= r->deadline_ns)
		return RESOLVE_FAILED;
	r->server++;
	return ask(r, now_ns);
}

/* Both are answered; some servers fail for one type of a good name. */
static enum resolve_step
conclude(struct resolve *r, uint64_t now_ns)
{
	if (r->failed || r->answer.naddrs > 0)
		return give_up(r, "name_server_failure", now_ns);
	r->reason = "no_such_name";
	return finish(r, RESOLVE_FAILED);
}

/* One message, in full.  False: not an answer to what we asked. */
static bool
take_message(struct resolve *r, const uint8_t *message, size_t len)
{
	struct dns_answer answer = r->answer;
	enum dns_result result;
	size_t i = 0;

	if (len < 2)
		return false;
	while (i < RESOLVE_TYPES && (r->answered[i] ||
	    r->id[i] != (message[0] << 8 | message[1])))
		i++;
	if (i == RESOLVE_TYPES)
		return false;
	result = dns_parse(&answer, message, len, r->name, types[i],
	    r->id[i]);
	if (result == DNS_OK)
		r->answer = answer;
	else if (result == DNS_SERVER_FAILURE)
		r->failed = true;
	r->answered[i] = true;
	return result != DNS_MALFORMED;
}

static enum resolve_step
take_messages(struct resolve *r, uint64_t now_ns)
{
	uint64_t soon_ns;

	while (r->got >= 2) {
		const size_t len = (size_t)(r->in[0] << 8 | r->in[1]);

		if (len > DNS_MESSAGE_MAX)
			return give_up(r, "dns_malformed", now_ns);
		if (r->got - 2 < len)
			break;
		if (!take_message(r, r->in + 2, len))
			return give_up(r, "dns_malformed", now_ns);
		r->got -= 2 + len;
		memmove(r->in, r->in + 2 + len, r->got);
		if (r->answered[0] && r->answered[1])
			return conclude(r, now_ns);
	}
	/* RFC 8305, section 3: one kind does not wait long for the other */
	soon_ns = now_ns + RESOLVE_OTHER_MS * NS_PER_MS;
	if (r->answer.naddrs > 0 && r->try_ns > soon_ns)
		r->try_ns = soon_ns;
	return RESOLVE_WAIT;
}

static enum resolve_step
send_questions(struct resolve *r, uint64_t now_ns)
{
	const ssize_t n = write(r->fd, r->out + r->sent, r->out_len - r->sent);

	if (n >= 0)
		r->sent += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		return give_up(r, "name_server_cut", now_ns);
	return RESOLVE_WAIT;
}

static enum resolve_step
read_answers(struct resolve *r, uint64_t now_ns)
{
	const ssize_t n = read(r->fd, r->in + r->got,
	    sizeof(r->in) - r->got);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return RESOLVE_WAIT;
	if (n <= 0)
		return give_up(r, "name_server_cut", now_ns);
	r->got += (size_t)n;
	return take_messages(r, now_ns);
}

void
resolve_poll(const struct resolve *r, struct pollfd *pfd,
    uint64_t *deadline_ns)
{
	*pfd = (struct pollfd){ .fd = r->fd,
		.events = r->connected && r->sent == r->out_len ? POLLIN :
		    POLLOUT };
	*deadline_ns = r->try_ns;
}

enum resolve_step
resolve_step(struct resolve *r, short revents, uint64_t now_ns)
{
	if (now_ns >= r->try_ns)
		return give_up(r, "name_server_silent", now_ns);
	if (revents == 0)
		return RESOLVE_WAIT;
	if (!r->connected) {
		if (tcp_result(r->fd) != 0)
			return give_up(r, "name_server_unreachable", now_ns);
		r->connected = true;
	}
	if (r->sent < r->out_len)
		return send_questions(r, now_ns);
	return read_answers(r, now_ns);
}
