# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Stopped, slow, out of descriptors, out of memory, no room
# for a log line or on a disk: what can be said is said, what was missed is
# counted by its cause, and the pair goes on or ends as a whole.
import fcntl
import itertools
import os
import pathlib
import random
import re
import signal
import subprocess
import tempfile
import threading
import time

from fuse import DIRECT_IO, OPEN, READ, BadFile
from honest import (accepted, check_counters, check_once, check_starts,
                    check_sum, missed, steps)
from keys import Keys
from mounts import detach, enter_namespace, mount
from oddhosts import host
from pair import COLLECTOR, SHIPPER, Pair, need_root, status_of
from receiver import Answer, Receiver
from tap import Failed, Skip, check, check_equal, main, test, until

SECOND = 10**9
GROWTH_KB = 512
STOPPED = 6 if os.environ.get("SLUICE_QUICK") else 20

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)


def more_steps(receiver, count, seconds=30):
    before = len(steps(receiver))
    until(lambda: len(steps(receiver)) >= before + count, seconds,
          f"{count} more steps")


def resident(pid):
    status = status_of(pid)
    return int(status["VmRSS"].split()[0]) - int(status["RssShmem"].split()[0])


def holes(receiver):
    """How many steps of a second there could have been and were not; the
    first may be out of turn."""
    times = steps(receiver)[1:]
    check_equal(times, sorted(times), "order of the steps")
    return round((times[-1] - times[0]) / SECOND) + 1 - len(times)


def check_whole(receiver, pair, **causes):
    """Nothing lost; so many intervals missed, by cause, and no others."""
    check_once(receiver)
    check_counters(receiver)
    check_starts(receiver)
    check_equal(pair.stop(), 0, "exit status")
    _, became = check_sum(pair)
    check_equal(became.keys() - {"acknowledged", "queued"}, set(), "losses")
    found = {cause: n for cause, n in missed(receiver).items() if n > 0}
    check_equal(found, causes, "missed")


@test
def either_side_can_stand_still_and_nothing_is_lost():
    need_root()
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        more_steps(receiver, 3)
        both = [pair.collector, pair.shipper]
        began = [resident(pid) for pid in both]
        for stopped in (both[1:], both[:1], both):
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(STOPPED if stopped == both[1:] else 5)
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
            more_steps(receiver, 3)
        until(lambda: steps(receiver)[-1] > (time.time() - 2) * SECOND, 60,
              "the backlog is through")
        more_steps(receiver, 2)     # what was missed is said a step later
        for pid, before in zip(both, began):
            check(resident(pid) - before < GROWTH_KB,
                  f"from {before} to {resident(pid)} kB")
        late = holes(receiver)
        check(7 <= late <= 10, f"{late} steps are missing")
        check_whole(receiver, pair, late=late)


class SlowFile(BadFile):
    """Its content comes after a while; None: never."""

    def __init__(self, path):
        self.text, self.left, self.delay = path.read_bytes(), b"", 0
        super().__init__(path)

    def answer(self, opcode, inode):
        if opcode == OPEN:
            self.left = self.text
        if opcode == READ:
            time.sleep(self.delay)
            said, self.left = self.left, b""
            return 0, said
        return super().answer(opcode, inode)


def names(request):
    return {p.name for p in request.points}


@test
def a_source_that_is_slow_costs_its_own_metrics_and_a_long_cycle_is_late():
    need_root()
    enter_namespace()
    tree = host("slow")
    slow = SlowFile(tree / "proc/meminfo")
    settings = {"collect": {"procfs": str(tree / "proc"),
                            "sysfs": str(tree / "sys")}}
    try:
        with Receiver(keys) as receiver, \
                Pair(receiver.url, keys, settings=settings) as pair:
            more_steps(receiver, 2)
            # its own time is half a second; two reads, content and end
            slow.delay = 0.3
            more_steps(receiver, 4)
            slow.delay = 0
            pair.wait_event("source_recovered", source="memory")
            more_steps(receiver, 2)
            # longer than an interval: the turns meanwhile are late
            slow.delay = 1.1
            more_steps(receiver, 3)
            slow.delay = 0
            more_steps(receiver, 4)
            said = pair.wait_event("source_failed", source="memory",
                                   reason="timeout")
            check("meminfo" in said.line, said.line)
            with_memory = ["system.memory.usage" in names(r)
                           for r in accepted(receiver)]
            check(all("system.cpu.time" in names(r)
                      for r in accepted(receiver)), "another source is gone")
            check_equal([there for there, _ in
                         itertools.groupby(with_memory)],
                        [True, False, True, False, True], "memory.usage")
            late, gone = holes(receiver), with_memory.count(False)
            check(late >= 2, f"{late} late")
            check_whole(receiver, pair, late=late, source_timeout=gone)
    finally:
        slow.stop()
        detach(tree / "proc/meminfo")
        slow.end()


