# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A second reader of sockets: the text of /proc/net/tcp and
# its like, which the collector never reads, in place of netlink's answers.
import collections
import ipaddress
import pathlib
import struct

from once import key

STATES = ("established", "syn_sent", "syn_received", "fin_wait_1",
          "fin_wait_2", "time_wait", "closed", "close_wait", "last_ack",
          "listen", "closing", "syn_received")
LISTEN, CLOSED, ESTABLISHED = 10, 7, 1
UNIX_LISTENS, UNIX_CONNECTED = 0x10000, 3
UDP_PORTS = 32768
CARRIER = ipaddress.ip_network("100.64.0.0/10")
PRIVATE = [ipaddress.ip_network(n) for n in (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")] + [CARRIER]


def address(text):
    words = [text[i:i + 8] for i in range(0, len(text), 8)]
    packed = b"".join(struct.pack("=I", int(word, 16)) for word in words)
    found = ipaddress.ip_address(packed)
    return getattr(found, "ipv4_mapped", None) or found


def class_of(found):
    if found.is_unspecified or str(found).startswith("0."):
        return "any"
    if found.is_loopback:
        return "loopback"
    if found.is_link_local:
        return "link_local"
    if any(found in net for net in PRIVATE if net.version == found.version):
        return "private"
    return "multicast" if found.is_multicast else "global"


def rows(name, net):
    """(state, class, port, waiting) of each line."""
    for line in (net / name).read_text().splitlines()[1:]:
        words = line.split()
        where, _, port = words[1].partition(":")
        yield (int(words[3], 16), class_of(address(where)), int(port, 16),
               int(words[4].partition(":")[2], 16))


def expected(net=pathlib.Path("/proc/net")):
    """All points but the queues' limits, which no text has."""
    points = collections.Counter()
    for family, end in (("ipv4", ""), ("ipv6", "6")):
        for state in set(STATES):
            points[key("system.network.connection.count", network__type=family,
                       network__transport="tcp",
                       network__connection__state=state)] = 0
        for state in ("connected", "unconnected"):
            points[key("linux.udp.sockets", network__type=family,
                       linux__socket__state=state)] = 0
        for transport in ("tcp", "udp"):
            for state, kind, port, waiting in rows(transport + end, net):
                add(points, family, transport, state, (kind, port), waiting)
    listening = sum(value for (name, _), value in points.items()
                    if name == "linux.sockets.listening")
    for state, value in (("sent", listening), ("left_out", 0)):
        points[key("linux.sockets.listening.count",
                   linux__listening__state=state)] = value
    for state, value in unix(net).items():
        points[key("linux.unix.sockets", linux__socket__state=state)] = value
    return points


def add(points, family, transport, state, place, waiting):
    kind, port = place
    where = {"network__type": family, "network__local__port": port,
             "linux__socket__address_class": kind}
    if transport == "tcp":
        points[key("system.network.connection.count", network__type=family,
                   network__transport="tcp",
                   network__connection__state=STATES[state - 1])] += 1
        listens = state == LISTEN
    else:
        connected = state == ESTABLISHED
        points[key("linux.udp.sockets", network__type=family,
                   linux__socket__state="connected" if connected
                   else "unconnected")] += 1
        listens = not connected and 0 < port < UDP_PORTS
    if listens:
        points[key("linux.sockets.listening", network__transport=transport,
                   **where)] += 1
        if transport == "tcp":
            points[key("linux.tcp.listen.queue", **where)] += waiting


def unix(net):
    count = dict.fromkeys(("connected", "unconnected", "listening"), 0)
    for line in (net / "unix").read_text(errors="replace").splitlines()[1:]:
        words = line.split()
        if int(words[3], 16) & UNIX_LISTENS:
            count["listening"] += 1
        elif int(words[5], 16) == UNIX_CONNECTED:
            count["connected"] += 1
        else:
            count["unconnected"] += 1
    return count
