/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  See lockdown.h. */
#include "lockdown.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define STREAM_TYPE (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

/* Every system call that shipperd can make once it is locked. */
const struct syscall_row shipper_calls[] = {
	{ "read", { { 0 } }, "the network" },
	{ "write", { { 0 } }, "the network, and log lines" },
	{ "close", { { 0 } }, "connections that ended" },
	{ "ppoll", { { 0 } }, "the loop" },
	{ "recvmsg", { { ARG_ONLY_BITS, 2, MSG_CMSG_CLOEXEC | MSG_DONTWAIT,
	    0 } }, "records, with credentials" },
	{ "sendto", { { ARG_ONLY_BITS, 3, MSG_NOSIGNAL | MSG_DONTWAIT, 0 },
	    { ARG_IS, 4, 0, 1 } },
	    "acknowledgements, on the connected pair: no address, and so"
	    " no TCP fast open" },
	{ "socket", { { ARG_IS, 0, AF_INET, 0 }, { ARG_IS, 1, STREAM_TYPE, 0 },
	    { ARG_IS, 2, 0, 0 } },
	    "TCP alone: protocol 0 keeps MPTCP out, which Landlock missed" },
	{ "socket", { { ARG_IS, 0, AF_INET6, 0 },
	    { ARG_IS, 1, STREAM_TYPE, 0 }, { ARG_IS, 2, 0, 0 } },
	    "the same over IPv6" },
	{ "connect", { { 0 } }, "receiver, name server; Landlock says port" },
	{ "getsockopt", { { ARG_IS, 1, SOL_SOCKET, 0 },
	    { ARG_IS, 2, SO_ERROR, 0 } }, "how connecting ended" },
	{ "setsockopt", { { ARG_IS, 1, IPPROTO_TCP, 0 },
	    { ARG_IS, 2, TCP_NODELAY, 0 } }, "requests leave at once" },
	{ "setsockopt", { { ARG_IS, 1, IPPROTO_TCP, 0 },
	    { ARG_IS, 2, TCP_USER_TIMEOUT, 0 } }, "dead connections end" },
	{ "setsockopt", { { ARG_IS, 1, SOL_SOCKET, 0 },
	    { ARG_IS, 2, SO_KEEPALIVE, 0 } }, "idle connections are probed" },
	{ "getpid", { { 0 } }, "OpenSSL's random generator checks for fork" },
	{ "getrandom", { { 0 } },
	    "OpenSSL reseeds: first after hours of running" },
	{ "brk", { { 0 } }, "malloc(3); RLIMIT_DATA bounds it" },
	{ "mmap", { { ARG_ONLY_BITS, 2, PROT_READ | PROT_WRITE, 0 },
	    { ARG_IS, 3, MAP_PRIVATE | MAP_ANONYMOUS, 0 } },
	    "malloc(3): memory that is no file and not executable" },
	{ "munmap", { { 0 } }, "free(3)" },
	{ "mremap", { { 0 } }, "realloc(3) of a large certificate chain" },
	{ "clock_gettime", { { 0 } }, "where the vDSO cannot answer" },
	{ "gettimeofday", { { 0 } },
	    "the same; OpenSSL's clock since 3.2: a host without TSC" },
#ifdef SYS_time
	{ "time", { { 0 } }, "the same; is a certificate valid today" },
#endif
	{ "exit_group", { { 0 } }, "the end" },
};
const size_t shipper_ncalls =
    sizeof(shipper_calls) / sizeof(shipper_calls[0]);

static const struct limit limits[] = {
	{ RLIMIT_FSIZE, "FSIZE", 0 },
	{ RLIMIT_CORE, "CORE", 0 },
	{ RLIMIT_NPROC, "NPROC", 0 },
	{ RLIMIT_MEMLOCK, "MEMLOCK", 0 },
	{ RLIMIT_NOFILE, "NOFILE", 16 },
#if !SLUICE_SANITIZED
	{ RLIMIT_DATA, "DATA", 32 << 20 },
#endif
};

/*
 * Name servers only where a name is to be resolved; with a proxy its port
 * alone, so that there is no way past it.
 */
static size_t
needed_ports(const struct shipconf *c, uint16_t *port)
{
	const bool proxy = c->proxy.kind != PROXY_NONE;
	bool names = proxy && !c->proxy.url.is_address;
	size_t n = 0;

	if (proxy)
		port[n++] = c->proxy.url.port;
	for (size_t i = 0; !proxy && i < c->nendpoints; i++) {
		port[n++] = c->endpoint[i].port;
		names = names || !c->endpoint[i].is_address;
	}
	for (size_t i = 0; names && i < c->nservers; i++)
		port[n++] = c->server[i].port;
	return n;
}

void
shipper_lock(const struct shipconf *conf, struct layers *layers)
{
	uint16_t port[ENDPOINTS_MAX + NAMESERVERS_MAX];
	const struct confinement c = {
		.limit = limits,
		.nlimits = sizeof(limits) / sizeof(limits[0]),
		.landlock = { .connect_ports = port,
		    .nconnect_ports = needed_ports(conf, port) },
		.selinux = SELINUX_SHIPPER,
		.selinux_from = SELINUX_SHIPPER_INIT,
		.require_selinux =
		    (conf->flags & SHIPCONF_REQUIRE_SELINUX) != 0,
		.require_landlock =
		    (conf->flags & SHIPCONF_REQUIRE_LANDLOCK) != 0,
		.call = shipper_calls,
		.ncalls = shipper_ncalls,
	};

	confine(&c, layers);
}