def ends_or_runs(prefix):
    """True where it runs; else it said why and left nothing behind."""
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, prefix=prefix) as pair:
        until(lambda: pair.process.poll() is not None or
              len(steps(receiver)) >= 2, 20, "it runs or it does not")
        if pair.process.poll() is None:
            check_equal(pair.stop(), 0, "exit status")
            return True
        check_equal(pair.wait_exit(), 1, f"status of {prefix}")
        fatal = [line for line in pair.lines if "event=fatal" in line or
                 "Cannot allocate memory" in line]
        check(fatal, f"{prefix}: no word of why: {pair.lines}")
        print("# " + " ".join(prefix) + ": " + fatal[0])
        return False


@test
def with_too_few_descriptors_it_says_so_and_with_enough_it_runs():
    runs = [ends_or_runs(["prlimit", f"--nofile={n}"])
            for n in (6, 8, 10, 12, 16, 64)]
    check_equal((runs[0], runs[-1]), (False, True), "with 6 and with 64")
    check_equal(runs, sorted(runs), "more is never worse")


# With less than its own static data the kernel does not load the program.
@test
def with_too_little_memory_it_says_so_and_with_enough_it_runs():
    runs = [ends_or_runs(["prlimit", f"--data={kb * 1024}"])
            for kb in (14336, 16384, 20480, 24576, 32768, 49152)]
    check_equal((runs[0], runs[-1]), (False, True), "with 14 and with 48 MiB")
    check_equal(runs, sorted(runs), "more is never worse")


# ppoll(2) itself wants room for as many descriptors as it is asked about.
LIMITS = {"nofile": "Max open files", "data": "Max data size"}


def limited(pid, user, what):
    """Nothing more of it from now on; returns how to give it back.  By its
    own user: that needs no capability."""
    def limit(words):
        subprocess.run(
            ["setpriv", f"--reuid={user}", f"--regid={user}",
             "--clear-groups", "prlimit", f"--pid={pid}",
             f"--{what}={words}:"], check=True)
    text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    hard = re.search(LIMITS[what] + r" +\d+ +(\d+)", text)[1]
    limit("4" if what == "nofile" else "0")
    return lambda: limit(hard)


@test
def without_descriptors_sources_and_requests_fail_and_recover():
    need_root()
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.default = Answer(headers={"Connection": "close"})
        more_steps(receiver, 3)
        release = limited(pair.collector, COLLECTOR, "nofile")
        said = pair.wait_event("source_failed", source="process")
        check("EMFILE" in said.line, said.line)
        more_steps(receiver, 4)
        release()
        pair.wait_event("source_recovered", source="process")
        release = limited(pair.shipper, SHIPPER, "nofile")
        said = pair.wait_event("delivery_failed")
        check("EMFILE" in said.line, said.line)
        time.sleep(3)
        release()
        pair.wait_event("delivery_restored", 60)
        until(lambda: steps(receiver)[-1] > (time.time() - 2) * SECOND, 60,
              "the backlog is through")
        check_equal(holes(receiver), 0, "steps that are missing")
        check_whole(receiver, pair)


@test
def a_shipper_that_gets_no_more_memory_goes_on():
    need_root()
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.default = Answer(headers={"Connection": "close"})
        more_steps(receiver, 3)
        release = limited(pair.shipper, SHIPPER, "data")
        # each request makes a connection
        time.sleep(6)
        release()
        check(pair.process.poll() is None, "the pair ended")
        more_steps(receiver, 2, 60)
        until(lambda: steps(receiver)[-1] > (time.time() - 2) * SECOND, 60,
              "the backlog is through")
        check_equal(holes(receiver), 0, "steps that are missing")
        check_whole(receiver, pair)


