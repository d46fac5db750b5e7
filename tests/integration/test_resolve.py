# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Names to addresses over TCP, from inside the lock: every
# kind of answer, name servers that fail in every way, and how long an answer
# is believed.
import contextlib
import socket
import struct
import time

from dnslab import (A, AAAA, REFUSED, SERVER_FAILURE,
                    NameServer, record, zone)
from tap import check, check_equal, main, test
from tlslab import (Made, RawServer, answer_all, expect, house, posts,
                    read_request, reset, server_context, tls_play)

NAME = "sluice.test"
GOOD = zone(record(NAME, "127.0.0.1"))


def ask(*plays, count=1, listen=socket.AF_INET, **options):
    """Posts to sluice.test with these name servers; also gives them."""
    servers = [NameServer(play).__enter__() for play in plays]
    with RawServer(tls_play(answer_all), family=listen) as server:
        results = posts(f"https://{NAME}:{server.port}/", posts=count,
                        server=[s.address for s in servers], **options)
    for s in servers:
        s.__exit__()
    return results[0] if count == 1 else results, servers


def answers(*plays, **options):
    result, servers = ask(*plays, **options)
    expect(result, "ANSWERED")
    return servers


def fails(reason, *plays, **options):
    result, servers = ask(*plays, **options)
    expect(result, "TIMED_OUT" if reason.startswith("timeout") else
           "UNREACHABLE", reason)
    return servers


@test
def both_kinds_are_asked_for_on_one_connection():
    server, = answers(GOOD)
    check_equal(sorted(server.asked), [(NAME, A), (NAME, AAAA)])
    check_equal(server.connections, 1)


@test
def an_ipv6_address_is_enough():
    answers(zone(record(NAME, "::1")), listen=socket.AF_INET6)


@test
def an_address_that_refuses_gives_way_to_the_next():
    both = zone(*(record(NAME, a) for a in ("::1", "127.0.0.1", "127.0.0.2")))
    answers(both)
    answers(both, listen=socket.AF_INET6)


@contextlib.contextmanager
def deaf(port, *addresses):
    """A full backlog drops what knocks, as a dead host does."""
    with contextlib.ExitStack() as sockets:
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            listener = sockets.enter_context(socket.socket(family))
            listener.bind((address, port))
            listener.listen(0)
            for _ in range(4):
                caller = sockets.enter_context(socket.socket(family))
                caller.setblocking(False)
                caller.connect_ex((address, port))
        yield


def post_past(silent, addresses, listen=socket.AF_INET, **options):
    """(the results, how long it took, connections made)"""
    both = zone(*(record(NAME, address) for address in addresses))
    with RawServer(tls_play(answer_all), family=listen) as server, \
            NameServer(both) as names, deaf(server.port, *silent):
        begun = time.monotonic()
        results = posts(f"https://{NAME}:{server.port}/", bytes=9,
                        server=names.address, **options)
        return results, time.monotonic() - begun, server.connections


@test
def an_address_that_is_silent_has_the_next_one_beside_it():
    """RFC 8305: a quarter of a second, whichever family is the dead one."""
    for silent, good, family in (
            ("127.0.0.3", "127.0.0.1", socket.AF_INET),
            ("::1", "127.0.0.1", socket.AF_INET)):
        results, took, made = post_past([silent], [silent, good], family,
                                        posts=2, timeout_ms=8000)
        for result in results:
            expect(result, "ANSWERED")
        check(0.2 < took < 1, f"{silent}: {took} s")
        check_equal(made, 1, "connections")


@test
def two_that_are_silent_cost_the_share_of_one():
    silent = ["127.0.0.3", "127.0.0.4"]
    (result,), took, _ = post_past(silent, [*silent, "127.0.0.1"],
                                   timeout_ms=3000)
    expect(result, "ANSWERED")
    check(0.9 < took < 1.6, f"{took} s is not a third of the time")


@test
def addresses_that_are_all_silent_end_with_the_deadline():
    silent = ["127.0.0.3", "127.0.0.4"]
    (result,), took, _ = post_past(silent, silent, timeout_ms=1000)
    check(result["reason"] in ("connect_failed", "timeout_connecting"),
          result)
    check(took < 1.5, f"{took} s")


