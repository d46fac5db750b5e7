# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Sockets by state and ports that are listened at: of this
# host against the text of /proc/net, of known ones, and of very many.
import ctypes
import os
import pathlib
import re
import socket
import struct
import subprocess
import time
import tempfile

import socketview
from keys import Keys
from once import Reading, key, once, program
from pair import Pair
from receiver import Receiver
from tap import Failed, Skip, check, check_equal, main, test, until

CLONE_NEWNET = 0x40000000
LIMIT = "linux.tcp.listen.queue.limit"
QUEUE = "linux.tcp.listen.queue"
MANY = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"],
                    "tests/integration/many_sockets")


def states(points, family="ipv4"):
    """The TCP states that there is a socket in."""
    return {dict(where)["network.connection.state"]: int(value)
            for (name, where), value in points.items()
            if name == "system.network.connection.count" and value and
            ("network.type", family) in where}


@test
def sockets_of_this_host_are_those_of_its_files():
    for _ in range(8):
        before = socketview.expected()
        reading = once("sockdiag")
        after = socketview.expected()
        check_equal((reading.failed, reading.lost), ([], 0))
        wrong = []
        for where in before.keys() | reading.points.keys() | after.keys():
            low, high = sorted((before.get(where, 0), after.get(where, 0)))
            got = reading.points.get(where, 0)
            if where[0] != LIMIT and not low <= got <= high:
                wrong.append(f"{where}: {got}, not {low} to {high}")
        if not wrong:
            return
    raise Failed("\n".join(wrong))


def in_own_network(body):
    """The body in a child with a network namespace of its own."""
    if os.geteuid() != 0:
        raise Skip("needs root, for a network of its own")
    libc = ctypes.CDLL(None, use_errno=True)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            if libc.unshare(CLONE_NEWNET) < 0:
                os._exit(77)
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            body()
            status = 0
        except BaseException as error:          # pylint: disable=W0718
            print(f"# {type(error).__name__}: {error}", flush=True)
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == 77:
        raise Skip("no network namespace can be made here")
    check_equal(status, 0, "the test in a network of its own")


def listener(family, address, backlog=7, device=None):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if device:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    s.bind(address)
    s.listen(backlog)
    return s


def reading():
    got = once("sockdiag")
    check_equal(got.failed, [])
    want = socketview.expected()
    for where in want.keys() | got.points.keys():
        if where[0] not in (LIMIT, "linux.unix.sockets") and \
                "network.interface.name" not in dict(where[1]):
            check_equal(got.points.get(where), want.get(where), str(where))
    return got.points


def known_sockets():
    check_equal(states(reading()), {}, "at first")
    a = listener(socket.AF_INET, ("127.0.0.1", 80))
    b = listener(socket.AF_INET6, ("::1", 80))
    check_equal(states(reading()), {"listen": 1})
    check_equal(states(reading(), "ipv6"), {"listen": 1})
    clients = [socket.create_connection(("127.0.0.1", 80)) for _ in range(3)]
    points = reading()
    check_equal(states(points), {"listen": 1, "established": 6})
    place = {"network__type": "ipv4", "network__local__port": 80,
             "linux__socket__address_class": "loopback"}
    check_equal(points[key(QUEUE, **place)], 3, "waiting")
    check_equal(points[key(LIMIT, **place)], 7, "may wait")
    server, _ = a.accept()
    check_equal(reading()[key(QUEUE, **place)], 2, "one was accepted")
    clients[0].shutdown(socket.SHUT_WR)
    time.sleep(0.5)             # the answer to a FIN may take its time
    check_equal(states(reading()), {
        "listen": 1, "established": 4, "fin_wait_2": 1, "close_wait": 1})
    server.close()
    time.sleep(0.5)
    check_equal(states(reading()), {
        "listen": 1, "established": 4, "time_wait": 1})
    six = socket.create_connection(("::1", 80))
    check_equal(states(reading(), "ipv6"), {"listen": 1, "established": 2})
    del b, six


@test
def each_socket_moves_its_own_count_and_no_other():
    in_own_network(known_sockets)


def ports_and_classes():
    held = [listener(socket.AF_INET, ("0.0.0.0", 22)),
            listener(socket.AF_INET, ("127.0.0.1", 23)),
            listener(socket.AF_INET6, ("::", 22)),
            listener(socket.AF_INET, ("127.0.0.1", 53))]
    for family, address in ((socket.AF_INET, "127.0.0.1"),
                            (socket.AF_INET6, "::")):
        s = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.bind((address, 53))
        held.append(s)
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind(("0.0.0.0", 40000))
    points = reading()
    listed = {(dict(w)["network.type"], dict(w)["network.local.port"],
               dict(w)["linux.socket.address_class"],
               dict(w)["network.transport"]): int(v)
              for (n, w), v in points.items()
              if n == "linux.sockets.listening"}
    check_equal(listed, {
        ("ipv4", "22", "any", "tcp"): 1, ("ipv4", "23", "loopback", "tcp"): 1,
        ("ipv6", "22", "any", "tcp"): 1, ("ipv4", "53", "loopback", "tcp"): 1,
        ("ipv4", "53", "loopback", "udp"): 1,
        ("ipv6", "53", "any", "udp"): 1})
    check("127." not in str(points) and "::" not in str(points), "addresses")
    held.append(listener(socket.AF_INET, ("0.0.0.0", 99), device=b"lo"))
    got = once("sockdiag")
    # /sys/class/net shows the interfaces of the namespace it was mounted in
    names = got.values("linux.sockets.listening", "network.interface.name")
    check(names in ({"lo"}, {"1"}), names)


