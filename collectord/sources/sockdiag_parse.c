/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See sockdiag_parse.h. */
#include "sources/sockdiag_parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* Of the kernel's <net/tcp_states.h>, beyond those of <netinet/tcp.h>. */
enum { KERNEL_NEW_SYN_RECV = 12, KERNEL_BOUND_INACTIVE = 13 };

#define ALL_STATES UINT32_MAX

static const struct {
	uint8_t family, protocol;
} dumps[SOCKDIAG_DUMPS] = {
	[SOCKDIAG_TCP4] = { AF_INET, IPPROTO_TCP },
	[SOCKDIAG_TCP6] = { AF_INET6, IPPROTO_TCP },
	[SOCKDIAG_UDP4] = { AF_INET, IPPROTO_UDP },
	[SOCKDIAG_UDP6] = { AF_INET6, IPPROTO_UDP },
	[SOCKDIAG_UNIX] = { AF_UNIX, 0 },
};

size_t
sockdiag_request(enum sockdiag_dump d, uint32_t seq,
    uint8_t buf[SOCKDIAG_REQUEST_MAX])
{
	const struct inet_diag_req_v2 inet = {
		.sdiag_family = dumps[d].family,
		.sdiag_protocol = dumps[d].protocol,
		.idiag_states = ALL_STATES,
	};
	const struct unix_diag_req local = {
		.sdiag_family = AF_UNIX,
		.udiag_states = ALL_STATES,
	};
	const void *body = d == SOCKDIAG_UNIX ? (const void *)&local : &inet;
	const size_t len = d == SOCKDIAG_UNIX ? sizeof(local) : sizeof(inet);
	const struct nlmsghdr head = {
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + len),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.nlmsg_seq = seq,
	};

	memcpy(buf, &head, sizeof(head));
	memcpy(buf + NLMSG_HDRLEN, body, len);
	return NLMSG_HDRLEN + len;
}

static enum address_class
class4(const uint8_t *a)
{
	if (a[0] == 0)
		return ADDRESS_ANY;
	if (a[0] == 127)
		return ADDRESS_LOOPBACK;
	if (a[0] == 169 && a[1] == 254)
		return ADDRESS_LINK_LOCAL;
	/* RFC 1918, and RFC 6598 for what is behind a carrier's NAT */
	if (a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) ||
	    (a[0] == 192 && a[1] == 168) || (a[0] == 100 &&
	    (a[1] & 0xc0) == 64))
		return ADDRESS_PRIVATE;
	return (a[0] & 0xf0) == 0xe0 ? ADDRESS_MULTICAST : ADDRESS_GLOBAL;
}

enum address_class
sockdiag_class(bool ipv6, const uint8_t *a)
{
	static const uint8_t zeros[15], mapped[12] = { [10] = 0xff, 0xff };

	if (!ipv6)
		return class4(a);
	if (memcmp(a, mapped, sizeof(mapped)) == 0)
		return class4(a + sizeof(mapped));
	if (memcmp(a, zeros, sizeof(zeros)) == 0 && a[15] <= 1)
		return a[15] == 0 ? ADDRESS_ANY : ADDRESS_LOOPBACK;
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
		return ADDRESS_LINK_LOCAL;
	if ((a[0] & 0xfe) == 0xfc)
		return ADDRESS_PRIVATE;
	return a[0] == 0xff ? ADDRESS_MULTICAST : ADDRESS_GLOBAL;
}

const char *
sockdiag_class_name(enum address_class class)
{
	static const char *const names[ADDRESS_CLASSES] = {
		[ADDRESS_ANY] = "any",
		[ADDRESS_LOOPBACK] = "loopback",
		[ADDRESS_LINK_LOCAL] = "link_local",
		[ADDRESS_PRIVATE] = "private",
		[ADDRESS_MULTICAST] = "multicast",
		[ADDRESS_GLOBAL] = "global",
	};

	return names[class];
}

static uint64_t
order_of(const struct listening *l)
{
	return (uint64_t)l->port << 48 | (uint64_t)l->ipv6 << 40 |
	    (uint64_t)l->class << 32 | l->interface;
}

