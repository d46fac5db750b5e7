# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Loads of known size that are made here move what the host
# says of itself by that size: CPU, disk, network, memory, processes.  What
# others do meanwhile is counted as well, or kept out by a device of our own;
# where neither can be, the load is tried again.
import contextlib
import fcntl
import mmap
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

from once import key, once
from tap import Failed, Skip, check, check_equal, main, test

MIB = 1 << 20
TICK = 1 / os.sysconf("SC_CLK_TCK")
TRIES = 8


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def moved(before, after):
    """Each point's difference; None of what was not there before."""
    return {where: float(value - before.points[where])
            for where, value in after.points.items()
            if where in before.points}


def tried(load):
    """Until load() raises no Failed."""
    for left in reversed(range(TRIES)):
        try:
            return load()
        except Failed:
            if not left:
                raise


def spent():
    """User time of every process, with that of its children that ended."""
    seconds = 0
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                seconds += (int(words[11]) + int(words[13])) * TICK
    return seconds


def burn(seconds, cpu):
    """User time that a child used up on that CPU."""
    text = (f"import os; os.sched_setaffinity(0, {{{cpu}}})\n"
            f"while os.times()[0] < {seconds}: sum(range(10000))\n"
            "print(os.times()[0])")
    return float(subprocess.run([sys.executable, "-c", text], check=True,
                                stdout=subprocess.PIPE).stdout)


def user(change, cpu=None):
    where = {} if cpu is None else {"cpu__logical_number": cpu}
    return sum(change[key("system.cpu.time", cpu__mode=mode, **where)]
               for mode in ("user", "nice"))


def burnt():
    cpu = max(os.sched_getaffinity(0))
    others, before = spent(), once("cpu", "-c")
    mine = burn(0.7, cpu)
    after, others = once("cpu", "-c"), spent() - others - mine
    change = moved(before, after)
    room = 0.05 + 0.1 * mine + 0.05 * others
    print(f"# burnt {mine} s, others {others:.2f} s: {user(change):.2f} s")
    check(user(change, cpu) >= mine - room, f"{user(change, cpu)} on it")
    check(abs(user(change) - mine - others) < room, f"{user(change)} s")
    sums = {attrs: v for (name, attrs), v in change.items()
            if name == "system.cpu.time"}
    for mode in {dict(attrs)["cpu.mode"] for attrs in sums}:
        every = [v for attrs, v in sums.items() if ("cpu.mode", mode) in attrs]
        alone = change[key("system.cpu.time", cpu__mode=mode)]
        check(abs(sum(every) - 2 * alone) < 0.1 * len(every),
              f"{mode}: {alone} of all, {sum(every) - alone} of each")


@test
def seconds_of_cpu_are_those_of_the_host_and_of_their_cpu():
    tried(burnt)