@test
def aliases_are_followed():
    answers(zone(record(NAME, "a.test"), record("a.test", "b.test"),
                 record("b.test", "127.0.0.1")))


@test
def a_name_that_is_not_there_is_final():
    first, second = fails("no_such_name", zone(), GOOD)
    check_equal((first.connections, second.connections), (1, 0))
    fails("no_such_name", zone(record(NAME, "other.test")))


@test
def a_name_server_that_fails_gives_way_to_the_next():
    for code in (SERVER_FAILURE, REFUSED):
        first, second = answers(zone(code=code), GOOD)
        check_equal((first.connections, second.connections), (1, 1))
    fails("name_server_failure", zone(code=SERVER_FAILURE))


@test
def a_failure_for_one_kind_does_not_lose_the_other():
    def play(query, _):
        if query.kind == AAAA:
            return query.answer(code=SERVER_FAILURE)
        return query.answer([record(NAME, "127.0.0.1")])
    server, = answers(play)
    check_equal(server.connections, 1)


@test
def a_silent_name_server_costs_its_share_of_the_time():
    def silent(query, _):
        pass
    begun = time.monotonic()
    answers(silent, GOOD, timeout_ms=1500)
    check(0.4 < time.monotonic() - begun < 1.2, "a third of 1.5 s")
    begun = time.monotonic()
    fails("name_server_silent", silent, timeout_ms=1000)
    check(time.monotonic() - begun < 1.5, "one deadline over all")


@test
def silence_for_one_kind_alone_is_waited_for_and_survived():
    def play(query, _):
        if query.kind == A:
            return query.answer([record(NAME, "127.0.0.1")])
        return None
    begun = time.monotonic()
    answers(play, timeout_ms=6000)
    check(0.2 < time.monotonic() - begun < 1, "a quarter of a second")


@test
def an_answer_byte_by_byte_is_put_together():
    def play(query, connection):
        for byte in query.answer([record(NAME, "127.0.0.1")]):
            connection.sendall(bytes([byte]))
            time.sleep(0.002)
    answers(play)


@test
def an_answer_too_slow_is_given_up():
    def play(query, connection):
        for byte in query.answer([record(NAME, "127.0.0.1")]):
            connection.sendall(bytes([byte]))
            time.sleep(0.1)
    answers(play, GOOD, timeout_ms=1500)


@test
def two_answers_in_one_segment_are_taken_apart():
    held = []

    def play(query, connection):
        held.append(query.answer([record(NAME, "127.0.0.1")]))
        return held[1] + held[0] if len(held) == 2 else None
    server, = answers(play)
    check_equal(server.connections, 1)


@test
def answers_that_lie_give_way_to_the_next_server():
    def length(more):
        def play(query, _):
            message = query.answer([record(NAME, "127.0.0.1")])[2:]
            return struct.pack(">H", len(message) + more) + message
        return play

    def other_number(query, _):
        query.number = bytes(b ^ 0xff for b in query.number)
        return query.answer([record(NAME, "127.0.0.1")])

    def other_name(query, _):
        query.question = query.question.replace(b"sluice", b"sluicf")
        return query.answer([record("sluicf.test", "127.0.0.1")])

    def huge(query, _):
        return b"\xff\xff" + bytes(70000)

    def empty(query, _):
        return b"\0\0"

    def nothing(query, connection):
        connection.shutdown(socket.SHUT_RDWR)

    def cut(query, connection):
        connection.sendall(query.answer([record(NAME, "127.0.0.1")])[:20])
        reset(connection)
        connection.shutdown(socket.SHUT_RDWR)

    for lie in (length(-1), length(1), length(4000), other_number, other_name,
                huge, empty, nothing, cut):
        first, second = answers(lie, GOOD, timeout_ms=1500)
        check_equal(second.connections, 1, f"for {lie.__name__}")
    fails("dns_malformed", huge)
    fails("name_server_cut", nothing)


