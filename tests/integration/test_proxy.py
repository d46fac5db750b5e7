# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  ship.proxy: what a proxy is told, what becomes of a request
# where it refuses, lies, waits or ends, and that nothing is said to anybody
# before the tunnel stands.
import base64
import os
import socket
import ssl
import tempfile
import time

import memory
from dnslab import NameServer, record, zone
from keys import Keys
from pair import Pair
from proxylab import (ESTABLISHED, own_file, read_head, says, stunnel,
                      tinyproxy, tunnelling)
from receiver import Answer, Receiver
from tap import check, check_equal, main, test
from tlslab import (Made, RawServer, answer_all, drive, expect, house,
                    key_pem, posts, reset, server_context, tls_play, write)

OTHER = Made("other root", ca=True)
PROXY = Made("proxy", OTHER, san=("localhost", "127.0.0.1", "proxy.test"))
PROXY_CA = write(OTHER.pem())
LOGIN = write(b"sluice:open sesame\n")
LOGIN_SENT = b"Basic " + base64.b64encode(b"sluice:open sesame")


def plain(after):
    return after


def secure(after, made=PROXY):
    return tls_play(after, server_context(made, ask=False))


def ways():
    """(how a proxy plays, the options that lead to it)."""
    yield plain, lambda port: {"proxy": f"http://127.0.0.1:{port}"}
    yield secure, lambda port: {"proxy": f"https://127.0.0.1:{port}",
                                "proxy_ca": PROXY_CA}


def through(play, options, receiver=answer_all, **more):
    """(the results, the proxy, the receiver, what was asked of DNS)."""
    with RawServer(tls_play(receiver)) as server, RawServer(play) as proxy, \
            NameServer(zone(record("proxy.test", "127.0.0.1"))) as names:
        results = posts(f"https://sluice.test:{server.port}/v1/metrics",
                        server=names.address, **options(proxy.port), **more)
    return results, proxy, server, names.asked


def each_way(after, outcome, reason, words="", kind=None, **more):
    for how, options in ways():
        (result,), proxy, server, _ = through(how(after), options, **more)
        expect(result, outcome, reason, words, kind)
        check_equal(server.got, b"", "request bytes at the receiver")
        check_equal(server.connections, 0, "connections to the receiver")
        check(b"POST" not in proxy.got, "a request at the proxy")


@test
def a_request_goes_through_and_the_connection_is_kept():
    for how, options in ways():
        results, proxy, server, asked = through(
            how(tunnelling()), options, posts=5, bytes=300000)
        for result in results:
            expect(result, "ANSWERED", kind="delivered")
        check_equal((proxy.connections, server.connections), (1, 1))
        check_equal(server.got.count(b"POST "), 5)
        check_equal(asked, [], "names that were resolved here")


@test
def the_proxy_hears_name_and_port_and_nothing_of_the_request():
    for how, options in ways():
        _, proxy, server, _ = through(how(tunnelling()), options)
        lines = proxy.got.split(b"\r\n")
        authority = b"sluice.test:%d" % server.port
        check_equal(lines[0], b"CONNECT " + authority + b" HTTP/1.1")
        check_equal(lines[1], b"Host: " + authority)
        check(lines[2].startswith(b"User-Agent: sluice/"), lines[2])
        check_equal(lines[3:], [b"", b""], "what follows")


@test
def the_login_is_sent_to_the_proxy_alone():
    for how, options in ways():
        _, proxy, server, _ = through(
            how(tunnelling()), options, proxy_login=LOGIN)
        check(b"\r\nProxy-Authorization: " + LOGIN_SENT + b"\r\n" in
              proxy.got, "no login at the proxy")
        check(b"Authorization" not in server.got, "a login at the receiver")


@test
def only_the_name_of_the_proxy_is_resolved():
    def named(port):
        return {"proxy": f"http://proxy.test:{port}"}
    (result,), _, _, asked = through(tunnelling(), named)
    expect(result, "ANSWERED")
    check_equal({name for name, _ in asked}, {"proxy.test"})


@test
def a_proxy_behind_an_ipv6_address_is_reached():
    with RawServer(tls_play(answer_all)) as server, \
            RawServer(tunnelling(), family=socket.AF_INET6) as proxy:
        result, = posts(server.url, proxy=f"http://[::1]:{proxy.port}")
    expect(result, "ANSWERED")


@test
def there_is_no_way_past_the_proxy():
    """Its port alone is allowed: nothing else is tried where it is gone."""
    with RawServer(tls_play(answer_all)) as server:
        with RawServer(tunnelling()) as gone:
            pass
        result, = posts(server.url, proxy=f"http://127.0.0.1:{gone.port}")
        expect(result, "UNREACHABLE", "connect_failed", "ECONNREFUSED",
               "retry")
        check_equal(server.connections, 0)


