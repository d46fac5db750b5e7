# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Which ports a shipper that runs can reach, from outside: a
# debugger has it connect to each of the 65536, behind its own lock.
import os
import pathlib
import subprocess
import tempfile

from keys import Keys
from owned import free_port
from pair import Pair, build_root, need_root
from proxylab import tunnelling
from receiver import Receiver
from tap import Skip, check, check_equal, main, test
from tlslab import RawServer

folder = tempfile.TemporaryDirectory()
os.chmod(folder.name, 0o711)
keys = Keys(folder.name)


def reached(pid):
    """The ports that are not refused."""
    done = subprocess.run([build_root() / "tests/integration/reach",
                           str(pid)], capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode == 77:
        raise Skip(done.stderr.strip())
    check_equal(done.returncode, 0, done.stderr)
    return {int(line.split()[0]) for line in done.stdout.splitlines()}


def ports_of(pair):
    """Of a shipper that is behind its lock, and goes on delivering."""
    pair.wait_event("started")
    if any(e.name in ("landlock_absent", "landlock_no_ports")
           for e in pair.events):
        raise Skip("no Landlock with ports here (Linux 6.7)")
    return reached(pair.shipper)


def need_lock():
    need_root()
    if b"__asan_init" in (build_root() / "shipperd/shipperd").read_bytes():
        raise Skip("the locks of a sanitized build only log")


def name_server():
    """Where one is asked, if the host has any."""
    text = pathlib.Path("/etc/resolv.conf").read_text()
    return {53} if "nameserver" in text else set()


def settings(**ship):
    return {"collect": {"interval": "1s"}, "ship": ship}


@test
def whoever_is_not_confined_reaches_every_port():
    """The control: the same calls, in a process without a lock."""
    need_root()
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        try:
            check_equal(len(reached(sleeper.pid)), 65536)
        finally:
            sleeper.kill()


@test
def without_a_proxy_the_ports_of_the_endpoints_alone_are_open():
    need_lock()
    other = free_port()
    with Receiver(keys) as receiver, Pair(receiver.url, keys, settings=settings(
            endpoints=[receiver.url,
                       f"https://127.0.0.2:{other}/"])) as pair:
        check_equal(ports_of(pair), {receiver.port, other})
        before = len(receiver.requests)
        receiver.wait(before + 2)


@test
def with_a_proxy_its_port_alone_is_open_and_no_endpoints():
    need_lock()
    with RawServer(tunnelling()) as proxy, Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=settings(
                proxy=f"http://127.0.0.1:{proxy.port}")) as pair:
        receiver.wait(1)
        check_equal(ports_of(pair), {proxy.port})
        before = len(receiver.requests)
        receiver.wait(before + 2)
        check(proxy.connections > 0, "past the proxy")


@test
def a_name_opens_the_name_servers_port_and_an_endpoints_behind_a_proxy_none():
    need_lock()
    port, proxy = free_port(), free_port()
    for ship, want in (
            ({"endpoints": [f"https://receiver.invalid:{port}/"]},
             {port} | name_server()),
            ({"endpoints": [f"https://receiver.invalid:{port}/"],
              "proxy": f"http://127.0.0.1:{proxy}"}, {proxy}),
            ({"endpoints": [f"https://127.0.0.1:{port}/"],
              "proxy": f"http://proxy.invalid:{proxy}"},
             {proxy} | name_server())):
        with Pair("", keys, settings=settings(**ship)) as pair:
            check_equal(ports_of(pair), want, str(ship))


main()
