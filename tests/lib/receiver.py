# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/run.  A local OTLP/HTTP receiver over TLS 1.3 that
# demands a client certificate, remembers what came, and can be told to answer
# badly.
import collections
import contextlib
import functools
import gzip
import http.server
import socket
import socketserver
import ssl
import struct
import threading
import time

from points import decode
from tap import until

NO_CHECK_TIME = 0x200000    # X509_V_FLAG_NO_CHECK_TIME


def hang_up(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass                        # it was gone already


class Answer:
    """What one request gets.  hang_up: None, "before" (no byte of an answer)
    or "within" (half of the body that was announced).  drip: seconds before
    each byte."""

    def __init__(self, status=200, headers=(), body=None, delay=0,
                 hang_up=None, drip=0):
        self.status = status
        self.headers = dict(headers)
        self.body = body
        self.delay = delay
        self.hang_up = hang_up
        self.drip = drip


def _plain(wire, encoding):
    if encoding is None:
        return wire
    if encoding != "gzip":
        raise ValueError(f"Content-Encoding {encoding!r}")
    return gzip.decompress(wire)


class Request:
    def __init__(self, path, headers, wire, subject, port):
        self.path = path
        self.headers = headers
        self.wire = wire            # as it came
        self.body = _plain(wire, headers.get("Content-Encoding"))
        self.subject = subject      # of the client's certificate
        self.port = port            # of the client: names the connection
        self.time = time.time()
        self.status = None          # of the answer that it got

    @functools.cached_property
    def points(self):
        return decode(self.body, self.headers["Content-Type"])


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 300

    def setup(self):
        self.request = self.server.receiver.wrap(self.request)
        super().setup()

    def finish(self):
        super().finish()
        self.request.close()
        self.server.receiver.forget(self.request)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) != length:
            self.close_connection = True
            return
        request = Request(
            self.path, self.headers, body,
            dict(part[0] for part in self.request.getpeercert()["subject"]),
            self.client_address[1])
        with self.server.receiver.answering():
            self._reply(self.server.receiver.take(request), request)

    def _reply(self, answer, request):
        time.sleep(answer.delay)
        if answer.hang_up == "before":
            self.close_connection = True
            return
        if answer.drip:
            self._drip(answer)
            return
        json = request.headers["Content-Type"] == "application/json"
        body = answer.body
        if body is None:
            body = b"{}" if json and answer.status == 200 else b""
        self.send_response(answer.status)
        self.send_header("Content-Type", request.headers["Content-Type"])
        self.send_header("Content-Length", len(body))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.hang_up == "within":
            body = body[:len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)

    def _drip(self, answer):
        """Until the client has had enough."""
        self.close_connection = True
        for byte in b"HTTP/1.1 %d OK\r\n" % answer.status + 4096 * b"x: y\r\n":
            time.sleep(answer.drip)
            self.wfile.write(bytes([byte]))

    def log_message(self, *_):
        pass


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that goes away is no news; the tests look at refusals."""


class Receiver:
    """with Receiver(keys) as r: …; r.url is where to post.  ca: whose clients
    it takes.  address: where it listens, in the network namespace of the
    thread that makes it."""

    def __init__(self, keys, port=0, server=None, verify_flags=0, keep=None,
                 ca=None, address="127.0.0.1"):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        certificate = server or keys.server
        self.context.load_cert_chain(certificate.cert, certificate.key)
        self.context.load_verify_locations(ca or keys.ca)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.verify_flags |= verify_flags
        self.context.set_alpn_protocols(["http/1.1"])
        self.requests = collections.deque(maxlen=keep)
        self._unanswered = 0
        self.refused = []           # the words of each failed handshake
        self.default = Answer()
        self.tokens = None          # those that it takes; None: any, or none
        self._answers = collections.deque()
        self._connections = set()
        self._lock = threading.Lock()
        self._server = _Server((address, port), _Handler)
        self._server.receiver = self
        self.port = self._server.server_address[1]
        self.url = f"https://{address}:{self.port}/v1/metrics"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self.hang_up_all()

    @contextlib.contextmanager
    def answering(self):
        with self._lock:
            self._unanswered += 1
        try:
            yield
        finally:
            with self._lock:
                self._unanswered -= 1

    def hang_up_between(self):
        """No connection ends between a request and its answer."""
        until(lambda: self._unanswered == 0, 5, "all that came are answered")
        self.hang_up_all()

    def hang_up_all(self):
        with self._lock:
            for connection in self._connections:
                hang_up(connection)

    def crash(self):
        """Its connections end with a reset, which may get lost.  Each thread
        closes its own: the number of a descriptor that is closed under it
        would be that of the next connection, into which it would speak."""
        self._server.shutdown()
        self._server.server_close()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):      # it ended by itself
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                          struct.pack("ii", 1, 0))
                    # its reader wakes, and nothing is sent
                    socket.socket.shutdown(connection, socket.SHUT_RD)
        until(lambda: not self._connections, 5, "no connection is left")

    def wrap(self, plain):
        plain.settimeout(10)
        try:
            connection = self.context.wrap_socket(plain, server_side=True)
        except (OSError, ssl.SSLError) as error:
            self.refused.append(str(error))
            raise
        with self._lock:
            self._connections.add(connection)
        return connection

    def forget(self, connection):
        with self._lock:
            self._connections.discard(connection)

    def answer_next(self, *answers):
        """The answers of the next requests, in order; then the default."""
        with self._lock:
            self._answers.extend(answers)

    def more(self):
        """How many of them have not been given yet."""
        with self._lock:
            return len(self._answers)

    def take(self, request):
        with self._lock:
            answer = self._answers.popleft() if self._answers else self.default
            if self.tokens is not None and request.headers[
                    "Authorization"] not in self.tokens:
                answer = Answer(401)
            request.status = answer.status
            self.requests.append(request)
        return answer

    def wait(self, count, seconds=20, status=None):
        """The first requests, once there are that many (of that status)."""
        def enough():
            got = [r for r in list(self.requests)
                   if status in (None, r.status)]
            return got if len(got) >= count else None
        return until(enough, seconds, f"{count} requests "
                     f"(there are {len(self.requests)}; refused: "
                     f"{self.refused[-2:]})")

    def points(self, name, **attributes):
        """Every accepted point of that name; a _ stands for a dot."""
        want = {key.replace("_", "."): value
                for key, value in attributes.items()}
        return [p for r in list(self.requests) if r.status == 200
                for p in r.points if p.name == name and
                want.items() <= p.attributes.items()]
