# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What AWS IoT Device Defender takes, written from its
# Developer Guide ("Sending metrics from devices", "Custom metrics", "HTTPS")
# and not from our code; and a receiver of HTTPS publishes that takes nothing
# else.  It stands behind something that speaks TLS.
import http.server
import json
import re
import threading
import urllib.parse

SAFE = 2 ** 53
LARGEST = 128 * 1024
TOPIC = re.compile(r"\$aws/things/([a-zA-Z0-9:_-]{1,128})"
                   r"/defender/metrics/json")
LONG = {"hed": "header", "rid": "report_id", "v": "version", "met": "metrics",
        "cmet": "custom_metrics", "tc": "tcp_connections",
        "ec": "established_connections", "cs": "connections",
        "rad": "remote_addr", "lp": "local_port", "li": "local_interface",
        "t": "total", "tp": "listening_tcp_ports",
        "up": "listening_udp_ports", "pts": "ports", "pt": "port",
        "if": "interface", "ns": "network_stats", "bi": "bytes_in",
        "bo": "bytes_out", "pi": "packets_in", "po": "packets_out"}


class Wrong(Exception):
    """A rule that a report breaks."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


def _pairs(pairs):
    need(len({k for k, _ in pairs}) == len(pairs), f"a key twice: {pairs}")
    return dict(pairs)


def _constant(text):
    raise Wrong(f"{text} is no number")


def _count(value, least=0, most=SAFE - 1):
    need(type(value) is int and least <= value <= most, f"number {value!r}")


def _decimal(value):
    need(type(value) in (int, float) and abs(value) < SAFE,
         f"number {value!r}")


def _fields(value, where, **fields):
    """Each: (is required, what judges it)."""
    need(type(value) is dict, f"{where} is no object")
    need(set(value) <= set(fields), f"{where}: {sorted(value)}")
    for name, (required, judge) in fields.items():
        need(name in value or not required, f"{where}: {name} is missing")
        if name in value:
            judge(value[name])


def _text(value):
    need(type(value) is str and value, f"text {value!r}")


def _ports(value):
    def listed(items):
        need(type(items) is list, "ports are no list")
        for item in items:
            _fields(item, "port", port=(True, lambda v: _count(v, 1, 65535)),
                    interface=(False, _text))
    _fields(value, "ports", ports=(True, listed), total=(False, _count))
    need(value.get("total", SAFE) >= len(value["ports"]), "total is too small")


def _tcp(value):
    def connections(items):
        need(type(items) is list, "connections are no list")
        for item in items:
            _fields(item, "connection", remote_addr=(True, _text),
                    local_port=(False, lambda v: _count(v, 1, 65535)),
                    local_interface=(False, _text))

    def established(inner):
        _fields(inner, "established", connections=(False, connections),
                total=(False, _count))
        need(inner.get("total", SAFE) >= len(inner.get("connections", [])),
             "total is too small")
    _fields(value, "tcp", established_connections=(False, established))


def _stats(value):
    _fields(value, "stats", bytes_in=(False, _count),
            bytes_out=(False, _count), packets_in=(False, _count),
            packets_out=(False, _count))


def _metrics(value):
    _fields(value, "metrics", tcp_connections=(False, _tcp),
            listening_tcp_ports=(False, _ports),
            listening_udp_ports=(False, _ports),
            network_stats=(False, _stats))


def _customs(value):
    need(type(value) is dict, "custom metrics are no object")
    for name, entry in value.items():
        need(1 <= len(name) <= 128 and not name.startswith("aws:"), name)
        need(type(entry) is list and len(entry) == 1 and
             type(entry[0]) is dict and len(entry[0]) == 1,
             f"{name}: Malformed metrics report")
        (kind, content), = entry[0].items()
        if kind == "number":
            _decimal(content)
        else:
            need(kind == "number_list" and type(content) is list,
                 f"{name}: {kind}")
            for item in content:
                _decimal(item)


def _header(value):
    _fields(value, "header", report_id=(True, lambda v: _count(v, 1)),
            version=(True, lambda v: need(v == "1.0", f"version {v!r}")))


def _lengthened(value):
    """The same in long names; the names of custom metrics stay."""
    if type(value) is list:
        return [_lengthened(item) for item in value]
    if type(value) is not dict:
        return value
    for name in value:
        need(name in LONG, f"{name} is no short name")
    return {LONG[k]: v if k == "cmet" else _lengthened(v)
            for k, v in value.items()}


def judge(body):
    """The report in long names, and whether it came in short ones."""
    need(len(body) <= LARGEST, f"{len(body)} bytes")
    try:
        report = json.loads(body, object_pairs_hook=_pairs,
                            parse_constant=_constant)
    except ValueError as error:
        raise Wrong(f"JSON: {error}") from error
    need(type(report) is dict, "no object")
    short = "hed" in report
    report = _lengthened(report) if short else report
    _fields(report, "report", header=(True, _header),
            metrics=(False, _metrics), custom_metrics=(False, _customs))
    need(report.get("metrics") or report.get("custom_metrics"),
         "neither metrics nor custom metrics")
    return report, short


def thing_of(path):
    """Of an HTTPS publish: POST /topics/<the whole topic>?qos=."""
    url = urllib.parse.urlsplit(path)
    match = re.fullmatch(r"/topics/([^/]+)", url.path)
    need(match and url.query in ("qos=0", "qos=1"), path)
    topic = TOPIC.fullmatch(urllib.parse.unquote(match[1]))
    need(topic and match[1] == urllib.parse.quote(topic[0], safe=""), path)
    return topic[1]


class Publish:
    """What was accepted.  when: on the sender's clock, by its own words."""

    def __init__(self, path, headers, body):
        self.thing = thing_of(path)
        self.headers = headers
        need(headers["Content-Type"] == "application/json",
             headers["Content-Type"])
        for name in ("Content-Encoding", "Authorization", "Expect",
                     "Transfer-Encoding"):
            need(headers[name] is None, name)
        self.body = body
        self.report, self.short = judge(body)
        self.number = self.report["header"]["report_id"]


class Broker:
    """with Broker() as b: b.port; .taken, .wrong: [Publish], [words].
    answers: statuses of the next requests, before 200."""

    def __init__(self):
        broker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = broker.take(self.path, self.headers, body)
                text = json.dumps({"message": "OK" if status == 200 else
                                   "refused", "traceId": "1"}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", len(text))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass
        self.taken, self.wrong, self.answers = [], [], []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                       Handler)
        self.port = self._server.server_address[1]

    def take(self, path, headers, body):
        try:
            publish = Publish(path, headers, body)
            need(not self.taken or publish.number > self.taken[-1].number,
                 "the report's number does not ascend")
        except Wrong as error:
            self.wrong.append(f"{error}: {body[:2000]!r}")
            return 400
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.taken.append(publish)
        return status

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,),
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