@test
def a_proxy_that_wants_a_login():
    each_way(says(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\n"
                  b"Content-Length: 3\r\n\r\nno!"), "PROXY_REFUSED",
             "proxy_login", "HTTP 407: it asks for", "configuration")


@test
def a_proxy_that_does_not_take_the_login():
    """Nothing is offered again, and none of it is in what is said."""
    for how, options in ways():
        (result,), proxy, _, _ = through(
            how(says(b"HTTP/1.1 407 No\r\n\r\n")), options, proxy_login=LOGIN)
        expect(result, "PROXY_REFUSED", "proxy_login", "does not take",
               "configuration")
        check_equal(proxy.got.count(LOGIN_SENT), 1)
        check("sesame" not in str(result), result)


@test
def a_proxy_that_forbids_the_way():
    for status in (400, 401, 403, 404, 405, 501, 511):
        each_way(says(b"HTTP/1.1 %d No\r\n\r\n" % status), "PROXY_REFUSED",
                 "proxy_denied", f"HTTP {status}", "configuration")


@test
def a_proxy_that_has_no_way_now():
    for status in (408, 429, 500, 502, 503, 504):
        each_way(says(b"HTTP/1.1 %d Later\r\nRetry-After: 1\r\n\r\n" %
                      status), "UNREACHABLE", "proxy_failed",
                 f"HTTP {status}", "retry")


@test
def a_proxy_that_sends_us_elsewhere():
    each_way(says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n"
                  b"\r\n"), "PROXY_REFUSED", "proxy_denied", "HTTP 302",
             "configuration")


@test
def a_proxy_whose_answer_is_no_http():
    for data in (b"hello\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n",
                 b"\x15\x03\x03\0\2\2\x28", b"HTTP/1.1 200 OK\n\n",
                 b"HTTP/1.1 101 Yes\r\n\r\n", b"HTTP/2 200\r\n\r\n"):
        each_way(says(data, wait=1), "BAD_REPLY", "proxy_reply", "", "retry",
                 timeout_ms=2000)


