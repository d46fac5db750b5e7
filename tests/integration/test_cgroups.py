# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The source cgroup over whole hosts' trees, and over cgroups
# of the kernel's own, in which a known load moves what it should.
import os
import signal
import subprocess
import sys
import tempfile
import time

import cgroupview
import hostview
import livegroups
from keys import Keys
from oddhosts import make
from once import once
from pair import Pair
from receiver import Receiver
from tap import Skip, check, check_equal, main, test, until

make_cgroups = make.make_cgroups
scratch = tempfile.TemporaryDirectory(prefix="sluice-cgroups-")
BURN = f"{livegroups.OWN}/burn.service"
UNIT = ("linux.systemd.unit", "burn.service")


def tree(kind):
    host = make_cgroups.make(kind, os.path.join(scratch.name, kind))
    (host.top / "proc").mkdir(exist_ok=True)
    return host.top


@test
def hosts_of_both_versions_are_said_to_the_last_number():
    for kind in ("rhel10", "rhel9", "rhel8"):
        top = tree(kind)
        reading, want = once("cgroup", tree=top), hostview.expected(
            "cgroup", top)
        check(len(want) > 700, f"{kind}: {len(want)} points")
        for where in reading.points.keys() | want.keys():
            check_equal(reading.points.get(where), want.get(where),
                        f"{kind}: {where}")
        check_equal((reading.failed, reading.lost), ([], 0), kind)


@test
def every_kind_of_container_is_told_from_every_other():
    reading = once("cgroup", tree=tree("rhel10"))
    names = {attrs for name, attrs in reading.points
             if name == "linux.cgroup.memory.usage"}
    read = [path for path in make_cgroups.above(make_cgroups.NAMES)
            if cgroupview.attributes(path) is not None]
    check_equal(len(names), len(read), "attributes")
    check_equal(reading.points[
        "linux.cgroup.count", frozenset([("linux.cgroup.state", "sent")])],
        len(read), "sent")
    values = [(key, value) for attrs in names for key, value in attrs]
    for key, count in (("container.id", 13), ("k8s.pod.uid", 6),
                       ("linux.systemd.uid", 4)):
        check_equal(sum(k == key for k, _ in values), count, key)
    check_equal({v for k, v in values if k == "container.runtime.name"},
                {"docker", "containerd", "cri-o", "podman"}, "runtimes")


@test
def ten_thousand_cost_no_more_than_the_places_there_are():
    reading = once("cgroup", "-t", tree=tree("10000"), timeout=60)
    points = reading.points
    state = {value: points["linux.cgroup.count", frozenset(
        [("linux.cgroup.state", value)])] for value in ("sent", "left_out")}
    # two slices and the user's manager are among them
    check_equal(state["sent"] + state["left_out"], 10003, "both")
    check(state["sent"] <= 512 + 768 + 256, f"{state}")
    reasons = dict(reading.failed)
    if "timeout" not in reasons.values():
        check_equal(state["sent"], 512 + 768 + 256, "sent")
        check_equal(reasons, {"[units]": "oversize", "[users]": "oversize",
                              "[containers]": "oversize"})
    check(reading.microseconds < 1000000, f"{reading.microseconds} us")


def need_own_cgroups():
    if os.geteuid() != 0 or os.path.exists("/run/systemd/system"):
        raise Skip("needs root, and a hierarchy that systemd does not keep")
    if not livegroups.tops() or not os.access(livegroups.tops()[0], os.W_OK):
        raise Skip("cgroups cannot be made here")


def value(metric, *attrs):
    reading = once("cgroup")
    check_equal(reading.failed, [], "failed")
    return reading.points.get((metric, frozenset([
        UNIT, ("linux.systemd.slice", livegroups.OWN), *attrs])))


class Load:
    """A program in the cgroup, from its first instruction on."""

    def __init__(self, program):
        self.child = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE,
            preexec_fn=lambda: livegroups.enter(BURN, os.getpid()))
        self.child.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        self.child.stdout.close()
        time.sleep(0.1)


