# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A workshop for bad servers: certificates with any fault,
# TLS and raw servers that do what they are told, and conn_driver, which runs
# the shipper's network half under the shipper's lock.
import datetime
import ipaddress
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dnslab import NameServer, record, zone
from tap import Failed, check, check_equal

DRIVER = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"],
                      "tests/integration/conn_driver")
SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH
ANY_USAGE = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
LOCAL = ("localhost", "127.0.0.1", "::1", "sluice.test")
PEM = serialization.Encoding.PEM
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

warnings.simplefilter("ignore")     # what is deprecated is the point here

_folder = tempfile.TemporaryDirectory()
FOLDER = pathlib.Path(_folder.name)


def new_key(kind="ec"):
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "weak ec":
        return ec.generate_private_key(ec.SECP192R1())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, int(kind))


def key_pem(key, password=None):
    return key.private_bytes(
        PEM, serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password) if password else
        serialization.NoEncryption())


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _san(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*on):
    names = ("digital_signature", "content_commitment", "key_encipherment",
             "data_encipherment", "key_agreement", "key_cert_sign",
             "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in on for name in names})


class Made:
    """A certificate, its key, and those between it and its root."""

    def __init__(self, name, issuer=None, ca=False, san=LOCAL,
                 eku=(SERVER_AUTH,), days=(-1, 29), key="ec",
                 digest=hashes.SHA256, pathlen=None, more=(), usage=None,
                 without=(), critical=True):
        """without: classes of extensions.  critical: basic constraints."""
        self.key = new_key(key)
        signer = issuer or self
        now = datetime.datetime.utcnow()
        builder = x509.CertificateBuilder().subject_name(_name(name)) \
            .issuer_name(issuer.cert.subject if issuer else _name(name)) \
            .public_key(self.key.public_key()) \
            .serial_number(x509.random_serial_number()) \
            .not_valid_before(now + datetime.timedelta(days=days[0])) \
            .not_valid_after(now + datetime.timedelta(days=days[1]))
        key_id = x509.SubjectKeyIdentifier.from_public_key
        extensions = [
            (x509.BasicConstraints(ca, pathlen), critical),
            (key_id(self.key.public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(
                signer.key.public_key()), False),
            (usage or (_usage("key_cert_sign", "crl_sign") if ca else
                       _usage("digital_signature")), True)]
        if san and not (ca and san is LOCAL):
            extensions.append((x509.SubjectAlternativeName(
                [_san(name) for name in san]), False))
        if eku and not ca:
            extensions.append((x509.ExtendedKeyUsage(eku), False))
        for extension, must in (*extensions, *more):
            if not isinstance(extension, tuple(without)):
                builder = builder.add_extension(extension, must)
        self.cert = builder.sign(signer.key, digest and digest())
        self.issuer = issuer
        self.is_root = issuer is None
        self.between = [] if self.is_root or issuer.is_root else \
            [issuer.cert, *issuer.between]

    def pem(self):
        return b"".join(c.public_bytes(PEM)
                        for c in [self.cert, *self.between])

    def flipped(self):
        """The last bit of the signature is another one."""
        der = bytearray(self.cert.public_bytes(serialization.Encoding.DER))
        der[-1] ^= 1
        return ssl.DER_cert_to_PEM_cert(bytes(der)).encode()


_count = iter(range(1 << 30))


def write(content):
    path = FOLDER / f"{next(_count)}.pem"
    path.write_bytes(content)
    return path


class House:
    """What the good case needs; tests replace one part each."""

    def __init__(self):
        self.root = Made("root", ca=True)
        self.server = Made("server", self.root)
        self.client = Made("client", self.root, san=(), eku=(CLIENT_AUTH,))
        self.ca = write(self.root.pem())
        self.cert = write(self.client.pem())
        self.key = write(key_pem(self.client.key))


house = House()


def server_context(made=house.server, pem=None, ask=True, trust=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")      # takes any fault of ours
    context.load_cert_chain(write(pem or made.pem()),
                            write(key_pem(made.key)))
    context.load_verify_locations(trust or house.ca)
    context.verify_mode = ssl.CERT_REQUIRED if ask else ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


class RawServer:
    """Each connection is given to play(server, socket) in its own thread.
    .got holds the bytes that play() says a client sent as a request."""

    def __init__(self, play, family=socket.AF_INET, port=0):
        self.play = play
        self.got = b""
        self.connections = 0
        self.errors = []
        self.ended = threading.Event()
        self._listener = socket.create_server(
            ("::1" if family == socket.AF_INET6 else "127.0.0.1", port),
            family=family)
        self.port = self._listener.getsockname()[1]
        self._threads = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)   # wakes accept()
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    @property
    def url(self):
        return f"https://localhost:{self.port}/v1/metrics"

    def _accept(self):
        while not self.ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(10)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(connection,),
                                      daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with connection:
            try:
                self.play(self, connection)
            except (OSError, ssl.SSLError) as error:
                self.errors.append(str(error))


def read_request(server, tls):
    """Head and body of one request, b"" at the end of the stream."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = tls.recv(65536)
        server.got += more
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(next(line.split(b":")[1] for line in head.split(b"\r\n")
                      if line.lower().startswith(b"content-length:")))
    while len(body) < length:
        more = tls.recv(65536)
        if not more:
            break
        server.got += more
        body += more
    return head + b"\r\n\r\n" + body


def tls_play(after, context=None):
    """A play for RawServer: shakes hands, then after(server, tls)."""
    context = context or server_context()

    def play(server, connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            after(server, tls)
    return play


def answer_all(server, tls):
    while read_request(server, tls):
        tls.sendall(OK)


def reset(connection):
    """Closing it sends RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))