@contextlib.contextmanager
def loop_device(size):
    """A block device of our own, in memory."""
    need_root()
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.truncate(size)
        try:
            done = subprocess.run(
                ["losetup", "--find", "--show", "--direct-io=off", file.name],
                capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise Skip("losetup is not installed") from error
        if done.returncode != 0:
            raise Skip(f"no loop device: {done.stderr.strip()}")
        device = done.stdout.strip()
        try:
            with open(device, "rb") as held_open:
                # udev looks at no device that somebody has locked
                fcntl.flock(held_open, fcntl.LOCK_EX)
                yield device
        finally:
            subprocess.run(["losetup", "--detach", device], check=True)


def through(device, blocks, size, write):
    """Past the page cache: each call is one request."""
    page = mmap.mmap(-1, size)
    fd = os.open(device, os.O_DIRECT | (os.O_WRONLY if write else os.O_RDONLY))
    try:
        for n in range(blocks):
            done = os.pwritev(fd, [page], n * size) if write else \
                os.preadv(fd, [page], n * size)
            check_equal(done, size, "bytes at once")
    finally:
        os.close(fd)


def disk(change, name, metric, way):
    return change[key(metric, system__device=name, disk__io__direction=way)]


def written_and_read():
    with loop_device(8 * MIB) as device:
        name = os.path.basename(device)
        # a device that never did anything is not said
        through(device, 1, 4096, True)
        through(device, 1, 4096, False)
        before = once("disk")
        through(device, 96, 65536, True)
        through(device, 40, 65536, False)
        change = moved(before, once("disk"))
    for metric, size in (("system.disk.io", 65536),
                         ("system.disk.operations", 1)):
        check_equal({way: disk(change, name, metric, way)
                     for way in ("write", "read")},
                    {"write": 96 * size, "read": 40 * size}, metric)
    still = {attrs for (metric, attrs), value in change.items()
             if value and "loop" in str(attrs) and name not in str(attrs)}
    check_equal(still, set(), "other loop devices")


@test
def bytes_written_and_read_are_those_of_their_device():
    tried(written_and_read)


def block_device(folder):
    """The disk that a folder is on."""
    number = os.stat(folder).st_dev
    link = pathlib.Path(f"/sys/dev/block/{os.major(number)}:"
                        f"{os.minor(number)}")
    if not link.exists():
        raise Skip(f"{folder} is on no block device")
    at = link.resolve()
    return (at.parent if (at / "partition").exists() else at).name


@test
def a_file_that_is_synced_is_written_to_the_disk_it_is_on():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        name, before = block_device(folder), once("disk")
        with open(os.path.join(folder, "file"), "wb") as file:
            file.write(os.urandom(24 * MIB))
            file.flush()
            os.fsync(file.fileno())
        change = moved(before, once("disk"))
    written = disk(change, name, "system.disk.io", "write")
    check(written >= 24 * MIB, f"{name}: {written} bytes")
    busy = change[key("system.disk.io_time", system__device=name)]
    check(busy > 0, f"{name} was never busy")


PACKETS, BYTES = 3000, 214


def flood(network):
    """Frames that nothing answers, from one end of a cable to the other."""
    def run(*words):
        subprocess.run(["ip", "netns", "exec", network, *words], check=True,
                       capture_output=True)
    for name in ("all", "default"):
        run("sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1")
    run("ip", "link", "add", "one", "type", "veth", "peer", "name", "two")
    for name in ("one", "two"):
        run("ip", "link", "set", name, "arp", "off", "up")
    text = ("import socket\n"
            "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
            "s.bind(('one', 0))\n"
            f"for _ in range({PACKETS}):\n"
            f"    s.send(bytes(12) + b'\\x88\\xb5' + bytes({BYTES - 14}))")
    words = ["ip", "netns", "exec", network]
    before = once("network", before=words)
    run(sys.executable, "-c", text)
    return moved(before, once("network", before=words))


@test
def a_flood_of_packets_is_that_of_both_ends_and_of_nobody_else():
    need_root()
    network = f"sluice-flood-{os.getpid()}"
    try:
        done = subprocess.run(["ip", "netns", "add", network],
                              capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Skip("ip is not installed") from error
    if done.returncode != 0:
        raise Skip(f"no network namespace: {done.stderr.strip()}")
    softnet = once("interrupts")
    try:
        change = flood(network)
    finally:
        subprocess.run(["ip", "netns", "del", network], check=False)
    taken = moved(softnet, once("interrupts"))
    want = {}
    for name, way in (("one", "transmit"), ("two", "receive")):
        want[key("system.network.io", network__interface__name=name,
                 network__io__direction=way)] = PACKETS * BYTES
        want[key("system.network.packet.count", system__device=name,
                 network__io__direction=way)] = PACKETS
    # nobody listens: the kernel counts what it throws away as dropped
    got = {where: value for where, value in change.items()
           if value and where[0] != "system.network.packet.dropped"}
    check_equal(got, want)
    count = taken[key("linux.softnet.packets")]
    check(count >= PACKETS, f"{count} through the CPUs' queues")


class Held:
    """A child that holds so many bytes, touched page by page."""

    def __init__(self, size):
        self.child = subprocess.Popen(
            [sys.executable, "-c", "import mmap, sys\n"
             "sys.stdin.readline()\n"
             f"m = mmap.mmap(-1, {size}, mmap.MAP_PRIVATE)\n"
             "m.madvise(mmap.MADV_NOHUGEPAGE)\n"
             f"for at in range(0, {size}, 4096): m[at] = 1\n"
             "print(flush=True); sys.stdin.readline()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def touch(self):
        self.child.stdin.write(b"\n")
        self.child.stdin.flush()
        self.child.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.communicate()


def at_hand():
    """Bytes that the CPUs keep for themselves, neither used nor free: since
    Linux 6.7 that can be more than the load."""
    text = pathlib.Path("/proc/zoneinfo").read_text()
    return 4096 * sum(map(int, re.findall(r"^ +count: +(\d+)$", text,
                                          re.MULTILINE)))


def held():
    size = 256 * MIB
    with Held(size) as memory:
        hand, before, faults = at_hand(), once("memory"), once("paging")
        memory.touch()
        change, hand = moved(before, once("memory")), at_hand() - hand
        faults = moved(faults, once("paging"))
    used, free = (change[key("system.memory.usage",
                             system__memory__state=state)]
                  for state in ("used", "free"))
    promised = change[key("linux.memory.committed")]
    print(f"# {size / MIB} MiB: used {used / MIB}, free {free / MIB}, at hand "
          f"{hand / MIB}, committed {promised / MIB}")
    check(abs(used - hand - size) < size / 8, f"used {used}")
    check(abs(free + hand + size) < size / 8, f"free {free}")
    check(abs(promised - size) < size / 8, f"committed {promised}")
    check_equal(change[key("system.memory.limit")], 0, "limit")
    minor = faults[key("system.paging.faults",
                       system__paging__fault__type="minor")]
    check(size / 4096 <= minor < 4 * size / 4096, f"{minor} faults")


@test
def memory_that_is_touched_is_used_and_no_longer_free():
    tried(held)


def shared():
    size = 96 * MIB
    before = once("memory")
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        for _ in range(size // MIB):
            file.write(bytes(MIB))
        file.flush()
        change = moved(before, once("memory"))
    for name, where in (("shared", key("system.memory.linux.shared")),
                        ("cached", key("system.memory.usage",
                                       system__memory__state="cached"))):
        check(abs(change[where] - size) < size / 8, f"{name} {change[where]}")


@test
def a_file_in_memory_is_shared_and_cached():
    if not os.access("/dev/shm", os.W_OK):
        raise Skip("no /dev/shm")
    tried(shared)


STORM = 600


def storm():
    before = once("cpu")
    for _ in range(STORM):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    change = moved(before, once("cpu"))
    made = change[key("system.process.created")]
    switches = change[key("linux.context_switches")]
    print(f"# {STORM} forks: {made} created, {switches} switches")
    # our readers are some; and so are others'
    check(STORM <= made < 1.5 * STORM, f"{made} created")
    check(switches >= STORM, f"{switches} context switches")


@test
def a_storm_of_forks_is_counted_fork_by_fork():
    tried(storm)


def sleeping(count):
    children = []
    where = key("system.process.count", process__state="sleeping")
    before = once("process").points[where]
    try:
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                time.sleep(60)
                os._exit(0)
            children.append(pid)
        time.sleep(0.2)
        got = float(once("process").points[where] - before)
    finally:
        for pid in children:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    check(abs(got - count) <= count / 10, f"{got} of {count}")


@test
def processes_that_sleep_are_counted_as_sleeping():
    tried(lambda: sleeping(200))


@test
def an_open_socket_and_an_open_file_are_one_more_each():
    def opened():
        count = 400
        files = key("linux.file_handles")
        sockets = key("linux.sockets.used")
        before = once("kernel").points[files], once("socket").points[sockets]
        held_open = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                     for _ in range(count)]
        after = once("kernel").points[files], once("socket").points[sockets]
        for one in held_open:
            one.close()
        check(abs(float(after[1] - before[1]) - count) <= count / 5,
              f"sockets {before[1]} {after[1]}")
        # each CPU counts some of its own before it tells the sum
        check(abs(float(after[0] - before[0]) - count) <= count,
              f"files {before[0]} {after[0]}")
    tried(opened)


main()
