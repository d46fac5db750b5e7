# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Good certificates, bad manners: what becomes of one request
# whose server answers wrongly, late, too much, twice or not at all, and when
# a connection is kept.
import contextlib
import select
import socket
import ssl
import subprocess
import threading
import time

import tlsrecords
from tap import check, check_equal, main, test, until
from tlslab import (OK, RawServer, answer_all, expect, house, key_pem, posts,
                    read_request, reset, server_context, tls_play, write)
from tlsrecords import ALERT, ASK, DATA, HANDSHAKE, KEEP, LEAST

HEAD = b"HTTP/1.1 200 OK\r\n"


def sends(*parts, notify=False, after=lambda server: None):
    """Answers each request with these bytes, then hangs up."""
    def play(server, tls):
        if not read_request(server, tls):
            return
        for part in parts:
            tls.sendall(part)
        after(server)
        if notify:
            tls.unwrap()
    return tls_play(play)


def one(play, **options):
    with RawServer(play) as server:
        result, = posts(server.url, **options)
        return result


@test
def a_body_that_is_cut_is_tried_again_whether_said_or_not():
    for notify in (False, True):
        expect(one(sends(HEAD + b"Content-Length: 9\r\n\r\nabc",
                         notify=notify)), "UNREACHABLE", "reply_cut")


@test
def a_body_that_ends_with_the_stream_and_no_close_notify_is_cut():
    expect(one(sends(HEAD + b"\r\nabc")), "UNREACHABLE", "reply_cut")


@test
def no_reply_at_all_is_tried_again():
    expect(one(sends()), "UNREACHABLE", "no_reply")
    expect(one(sends(notify=True)), "UNREACHABLE", "no_reply")
    expect(one(sends(b"HTTP/1.1 100 Continue\r\n\r\n")), "UNREACHABLE",
           "reply_cut")


@test
def what_is_not_http_1_is_a_bad_reply():
    for data in (b"hello\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n",
                 b"\0\0\x12\x04\0\0\0\0\0", HEAD + b"Content-Length: +2\r\n\r\n"):
        result = one(sends(data, after=lambda s: s.ended.wait(3)),
                     timeout_ms=2000)
        expect(result, "BAD_REPLY", "bad_reply")
        check(result["detail"], "a word for the log")


@test
def an_answer_before_the_request_was_read_counts():
    def play(server, tls):
        tls.recv(1000)
        tls.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n"
                    b"Connection: close\r\n\r\n")
        time.sleep(0.2)
    result = one(tls_play(play), bytes=4000000)
    expect(result, "ANSWERED")
    check_equal(result["status"], "413")


@test
def a_reset_after_that_answer_does_not_lose_it():
    def play(server, tls):
        tls.recv(1000)
        tls.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        reset(tls)
    result = one(tls_play(play), bytes=4000000)
    expect(result, "ANSWERED")
    check_equal(result["status"], "413")


@test
def a_connection_is_kept_for_many_requests():
    with RawServer(tls_play(answer_all)) as server:
        results = posts(server.url, posts=20, bytes=30000)
        for result in results:
            expect(result, "ANSWERED")
        check_equal(server.connections, 1)
        check_equal(server.got.count(b"POST "), 20)


@test
def connection_close_is_obeyed():
    with RawServer(sends(HEAD + b"Connection: close\r\n"
                         b"Content-Length: 0\r\n\r\n")) as server:
        for result in posts(server.url, posts=3):
            expect(result, "ANSWERED")
        check_equal(server.connections, 3)


@test
def bytes_that_nobody_asked_for_end_the_connection():
    """In the answer's record, in the next one that came with it, and later:
    what comes after the next request is sent, nobody can tell apart."""
    lie = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
    for parts, gap in (((OK + lie,), 0), ((OK, lie), 0), ((OK, lie), 200)):
        def play(server, tls):
            while read_request(server, tls):
                tls.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
                for part in parts:
                    tls.sendall(part)
                tls.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        with RawServer(tls_play(play)) as server:
            for result in posts(server.url, posts=3, gap_ms=gap):
                expect(result, "ANSWERED")
                check_equal(result["status"], "200")
            check_equal(server.connections, 3)


