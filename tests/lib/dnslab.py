# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A name server over TCP that answers as it is told, and the
# packets of RFC 1035 to tell it with.
import ipaddress
import socket
import struct
import threading

A, CNAME, AAAA = 1, 5, 28
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME, REFUSED = 0, 2, 3, 5


def pack_name(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".")) + b"\0"


def record(name, value, ttl=60):
    """value: an address, or another name."""
    try:
        data = ipaddress.ip_address(value).packed
        kind = A if len(data) == 4 else AAAA
    except ValueError:
        kind, data = CNAME, pack_name(value)
    return kind, pack_name(name) + struct.pack(">HHIH", kind, 1, ttl,
                                               len(data)) + data


class Query:
    def __init__(self, message):
        self.number = message[:2]
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode())
            at += 1 + message[at]
        self.name = ".".join(labels)
        self.kind, = struct.unpack(">H", message[at + 1:at + 3])
        self.question = message[12:at + 5]

    def answer(self, records=(), code=NO_ERROR):
        """With its length; CNAMEs and what is of the kind asked for."""
        fit = [data for kind, data in records if kind in (CNAME, self.kind)]
        message = self.number + struct.pack(
            ">HHHHH", 0x8180 | code, 1, len(fit), 0, 0) + self.question + \
            b"".join(fit)
        return struct.pack(">H", len(message)) + message


class NameServer:
    """play(query, connection) gives the bytes to send, or None where it has
    sent for itself.  .asked: every (name, kind)."""

    def __init__(self, play, address=("127.0.0.1", 0)):
        self.play = play
        self.asked = []
        self.connections = 0
        self._listener = socket.create_server(address)
        self.address = "%s:%d" % self._listener.getsockname()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)   # wakes accept()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while len(head := stream.read(2)) == 2:
                    query = Query(stream.read(*struct.unpack(">H", head)))
                    self.asked.append((query.name, query.kind))
                    answer = self.play(query, connection)
                    if answer:
                        connection.sendall(answer)
            except OSError:
                pass


def zone(*records, code=NO_SUCH_NAME):
    """A play from record(): what is not in it does not exist."""
    def play(query, _):
        known = any(data.startswith(pack_name(query.name))
                    for _, data in records)
        return query.answer(records if known else (),
                            NO_ERROR if known else code)
    return play
