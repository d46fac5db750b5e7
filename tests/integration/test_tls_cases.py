# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Servers that a strict TLS client refuses: by their
# certificate, or by how they shake hands.  Each case shows what came of it
# and that no byte of the request was sent.
import functools
import socket
import ssl
import time

import cryptography.x509 as x509
from cryptography.hazmat.primitives import hashes

from tap import Skip, check, check_equal, main, test
from tlslab import (ANY_USAGE, CLIENT_AUTH, Made, RawServer,
                    _usage as usage, answer_all, expect, house, key_pem,
                    posts, read_request, reset, server_context, tls_play,
                    write)

root = house.root


def refused(play, outcome, reason=None, words="", **options):
    with RawServer(play) as server:
        result, = posts(server.url, **options)
    expect(result, outcome, reason, words)
    check_equal(server.got, b"", "request bytes at the server")


def chain(length, leaf=None):
    issuer = root
    for i in range(length):
        issuer = Made(f"between {i}", issuer, ca=True)
    return Made(leaf or "server", issuer)


def without_chain(made):
    made.between = []
    return made


def many_names():
    return Made("server", root,
                san=("localhost", *(f"h{i}.test" for i in range(9000))))


def with_junk():
    made = Made("server", root)
    junk = Made("junk", root, san=[f"j{i}.test" for i in range(70)])
    made.between = [junk.cert] * 70
    return made


def bad_constraint():
    only = x509.NameConstraints([x509.DNSName("example.net")], None)
    return Made("server", Made("between", root, ca=True, more=[(only, True)]),
                san=("localhost",))


def not_an_authority():
    return Made("server", Made("leaf", root))


def pathlen_exceeded():
    one = Made("one", root, ca=True, pathlen=0)
    return Made("server", Made("two", one, ca=True))


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.9.9"),
                                     b"\x05\x00")

CERTIFICATES = {
    "an_expired_leaf": (
        lambda: Made("server", root, days=(-20, -1)), "has expired"),
    "a_leaf_not_yet_valid": (
        lambda: Made("server", root, days=(1, 20)), "our clock right"),
    "a_name_of_another_host": (
        lambda: Made("server", root, san=("other.test",)),
        "hostname mismatch"),
    "a_name_in_the_common_name_alone": (
        lambda: Made("localhost", root, san=()), "hostname mismatch"),
    "a_self_signed_certificate": (
        lambda: Made("server"), "self-signed"),
    "an_unknown_root": (
        lambda: Made("server", Made("other", ca=True)), "unable to get"),
    "another_root_of_the_same_name": (
        lambda: Made("server", Made("root", ca=True)), "certificate 0"),
    "a_missing_intermediate": (
        lambda: without_chain(chain(1)), "unable to get"),
    "a_certificate_for_clients": (
        lambda: Made("server", root, eku=(CLIENT_AUTH,)), "purpose"),
    "a_certificate_for_no_purpose": (
        lambda: Made("server", root, eku=()), "serverAuth"),
    "a_certificate_for_any_purpose": (
        lambda: Made("server", root, eku=(ANY_USAGE,)), "purpose"),
    "a_leaf_that_is_an_authority": (
        lambda: Made("server", root, ca=True, san=("localhost",),
                     usage=usage("digital_signature", "key_cert_sign"),
                     more=[(x509.ExtendedKeyUsage(
                         [x509.ExtendedKeyUsageOID.SERVER_AUTH]), False)]),
        "authority"),
    "a_leaf_that_may_not_sign": (
        lambda: Made("server", root, usage=usage("key_encipherment")),
        "digitalSignature"),
    "an_issuer_that_is_no_authority": (not_an_authority, "invalid CA"),
    "a_path_longer_than_allowed": (pathlen_exceeded, "path length"),
    "a_name_outside_the_constraint": (bad_constraint, "permitted subtree"),
    "an_rsa_key_of_1024_bits": (
        lambda: Made("server", root, key="1024"), "key too"),
    "a_sha_1_signature": (
        lambda: Made("server", root, digest=hashes.SHA1), "too weak"),
    "an_expired_intermediate": (
        lambda: Made("server", Made("between", root, ca=True,
                                    days=(-20, -1))),
        "has expired: certificate 1"),
    "an_unknown_critical_extension": (
        lambda: Made("server", root, more=[(UNKNOWN, True)]),
        "unhandled critical extension"),
    "a_zero_byte_inside_a_name": (
        lambda: Made("server", root, san=("localhost\0.evil.test",)), ""),
    "a_name_that_is_a_star": (
        lambda: Made("server", root, san=("*",)), "hostname mismatch"),
    "a_name_that_only_begins_well": (
        lambda: Made("server", root, san=("localhost.evil",)),
        "hostname mismatch"),
    "more_than_64_kib_of_names": (many_names, "excessive message size"),
    "seventy_certificates_of_junk": (with_junk, "excessive message size"),
    "a_chain_of_thirty": (lambda: chain(30), "chain too long"),
    "a_chain_of_six": (lambda: chain(5), "chain too long"),
}


def add(name, case):
    case.__name__ = name
    test(case)


def certificate_case(make, words):
    refused(tls_play(answer_all, server_context(make())), "SERVER_REFUSED",
            "server_refused", words)


for title, (make, words) in CERTIFICATES.items():
    add(f"refused_{title}", functools.partial(certificate_case, make, words))


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
def refused_an_address_that_stands_as_a_name():
    made = Made("server", root, san=("localhost",))
    with RawServer(tls_play(answer_all, server_context(made))) as server:
        result, = posts(f"https://127.0.0.1:{server.port}/")
    expect(result, "SERVER_REFUSED", words="IP address mismatch")
    check_equal(server.got, b"")


@test
def a_chain_of_four_intermediates_is_taken():
    play = tls_play(answer_all, server_context(chain(4)))
    with RawServer(play) as server:
        expect(posts(server.url)[0], "ANSWERED")


@test
def refused_a_signature_with_a_flipped_bit():
    made = Made("server", root)
    context = server_context(made, pem=made.flipped())
    refused(tls_play(answer_all, context), "SERVER_REFUSED",
            words="signature failure")


@test
def refused_servers_older_than_tls_1_3():
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1,
                    ssl.TLSVersion.TLSv1_2):
        context = server_context()
        context.minimum_version = version
        context.maximum_version = version
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
    for data in (b"\x15\x03\x03\x00\x02\x01\x5a", b"\x16\x03\x03\x00\x00",
                 b"\x14\x03\x03\x00\x01\x01"):
        refused(says(data * 20000), "SERVER_REFUSED", "server_refused")


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


main()
