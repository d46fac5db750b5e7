# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Clocks that step and machines that sleep, devices that are
# made anew, counters that wrap: samples are dated right, what is missing is
# counted by its cause, and no counter ever goes back.
import ctypes
import os
import pathlib
import subprocess
import tempfile
import time

from honest import (accepted, check_counters, check_once, check_starts,
                    check_sum, missed, series, steps)
from keys import Keys
from meddle import MeddledPair
from oddhosts import host
from pair import Pair, need_root
from receiver import Receiver
from spacing import room
from supervisor import Supervisor
from tap import Skip, check, check_equal, main, test, until

SECOND = 10**9
HOUR, DAY, YEAR = 3600, 86400, 365 * 86400

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)


def more_steps(receiver, count, seconds=15):
    before = len(steps(receiver))
    until(lambda: len(steps(receiver)) >= before + count, seconds,
          f"{count} more steps")


def boot():
    """The wall clock when this machine began to count CLOCK_BOOTTIME."""
    return time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def dated(receiver):
    """(time of the step, when that was by the clock since boot): /proc/uptime
    is one that nobody meddles with."""
    return [(p.time, p.value * SECOND) for request in accepted(receiver)
            for p in request.points if p.name == "system.uptime"]


def check_dates(receiver, at, shifts):
    """Each sample's time is right by one of the clocks that were, in their
    order, and collections were a second apart by the clock since boot."""
    now = 0
    for when, uptime in dated(receiver):
        off = (when - at - uptime) / SECOND
        while now < len(shifts) and abs(off - shifts[now]) > 0.3:
            now += 1
        check(now < len(shifts), f"a sample is {off} s off: {shifts}")
    # the first may be out of turn
    uptimes = [uptime for _, uptime in dated(receiver)][1:]
    for before, after in zip(uptimes, uptimes[1:]):
        check(0.7 < (after - before) / SECOND < 1.3,
              f"{(after - before) / SECOND} s between two collections")


def after_steps(*seconds, between=1):
    """A pair whose wall clock was set by these, one after the other."""
    need_root()
    at = boot()
    with Receiver(keys) as receiver, \
            MeddledPair(receiver.url, keys) as pair:
        more_steps(receiver, 2)
        shifts = [0]
        for by in seconds:
            pair.in_collector.step(by)
            shifts.append(shifts[-1] + by)
            more_steps(receiver, between)
        more_steps(receiver, 1)
        check_equal(pair.stop(), 0, "exit status")
        check_dates(receiver, at, shifts)
        check_once(receiver)
        check_counters(receiver)
        check_sum(pair)
        return receiver, pair


@test
def a_clock_that_steps_by_seconds_or_hours_is_counted_once_each_time():
    receiver, pair = after_steps(5, -3, 4 * HOUR, -5 * HOUR, 2 * DAY)
    check_equal([round(int(e.fields["ms"]) / 1000) for e in pair.events
                 if e.name == "clock_step"],
                [5, -3, 4 * HOUR, -5 * HOUR, 2 * DAY])
    found = missed(receiver)
    check_equal(found.pop("clock_step"), 5, "clock_step")
    check_equal(sum(found.values()), 0, f"{found}")
    check_starts(receiver)


@test
def a_leap_second_is_a_step_and_a_slow_correction_is_none():
    receiver, pair = after_steps(-1, 0.04, 0.04, 0.04, -0.05, -0.05)
    check_equal(missed(receiver)["clock_step"], 1, "clock_step")
    check_starts(receiver)


@test
def before_the_boot_a_start_moves_once_and_comes_back():
    back = -(time.time_ns() - boot()) // SECOND - YEAR
    at = boot()
    receiver, _ = after_steps(back, -back, between=3)
    early = [p for points in series(receiver).values() for p in points
             if p.kind == "counter" and p.time < at]
    check(len(early) > 100, f"{len(early)} points from before the boot")
    check_equal({p.start for p in early}, {min(p.time for p in early)})
    check_starts(receiver, since=at)
    check_equal(missed(receiver)["clock_step"], 2, "clock_step")


@test
def a_machine_that_slept_says_how_many_intervals_and_nothing_else():
    need_root()
    with Receiver(keys) as receiver, \
            MeddledPair(receiver.url, keys) as pair:
        more_steps(receiver, 2)
        for seconds in (5, HOUR, 12 * HOUR):
            pair.in_collector.sleep(seconds)
            more_steps(receiver, 1)
        more_steps(receiver, 1)
        check_equal(pair.stop(), 0, "exit status")
        found = missed(receiver)
        check_equal(found.pop("suspended"), 5 + 13 * HOUR, "suspended")
        check_equal(sum(found.values()), 0, f"{found}")
        times = steps(receiver)
        gaps = [b - a for a, b in zip(times, times[1:])]
        check_equal([round(gap / SECOND) for gap in gaps
                     if gap > room(0)[1] * SECOND],
                    [6, HOUR + 1, 12 * HOUR + 1], "gaps")
        check_starts(receiver)
        check_once(receiver)
        check_counters(receiver)
        check_sum(pair)


@test
def a_sleep_and_a_step_at_once_are_counted_each():
    """What a suspended machine's wall clock does that is set on waking."""
    need_root()
    with Receiver(keys) as receiver, \
            MeddledPair(receiver.url, keys) as pair:
        more_steps(receiver, 2)
        pair.in_collector.sleep(60)
        pair.in_collector.step(-7)
        more_steps(receiver, 3)
        check_equal(pair.stop(), 0, "exit status")
        found = missed(receiver)
        check_equal((found["suspended"], found["clock_step"], found["late"]),
                    (60, 1, 0), "suspended, clock_step, late")
        check_counters(receiver)