@test
def ports_are_listed_by_class_and_interface_and_never_by_address():
    in_own_network(ports_and_classes)


def too_many_ports():
    held = [listener(socket.AF_INET, ("127.0.0.1", 1000 + n))
            for n in range(300)]
    got = once("sockdiag")
    check_equal(got.failed, [("[listening]", "oversize")])
    ports = {int(p) for p in got.values("linux.sockets.listening",
                                        "network.local.port")}
    check_equal(ports, set(range(1000, 1256)))
    count = {state: got.points[key("linux.sockets.listening.count",
                                   linux__listening__state=state)]
             for state in ("sent", "left_out")}
    check_equal(count, {"sent": 256, "left_out": 44})
    check_equal(states(got.points), {"listen": 300})
    del held


@test
def of_too_many_ports_the_lowest_are_sent_and_the_others_counted():
    in_own_network(too_many_ports)


def many(count, *options):
    """Readings in a network with so many sockets."""
    if os.geteuid() != 0:
        raise Skip("needs root, for a network of its own")
    done = subprocess.run(
        [MANY, str(count), program, *options, "sockdiag"], timeout=100,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == 77:
        raise Skip("no network namespace can be made here")
    check_equal(done.returncode, 0, done.stderr)
    return [Reading(text) for text in
            re.findall(r"(.*?microseconds \d+\n)", done.stdout, re.DOTALL)]


@test
def a_hundred_thousand_sockets_are_counted_to_the_last():
    (got,) = many(100000, "-t")
    print(f"# {got.microseconds} us")
    check(got.microseconds < 700000, f"{got.microseconds} us")
    if got.failed:
        check_equal(got.failed, [("tcp/ipv4", "timeout")])
        raise Skip("this machine is too busy to list them in half a second")
    check_equal(states(got.points)["established"], 100000)


@test
def what_takes_too_long_goes_on_in_the_next_cycle_and_is_right_in_the_end():
    readings = many(30000, "-t", "-n", "300", "-b", "2000")
    whole = [r for r in readings if r.points]
    cut = [r for r in readings if not r.points]
    check(len(whole) >= 1 and len(cut) >= 3,
          f"{len(whole)} whole, {len(cut)} cut")
    for r in cut:
        check_equal([reason for _, reason in r.failed], ["timeout"])
    for r in whole:
        check_equal(states(r.points)["established"], 30000)


SOCKET = {"x86_64": 41, "aarch64": 198}


def without_netlink():
    """In the child: seccomp(2) refuses socket(AF_NETLINK)."""
    rows = ((0x20, 0, 0, 0), (0x15, 0, 3, SOCKET[os.uname().machine]),
            (0x20, 0, 0, 16), (0x15, 0, 1, socket.AF_NETLINK),
            (0x06, 0, 0, 0x00050000 | 97), (0x06, 0, 0, 0x7fff0000))
    program_ = b"".join(struct.pack("<HBBI", *row) for row in rows)
    held = ctypes.create_string_buffer(program_, len(program_))
    filter_ = struct.pack("<HxxxxxxQ", len(rows), ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) < 0 or libc.prctl(22, 2, filter_) < 0:
        raise OSError(ctypes.get_errno(), "seccomp")


@test
def where_no_netlink_socket_can_be_had_that_is_said():
    if os.uname().machine not in SOCKET:
        raise Skip("the number of socket(2) is not known here")
    got = once("sockdiag", preexec_fn=without_netlink)
    check_equal(got.points, {})
    check_equal(got.failed, [("sock_diag(7)", "other")])


@test
def a_copy_of_another_host_has_no_sockets():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("proc", "sys"):
            pathlib.Path(folder, name).mkdir()
        got = once("sockdiag", tree=folder)
    check_equal((got.points, got.failed), ({}, []))


@test
def the_locked_collector_asks_for_sockets_and_processes():
    with tempfile.TemporaryDirectory(prefix="sluice-sockets-") as folder:
        os.chmod(folder, 0o755)
        keys = Keys(folder)
        settings = {"collect": {"sources": {
            "sockdiag": {"enabled": True},
            "top": {"enabled": True, "names": "hashed", "count": 3}}}}
        with Receiver(keys) as receiver, \
                Pair(receiver.url, keys, settings=settings) as pair:
            def arrived(name):
                return [p for r in list(receiver.requests) for p in r.points
                        if p.name == name]
            until(lambda: len({p.time for p in arrived("process.cpu.time")})
                  >= 3 and arrived("linux.sockets.listening"), 40, "both")
            check_equal([e.line for e in pair.events
                         if e.name == "source_failed" and
                         e.fields.get("source") in ("top", "sockdiag")], [])
            names = {p.attributes["process.executable.name"]
                     for p in arrived("process.memory.usage")
                     if "process.pid" in p.attributes}
            check(names and all(re.fullmatch("[0-9a-f]{16}", n)
                                for n in names), names)
            check(any("process.pid" not in p.attributes
                      for p in arrived("process.cpu.time")), "no rest")


main()