class Crowd:
    """A host with so much to say, and so little of it as before, that the
    ring takes some 100 kB a second."""

    ROW = "  if{:04}: " + " ".join(["{}"] * 16) + "\n"

    def __init__(self, tree):
        self.proc = tree / "proc"
        self.ended = threading.Event()
        self.rows = [[1] * 16 for _ in range(1500)]
        self.thread = threading.Thread(target=self.change, daemon=True)

    def change(self):
        while not self.ended.wait(0.4):
            for row in self.rows:
                row[:] = [n + random.getrandbits(38) for n in row]
            new = self.proc / "new"
            new.write_text("header\nheader\n" + "".join(
                self.ROW.format(i, *row) for i, row in enumerate(self.rows)))
            new.rename(self.proc / "net/dev")

    def __enter__(self):
        self.thread.start()
        return {"collect": {"procfs": str(self.proc)},
                "ring": {"size": "64MiB"}}

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


class Group:
    """A control group for memory, of version 1 or 2."""

    def __init__(self):
        top = pathlib.Path("/sys/fs/cgroup")
        one, two = top / "memory", top / "cgroup.subtree_control"
        self.path = (one if one.is_dir() else top) / f"sluice-{os.getpid()}"
        self.limit, self.usage = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes")
            if one.is_dir() else ("memory.max", "memory.current"))
        try:
            self.path.mkdir()
            if not one.is_dir():
                two.write_text("+memory")
            (self.path / self.limit).read_text()
        except OSError as error:
            raise Skip(f"no control group for memory: {error}") from error

    def enter(self):
        """Words in front of a command."""
        return ["sh", "-c", f'echo $$ >{self.path}/cgroup.procs && exec "$@"',
                "sh"]

    def squeeze(self, spare):
        used = int((self.path / self.usage).read_text())
        (self.path / self.limit).write_text(str(used + spare))

    def killed(self):
        """How many processes of it the kernel has ended."""
        for name in ("memory.events", "memory.oom_control"):
            if (self.path / name).exists():
                said = re.search(r"^oom_kill (\d+)$",
                                 (self.path / name).read_text(), re.MULTILINE)
                return int(said[1])
        raise Failed("no file says how many")

    def end(self):
        until(lambda: not (self.path / "cgroup.procs").read_text(), 10,
              "the group is empty")
        self.path.rmdir()


@test
def the_kernel_ends_one_for_want_of_memory_and_the_other_follows():
    need_root()
    group = Group()
    tree = host("crowd")
    try:
        # what waits in the ring is charged to the group
        with Crowd(tree) as settings, Receiver(keys) as receiver, \
                Pair(receiver.url, keys, prefix=group.enter(),
                     settings=settings) as pair:
            more_steps(receiver, 2)
            shipper = pair.shipper
            receiver.default = Answer(503)
            group.squeeze(1 << 20)
            code = pair.wait_exit(120)
            until(lambda: not status_of(shipper), 10, "both are gone")
            check(code in (-signal.SIGKILL, 1), f"exit status {code}")
            # the second one may be the kernel's as well, before there is room
            check(group.killed() in (1, 2), f"{group.killed()} killed")
            if group.killed() == 1:
                pair.wait_event("shipper_ended" if code == 1 else
                                "collector_gone")
    finally:
        group.end()


@test
def a_log_that_nobody_reads_delays_nothing():
    need_root()
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, stderr=writing) as pair:
        more_steps(receiver, 2)
        release = limited(pair.collector, COLLECTOR, "nofile")
        more_steps(receiver, 2)
        release()
        more_steps(receiver, 2)
        check_equal(holes(receiver), 0, "steps that are missing")
        os.read(reading, 65536)
        release = limited(pair.collector, COLLECTOR, "nofile")
        more_steps(receiver, 2)
        release()
        check(b"log_lines_lost" in os.read(reading, 65536), "nobody says so")
        check_equal(pair.stop(), 0, "exit status")
    os.close(reading)
    os.close(writing)


@test
def a_full_disk_is_none_of_its_business():
    need_root()
    enter_namespace()
    top = pathlib.Path(tempfile.mkdtemp(prefix="sluice-full-"))
    mount("full", top, "tmpfs", data="size=8m,mode=0711")
    kept, tempfile.tempdir = tempfile.tempdir, str(top)
    try:
        with Receiver(keys) as receiver:
            pair = Pair(receiver.url, keys)
            with open(top / "rest", "wb", buffering=0) as rest:
                try:
                    while rest.write(bytes(4096)):
                        pass
                except OSError:
                    pass
            check_equal(os.statvfs(top).f_bfree, 0, "free blocks")
            with pair:
                more_steps(receiver, 3)
                check_whole(receiver, pair)
    finally:
        tempfile.tempdir = kept
        detach(top)
        top.rmdir()


main()
