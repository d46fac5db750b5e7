# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  TLS 1.3 records that no TLS library would send: made by hand
# (RFC 8446, sections 5.2 and 7.2) from the secret of a handshake that one made.
import hashlib
import hmac
import ssl
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tlslab import server_context, write

ALERT, HANDSHAKE, DATA = b"\x15", b"\x16", b"\x17"
KEEP, ASK = b"\x18\0\0\1\0", b"\x18\0\0\1\1"    # KeyUpdate (section 4.6.3)
LEAST = 5 + 5 + 1 + 16                          # bytes of one in its record


def _expand(secret, label, size):
    label = b"tls13 " + label
    info = struct.pack("!HB", size, len(label)) + label + b"\0"
    digest = hashlib.sha384 if len(secret) == 48 else hashlib.sha256
    return hmac.new(secret, info + b"\1", digest).digest()[:size]


class Records:
    """What the server says from now on, under its own keys."""

    def __init__(self, secret):
        self._use(secret)

    def _use(self, secret):
        self._secret = secret
        self._cipher = AESGCM(_expand(
            secret, b"key", 32 if len(secret) == 48 else 16))
        self._iv = int.from_bytes(_expand(secret, b"iv", 12), "big")
        self._count = 0

    def record(self, kind, data, size=0):
        """Filled up with zeros to that many bytes on the wire."""
        inner = data + kind
        inner += bytes(max(0, size - 5 - len(inner) - 16))
        head = DATA + b"\3\3" + struct.pack("!H", len(inner) + 16)
        nonce = (self._iv ^ self._count).to_bytes(12, "big")
        self._count += 1
        return head + self._cipher.encrypt(nonce, inner, head)

    def update(self, message=KEEP, size=0):
        """A KeyUpdate; what follows is under the next key."""
        data = self.record(HANDSHAKE, message, size)
        self._use(_expand(self._secret, b"traffic upd", len(self._secret)))
        return data


def split(data):
    """Each record of what somebody sent."""
    while data:
        size = 5 + int.from_bytes(data[3:5], "big")
        yield data[:size]
        data = data[size:]


class Reader:
    """What the client says: recv() as of a socket, for read_request()."""

    def __init__(self, connection, tls, inward):
        self.connection, self.tls, self.inward = connection, tls, inward

    def recv(self, size):
        while True:
            try:
                return self.tls.read(size)
            except ssl.SSLWantReadError:
                if not (more := self.connection.recv(65536)):
                    return b""
                self.inward.write(more)


def shake_hands(connection, context=None):
    """A handshake on the plain socket: (Records for the rest, Reader)."""
    context = context or server_context()
    context.num_tickets = 0
    log = write(b"")
    context.keylog_filename = str(log)
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(inward, outward, server_side=True)
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            connection.sendall(outward.read())
            inward.write(connection.recv(65536))
    assert not outward.pending
    words = [line.split() for line in log.read_text().splitlines()]
    secret, = (w[2] for w in words if w[0] == "SERVER_TRAFFIC_SECRET_0")
    return Records(bytes.fromhex(secret)), Reader(connection, tls, inward)
