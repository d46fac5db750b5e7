# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A file system whose daemon has stopped answering must cost
# nothing but its own numbers, nor may what lies behind it.
import os
import pathlib
import subprocess
import tempfile
import time

from fuse import Directory
from keys import Keys
from mounts import detach, enter_namespace, mount
from once import once
from pair import Pair
from receiver import Receiver
from tap import check, check_equal, main, test, until

# Far below a source's budget of 0.5 s.
LATE = 0.25
LOOKS = 2                   # at file systems: one in ten seconds, not more


def hangs(path):
    """True where statfs(2) of the path does not come back."""
    child = subprocess.Popen(["stat", "-f", str(path)],
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        child.wait(1)
        return False
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(10)
        return True


def points():
    began = time.monotonic()
    reading = once("filesystem", "-a", timeout=10)
    took = time.monotonic() - began
    return took, reading, reading.values("system.filesystem.limit",
                                         "system.filesystem.mountpoint")


def place(*names):
    """A directory with those in it, in a namespace of our own."""
    enter_namespace()
    top = pathlib.Path(tempfile.mkdtemp(prefix="sluice-mount-"))
    mount("sluice-top", top, "tmpfs")
    for name in names:
        (top / name).mkdir(parents=True)
    return top


def leave(top):
    detach(top)
    top.rmdir()


def check_quick(near, dead):
    """Says the near one, not the dead one, and without waiting for it."""
    took, reading, said = points()
    check(took < LATE, f"took {took:.3f} s")
    check(str(near) in said and "/" in said, f"{near} not in {said}")
    check(not any(point.startswith(str(dead)) for point in said), str(said))
    check_equal(reading.failed, [], "failed")
    return reading


@test
def what_is_mounted_below_a_daemon_that_hangs_delays_nothing():
    top = place("dead", "near")
    daemon = Directory(top / "dead")
    try:
        mount("below", top / "dead" / "below", "tmpfs")
        mount("near", top / "near", "tmpfs", data="size=1m")
        daemon.stop()
        check(hangs(top / "dead" / "below"), "the way to it does not hang")
        check_quick(top / "near", top / "dead")
    finally:
        daemon.end()
        leave(top)


@test
def what_a_daemon_that_hangs_was_mounted_over_delays_nothing():
    top = place("dead/below", "near")
    mount("below", top / "dead" / "below", "tmpfs")
    mount("near", top / "near", "tmpfs", data="size=1m")
    # never answered: not even what it asks first
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    try:
        mount("dead", top / "dead", "fuse", 0,
              f"fd={device},rootmode=40755,user_id=0,group_id=0")
        check(hangs(top / "dead"), "the mount itself does not hang")
        check(hangs(top / "dead" / "below"), "the way to it does not hang")
        check_quick(top / "near", top / "dead")
    finally:
        os.close(device)
        leave(top)


def mounts_said(request):
    return [p.attributes.get("system.filesystem.mountpoint")
            for p in request.points if p.name == "system.filesystem.limit"]


def looks(receiver, count, first=0):
    """The requests from that one to the one in which so many of them have
    said file systems."""
    def enough():
        got = list(receiver.requests)[first:]
        ends = [n for n, request in enumerate(got, 1) if mounts_said(request)]
        return got[:ends[count - 1]] if len(ends) >= count else None
    return until(enough, 11 * count + 10, f"{count} looks at file systems")


def cycles(receiver, dead, near):
    """Waits for that many more looks, each with the near file system; no cycle
    may have been slow, none may say what is behind the dead one."""
    for request in looks(receiver, LOOKS, len(receiver.requests)):
        took = [p.value for p in request.points
                if p.name == "sluice.cycle.duration"]
        check(took and max(took) < LATE, f"cycles of {took} s")
        said = mounts_said(request)
        check(not said or str(near) in said, f"{near} not in {said}")
        check(not any(str(point).startswith(str(dead)) for point in said),
              str(said))


@test
def a_daemon_that_dies_while_the_pair_runs_delays_no_cycle():
    top = place("dead", "near")
    top.chmod(0o755)
    daemon = Directory(top / "dead")
    settings = {"collect": {"sources": {"filesystem":
                                        {"mountpoints": "all"}}}}
    try:
        mount("below", top / "dead" / "below", "tmpfs")
        mount("near", top / "near", "tmpfs", data="size=1m")
        with tempfile.TemporaryDirectory() as folder:
            keys = Keys(folder)
            with Receiver(keys) as receiver, \
                    Pair(receiver.url, keys, settings=settings) as pair:
                cycles(receiver, top / "dead", top / "near")
                daemon.stop()
                check(hangs(top / "dead" / "below"), "it does not hang")
                cycles(receiver, top / "dead", top / "near")
                check_equal([e.line for e in pair.events if e.name == "late" or
                             e.fields.get("source") == "filesystem"], [])
                check_equal(pair.stop(), 0, "exit status")
    finally:
        daemon.end()
        leave(top)


@test
def one_that_cannot_be_asked_any_more_costs_itself_and_no_other():
    top = place("way/shut", "near", "far")
    top.chmod(0o755)
    names = ("way/shut", "near", "far")
    settings = {"collect": {"sources": {"filesystem":
                                        {"mountpoints": "all"}}}}

    def said(receiver, look):
        found = mounts_said(looks(receiver, look)[-1])
        check_equal(len(found), len(set(found)), "each once")
        return {name for name in names if str(top / name) in found}
    try:
        for name in names:
            mount("some", top / name, "tmpfs", data="size=1m")
        with tempfile.TemporaryDirectory() as folder:
            keys = Keys(folder)
            with Receiver(keys) as receiver, \
                    Pair(receiver.url, keys, settings=settings) as pair:
                check_equal(said(receiver, 1), set(names))
                (top / "way").chmod(0)
                for n in range(LOOKS):
                    check_equal(said(receiver, 2 + n), {"near", "far"})
                (top / "way").chmod(0o755)
                check_equal(said(receiver, 2 + LOOKS), set(names))
                check_equal([p.value for p in
                             receiver.points("sluice.records.lost")
                             if p.value], [], "records lost")
                check_equal([(e.name, e.fields["path"]) for e in pair.events
                             if e.fields.get("source") == "filesystem"],
                            [("source_failed", str(top / "way/shut")),
                             ("source_recovered", str(top / "way/shut"))])
                check_equal(pair.stop(), 0, "exit status")
    finally:
        for name in names:
            detach(top / name)
        leave(top)


@test
def a_file_system_that_another_hides_does_not_lend_it_its_name():
    top = place("twice")
    mount("first", top / "twice", "tmpfs", data="size=1m")
    mount("second", top / "twice", "tmpfs", data="size=2m")
    try:
        _, reading, _ = points()
        sizes = [value for (name, attrs), value in reading.points.items()
                 if name == "system.filesystem.limit" and
                 ("system.filesystem.mountpoint", str(top / "twice")) in attrs]
        check_equal(sizes, [2 << 20])
    finally:
        detach(top / "twice")
        leave(top)


@test
def one_file_system_in_many_places_is_said_once():
    top = place("a", "b")
    mount("shared", top / "a", "tmpfs", data="size=3m")
    for _ in range(3):
        mount(str(top / "a"), top / "b", "none", 0x1000)
    try:
        _, reading, said = points()
        check(str(top / "a") in said, str(said))
        check(str(top / "b") not in said, str(said))
    finally:
        leave(top)


@test
def a_read_only_mount_of_a_writable_file_system_counts_as_writable():
    top = place("view")
    mount("data", top / "view", "tmpfs", data="size=1m")
    mount("none", top / "view", "none", 0x1000 | 0x20 | 0x1)
    try:
        _, reading, _ = points()
        modes = [dict(attrs)["system.filesystem.mode"]
                 for name, attrs in reading.points
                 if name == "system.filesystem.limit" and
                 ("system.filesystem.mountpoint", str(top / "view")) in attrs]
        check_equal(modes, ["rw"])
        mount("none", top / "view", "none", 0x20 | 0x1)
        _, reading, _ = points()
        modes = [dict(attrs)["system.filesystem.mode"]
                 for name, attrs in reading.points
                 if name == "system.filesystem.limit" and
                 ("system.filesystem.mountpoint", str(top / "view")) in attrs]
        check_equal(modes, ["ro"])
    finally:
        leave(top)


main()
