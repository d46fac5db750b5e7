# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Proxies: one that is real (Debian's tinyproxy, and stunnel
# before it for TLS), and plays for tlslab's servers that relay or misbehave.
import contextlib
import os
import pathlib
import select
import socket
import subprocess
import tempfile
import time

import debs
from pair import COLLECTOR, can_split
from tap import Failed

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def read_head(server, connection):
    """The request's head; the server remembers it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        head += byte
    server.got += head
    return head


def relay(a, b):
    """Until one of them ends; each may be of TLS."""
    both = {a: b, b: a}
    while True:
        ready = [s for s in both if getattr(s, "pending", int)() > 0] or \
            select.select(list(both), [], [], 10)[0]
        if not ready:
            return
        for s in ready:
            data = s.recv(65536)
            if not data:
                return
            both[s].sendall(data)


def tunnelling(before=lambda server, connection: None, answer=ESTABLISHED):
    """What a proxy does: the name is its own to resolve, here always to the
    loopback.  before: what it does when it was asked."""
    def after(server, connection):
        head = read_head(server, connection)
        if not head:
            return
        before(server, connection)
        port = int(head.split(b" ")[1].rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port)) as onward:
            connection.sendall(answer)
            relay(connection, onward)
    return after


def says(*parts, wait=0):
    """Answers that and hangs up."""
    def after(server, connection):
        if not read_head(server, connection):
            return
        for part in parts:
            connection.sendall(part)
        server.ended.wait(wait)
    return after


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _await(port, process):
    for _ in range(200):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        if process.poll() is not None:
            raise Failed(f"a proxy ended with {process.returncode}")
        time.sleep(0.05)
    raise Failed("a proxy does not listen")


@contextlib.contextmanager
def _running(command, port, env=None):
    with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL,
                          env={**os.environ, **(env or {})}) as process:
        try:
            _await(port, process)
            yield
        finally:
            process.terminate()


@contextlib.contextmanager
def tinyproxy(*settings):
    """(its port, a function that gives its log)."""
    program = debs.fetch("tinyproxy-bin", "bookworm") / "usr/bin/tinyproxy"
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "log")
        conf = pathlib.Path(folder, "conf")
        conf.write_text("\n".join((
            f"Port {port}", "Listen 127.0.0.1", "Timeout 20",
            "Allow 127.0.0.1", f'LogFile "{log}"', "LogLevel Info",
            "MaxClients 20", *settings)) + "\n")
        with _running([str(program), "-d", "-c", str(conf)], port):
            yield port, log.read_text


@contextlib.contextmanager
def stunnel(to_port, certificate, key):
    """TLS 1.3 before that port; gives its own."""
    program = debs.fetch("stunnel4", "bookworm") / "usr/bin/stunnel4"
    library = debs.fetch("libwrap0", "bookworm") / "usr/lib/x86_64-linux-gnu"
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        conf = pathlib.Path(folder, "conf")
        conf.write_text(f"foreground = yes\npid =\n[proxy]\n"
                        f"accept = 127.0.0.1:{port}\n"
                        f"connect = 127.0.0.1:{to_port}\n"
                        f"cert = {certificate}\nkey = {key}\n")
        with _running([str(program), str(conf)], port,
                      {"LD_LIBRARY_PATH": str(library)}):
            yield port


def own_file(folder, name, content, mode):
    """A file of the collector's."""
    path = pathlib.Path(folder, name)
    path.write_bytes(content)
    if can_split():
        os.chown(path, COLLECTOR, COLLECTOR)
    path.chmod(mode)
    return str(path)