@test
def starts_stand_over_a_step_and_a_restart():
    need_root()
    with Receiver(keys) as receiver, \
            Supervisor(MeddledPair(receiver.url, keys)) as manager:
        manager.wait_ready()
        more_steps(receiver, 3)
        manager.pair.in_collector.step(3 * HOUR)
        more_steps(receiver, 2)
        manager.restart(shipper=True)
        more_steps(receiver, 3)
        manager.hold()
        manager.kill(shipper=True)
        manager.pair.in_collector.step(-2 * HOUR)
        manager.release()
        more_steps(receiver, 4)
        check_once(receiver)
        check_counters(receiver)
        check_equal(missed(receiver)["clock_step"], 2, "clock_step")
        # what the process counts of itself begins with it; the queue does not
        for (name, _), points in series(receiver).items():
            if points[0].kind == "counter" and points[0].time == \
                    steps(receiver)[0] and not name.startswith(
                        ("sluice.process", "sluice.export", "sluice.source",
                         "sluice.tls.", "otel.")):
                check_equal(len({p.start for p in points}), 1,
                            f"starts of {name}")


class Proc:
    """A procfs whose devices and interfaces change."""

    def __init__(self, name):
        self.tree = host(name)
        self.write(disk=(1000, 500), interface=(1000, 1))

    def put(self, path, text):
        new = self.tree / "proc" / "new"
        new.write_text(text)
        new.rename(self.tree / "proc" / path)

    def write(self, disk=None, interface=None):
        """disk: sectors and ms; interface: bytes and packets; None: gone."""
        rows = []
        if disk is not None:
            sectors, ms = disk
            rows = [f"   7 0 loop0 9 0 {sectors} {ms} 9 0 {sectors} {ms} 0 "
                    f"{ms} {ms}\n"]
        self.put("diskstats", "".join(rows))
        text = "header\nheader\n    lo:" + " 7" * 16 + "\n"
        if interface is not None:
            octets, packets = interface
            text += (f"  veth7: {octets} {packets} 0 0 0 0 0 0 "
                     f"{octets} {packets} 0 0 0 0 0 0\n")
        self.put("net/dev", text)


def values(receiver, name, **attributes):
    return [(p.value, p.start, p.time)
            for p in receiver.points(name, **attributes)]


@test
def a_device_or_interface_that_is_made_anew_begins_anew():
    proc = Proc("reuse")
    (proc.tree / "sys/block/loop0").mkdir(parents=True, exist_ok=True)
    settings = {"collect": {"procfs": str(proc.tree / "proc"),
                            "sysfs": str(proc.tree / "sys")}}
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=settings) as pair:
        more_steps(receiver, 2)
        # at once between two collections; gone for a while; a second time
        proc.write(disk=(10, 5), interface=(10, 1))
        more_steps(receiver, 2)
        proc.write()
        more_steps(receiver, 4)
        proc.write(disk=(20, 9), interface=(20, 2))
        more_steps(receiver, 2)
        check_equal(pair.stop(), 0, "exit status")
        check_counters(receiver, most=1 << 31)
        check_once(receiver)
        check_sum(pair)
        for name in ("system.network.io", "system.disk.io"):
            found = [points for (what, attrs), points in
                     series(receiver).items() if what == name and
                     {"veth7", "loop0"} & set(dict(attrs).values())]
            check(found, f"no {name}")
            for points in found:
                check_equal(len({p.start for p in points}), 3,
                            f"starts of {name}: {points}")


@test
def a_disk_whose_times_wrap_goes_on():
    proc = Proc("wrap")
    (proc.tree / "sys/block/loop0").mkdir(parents=True, exist_ok=True)
    limit = 1 << 32
    proc.write(disk=(1 << 40, limit - 1500))
    settings = {"collect": {"procfs": str(proc.tree / "proc"),
                            "sysfs": str(proc.tree / "sys")}}
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=settings) as pair:
        more_steps(receiver, 2)
        for turn in range(4):
            proc.write(disk=((1 << 40) + turn, (limit - 500 + turn * 400) %
                             limit))
            more_steps(receiver, 2)
        check_equal(pair.stop(), 0, "exit status")
        check_counters(receiver, most=2000, of="system.disk")
        busy = receiver.points("system.disk.io_time")
        check_equal(len({p.start for p in busy}), 1, "starts")
        check(busy[-1].value * 1000 > limit, f"{busy[-1].value} s")


def own_network():
    """This process and all it starts: a network of their own."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000) < 0:
        raise Skip("no network namespace: " + os.strerror(ctypes.get_errno()))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def make_interface():
    """One that has already sent."""
    done = subprocess.run(
        ["ip", "link", "add", "chaos0", "type", "veth", "peer", "chaos1"],
        check=False, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Skip(f"no veth: {done.stderr.decode()}")
    for name in ("chaos0", "chaos1"):
        subprocess.run(["ip", "link", "set", name, "up"], check=True)


@test
def an_interface_of_the_kernel_that_is_deleted_and_made_anew_begins_anew():
    need_root()
    if not pathlib.Path("/usr/sbin/ip").exists():
        raise Skip("needs ip(8)")
    own_network()
    make_interface()
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        until(lambda: [v for v in values(
            receiver, "system.network.io", network_interface_name="chaos0",
            network_io_direction="transmit") if v[0] > 600], 20,
            "it has sent something")
        subprocess.run(["ip", "link", "delete", "chaos0"], check=True)
        make_interface()
        more_steps(receiver, 4)
        check_equal(pair.stop(), 0, "exit status")
        check_counters(receiver, most=1 << 31)
        check_once(receiver)
        sent = values(receiver, "system.network.io",
                      network_interface_name="chaos0",
                      network_io_direction="transmit")
        check_equal(len({start for _, start, _ in sent}), 2,
                    f"starts: {sent}")


main()
