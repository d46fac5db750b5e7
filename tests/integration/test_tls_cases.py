# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Servers that a strict TLS client refuses by how they shake
# hands, and what ends a connection later.  Each case shows what came of it and
# that no byte of the request was sent.
import socket
import ssl
import time

from tap import Skip, check, check_equal, main, test
from tlslab import (CLIENT_AUTH, Made, RawServer, answer_all, expect, house,
                    key_pem, posts, read_request, refused, reset,
                    server_context, tls_play, write)

root = house.root


@test
def a_good_server_is_answered_by_name():
    with RawServer(tls_play(answer_all)) as server:
        result, = posts(server.url, bytes=10)
    expect(result, "ANSWERED", "answered")
    head = server.got.split(b"\r\n")
    check_equal(head[0], b"POST /v1/metrics HTTP/1.1")
    check(b"Host: localhost:%d" % server.port in head, "Host")
    check(server.got.endswith(b"\r\n\r\n" + b"x" * 10), "body")


@test
def a_good_server_is_answered_by_either_kind_of_address():
    for family, host in ((socket.AF_INET, "127.0.0.1"),
                         (socket.AF_INET6, "[::1]")):
        with RawServer(tls_play(answer_all), family=family) as server:
            result, = posts(f"https://{host}:{server.port}/")
        expect(result, "ANSWERED")
        check(b"Host: %s:%d\r\n" % (host.encode(), server.port)
              in server.got, "Host")


@test
def refused_servers_older_than_tls_1_3():
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1,
                    ssl.TLSVersion.TLSv1_2):
        context = server_context()
        context.minimum_version = version
        context.maximum_version = version
        refused(tls_play(answer_all, context), "SERVER_REFUSED",
                "server_refused")


@test
def refused_suites_of_tls_1_2_that_are_weak():
    for ciphers in ("AES128-SHA", "ECDHE+AES+SHA1", "NULL", "aNULL", "3DES"):
        context = server_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.set_ciphers(ciphers + ":@SECLEVEL=0")
        except ssl.SSLError:
            continue            # this OpenSSL has none of them any more
        refused(tls_play(answer_all, context), "SERVER_REFUSED",
                "server_refused")


def says(data, then=lambda: None):
    """A play that reads the ClientHello, says data, and waits."""
    def play(server, connection):
        connection.recv(65536)
        connection.sendall(data)
        then()
        connection.settimeout(1)
        rest = b""
        while more := connection.recv(65536):
            rest += more
        check(b"POST" not in rest, "a request in the clear")
    return play


HELLO_1_2 = b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + bytes(32) + \
    b"\x00\xc0\x2f\x00"


@test
def refused_a_server_that_falls_back_to_1_2_unasked():
    refused(says(HELLO_1_2), "SERVER_REFUSED", words="unsupported protocol")


@test
def refused_what_is_not_tls():
    for data in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n",
                 bytes(range(1, 255)), b"220 mail ESMTP\r\n"):
        refused(says(data), "SERVER_REFUSED", "server_refused")


@test
def refused_records_that_lie_about_their_length():
    for data in (b"\x16\x03\x03\xff\xff" + bytes(70000),
                 b"\x16\x03\x03\x00\x04\x02\xff\xff\xff" + bytes(70000)):
        refused(says(data), "SERVER_REFUSED", "server_refused")


@test
def refused_a_flood_of_warnings_or_of_empty_records():
    for data in (b"\x15\x03\x03\x00\x02\x01\x5a", b"\x16\x03\x03\x00\x00"):
        refused(says(data * 20000), "SERVER_REFUSED", "server_refused")
    refused(says(b"\x14\x03\x03\x00\x01\x01" * 20000), "UNREACHABLE",
            "tls_failed", "TLS: unexpected message")


HELLO_1_3 = b"\x02\x00\x00\x38\x03\x03%b\x00\x13\x01\x00\x00\x10" \
    b"\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02\x00\x18%b"