@test
def a_proxy_whose_success_has_a_body():
    for more in (b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n"):
        each_way(says(b"HTTP/1.1 200 OK\r\n" + more + b"\r\n", wait=1),
                 "BAD_REPLY", "proxy_reply", "connect_body", "retry")


@test
def a_proxy_that_speaks_on_behind_its_answer():
    each_way(says(ESTABLISHED + b"HTTP/1.1 200 OK\r\n\r\n", wait=1),
             "BAD_REPLY", "proxy_reply", "bytes behind", "retry")


@test
def a_proxy_that_answers_before_it_is_asked_and_keeps_talking():
    def flood(server, connection):
        while not server.ended.is_set():
            connection.sendall(b"x" * 65536)
    each_way(flood, "BAD_REPLY", "proxy_reply", "head_size", "retry")


@test
def a_proxy_with_an_endless_head():
    def endless(server, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(20000):
            connection.sendall(b"X-%d: y\r\n" % number)
    each_way(endless, "BAD_REPLY", "proxy_reply", "header_count", "retry")


@test
def a_proxy_with_endless_interim_answers():
    each_way(says(b"HTTP/1.1 100 Wait\r\n\r\n" * 50, wait=1), "BAD_REPLY",
             "proxy_reply", "interim_count", "retry")


@test
def a_proxy_that_closes_at_once():
    each_way(lambda server, connection: None, "UNREACHABLE", "proxy_cut", "",
             "retry")


@test
def a_proxy_that_closes_within_its_answer():
    each_way(says(b"HTTP/1.1 200 OK\r\nVia"), "UNREACHABLE", "proxy_cut", "",
             "retry")


@test
def a_proxy_that_resets():
    def play(server, connection):
        read_head(server, connection)
        reset(connection)
    for how, options in ways():
        (result,), *_ = through(how(play), options)
        expect(result, "UNREACHABLE", "proxy_cut", kind="retry")


@test
def a_proxy_that_says_nothing():
    begun = time.monotonic()
    each_way(says(wait=5), "TIMED_OUT", "timeout_proxy", "", "retry",
             timeout_ms=700)
    check(time.monotonic() - begun < 3, "one deadline over all")


@test
def a_proxy_that_answers_byte_by_byte():
    """Within the deadline it is taken, beyond it not."""
    def slow(pause):
        def play(server, connection):
            read_head(server, connection)
            for i in range(200):
                connection.sendall(ESTABLISHED[i % 30:i % 30 + 1])
                time.sleep(pause)
        return play

    def drip(server, connection):
        for byte in ESTABLISHED[:-1]:
            connection.sendall(bytes([byte]))
            time.sleep(0.002)
    each_way(slow(0.05), "TIMED_OUT", "timeout_proxy", "", "retry",
             timeout_ms=700)
    for how, options in ways():
        (result,), *_ = through(how(tunnelling(drip, ESTABLISHED[-1:])),
                                options)
        expect(result, "ANSWERED")


@test
def a_proxy_that_ends_the_tunnel_in_the_handshake():
    for how, options in ways():
        (result,), _, server, _ = through(how(says(ESTABLISHED, wait=0.2)),
                                          options)
        expect(result, "UNREACHABLE", "handshake_cut", kind="retry")
        check_equal(server.got, b"")


@test
def a_proxy_that_answers_in_the_receivers_place():
    """It has a certificate of its own that is good for another name."""
    def play(server, connection):
        read_head(server, connection)
        connection.sendall(ESTABLISHED)
        context = server_context(Made("proxy", house.root, san=("a.test",)))
        with context.wrap_socket(connection, server_side=True) as tls:
            answer_all(server, tls)
    (result,), proxy, server, _ = through(
        play, lambda port: {"proxy": f"http://127.0.0.1:{port}"})
    expect(result, "SERVER_REFUSED", "server_refused", "mismatch",
           "configuration")
    check(b"POST" not in proxy.got and server.got == b"", "a request")


@test
def a_proxy_that_ends_in_the_middle_of_a_request():
    def play(server, connection):
        read_head(server, connection)
        connection.sendall(ESTABLISHED)
        port = int(server.got.split(b" ")[1].rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port)) as onward:
            onward.settimeout(0.2)
            moved = 0
            while moved < 20000:
                data = connection.recv(4096)
                moved += len(data)
                onward.sendall(data)
                try:
                    connection.sendall(onward.recv(65536))
                except TimeoutError:
                    pass
    for how, options in ways():
        (result,), *_ = through(how(play), options, bytes=1000000)
        expect(result, "UNREACHABLE", "no_reply", kind="retry")


def untrusted(made, words, outcome="PROXY_REFUSED", ca=PROXY_CA, host=None):
    """Not even CONNECT is said, or the login."""
    def options(port):
        return {"proxy": f"https://{host or '127.0.0.1'}:{port}",
                "proxy_ca": ca}
    (result,), proxy, server, _ = through(
        secure(tunnelling(), made), options, proxy_login=LOGIN)
    expect(result, outcome, "proxy_untrusted", words, "configuration")
    check_equal((proxy.got, server.got), (b"", b""))


@test
def a_proxy_with_a_certificate_of_another_authority():
    for made, ca in ((PROXY, house.ca), (house.server, PROXY_CA)):
        untrusted(made, "certificate", ca=ca)


@test
def a_proxy_with_a_certificate_of_another_name():
    untrusted(Made("proxy", OTHER, san=("a.test",)), "IP address mismatch")
    untrusted(Made("proxy", OTHER, san=("127.0.0.1",)), "ostname mismatch",
              host="proxy.test")


@test
def a_proxy_with_an_expired_certificate():
    untrusted(Made("proxy", OTHER, days=(-9, -1)), "has expired")


@test
def a_proxy_that_speaks_no_tls_where_it_should():
    (result,), proxy, server, _ = through(
        says(b"HTTP/1.1 400 Bad\r\n\r\n"),
        lambda port: {"proxy": f"https://127.0.0.1:{port}",
                      "proxy_ca": PROXY_CA}, timeout_ms=1500)
    check(result["outcome"] in ("PROXY_REFUSED", "TIMED_OUT"), result)
    check_equal((proxy.got, server.got), (b"", b""))


@test
def a_proxy_that_speaks_tls_where_it_should_not():
    (result,), proxy, server, _ = through(
        secure(tunnelling()),
        lambda port: {"proxy": f"http://127.0.0.1:{port}"})
    check(result["reason"] in ("proxy_reply", "proxy_cut"), result)
    check_equal((proxy.got, server.got), (b"", b""))


@test
def a_proxy_that_speaks_tls_1_2():
    context = server_context(PROXY, ask=False)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    (result,), proxy, _, _ = through(
        tls_play(tunnelling(), context),
        lambda port: {"proxy": f"https://127.0.0.1:{port}",
                      "proxy_ca": PROXY_CA})
    expect(result, "PROXY_REFUSED", "proxy_untrusted", kind="configuration")
    check_equal(proxy.got, b"")


@test
def a_proxy_that_asks_for_our_certificate_gets_none():
    """One that insists says so in TLS 1.3 only after the handshake."""
    shown = []

    def after(server, tls):
        shown.append(tls.getpeercert())
        tunnelling()(server, tls)
    context = server_context(PROXY, ask=True)
    context.verify_mode = ssl.CERT_OPTIONAL
    options = list(ways())[1][1]
    (result,), *_ = through(tls_play(after, context), options)
    expect(result, "ANSWERED")
    check_equal(shown, [None])
    (result,), _, server, _ = through(
        tls_play(after, server_context(PROXY, ask=True)), options)
    expect(result, "PROXY_REFUSED", "proxy_refused", kind="configuration")
    check_equal(server.got, b"")


@test
def a_login_that_is_none_is_no_start():
    for text in (b"", b"no colon\n", b":p\n", b"a:b\nc:d\n", b"u:" +
                 b"x" * 254):
        status, _, said = drive("https://localhost:1", proxy_login=write(text),
                                proxy="http://127.0.0.1:1")
        check(status != 0 and "what=" in said, said)
        check("no colon" not in said.split("error=")[-1] and "c:d" not in
              said, said)


def real(port, scheme="http", **more):
    with RawServer(tls_play(answer_all)) as server:
        results = posts(server.url, proxy=f"{scheme}://127.0.0.1:{port}",
                        posts=3, bytes=200000, **more)
        return results, server.got.count(b"POST "), server.port


@test
def a_real_proxy_takes_us_through():
    with tinyproxy() as (port, log):
        results, requests, _ = real(port)
        for result in results:
            expect(result, "ANSWERED", kind="delivered")
        check_equal(requests, 3)
        check_equal(log().count("CONNECT localhost:"), 1)


@test
def a_real_proxy_judges_our_login():
    with tinyproxy('BasicAuth sluice opensesame') as (port, _):
        good = write(b"sluice:opensesame\n")
        results, requests, _ = real(port, proxy_login=good)
        expect(results[2], "ANSWERED", kind="delivered")
        check_equal(requests, 3)
        for more in ({}, {"proxy_login": LOGIN}):
            results, requests, _ = real(port, **more)
            expect(results[0], "PROXY_REFUSED", kind="configuration")
            check(results[0]["reason"] in ("proxy_login", "proxy_denied"),
                  results)
            check_equal(requests, 0)


@test
def a_real_proxy_forbids_and_fails():
    with tinyproxy("ConnectPort 443") as (port, _):
        results, requests, _ = real(port)
        expect(results[0], "PROXY_REFUSED", "proxy_denied", "HTTP 403")
        check_equal(requests, 0)
    with tinyproxy() as (port, _):
        with RawServer(tls_play(answer_all)) as gone:
            pass
        result, = posts(gone.url, proxy=f"http://127.0.0.1:{port}")
        expect(result, "UNREACHABLE", "proxy_failed", "HTTP 50", "retry")


@test
def a_real_proxy_is_reached_by_tls():
    key = write(key_pem(PROXY.key))
    with tinyproxy() as (inner, _), \
            stunnel(inner, write(PROXY.pem()), key) as port:
        results, requests, _ = real(port, "https", proxy_ca=PROXY_CA)
        for result in results:
            expect(result, "ANSWERED", kind="delivered")
        check_equal(requests, 3)


@test
def the_pair_ships_through_it_and_the_login_is_where_it_must_be_alone():
    fail = []

    def play(server, connection):
        after = says(b"HTTP/1.1 407 No\r\n\r\n") if fail else tunnelling()
        after(server, connection)
    with tempfile.TemporaryDirectory() as folder, RawServer(
            secure(play)) as proxy:
        os.chmod(folder, 0o711)
        keys = Keys(folder)
        settings = {"ship": {
            "proxy": f"https://127.0.0.1:{proxy.port}",
            "proxy_ca": own_file(folder, "proxy", PROXY_CA.read_bytes(),
                                 0o444),
            "proxy_login": own_file(folder, "login", LOGIN.read_bytes(),
                                    0o400)}}
        with Receiver(keys) as receiver, \
                Pair(receiver.url, keys, settings=settings) as pair:
            receiver.wait(3)
            check_equal(proxy.connections, 1)
            check(LOGIN_SENT in proxy.got, "no login at the proxy")
            check_places(pair)
            fail.append(True)
            receiver.default = Answer(503, {"Connection": "close"})
            pair.wait_event("delivery_failed", reason="proxy_login")
            said = "\n".join(pair.lines)
            check("sesame" not in said and LOGIN_SENT.decode() not in said,
                  "in the log")


def check_places(pair):
    """What goes over the wire is the shipper's, what was typed nobody's."""
    typed, sent = b"sluice:open sesame", LOGIN_SENT[6:]
    if os.geteuid() == 0:
        check_equal(memory.count(pair.collector, typed, sent)[0], [0, 0])
        check_equal(memory.count(pair.shipper, typed)[0], [0])
        check(memory.count(pair.shipper, sent)[0][0] > 0, "nothing is found")


main()
