/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See dial.h. */
#include "dial.h"

#include "tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static const uint64_t NS_PER_MS = 1000000, NS_PER_S = 1000000000;

void
dial_init(struct dial *d, const struct shipconf *conf)
{
	memset(d, 0, sizeof(*d));
	d->conf = conf;
	d->fd = -1;
	d->step = DIAL_FAILED;
	resolve_init(&d->resolve, conf->server, conf->nservers);
}

void
dial_stop(struct dial *d)
{
	if (d->step == DIAL_RESOLVING)
		resolve_stop(&d->resolve);
	if (d->step == DIAL_CONNECTING)
		close(d->fd);
	d->fd = -1;
	d->step = DIAL_FAILED;
}

static enum dial_step
fail(struct dial *d, const char *reason, int error)
{
	d->reason = reason;
	d->error = error;
	d->step = DIAL_FAILED;
	return d->step;
}

/* With a proxy the receiver's name is the proxy's to resolve, not ours. */
static const struct url *
target(const struct dial *d, size_t endpoint)
{
	return d->conf->proxy.kind != PROXY_NONE ? &d->conf->proxy.url :
	    &d->conf->endpoint[endpoint];
}

static size_t
slot(const struct dial *d, size_t endpoint)
{
	return d->conf->proxy.kind != PROXY_NONE ? 0 : endpoint;
}

void
dial_distrust(struct dial *d, size_t endpoint)
{
	struct dial_name *name = &d->name[slot(d, endpoint)];

	name->first++;
	name->until_ns = 0;
}

bool
dial_is_old(const struct dial *d, size_t endpoint, uint64_t now_ns)
{
	return !target(d, endpoint)->is_address &&
	    now_ns >= d->name[slot(d, endpoint)].until_ns;
}

/* Begins with the next address that can be begun. */
static enum dial_step
try_next(struct dial *d, uint64_t now_ns, int error)
{
	const struct dial_name *name = &d->name[d->endpoint];
	const uint16_t port = d->url->port;
	uint64_t share;

	for (; d->tried < name->n; d->tried++) {
		const size_t left = name->n - d->tried;

		d->fd = tcp_connect(
		    &name->addr[(name->first + d->tried) % name->n], 0, port);
		if (d->fd < 0) {
			error = -d->fd;
			continue;
		}
		share = (d->deadline_ns - now_ns) / left;
		if (left > 1 && share > DIAL_TRY_MAX_MS * NS_PER_MS)
			share = DIAL_TRY_MAX_MS * NS_PER_MS;
		d->try_ns = now_ns + share;
		d->step = DIAL_CONNECTING;
		return d->step;
	}
	d->fd = -1;
	return fail(d, "connect_failed", error);
}

/* IPv6 first, then by turns, each family in the order of the answer. */
static void
take_turns(struct dial_name *name, const struct dns_answer *a)
{
	size_t next[2] = { 0, 0 };
	unsigned turn = 0;

	name->n = 0;
	while (name->n < a->naddrs) {
		const uint8_t family = turn % 2 == 0 ? 6 : 4;
		size_t *i = &next[turn++ % 2];

		while (*i < a->naddrs && a->addr[*i].family != family)
			++*i;
		if (*i < a->naddrs)
			name->addr[name->n++] = a->addr[(*i)++];
		else if (next[turn % 2] >= a->naddrs)
			break;
	}
}

static enum dial_step
remember(struct dial *d, uint64_t now_ns)
{
	struct dial_name *name = &d->name[d->endpoint];
	uint32_t ttl = d->resolve.answer.ttl;

	if (ttl < DIAL_TTL_MIN_S)
		ttl = DIAL_TTL_MIN_S;
	if (ttl > DIAL_TTL_MAX_S)
		ttl = DIAL_TTL_MAX_S;
	name->until_ns = now_ns + ttl * NS_PER_S;
	take_turns(name, &d->resolve.answer);
	return try_next(d, now_ns, 0);
}

static enum dial_step
resolved(struct dial *d, enum resolve_step step, uint64_t now_ns)
{
	if (step == RESOLVE_DONE)
		return remember(d, now_ns);
	if (step == RESOLVE_FAILED)
		return fail(d, d->resolve.reason, 0);
	d->step = DIAL_RESOLVING;
	return d->step;
}

static enum dial_step
take_numeric(struct dial *d, const struct url *url, uint64_t now_ns)
{
	struct dial_name *name = &d->name[d->endpoint];
	const int family = url->is_ipv6 ? AF_INET6 : AF_INET;

	name->n = 1;
	name->addr[0].family = url->is_ipv6 ? 6 : 4;
	if (inet_pton(family, url->host, name->addr[0].addr) != 1)
		return fail(d, "address_malformed", 0);
	return try_next(d, now_ns, 0);
}

enum dial_step
dial_start(struct dial *d, size_t endpoint, uint64_t now_ns,
    uint64_t deadline_ns)
{
	const struct url *url = target(d, endpoint);

	dial_stop(d);
	d->url = url;
	d->endpoint = slot(d, endpoint);
	d->deadline_ns = deadline_ns;
	d->tried = 0;
	if (url->is_address)
		return take_numeric(d, url, now_ns);
	if (now_ns < d->name[d->endpoint].until_ns)
		return try_next(d, now_ns, 0);
	return resolved(d, resolve_start(&d->resolve, url->host, now_ns,
	    deadline_ns), now_ns);
}

void
dial_poll(const struct dial *d, struct pollfd *pfd, uint64_t *deadline_ns)
{
	if (d->step == DIAL_RESOLVING) {
		resolve_poll(&d->resolve, pfd, deadline_ns);
		return;
	}
	*pfd = (struct pollfd){ .fd = d->fd, .events = POLLOUT };
	*deadline_ns = d->try_ns;
}

static enum dial_step
give_up_address(struct dial *d, uint64_t now_ns, int error)
{
	close(d->fd);
	d->tried++;
	return try_next(d, now_ns, error);
}

enum dial_step
dial_step(struct dial *d, short revents, uint64_t now_ns)
{
	struct dial_name *name = &d->name[d->endpoint];
	int error;

	if (d->step == DIAL_RESOLVING)
		return resolved(d, resolve_step(&d->resolve, revents, now_ns),
		    now_ns);
	if (now_ns >= d->try_ns)
		return give_up_address(d, now_ns, ETIMEDOUT);
	if (revents == 0)
		return d->step;
	if ((error = tcp_result(d->fd)) != 0)
		return give_up_address(d, now_ns, error);
	/* the next connection begins with the one that worked */
	name->first = (name->first + d->tried) % name->n;
	d->step = DIAL_DONE;
	return d->step;
}
