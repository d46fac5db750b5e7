/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: collectord.  See protocol.h. */
#include "sources/protocol.h"

#include "source.h"
#include "sources/columns.h"

#include <errno.h>
#include <string.h>

#define V4(group, name, point) NAMED_ROW(PROTOCOL_SNMP, group, name, point)
#define V6(name, point) NAMED_ROW(PROTOCOL_SNMP6, "", name, point)
#define EXT(name, point) NAMED_ROW(PROTOCOL_NETSTAT, "TcpExt:", name, point)

static const struct named_row rows[] = {
	V4("Ip:", "InReceives", IP_PACKETS_RECEIVE4),
	V4("Ip:", "OutRequests", IP_PACKETS_TRANSMIT4),
	V6("Ip6InReceives", IP_PACKETS_RECEIVE6),
	V6("Ip6OutRequests", IP_PACKETS_TRANSMIT6),
	V4("Ip:", "ForwDatagrams", IP_FORWARDED_IPV4),
	V6("Ip6OutForwDatagrams", IP_FORWARDED_IPV6),
	V4("Ip:", "InDiscards", IP_DISCARDED_RECEIVE4),
	V4("Ip:", "OutDiscards", IP_DISCARDED_TRANSMIT4),
	V6("Ip6InDiscards", IP_DISCARDED_RECEIVE6),
	V6("Ip6OutDiscards", IP_DISCARDED_TRANSMIT6),
	V4("Ip:", "InHdrErrors", IP_ERRORS_HEADER4),
	V4("Ip:", "InAddrErrors", IP_ERRORS_ADDRESS4),
	V4("Ip:", "OutNoRoutes", IP_ERRORS_NO_ROUTE4),
	V6("Ip6InHdrErrors", IP_ERRORS_HEADER6),
	V6("Ip6InAddrErrors", IP_ERRORS_ADDRESS6),
	V6("Ip6OutNoRoutes", IP_ERRORS_NO_ROUTE6),
	V4("Tcp:", "ActiveOpens", TCP_OPENED_ACTIVE),
	V4("Tcp:", "PassiveOpens", TCP_OPENED_PASSIVE),
	V4("Tcp:", "AttemptFails", TCP_FAILED_ALL),
	V4("Tcp:", "EstabResets", TCP_RESET_ALL),
	V4("Tcp:", "CurrEstab", TCP_ESTABLISHED_ALL),
	V4("Tcp:", "InSegs", TCP_SEGMENTS_RECEIVE),
	V4("Tcp:", "OutSegs", TCP_SEGMENTS_TRANSMIT),
	V4("Tcp:", "RetransSegs", TCP_RETRANSMITTED_ALL),
	V4("Tcp:", "InErrs", TCP_ERRORS_ALL),
	V4("Tcp:", "OutRsts", TCP_RESETS_SENT_ALL),
	EXT("ListenOverflows", TCP_LISTEN_DROPS_OVERFLOW),
	EXT("ListenDrops", TCP_LISTEN_DROPS_DROP),
	V4("Udp:", "InDatagrams", UDP_DATAGRAMS_RECEIVE4),
	V4("Udp:", "OutDatagrams", UDP_DATAGRAMS_TRANSMIT4),
	V6("Udp6InDatagrams", UDP_DATAGRAMS_RECEIVE6),
	V6("Udp6OutDatagrams", UDP_DATAGRAMS_TRANSMIT6),
	V4("Udp:", "InErrors", UDP_ERRORS_IN4),
	V4("Udp:", "NoPorts", UDP_ERRORS_PORT4),
	V4("Udp:", "RcvbufErrors", UDP_ERRORS_RCVBUF4),
	V4("Udp:", "SndbufErrors", UDP_ERRORS_SNDBUF4),
	V6("Udp6InErrors", UDP_ERRORS_IN6),
	V6("Udp6NoPorts", UDP_ERRORS_PORT6),
	V6("Udp6RcvbufErrors", UDP_ERRORS_RCVBUF6),
	V6("Udp6SndbufErrors", UDP_ERRORS_SNDBUF6),
};

static_assert(sizeof(rows) / sizeof(rows[0]) <= NAMED_MAX, "samples hold it");

const struct named_table protocol_table = {
	rows, sizeof(rows) / sizeof(rows[0])
};

/* In the order of enum protocol_file. */
static const char *const paths[] = { "net/snmp", "net/snmp6", "net/netstat" };

static int
parse(struct text t, int file, struct named_sample *s)
{
	/* of both files of pairs; aligned, so as not to be on two pages */
	static _Alignas(4096) struct columns columns;

	return file == PROTOCOL_SNMP6 ?
	    named_lines(t, &protocol_table, file, s) :
	    named_pairs(t, &protocol_table, file, &columns, s);
}

static int
read_protocol(struct collect *c)
{
	struct named_sample s;
	struct text t;

	memset(&s, 0, sizeof(s));
	for (int i = 0; i < (int)(sizeof(paths) / sizeof(paths[0])); i++) {
		int error = host_read(c->host, HOST_PROC, paths[i], &t);

		/* a kernel may be without IPv6, and all is well */
		if (error == -ENOENT && i == PROTOCOL_SNMP6)
			continue;
		if (error == 0)
			error = parse(t, i, &s);
		if (error < 0)
			collect_failed(c, paths[i], error);
	}
	named_say(c->build, &protocol_table, &s);
	return 0;
}

const struct source source_protocol = {
	.id = SOURCE_PROTOCOL,
	.profile = PROFILE_STANDARD,
	.path = { { HOST_PROC, "net/snmp" }, { HOST_PROC, "net/snmp6" },
	    { HOST_PROC, "net/netstat" } },
	.kernel = "2.6",
	.capability = CAPABILITY_NONE,
	.series = { { 40, 1 } },
	.read = read_protocol,
};