@test
def a_late_second_answer_is_not_taken_for_the_next_one():
    def play(server, tls):
        while read_request(server, tls):
            tls.sendall(OK)
            time.sleep(0.1)
            tls.sendall(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
    with RawServer(tls_play(play)) as server:
        for result in posts(server.url, posts=3, gap_ms=300):
            check_equal(result["status"], "200")
        check_equal(server.connections, 3)


def closes_after(answers, notify, request_first=False):
    """Answers so many requests a connection; may take one more first."""
    def play(server, tls):
        for _ in range(answers):
            if not read_request(server, tls):
                return
            tls.sendall(OK)
        if request_first:
            read_request(server, tls)
        if notify:
            with contextlib.suppress(OSError, ssl.SSLError):
                tls.unwrap()
    return tls_play(play)


@test
def an_idle_connection_that_is_closed_is_replaced():
    for notify in (False, True):
        with RawServer(closes_after(1, notify)) as server:
            for result in posts(server.url, posts=3, gap_ms=200):
                expect(result, "ANSWERED")
            check_equal(server.connections, 3)


@test
def a_kept_connection_that_closes_as_we_send_costs_one_silent_retry():
    for notify in (False, True):
        with RawServer(closes_after(1, notify, True)) as server:
            for result in posts(server.url, posts=3, bytes=50000):
                expect(result, "ANSWERED")
            check_equal(server.connections, 3)
            check_equal(server.got.count(b"POST "), 5)


@test
def a_fresh_connection_gets_no_silent_retry():
    with RawServer(closes_after(0, False, True)) as server:
        expect(posts(server.url)[0], "UNREACHABLE", "no_reply")
        check_equal(server.connections, 1)
    served = []

    def play(server, tls):
        while read_request(server, tls):
            served.append(1)
            if len(served) > 1:
                return
            tls.sendall(OK)
    with RawServer(tls_play(play)) as server:
        first, second = posts(server.url, posts=2)
        expect(first, "ANSWERED")
        expect(second, "UNREACHABLE", "no_reply")
        check_equal(server.connections, 2)


@test
def part_of_a_reply_on_a_kept_connection_gets_no_silent_retry():
    def play(server, tls):
        read_request(server, tls)
        tls.sendall(OK)
        read_request(server, tls)
        tls.sendall(b"HTTP/1.1 2")
    with RawServer(tls_play(play)) as server:
        expect(posts(server.url, posts=2)[1], "UNREACHABLE", "reply_cut")
        check_equal(server.connections, 1)


@test
def another_endpoint_gets_a_connection_of_its_own():
    with RawServer(tls_play(answer_all)) as a, \
            RawServer(tls_play(answer_all)) as b:
        for result in posts(a.url, url=b.url, posts=4):
            expect(result, "ANSWERED")
        check_equal((a.connections, b.connections), (2, 2))


def timed_out(play, reason, **options):
    begun = time.monotonic()
    result = one(play, timeout_ms=800, **options)
    took = time.monotonic() - begun
    expect(result, "TIMED_OUT", reason)
    check(0.7 < took < 3, f"{took} s for a deadline of 0.8 s")


def drips(data):
    def play(server, tls):
        read_request(server, tls)
        for byte in data:
            tls.sendall(bytes([byte]))
            time.sleep(0.1)
    return tls_play(play)


@test
def a_reply_byte_by_byte_costs_the_deadline_and_no_more():
    timed_out(drips(HEAD + b"X: " + b"y" * 30), "timeout_reply")
    timed_out(sends(HEAD + b"Content-Length: 90\r\n\r\n", b"abc",
                    after=lambda s: s.ended.wait(3)), "timeout_reply")


@test
def a_server_that_answers_nothing_costs_the_deadline():
    timed_out(sends(after=lambda s: s.ended.wait(3)), "timeout_reply")


@test
def a_server_that_reads_nothing_costs_the_deadline():
    timed_out(tls_play(lambda server, _: server.ended.wait(3)),
              "timeout_sending", bytes=16000000)


@test
def endless_interim_answers_and_headers_are_bounded():
    for data in (b"HTTP/1.1 103 Early\r\n\r\n", HEAD):
        def play(server, tls):
            read_request(server, tls)
            tls.sendall(data)
            for i in range(100000):
                tls.sendall(b"HTTP/1.1 103 Early\r\n\r\n" if data != HEAD
                            else b"X-%d: y\r\n" % i)
        expect(one(tls_play(play)), "BAD_REPLY", "bad_reply")


@test
def a_flood_of_session_tickets_is_bounded_in_bytes():
    context = server_context()
    context.num_tickets = 20000
    with RawServer(tls_play(answer_all, context)) as server:
        expect(posts(server.url)[0], "BAD_REPLY", "reply_too_long")


@test
def key_updates_without_end_do_not_move_the_deadline():
    """s_server sends one, and asks for one, for each line K."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert",
         write(house.server.pem()), "-key", write(key_pem(house.server.key)),
         "-CAfile", house.ca, "-Verify", "1"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    ended = threading.Event()

    def flood():
        with contextlib.suppress(OSError):
            while not ended.wait(0.01):
                server.stdin.write(b"K\n")
                server.stdin.flush()
    until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 5,
          "s_server listens")
    time.sleep(0.2)             # it is done with that empty connection
    flooder = threading.Thread(target=flood)
    try:
        flooder.start()
        begin = time.monotonic()
        result, = posts(f"https://127.0.0.1:{port}/", timeout_ms=2000)
        took = time.monotonic() - begin
    finally:
        ended.set()
        flooder.join()
        server.kill()
        said = server.communicate()[0]
    expect(result, "TIMED_OUT", "timeout_reply")
    check(1.5 < took < 4, f"it took {took} s")
    check(said.count(b"SSL_do_handshake -> 1") > 32, "no flood")


@test
def a_few_session_tickets_do_no_harm():
    context = server_context()
    context.num_tickets = 20
    with RawServer(tls_play(answer_all, context)) as server:
        for result in posts(server.url, posts=3):
            expect(result, "ANSWERED")
        check_equal(server.connections, 1)


@test
def new_keys_are_taken_in_pieces_of_any_size():
    def play(server, connection):
        says, hears = tlsrecords.shake_hands(connection)
        while read_request(server, hears):
            answer = says.update(ASK) + says.record(DATA, OK) + \
                says.update(ASK) + says.update()
            for i in range(0, len(answer), 7):
                connection.sendall(answer[i:i + 7])
                time.sleep(0.005)
    with RawServer(play) as server:
        for result in posts(server.url, posts=3, gap_ms=200):
            expect(result, "ANSWERED", kind="delivered")
        check_equal(server.connections, 1)


@test
def new_keys_that_are_asked_for_while_we_send_are_a_retry_at_worst():
    """Asked twice while it waits to write, OpenSSL 3.0 says "bad length"."""
    size = 8000000
    for times in (1, 2):
        whole = []

        def play(server, connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            says, hears = tlsrecords.shake_hands(connection)
            time.sleep(0.2)
            for _ in range(times):
                connection.sendall(says.update(ASK))
            time.sleep(0.2)
            whole.append(read_request(server, hears))
            connection.sendall(says.record(DATA, OK))
        result = one(play, bytes=size, timeout_ms=15000)
        if times > 1 and result["outcome"] == "UNREACHABLE":
            expect(result, "UNREACHABLE", "tls_failed", kind="retry")
        else:
            expect(result, "ANSWERED", kind="delivered")
            check(whole[0].endswith(b"\r\n\r\n" + b"x" * size), "the body")


FULL = 16709                # bytes that OpenSSL reads at once


def endless_updates(says):
    """So aligned that a piece of the next head is left over each time."""
    for _ in range(60):
        many = (FULL - 2) // LEAST - 1
        yield from (says.update() for _ in range(many))
        yield says.update(size=FULL - 2 - many * LEAST)


@test
def new_keys_in_one_piece_are_bounded_in_bytes_and_in_time():
    def play(_, connection):
        says, hears = tlsrecords.shake_hands(connection)
        flood = b"".join(endless_updates(says))
        hears.recv(65536)
        connection.sendall(flood)
        connection.recv(65536)
    result = one(play, timeout_ms=8000)
    expect(result, "BAD_REPLY", "reply_too_long", kind="retry")
    check(int(result["cpu_ms"]) < 1000, f"{result['cpu_ms']} ms in one turn")


def message(kind, body=b""):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


TICKET = message(4, bytes(8) + b"\1n\0\4tick\0\0")
HARMLESS = [(HANDSHAKE, TICKET)], [(DATA, b"")] * 9, [(ALERT, b"\1\x5a")]
FAULTS = [[(HANDSHAKE, m)] for m in (
    message(0), message(1, bytes(50)), message(13, bytes(3)),
    message(20, bytes(48)), message(4, b"xx"), b"\4\xff\xff\xff",
    TICKET + message(5), message(24, b"\2"), message(24, bytes(2)),
    KEEP + TICKET)] + [
        [(b"\x14", b"\1")], [(b"\0", b"")], [(b"\x63", b"x")],
        [(DATA, b"")] * 99, [(ALERT, b"\1\x5a")] * 9, [(ALERT, b"\2\x28\1")],
        [(ALERT, b"\2"), (ALERT, b"\x28")], [(DATA, b"z" * 16385)],
        [(HANDSHAKE, TICKET[:2]), (DATA, OK)]]
LAST_WORDS = ([(ALERT, b"\1\0")], "UNREACHABLE", "no_reply"), \
    ([(ALERT, b"\2\x28")], "CLIENT_REFUSED", "client_refused"), \
    ([(ALERT, b"\2\x74")], "CLIENT_REFUSED", "client_refused")


def says_so(parts, early):
    def play(server, connection):
        says, hears = tlsrecords.shake_hands(connection)
        odd = b"".join(says.record(*part) for part in parts)
        if early:
            connection.sendall(odd)
        read_request(server, hears)
        connection.sendall((b"" if early else odd) + says.record(DATA, OK))
        read_request(server, hears)
    return play


@test
def what_has_no_place_after_the_handshake_ends_the_connection():
    for early in (False, True):
        for parts in FAULTS:
            expect(one(says_so(parts, early)), "UNREACHABLE", "tls_failed",
                   kind="retry")
        for parts, outcome, reason in LAST_WORDS:
            expect(one(says_so(parts, early)), outcome, reason)
        for parts in HARMLESS:
            expect(one(says_so(parts, early)), "ANSWERED", kind="delivered")


@test
def what_has_no_place_between_two_requests_costs_a_connection():
    for parts in (*FAULTS, *(words[0] for words in LAST_WORDS), *HARMLESS):
        def play(server, connection):
            says, hears = tlsrecords.shake_hands(connection)
            while read_request(server, hears):
                connection.sendall(says.record(DATA, OK))
                time.sleep(0.05)
                connection.sendall(b"".join(says.record(*p) for p in parts))
        with RawServer(play) as server:
            for result in posts(server.url, posts=2, gap_ms=150):
                expect(result, "ANSWERED", kind="delivered")
                check_equal(result["detail"], "", "detail of a success")
            check_equal(server.connections, 1 if parts in HARMLESS else 2,
                        f"connections with {parts[0]}")


@test
def new_keys_of_a_proxy_without_end_are_bounded_in_bytes():
    """Before it answers, and in the receiver's handshake behind it."""
    for answer in (b"", b"HTTP/1.1 200 Connected\r\n\r\n"):
        def play(server, connection):
            says, hears = tlsrecords.shake_hands(connection,
                                                 server_context(ask=False))
            hears.recv(65536)
            if answer:
                connection.sendall(says.record(DATA, answer))
                hears.recv(65536)
            while not server.ended.is_set():
                connection.sendall(says.update(size=16000))
        with RawServer(play) as proxy:
            result, = posts("https://sluice.test:4318/", proxy_ca=house.ca,
                            proxy=f"https://127.0.0.1:{proxy.port}")
        expect(result, "BAD_REPLY", "reply_too_long", kind="retry")


def record_by_record(port):
    """An https proxy: each record of the receiver's in one of its own."""
    def after(_, tls):
        while b"\r\n\r\n" not in tls.recv(65536):
            pass
        with socket.create_connection(("127.0.0.1", port)) as onward:
            tls.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            while tls.pending() or (ready := select.select(
                    [tls, onward], [], [], 10)[0]):
                if tls.pending() or tls in ready:
                    onward.sendall(tls.recv(65536))
                    continue
                tls.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
                for record in tlsrecords.split(onward.recv(65536)):
                    tls.sendall(record)
                tls.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
    return tls_play(after, server_context(ask=False))


@test
def an_answer_behind_many_messages_is_not_left_lying_in_a_proxys_session():
    def play(server, connection):
        says, hears = tlsrecords.shake_hands(connection)
        while read_request(server, hears):
            connection.sendall(b"".join(says.update() for _ in range(60)) +
                               says.record(DATA, OK))
    with RawServer(play) as server, \
            RawServer(record_by_record(server.port)) as proxy:
        for result in posts(server.url, posts=2, proxy_ca=house.ca,
                            proxy=f"https://127.0.0.1:{proxy.port}"):
            expect(result, "ANSWERED", kind="delivered")
        check_equal(proxy.connections, 1)


main()
