# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Two network namespaces and a cable between them: a pair of
# daemons in one, its receivers and name servers in the other, and everything
# that can be done to a cable.
import contextlib
import ctypes
import itertools
import os
import shutil
import subprocess

from dnslab import NameServer
from receiver import Receiver
from tap import Skip

CLONE_NEWNET = 0x40000000
CLIENT = "10.77.0.1"
SERVERS = ("10.77.0.2", "10.77.0.3")
NAME = "receiver.sluice.test"
PORT = 4318

_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count()


def run(*words, given=None):
    done = subprocess.run([str(w) for w in words], input=given, text=True,
                          capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr}")
    return done.stdout


def need_nets():
    if os.geteuid() != 0:
        raise Skip("needs root, for network namespaces")
    for program in ("ip", "nft"):
        if shutil.which(program) is None:
            raise Skip(f"{program} is not installed: tools/setup test")
    probe = f"sluice-probe-{os.getpid()}"
    try:
        run("ip", "netns", "add", probe)
        run("ip", "netns", "exec", probe, "nft", "add table inet probe")
    except RuntimeError as error:
        raise Skip(f"no network namespace of our own: {error}") from error
    finally:
        subprocess.run(["ip", "netns", "del", probe], capture_output=True)


def _set_net(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        if _libc.setns(fd, CLONE_NEWNET) < 0:
            raise OSError(ctypes.get_errno(), f"setns {path}")
    finally:
        os.close(fd)


class NetLab:
    """with NetLab() as lab: …

    lab.prefix(folder): words in front of a command that is to run in the
    client's namespace, where lab.dns is the only name server."""

    def __init__(self):
        name = f"sluice-{os.getpid()}-{next(_numbers)}"
        self.client, self.server = name + "c", name + "s"

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _build(self):
        for space in (self.client, self.server):
            run("ip", "netns", "add", space)
            run("ip", "-n", space, "link", "set", "lo", "up")
        run("ip", "-n", self.client, "link", "add", "cable", "type", "veth",
            "peer", "cable", "netns", self.server)
        run("ip", "-n", self.client, "address", "add", CLIENT + "/24",
            "dev", "cable")
        for address in SERVERS:
            run("ip", "-n", self.server, "address", "add", address + "/24",
                "dev", "cable")
        for space in (self.client, self.server):
            run("ip", "-n", space, "link", "set", "cable", "up")

    def __exit__(self, *_):
        for space in (self.client, self.server):
            subprocess.run(["ip", "netns", "del", space],
                           capture_output=True)

    def prefix(self, folder):
        """In a mount namespace with a resolv.conf of its own."""
        conf = folder / "resolv.conf"
        conf.write_text(f"nameserver {SERVERS[0]}\n")
        conf.chmod(0o644)
        return ["unshare", "--mount", "sh", "-c",
                'mount --bind "$0" /etc/resolv.conf && '
                f'exec nsenter --net=/run/netns/{self.client} "$@"', conf]

    @contextlib.contextmanager
    def serving(self):
        """This thread makes its sockets on the servers' side."""
        with open("/proc/thread-self/ns/net", "rb") as own:
            _set_net(f"/run/netns/{self.server}")
            try:
                yield
            finally:
                _libc.setns(own.fileno(), CLONE_NEWNET)

    def receiver(self, keys, certificate, address=SERVERS[0], port=PORT):
        with self.serving():
            return Receiver(keys, port, server=certificate, address=address)

    def name_server(self, play):
        with self.serving():
            return NameServer(play, (SERVERS[0], 53))

    # ---- what is done to the cable

    def filter(self, rule):
        """For each packet on the servers' side, both ways; None: good."""
        text = "table inet fault\ndelete table inet fault\n"
        if rule is not None:
            text += ("table inet fault {\n"
                     "chain in { type filter hook input priority 0; "
                     f"{rule}; }}\n"
                     "chain out { type filter hook output priority 0; "
                     f"{rule}; }}\n}}\n")
        run("ip", "netns", "exec", self.server, "nft", "-f", "-", given=text)

    def ip(self, *words):
        run("ip", "-n", self.client, *words)