AGAIN = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891"
                      "c2a211167abb8c5e079e09e2c8a8339c")


def handshake(message, kind=b"\x16"):
    return kind + b"\x03\x03" + len(message).to_bytes(2, "big") + message


@test
def refused_a_hello_that_is_asked_for_twice():
    hello = HELLO_1_3 % (AGAIN, b"")
    retry = handshake(b"\x02\x00\x00\x36" + hello[4:])
    refused(says(retry * 2), "SERVER_REFUSED", "server_refused")


@test
def messages_out_of_their_order_or_of_no_known_kind_are_no_setting():
    for data in (handshake(b"\x14\x00\x00\x20" + bytes(32)),
                 handshake(b"\x0b\x00\x00\x04" + bytes(4)),
                 handshake(b"hello", b"\x17"), handshake(b"\x01", b"\x18"),
                 handshake(b"\x01", b"\x63"),
                 handshake(b"\x7f\x00\x00\x00")):
        refused(says(data), "UNREACHABLE", "tls_failed",
                "TLS: unexpected message")


def alert(number):
    return b"\x15\x03\x03\x00\x02\x02" + bytes([number])


@test
def a_last_word_of_the_server_says_whose_fault_it_is():
    for number in (40, 42, 43, 44, 45, 46, 48, 49, 71, 112, 116, 120):
        refused(says(alert(number)), "CLIENT_REFUSED", "client_refused",
                "the server says")
    refused(says(alert(70)), "SERVER_REFUSED", "server_refused")
    for number in (10, 50, 80, 90, 255):
        refused(says(alert(number)), "UNREACHABLE", "tls_failed")


def shake_hands(connection, change=lambda flight: flight):
    """The session, and what it has to say; change(its first flight)."""
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = server_context().wrap_bio(inward, outward, server_side=True)
    while True:
        try:
            tls.do_handshake()
            return tls, outward
        except ssl.SSLWantReadError:
            if flight := outward.read():
                connection.sendall(change(flight))
            inward.write(connection.recv(65536))


def after_handshake(data):
    """Bytes behind TLS's back, on an established connection."""
    def play(server, connection):
        _, outward = shake_hands(connection)
        connection.sendall(outward.read() + data)
        while connection.recv(65536):
            pass
    return play


@test
def what_is_forged_or_in_the_clear_after_the_handshake_ends_it():
    for data in (handshake(b"x" * 100, b"\x17"), alert(0), b"HTTP/1.1 200 ",
                 handshake(b"HTTP/1.1 200 OK\r\n\r\n", b"\x17"),
                 b"\x17\x03\x03\xff\xff"):
        with RawServer(after_handshake(data)) as server:
            result, = posts(server.url, timeout_ms=2000)
        expect(result, "UNREACHABLE", "tls_failed", kind="retry")


@test
def a_server_that_hangs_up_on_our_hello_is_unreachable():
    def closes(_, connection):
        connection.recv(65536)

    def resets(_, connection):
        connection.recv(1)
        reset(connection)
    for play in (closes, resets):
        refused(play, "UNREACHABLE", "handshake_cut")


@test
def a_server_that_hangs_up_at_once_is_unreachable():
    # the reset may come before or after connect() has been seen to succeed
    refused(lambda _, connection: reset(connection), "UNREACHABLE")


@test
def a_closed_port_is_unreachable():
    with RawServer(answer_all) as server:
        pass
    result, = posts(f"https://127.0.0.1:{server.port}/")
    expect(result, "UNREACHABLE", "connect_failed", "ECONNREFUSED")


@test
def a_silent_server_costs_the_deadline_and_no_more():
    begun = time.monotonic()
    refused(lambda server, _: server.ended.wait(8), "TIMED_OUT",
            "timeout_handshake", timeout_ms=700)
    check(0.6 < time.monotonic() - begun < 4, "the deadline was not kept")