@test
def a_name_server_that_is_not_there_gives_way_to_the_next():
    gone = NameServer(GOOD)
    gone._listener.close()
    with NameServer(GOOD) as there, \
            RawServer(tls_play(answer_all)) as server:
        url = f"https://{NAME}:{server.port}/"
        expect(posts(url, server=[gone.address, there.address])[0],
               "ANSWERED")
        expect(posts(url, server=gone.address)[0], "UNREACHABLE",
               "name_server_unreachable")


@test
def without_name_servers_no_name_is_resolved():
    with RawServer(tls_play(answer_all)) as server:
        expect(posts(f"https://{NAME}:{server.port}/", server=[])[0],
               "UNREACHABLE", "no_name_server")


def closing(server, tls):
    read_request(server, tls)
    tls.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
                b"Content-Length: 0\r\n\r\n")


def asked_in_three_posts(ttl, gap_ms):
    play = zone(record(NAME, "127.0.0.1", ttl))
    with NameServer(play) as names, RawServer(tls_play(closing)) as server:
        for result in posts(f"https://{NAME}:{server.port}/", posts=3,
                            gap_ms=gap_ms, server=names.address):
            expect(result, "ANSWERED")
        check_equal(server.connections, 3)
    return names.connections


@test
def an_answer_is_believed_for_its_ttl_and_no_longer():
    check_equal(asked_in_three_posts(60, 10), 1)
    check_equal(asked_in_three_posts(1, 1100), 3)


@test
def a_ttl_of_zero_is_one_second():
    check_equal(asked_in_three_posts(0, 10), 1)
    check_equal(asked_in_three_posts(0, 1100), 3)


@test
def a_name_is_resolved_anew_after_a_failed_connect():
    moved = []

    def play(query, _):
        moved.append(query.kind)
        where = "127.0.0.2" if len(moved) <= 2 else "127.0.0.1"
        return query.answer([record(NAME, where, 3600)])
    (first, second, third), (names,) = ask(play, count=3)
    expect(first, "UNREACHABLE", "connect_failed", "ECONNREFUSED")
    expect(second, "ANSWERED")
    expect(third, "ANSWERED")
    check_equal(names.connections, 2)


@test
def the_next_exchange_begins_with_another_address_after_a_bad_server():
    both = zone(record(NAME, "127.0.0.1"), record(NAME, "127.0.0.2"))
    with RawServer(lambda *_: None) as bad, NameServer(both) as names:
        good = RawServer(tls_play(answer_all))
        good._listener.close()
        good._listener = socket.create_server(("127.0.0.2", bad.port))
        with good:
            first, second = posts(f"https://{NAME}:{bad.port}/", posts=2,
                                  server=names.address)
    expect(first, "UNREACHABLE", "handshake_cut")
    expect(second, "ANSWERED")


@test
def an_answer_that_leads_elsewhere_gives_that_server_nothing():
    """Spoofed or rebound: TLS asks whose name it is, and nothing is sent."""
    where = ["127.0.0.1"]

    def play(query, _):
        return query.answer([record(NAME, where[0], 0)])

    def rebind(server, tls):
        closing(server, tls)
        where[0] = "127.0.0.2"
    thief = RawServer(tls_play(answer_all, server_context(
        Made("thief", house.root, san=("thief.test",)))))
    with RawServer(tls_play(rebind)) as server, NameServer(play) as names:
        thief._listener.close()
        thief._listener = socket.create_server(("127.0.0.2", server.port))
        with thief:
            first, second = posts(f"https://{NAME}:{server.port}/", posts=2,
                                  gap_ms=1100, server=names.address)
    expect(first, "ANSWERED")
    expect(second, "SERVER_REFUSED", "server_refused", "ostname mismatch",
           "configuration")
    check_equal((thief.connections, thief.got), (1, b""))


@test
def more_addresses_than_there_is_room_for_are_left_out():
    many = [f"127.0.1.{i}" for i in range(1, 60)]
    first, = answers(zone(record(NAME, "127.0.0.1"),
                          *(record(NAME, a) for a in many)), timeout_ms=4000)
    check_equal(first.connections, 1)


main()
