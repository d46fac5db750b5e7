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
	for (size_t i = 0; i < d->ntries; i++)
		close(d->try[i].fd);
	d->ntries = 0;
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

/* Where others wait, it has its share of the time, and not for long. */
static uint64_t
share_until(const struct dial *d, size_t left, uint64_t now_ns)
{
	uint64_t share = (d->deadline_ns - now_ns) / left;

	if (left > 1 && share > DIAL_TRY_MAX_MS * NS_PER_MS)
		share = DIAL_TRY_MAX_MS * NS_PER_MS;
	return now_ns + share;
}

static bool
may_begin(const struct dial *d)
{
	return d->tried < d->name[d->endpoint].n &&
	    d->ntries < DIAL_TRIES_MAX;
}

/* Begins with the next address that can be begun. */
static enum dial_step
try_next(struct dial *d, uint64_t now_ns)
{
	const struct dial_name *name = &d->name[d->endpoint];
	struct dial_try *t = &d->try[d->ntries];

	while (may_begin(d)) {
		const size_t left = name->n - d->tried;

		t->number = d->tried++;
		t->until_ns = share_until(d, left, now_ns);
		t->fd = tcp_connect(
		    &name->addr[(name->first + t->number) % name->n], 0,
		    d->url->port);
		if (t->fd >= 0) {
			d->ntries++;
			break;
		}
		d->error = -t->fd;
	}
	d->next_ns = now_ns + DIAL_DELAY_MS * NS_PER_MS;
	d->step = DIAL_CONNECTING;
	return d->ntries > 0 ? d->step : fail(d, "connect_failed", d->error);
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
	return try_next(d, now_ns);
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
	return try_next(d, now_ns);
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
	d->error = 0;
	if (url->is_address)
		return take_numeric(d, url, now_ns);
	if (now_ns < d->name[d->endpoint].until_ns)
		return try_next(d, now_ns);
	return resolved(d, resolve_start(&d->resolve, url->host, now_ns,
	    deadline_ns), now_ns);
}

size_t
dial_poll(const struct dial *d, struct pollfd *pfd, uint64_t *deadline_ns)
{
	if (d->step == DIAL_RESOLVING) {
		resolve_poll(&d->resolve, pfd, deadline_ns);
		return 1;
	}
	*deadline_ns = may_begin(d) ? d->next_ns : d->deadline_ns;
	for (size_t i = 0; i < d->ntries; i++) {
		pfd[i] = (struct pollfd){ .fd = d->try[i].fd,
			.events = POLLOUT };
		if (d->try[i].until_ns < *deadline_ns)
			*deadline_ns = d->try[i].until_ns;
	}
	return d->ntries;
}

/* The others were tried in vain; the next connection begins with this one. */
static enum dial_step
won(struct dial *d, const struct dial_try *t)
{
	struct dial_name *name = &d->name[d->endpoint];
	const int fd = t->fd;

	name->first = (name->first + t->number) % name->n;
	for (size_t i = 0; i < d->ntries; i++)
		if (d->try[i].fd != fd && d->try[i].fd >= 0)
			close(d->try[i].fd);
	d->ntries = 0;
	d->fd = fd;
	d->step = DIAL_DONE;
	return d->step;
}

/* 0: connected; EINPROGRESS: nothing yet; else why not. */
static int
judge(const struct dial_try *t, short revents, uint64_t now_ns)
{
	if (revents != 0)
		return tcp_result(t->fd);
	return now_ns >= t->until_ns ? ETIMEDOUT : EINPROGRESS;
}

static void
forget_closed(struct dial *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->ntries; i++)
		if (d->try[i].fd >= 0)
			d->try[kept++] = d->try[i];
	d->ntries = kept;
}

enum dial_step
dial_step(struct dial *d, const struct pollfd *pfd, uint64_t now_ns)
{
	if (d->step == DIAL_RESOLVING)
		return resolved(d, resolve_step(&d->resolve, pfd->revents,
		    now_ns), now_ns);
	for (size_t i = 0; i < d->ntries; i++) {
		const int error = judge(&d->try[i], pfd[i].revents, now_ns);

		if (error == 0)
			return won(d, &d->try[i]);
		if (error == EINPROGRESS)
			continue;
		close(d->try[i].fd);
		d->try[i].fd = -1;
		d->error = error;
		d->next_ns = now_ns;
	}
	forget_closed(d);
	return d->ntries == 0 || now_ns >= d->next_ns ?
	    try_next(d, now_ns) : d->step;
}
