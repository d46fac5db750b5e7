# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Every answer that a server can give: what becomes of the
# request (docs/tls-cases.md), within a bound of time and memory each.
import functools
import gzip
import time

from tap import check, check_equal, main, test
from tlslab import (OK, RawServer, expect, posts, read_request,
                    server_context, tls_play)

CONTEXT = server_context()
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
JSON = b"Content-Type: application/json\r\n"


def with_length(body, head=HEAD):
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def header(line):
    return HEAD + line + b"\r\nContent-Length: 0\r\n\r\n"


def length(value):
    return HEAD + b"Content-Length: " + value + b"\r\n\r\n" + b"x" * 10


def endless(first, *more):
    """Data without end: the server ends when nobody listens any more."""
    yield first
    for i in range(1 << 20):
        for part in more:
            yield part.replace(b"%d", b"%d" % i)


def answer(data, server, tls):
    if not read_request(server, tls):
        return
    for part in [data] if isinstance(data, bytes) else data():
        tls.sendall(part)
    if isinstance(data, bytes):
        server.ended.wait(5)


def cut(data, notify, server, tls):
    if read_request(server, tls):
        tls.sendall(data)
        if notify:
            tls.unwrap()


def exchange(play, **options):
    """One post: what came of it, in time."""
    options.setdefault("timeout_ms", 3000)
    begun = time.monotonic()
    with RawServer(tls_play(play, CONTEXT)) as server:
        result, = posts(server.url, **options)
        took = time.monotonic() - begun
        check(took < options["timeout_ms"] / 1000 + 2, f"it took {took} s")
        check_equal(server.connections, 1, "connections")
        check(server.got.count(b"POST ") <= 1, "it was sent again at once")
    return result


