# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The test receiver itself: it must not let a wrong client
# in, nor take a payload it does not understand.
import http.client
import json
import ssl
import struct
import tempfile

from keys import Authority, Keys
from points import decode
from receiver import Answer, Receiver
from tap import check, check_equal, main, test, until

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)

GAUGE = {"name": "a", "unit": "s", "gauge": {"dataPoints": [
    {"timeUnixNano": "5", "asDouble": 1.5,
     "attributes": [{"key": "k", "value": {"stringValue": "v"}}]}]}}
SUM = {"name": "b", "sum": {
    "aggregationTemporality": 2, "isMonotonic": True,
    "dataPoints": [{"startTimeUnixNano": "1", "timeUnixNano": "5",
                    "asInt": "-7"}]}}


def request(*metrics):
    return {"resourceMetrics": [{
        "resource": {"attributes": [
            {"key": "n", "value": {"intValue": "3"}}]},
        "scopeMetrics": [{"metrics": metrics}]}]}


def field(number, wire, payload):
    head = bytes([number << 3 | wire])
    return head + (bytes([len(payload)]) if wire == 2 else b"") + payload


def text(number, words):
    return field(number, 2, words.encode())


def fixed(number, form, value):
    return field(number, 1, struct.pack(form, value))


def post(receiver, client, body=b"{}", content_type="application/json"):
    context = ssl.create_default_context(cafile=str(keys.ca))
    if client is not None:
        context.load_cert_chain(client.cert, client.key)
    connection = http.client.HTTPSConnection(
        "localhost", receiver.port, context=context, timeout=10)
    connection.request("POST", "/v1/metrics", body,
                       {"Content-Type": content_type})
    reply = connection.getresponse()
    reply.read()
    return reply


@test
def a_client_with_a_good_certificate_is_taken():
    with Receiver(keys) as receiver:
        body = json.dumps(request(GAUGE)).encode()
        check_equal(post(receiver, keys.client, body).status, 200)
        got, = receiver.requests
        check_equal(got.subject, {"commonName": "client"})
        check_equal(len(receiver.points("a", k="v")), 1)
        check_equal(len(receiver.points("a", k="w")), 0)


@test
def no_certificate_a_foreign_one_and_an_expired_one_are_refused():
    other = Authority(folder.name, "other").issue("stranger", "clientAuth")
    expired = keys.authority.issue("late", "clientAuth", (), -3, -1)
    server = keys.authority.issue("wrong-use", "serverAuth")
    for client in (None, other, expired, server):
        with Receiver(keys) as receiver:
            try:
                post(receiver, client)
            except (OSError, http.client.HTTPException):
                pass
            until(lambda: receiver.refused, 5, "the refusal is noted")
            check_equal(len(receiver.requests), 0)


@test
def an_answer_can_be_ordered_for_the_next_request_only():
    with Receiver(keys) as receiver:
        receiver.answer_next(Answer(503, {"Retry-After": "7"}))
        reply = post(receiver, keys.client)
        check_equal((reply.status, reply.headers["Retry-After"]), (503, "7"))
        check_equal(post(receiver, keys.client).status, 200)


@test
def it_can_hang_up_before_an_answer_and_within_one():
    with Receiver(keys) as receiver:
        for how, error in (("before", http.client.RemoteDisconnected),
                           ("within", http.client.IncompleteRead)):
            receiver.answer_next(Answer(body=b"12345678", hang_up=how))
            try:
                post(receiver, keys.client)
            except error:
                continue
            check(False, f"hang_up={how} gave an answer")


@test
def json_is_decoded():
    gauge, counter = decode(json.dumps(request(GAUGE, SUM)),
                            "application/json")
    check_equal(gauge[:7], ("a", "s", "gauge", {"k": "v"}, 0, 5, 1.5))
    check_equal(gauge.resource, {"n": 3})
    check_equal(counter[:7], ("b", "", "counter", {}, 1, 5, -7))


@test
def protobuf_is_decoded():
    attribute = text(1, "k") + field(2, 2, text(1, "v"))
    gauge = field(7, 2, attribute) + fixed(3, "<Q", 5) + fixed(4, "<d", 1.5)
    counter = fixed(2, "<Q", 1) + fixed(3, "<Q", 5) + fixed(6, "<q", -7)
    metrics = field(2, 2, text(1, "a") + text(3, "s") +
                    field(5, 2, field(1, 2, gauge)))
    metrics += field(2, 2, text(1, "b") + field(
        7, 2, field(1, 2, counter) + field(2, 0, b"\2") + field(3, 0, b"\1")))
    resource = field(1, 2, text(1, "n") + field(2, 2, field(3, 0, b"\3")))
    body = field(1, 2, field(1, 2, resource) + field(2, 2, metrics))
    check_equal(decode(body, "application/x-protobuf"),
                decode(json.dumps(request(GAUGE, SUM)), "application/json"))
    for cut in range(1, len(body)):
        try:
            decode(body[:cut], "application/x-protobuf")
        except ValueError:
            continue
        check(False, f"{cut} of {len(body)} bytes were taken")


@test
def what_is_not_otlp_is_an_error():
    delta = json.loads(json.dumps(SUM))
    delta["sum"]["aggregationTemporality"] = 1
    bodies = [json.dumps(request(delta)), "[]", "{", '{"a":1,"a":2}',
              json.dumps(request({"name": "x"}))]
    for body in bodies:
        try:
            decode(body, "application/json")
        except ValueError:
            continue
        check(False, f"{body} was taken")


main()