@test
def a_cpu_burn_moves_cpu_time_by_what_it_burnt():
    need_own_cgroups()
    with livegroups.made([BURN]):
        with Load("import time\nprint(flush=True)\n"
                  "while time.process_time() < 1: pass\n"
                  "print(flush=True)\ntime.sleep(60)") as load:
            before = value("linux.cgroup.cpu.usage")
            load.child.stdout.readline()
            used = value("linux.cgroup.cpu.usage") - before
            check(0.8 < used < 1.2, f"{used} s")
            modes = sum(value("linux.cgroup.cpu.time", ("cpu.mode", mode))
                        for mode in ("user", "system"))
            total = value("linux.cgroup.cpu.usage")
            check(abs(modes - total) < total / 10, f"{modes} of {total}")


@test
def memory_mapped_is_memory_of_the_cgroup():
    need_own_cgroups()
    with livegroups.made([BURN]):
        with Load("import time\nprint(flush=True)\nx = b'x' * (64 << 20)\n"
                  "print(flush=True)\ntime.sleep(60)") as load:
            load.child.stdout.readline()
            anon = value("linux.cgroup.memory.anon")
            if anon is None:
                raise Skip("no controller of memory here")
            usage = value("linux.cgroup.memory.usage")
            check(64 << 20 < anon < 96 << 20, f"anon {anon}")
            check(anon <= usage < 160 << 20, f"usage {usage}")


@test
def forks_are_counted_and_a_limit_is_said_once_it_is_set():
    need_own_cgroups()
    with livegroups.made([BURN]):
        with Load("import os, time\n"
                  "if all(os.fork() for _ in range(9)):\n"
                  "    print(flush=True)\ntime.sleep(60)"):
            tasks = value("linux.cgroup.pids.usage")
            if tasks is None:
                raise Skip("no controller of processes here")
            check_equal(tasks, 10)
            check_equal(value("linux.cgroup.pids.limit"), None)
            for top in livegroups.tops():
                if (top / BURN / "pids.max").exists():
                    (top / BURN / "pids.max").write_text("77")
            check_equal(value("linux.cgroup.pids.limit"), 77)


@test
def two_that_want_one_cpu_wait_for_it():
    need_own_cgroups()
    with livegroups.made([BURN]):
        with Load("import os, time\nos.sched_setaffinity(0, {0})\n"
                  "os.fork()\nprint(flush=True)\n"
                  "end = time.monotonic() + 1\n"
                  "while time.monotonic() < end: pass\ntime.sleep(60)"):
            time.sleep(1.5)
            some = value("linux.cgroup.psi.stall_time", ("resource", "cpu"),
                         ("kind", "some"))
            if some is None:
                raise Skip("no PSI here")
            check(0.5 < some < 3, f"{some} s")


def held(pid):
    """Files of cgroups that it keeps open, by the cgroup's name."""
    folder = f"/proc/{pid}/fd"
    links = [os.readlink(os.path.join(folder, fd))
             for fd in os.listdir(folder)]
    return [link for link in links if "/burn.service/" in link]


@test
def the_locked_collector_reads_them_and_keeps_their_files_open():
    need_own_cgroups()
    keys = Keys(scratch.name)
    os.chmod(scratch.name, 0o755)
    settings = {"collect": {"sources": {"cgroup": {"enabled": True}}}}
    with livegroups.made([BURN]), Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=settings) as pair:
        def arrived():
            return [p for r in list(receiver.requests) for p in r.points
                    if p.name == "linux.cgroup.cpu.usage" and
                    "burn.service" in p.attributes.values()]
        until(lambda: len(arrived()) >= 2, 30, "burn.service arrives")
        check_equal([e.line for e in pair.events
                     if e.name == "source_failed" and
                     e.fields.get("source") == "cgroup"], [], "failures")
        count = len(held(pair.collector))
        check(4 <= count <= 14, f"{count} files are kept open")
    check(not os.path.exists(livegroups.tops()[0] / BURN), "left behind")


main()