names = NameServer(zone(record("localhost", "127.0.0.1")))
names.__enter__()


def drive(first_url, ca=None, cert=None, key=None, env=None, seconds=30, **options):
    """(exit status, results, what it said on standard error)."""
    options.setdefault("server", names.address)
    if isinstance(options.get("pin"), list):
        options["pin"] = [pin.hex() for pin in options["pin"]]
    words = [f"{name}={value}" for name, values in options.items()
             for value in (values if isinstance(values, list) else [values])]
    done = subprocess.run(
        [str(DRIVER), str(ca or house.ca), str(cert or house.cert),
         str(key or house.key), first_url, *words], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds,
        env=env or {}, text=True, errors="replace")
    results = []
    for line in done.stdout.splitlines():
        if line.startswith("outcome="):
            front, _, detail = line.partition(" detail=")
            result = dict(word.split("=", 1) for word in front.split(" "))
            result["detail"] = detail
            results.append(result)
    return done.returncode, results, done.stderr


def posts(first_url, **options):
    """The results; the driver must have lived to the end under its lock."""
    status, results, said = drive(first_url, **options)
    if status != 0:
        raise Failed(f"conn_driver ended with {status}: {said}")
    check_equal(len(results), options.get("posts", 1), "results")
    return results


# What one exchange may cost beside the body: TLS's own buffers, a chain.
HEAP_MAX = 1 << 19


def expect(result, outcome, reason=None, words="", kind=None):
    """kind: what becomes of the request (conn_driver's class)."""
    check_equal(result["outcome"], outcome, f"outcome ({result})")
    if kind is not None:
        check_equal(result["class"], kind, f"class ({result})")
    check(int(result["heap"]) < HEAP_MAX, f"memory ({result})")
    if reason is not None:
        check_equal(result["reason"], reason, f"reason ({result})")
    check(words in result["detail"],
          f"detail {result['detail']!r} does not say {words!r}")


def refused(play, outcome, reason=None, words="", **options):
    with RawServer(play) as server:
        result, = posts(server.url, **options)
    expect(result, outcome, reason, words, "configuration" if outcome in (
        "SERVER_REFUSED", "CLIENT_REFUSED") else "retry")
    check_equal(server.got, b"", "request bytes at the server")