# No HTTP that we take.  The connection ends and the request is kept: nobody
# knows whether it was taken.  The word is what the log says; None: there are
# several bounds, and any of them may come first.
BAD = {
    "an_answer_of_http_0_9": (b"<html>hello</html>\r\n", "status_line"),
    "an_answer_of_version_9_9": (b"HTTP/9.9 200 OK\r\n\r\n", "status_line"),
    "an_answer_of_version_2": (b"HTTP/2 200 OK\r\n\r\n", "status_line"),
    "frames_of_http_2": (b"\0\0\x12\x04\0\0\0\0\0\r\n\r\n", "control_byte"),
    "a_status_of_zeros": (b"HTTP/1.1 000 OK\r\n\r\n", "status_line"),
    "a_status_of_four_digits": (b"HTTP/1.1 9999 OK\r\n\r\n", "status_line"),
    "a_status_of_two_digits": (b"HTTP/1.1 20 OK\r\n\r\n", "status_line"),
    "a_status_above_599": (b"HTTP/1.1 600 OK\r\n\r\n", "status_line"),
    "a_status_of_letters": (b"HTTP/1.1 abc OK\r\n\r\n", "status_line"),
    "a_negative_status": (b"HTTP/1.1 -20 OK\r\n\r\n", "status_line"),
    "a_status_line_without_end": (b"HTTP/1.1 200 " + b"x" * 20000,
                                  "head_size"),
    "a_negative_length": (length(b"-1"), "content_length"),
    "a_length_with_a_plus_sign": (length(b"+2"), "content_length"),
    "a_length_in_hexadecimal": (length(b"0x10"), "content_length"),
    "a_length_that_is_a_list": (length(b"5, 5"), "content_length"),
    "an_empty_length": (length(b""), "content_length"),
    "a_length_that_overflows": (length(b"18446744073709551617"),
                                "body_size"),
    "a_length_of_a_tebibyte": (length(b"1099511627776"), "body_size"),
    "two_lengths_that_differ": (
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "content_length"),
    "two_lengths_that_agree": (
        HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "content_length"),
    "a_length_and_chunks": (
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n", "length_and_chunked"),
    "a_transfer_coding_of_gzip": (header(b"Transfer-Encoding: gzip"),
                                  "transfer_encoding"),
    "an_unknown_transfer_coding": (header(b"Transfer-Encoding: x"),
                                   "transfer_encoding"),
    "two_transfer_codings": (header(b"Transfer-Encoding: gzip, chunked"),
                             "transfer_encoding"),
    "chunks_announced_twice": (
        HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
        "transfer_encoding"),
    "chunks_in_http_1_0": (CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n",
                           "transfer_encoding"),
    "a_space_before_the_colon": (header(b"X : y"), "header_name"),
    "a_folded_header": (header(b"X: y\r\n z"), "header_fold"),
    "a_header_without_a_colon": (header(b"hello"), "header_name"),
    "a_header_without_a_name": (header(b": y"), "header_name"),
    "a_zero_byte_in_a_header": (header(b"X: y\0z"), "control_byte"),
    "an_escape_in_a_header": (header(b"X: \x1b[2J"), "control_byte"),
    "lines_that_end_with_lf_alone": (
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "line_end"),
    "a_cr_within_a_line": (header(b"X: y\rz"), "line_end"),
    "a_header_line_of_2_mb": (
        lambda: endless(HEAD + b"X: ", b"y" * 65536), "head_size"),
    "twenty_thousand_headers": (
        HEAD + b"X: y\r\n" * 2000 + b"\r\n", "header_count"),
    "headers_without_end": (lambda: endless(HEAD, b"X-%d: y\r\n" * 64),
                            None),
    "a_chunk_size_that_overflows": (
        CHUNKED + b"10000000000000001\r\nx\r\n", "chunk_size"),
    "a_chunk_size_that_wraps_a_counter": (
        CHUNKED + b"ffffffffffffffff\r\nx\r\n", "body_size"),
    "a_chunk_size_of_garbage": (CHUNKED + b"hello\r\n", "chunk_size"),
    "a_negative_chunk_size": (CHUNKED + b"-1\r\nx\r\n", "chunk_size"),
    "a_chunk_size_with_0x": (CHUNKED + b"0x5\r\nabcde\r\n", "chunk_size"),
    "a_chunk_size_with_a_space": (CHUNKED + b"5 \r\nabcde\r\n",
                                  "chunk_size"),
    "a_chunk_longer_than_it_says": (CHUNKED + b"1\r\nabc\r\n", "chunk_end"),
    "chunks_without_end": (
        lambda: endless(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        "body_size"),
    "chunks_of_one_byte_without_end": (
        lambda: endless(CHUNKED, b"1\r\nx\r\n" * 1024), None),
    "a_chunk_extension_without_end": (
        lambda: endless(CHUNKED + b"1;", b"x" * 65536), "head_size"),
    "trailers_without_end": (
        lambda: endless(CHUNKED + b"0\r\n", b"X: y\r\n" * 1024), "header_c"),
    "a_trailer_without_a_colon": (CHUNKED + b"0\r\nhello\r\n\r\n",
                                  "header_name"),
    "a_body_of_ten_megabytes": (
        lambda: [with_length(b"x" * 10000000)], "body_size"),
    "a_body_without_end": (lambda: endless(HEAD + b"\r\n", b"x" * 65536),
                           "body_size"),
    "a_gzip_bomb": (
        with_length(gzip.compress(bytes(30000000)),
                    HEAD + b"Content-Encoding: gzip\r\n"),
        "content_encoding"),
    "a_content_coding_nobody_knows": (header(b"Content-Encoding: x"),
                                      "content_encoding"),
    "an_unasked_switch_of_protocols": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        "protocol_switch"),
    "an_interim_answer_with_a_body": (
        b"HTTP/1.1 103 Early\r\nContent-Length: 5\r\n\r\nhello" + OK,
        "interim_body"),
    "five_interim_answers": (b"HTTP/1.1 100 Continue\r\n\r\n" * 5 + OK,
                             "interim_count"),
    "interim_answers_without_end": (
        lambda: endless(b"", b"HTTP/1.1 103 Early\r\n\r\n" * 64),
        "interim_count"),
}

# The stream ends before the answer does, said (close_notify) or not.
CUT = {
    "an_answer_of_nothing": (b"", "no_reply"),
    "half_a_status_line": (b"HTTP/1.1 2", "reply_cut"),
    "half_a_head": (HEAD + b"Content-Le", "reply_cut"),
    "a_body_shorter_than_its_length": (length(b"20"), "reply_cut"),
    "a_body_that_the_end_of_the_stream_ends": (HEAD + b"\r\nabc",
                                               "reply_cut"),
    "a_last_chunk_that_is_missing": (CHUNKED + b"3\r\nabc\r\n", "reply_cut"),
    "half_a_chunk": (CHUNKED + b"30\r\nabc", "reply_cut"),
    "trailers_that_do_not_end": (CHUNKED + b"0\r\nX: y\r\n", "reply_cut"),
    "an_interim_answer_and_nothing_else": (
        b"HTTP/1.1 100 Continue\r\n\r\n", "reply_cut"),
}

# HTTP as it should be: what it says decides.
ANSWERS = {
    "a_success_without_a_body": (OK, "delivered"),
    "a_success_after_interim_answers": (
        b"HTTP/1.1 103 Early\r\n\r\n" * 4 + OK, "delivered"),
    "a_204": (b"HTTP/1.1 204 None\r\n\r\n", "delivered"),
    "an_empty_partial_success": (
        with_length(b'{"partialSuccess":{}}', HEAD + JSON), "delivered"),
    "a_partial_success": (with_length(
        b'{"partialSuccess":{"rejectedDataPoints":"3"}}', HEAD + JSON),
        "delivered"),
    "a_success_with_broken_json": (with_length(b"{[}", HEAD + JSON),
                                   "delivered"),
    "a_success_with_deep_json": (with_length(b"[" * 60000, HEAD + JSON),
                                 "delivered"),
    "a_success_with_broken_protobuf": (
        with_length(b"\xff" * 100,
                    HEAD + b"Content-Type: application/x-protobuf\r\n"),
        "delivered"),
    "a_page_for_people": (
        with_length(b"<html>Sign in</html>",
                    HEAD + b"Content-Type: text/html\r\n"), "configuration"),
    "a_400_with_a_page_for_people": (
        with_length(b"<html>No required SSL certificate was sent</html>",
                    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html"
                    b"\r\n"), "configuration"),
}

KINDS = {
    "configuration": (300, 301, 302, 303, 304, 307, 308,
                      401, 403, 404, 405, 407, 511),
    "retry": (429, 502, 503, 504),
    "drop": (400, 402, 406, 408, 409, 410, 411, 412, 413, 414, 415, 417, 421,
             422, 425, 426, 428, 431, 451, 500, 501, 505, 507, 508, 599),
}

LOCATIONS = {
    "a_redirect_to_http": b"http://localhost:%d/",
    "a_redirect_to_a_file": b"file:///etc/passwd",
    "a_redirect_to_the_same_server": b"https://localhost:%d/v1/metrics",
    "a_redirect_to_a_path": b"/v1/other",
    "a_redirect_with_a_line_of_its_own": b"/x%%0d%%0aHost: evil",
}


def add(name, function, *arguments):
    case = functools.partial(function, *arguments)
    case.__name__ = name
    test(case)


def bad(data, word):
    expect(exchange(functools.partial(answer, data)), "BAD_REPLY",
           None if word is None else "bad_reply", word or "", "retry")


def cut_off(data, reason):
    for notify in (False, True):
        expect(exchange(functools.partial(cut, data, notify)),
               "UNREACHABLE", reason, kind="retry")


def answered(data, kind):
    result = exchange(functools.partial(answer, data), json=1)
    expect(result, "ANSWERED", kind=kind)


def status(code, kind):
    answered(b"HTTP/1.1 %d Words\r\nContent-Length: 0\r\n\r\n" % code, kind)


def redirect(location):
    """exchange() shows that nothing else was connected to."""
    def play(server, tls):
        there = location % server.port if b"%d" in location else location
        answer(b"HTTP/1.1 307 Go\r\nLocation: " + there +
               b"\r\nContent-Length: 0\r\n\r\n", server, tls)
    expect(exchange(play), "ANSWERED", kind="configuration")


for cases, function in ((BAD, bad), (CUT, cut_off), (ANSWERS, answered)):
    for title, arguments in cases.items():
        add(title, function, *arguments)
for title, where in LOCATIONS.items():
    add(title, redirect, where)
for group, codes in KINDS.items():
    for number in codes:
        add(f"status_{number}", status, number, group)


@test
def other_credentials_are_never_sent():
    """A 401 or a 407 asks for some: there is no second request at all."""
    for code, ask in ((401, b"WWW-Authenticate"), (407,
                                                   b"Proxy-Authenticate")):
        data = b"HTTP/1.1 %d No\r\n%s: Basic realm=x\r\n" \
            b"Set-Cookie: a=b\r\nContent-Length: 0\r\n\r\n" % (code, ask)
        heads = []

        def play(server, tls):
            while request := read_request(server, tls):
                heads.append(request.partition(b"\r\n\r\n")[0])
                tls.sendall(data)
        with RawServer(tls_play(play, CONTEXT)) as server:
            for result in posts(server.url, posts=2):
                expect(result, "ANSWERED", kind="configuration")
        check_equal(heads[0], heads[1], "the second request")
        check(b"Authorization" not in heads[0], "credentials")


main()