/* Where it is, or where it would be. */
static size_t
find(const struct sockdiag *s, const struct listening *l)
{
	size_t low = 0, high = s->nlistening;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (order_of(&s->listening[middle]) < order_of(l))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
add_listening(struct sockdiag *s, const struct listening *l)
{
	const size_t at = find(s, l);
	struct listening *here = &s->listening[at];

	if (at < s->nlistening && order_of(here) == order_of(l)) {
		here->tcp += l->tcp;
		here->udp += l->udp;
		here->queue += l->queue;
		here->limit += l->limit;
		return;
	}
	if (at == SOCKDIAG_LISTEN_MAX) {
		s->left_out++;
		return;
	}
	if (s->nlistening == SOCKDIAG_LISTEN_MAX) {
		const struct listening *last = &s->listening[--s->nlistening];

		s->left_out += (uint64_t)last->tcp + last->udp;
	}
	memmove(here + 1, here, (s->nlistening - at) * sizeof(*here));
	*here = *l;
	s->nlistening++;
}

static void
listen_at(struct sockdiag *s, enum sockdiag_dump d,
    const struct inet_diag_msg *m)
{
	const uint16_t port = ntohs(m->id.idiag_sport);
	const bool tcp = dumps[d].protocol == IPPROTO_TCP;
	const bool ipv6 = dumps[d].family == AF_INET6;
	const uint8_t *address = (const uint8_t *)m->id.idiag_src;

	if (port == 0 || (!tcp && port > SOCKDIAG_UDP_PORT_MAX))
		return;
	add_listening(s, &(struct listening){
		.port = port, .ipv6 = ipv6, .tcp = tcp, .udp = !tcp,
		.class = (uint8_t)sockdiag_class(ipv6, address),
		.interface = m->id.idiag_if,
		.queue = tcp ? m->idiag_rqueue : 0,
		.limit = tcp ? m->idiag_wqueue : 0,
	});
}

static int
take_tcp(struct sockdiag *s, enum sockdiag_dump d,
    const struct inet_diag_msg *m)
{
	unsigned state = m->idiag_state;

	if (state == KERNEL_NEW_SYN_RECV)
		state = TCP_SYN_RECV;
	else if (state == KERNEL_BOUND_INACTIVE)
		state = TCP_CLOSE;
	if (state < TCP_ESTABLISHED || state > TCP_CLOSING)
		return -EBADMSG;
	s->tcp[dumps[d].family == AF_INET6][state - TCP_ESTABLISHED]++;
	if (state == TCP_LISTEN)
		listen_at(s, d, m);
	return 0;
}

static int
take_udp(struct sockdiag *s, enum sockdiag_dump d,
    const struct inet_diag_msg *m)
{
	const bool connected = m->idiag_state == TCP_ESTABLISHED;

	if (!connected && m->idiag_state != TCP_CLOSE)
		return -EBADMSG;
	s->udp[dumps[d].family == AF_INET6][connected ? SOCKDIAG_CONNECTED :
	    SOCKDIAG_UNCONNECTED]++;
	if (!connected)
		listen_at(s, d, m);
	return 0;
}

static int
take_unix(struct sockdiag *s, const uint8_t *body, size_t len)
{
	struct unix_diag_msg m;

	if (len < sizeof(m))
		return -EBADMSG;
	memcpy(&m, body, sizeof(m));
	if (m.udiag_family != AF_UNIX)
		return -EBADMSG;
	s->unix_sockets[m.udiag_state == TCP_LISTEN ? SOCKDIAG_LISTENING :
	    m.udiag_state == TCP_ESTABLISHED ? SOCKDIAG_CONNECTED :
	    SOCKDIAG_UNCONNECTED]++;
	return 0;
}

static int
take_socket(struct sockdiag *s, enum sockdiag_dump d, const uint8_t *body,
    size_t len)
{
	struct inet_diag_msg m;

	if (d == SOCKDIAG_UNIX)
		return take_unix(s, body, len);
	if (len < sizeof(m))
		return -EBADMSG;
	memcpy(&m, body, sizeof(m));
	if (m.idiag_family != dumps[d].family)
		return -EBADMSG;
	return dumps[d].protocol == IPPROTO_TCP ? take_tcp(s, d, &m) :
	    take_udp(s, d, &m);
}

/* The last message, and an error, hold a number: 0 or -errno. */
static int
end_of(const uint8_t *body, size_t len, bool is_error)
{
	enum { ERRNO_MAX = 4095 };
	int32_t number;

	if (len < sizeof(number))
		return is_error ? -EBADMSG : 0;
	memcpy(&number, body, sizeof(number));
	if (number < 0 && number >= -ERRNO_MAX)
		return number;
	return is_error ? -EBADMSG : 0;
}

static int
take_message(struct sockdiag *s, enum sockdiag_dump d,
    const struct nlmsghdr *h, const uint8_t *body)
{
	const size_t len = h->nlmsg_len - NLMSG_HDRLEN;

	switch (h->nlmsg_type) {
	case SOCK_DIAG_BY_FAMILY:
		return take_socket(s, d, body, len);
	case NLMSG_DONE:
	case NLMSG_ERROR:
		return end_of(body, len, h->nlmsg_type == NLMSG_ERROR);
	case NLMSG_NOOP:
		return 0;
	default:
		return -EBADMSG;
	}
}

static void
note(int *error, int now)
{
	if (*error == 0)
		*error = now;
}

bool
sockdiag_take(struct sockdiag *s, enum sockdiag_dump d, uint32_t seq,
    const uint8_t *p, size_t len, int *error)
{
	bool ended = false;

	while (len > 0 && !ended) {
		struct nlmsghdr h;
		size_t whole;

		if (len >= sizeof(h))
			memcpy(&h, p, sizeof(h));
		if (len < sizeof(h) || h.nlmsg_len < NLMSG_HDRLEN ||
		    h.nlmsg_len > len) {
			note(error, -EBADMSG);
			return false;
		}
		if (h.nlmsg_seq == seq) {
			note(error, take_message(s, d, &h, p + NLMSG_HDRLEN));
			if ((h.nlmsg_flags & NLM_F_DUMP_INTR) != 0)
				note(error, -EINTR);
			ended = h.nlmsg_type == NLMSG_DONE ||
			    h.nlmsg_type == NLMSG_ERROR;
		}
		whole = NLMSG_ALIGN((size_t)h.nlmsg_len);
		whole = whole < len ? whole : len;
		p += whole;
		len -= whole;
	}
	return ended;
}