@test
def a_handshake_byte_by_byte_costs_the_deadline_and_no_more():
    def play(server, connection):
        inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = server_context().wrap_bio(inward, outward, server_side=True)
        inward.write(connection.recv(65536))
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        for byte in outward.read():
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
    begun = time.monotonic()
    refused(play, "TIMED_OUT", "timeout_handshake", timeout_ms=1000)
    check(0.9 < time.monotonic() - begun < 4, "the deadline was not kept")


@test
def refused_a_server_that_does_not_ask_who_we_are():
    refused(tls_play(answer_all, server_context(ask=False)),
            "SERVER_REFUSED", words="did not ask for our certificate")


@test
def refused_a_server_that_chooses_a_protocol_we_did_not_offer():
    try:
        from OpenSSL import SSL
    except ImportError:
        raise Skip("python3-openssl is not here")

    def play(server, connection):
        connection.settimeout(None)     # pyOpenSSL wants a blocking one
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_certificate_file(str(write(house.server.pem())))
        context.use_privatekey_file(str(server_key))
        context.load_verify_locations(str(house.ca))
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.set_alpn_select_callback(lambda *_: b"h2")
        tls = SSL.Connection(context, connection)
        tls.set_accept_state()
        try:
            tls.do_handshake()
            server.got += tls.recv(65536)
        except SSL.Error:
            pass
    server_key = write(key_pem(house.server.key))
    refused(play, "SERVER_REFUSED")


def stranger(**faults):
    made = Made("client", faults.pop("issuer", root), san=(),
                eku=(CLIENT_AUTH,), **faults)
    return {"cert": write(made.pem()), "key": write(key_pem(made.key))}


@test
def our_own_certificate_refused_is_told_from_a_network_fault():
    for faults in ({"days": (-20, -1)}, {"issuer": Made("o", ca=True)}):
        for size in (100, 4000000):
            refused(tls_play(answer_all), "CLIENT_REFUSED", "client_refused",
                    "the server says", bytes=size, **stranger(**faults))


@test
def our_chain_is_sent_with_our_certificate():
    between = Made("between", root, ca=True)
    with RawServer(tls_play(answer_all)) as server:
        expect(posts(server.url, **stranger(issuer=between))[0], "ANSWERED")


@test
def nothing_of_an_earlier_session_is_resumed():
    reused = []

    def play(server, tls):
        reused.append(tls.session_reused)
        read_request(server, tls)
        tls.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
                    b"Content-Length: 0\r\n\r\n")
        tls.unwrap()
    with RawServer(tls_play(play)) as server:
        for result in posts(server.url, posts=3):
            expect(result, "ANSWERED")
    check_equal(reused, [False] * 3)


def spoiled(where):
    """The second connection gets a record of the first, so far in it."""
    kept = []

    def change(flight):
        ends = [0, 5 + int.from_bytes(flight[3:5], "big"), len(flight)]
        at = ends[where]
        return flight[:at] + kept[0] + flight[at:]

    def play(_, connection):
        if kept:
            shake_hands(connection, change)
        else:
            tls, outward = shake_hands(connection)
            outward.read()
            tls.write(b"for the one before")
            kept.append(outward.read())
    return play


@test
def records_of_another_session_are_no_setting_wherever_they_come():
    """As from a server that mixes its connections up: ahead of its hello,
    behind it, and behind its flight."""
    for where, words in enumerate((
            "unexpected message", "bad record mac", "bad record mac")):
        with RawServer(spoiled(where)) as server:
            result = posts(server.url, posts=2)[1]
        expect(result, "UNREACHABLE", "tls_failed", words, "retry")
        check_equal(server.got, b"", "request bytes at the server")


@test
def our_own_words_that_come_back_are_no_setting():
    """As from a port of this host that is free, and was given to ourselves."""
    def play(_, connection):
        connection.sendall(connection.recv(65536))
        connection.recv(65536)
    refused(play, "UNREACHABLE", "tls_failed", "TLS: unexpected message")


main()
