# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Each source, on this host, on captured hosts and on odd
# ones, against a second reader of the same files.
import os
import tempfile

import hostview
import processview
from faults import need_root
from mounts import mount, own_namespace
from oddhosts import fixtures, odd
from once import SOURCES, once
from pidworld import alone, crowd
from tap import Failed, check, check_equal, main, test


TRIES = 8

# How far a value may lie outside what was read before and after it.
SLACK = {
    "system.process.count": 3, "linux.process.runnable": 4,
    "linux.process.blocked": 4, "linux.thread.count": 8,
    "system.cpu.load_average.1m": 1, "linux.disk.in_flight": 64,
    "linux.file_handles": 500, "linux.entropy.available": 256,
    "linux.process.rows": 8, "process.thread.count": 16,
    "process.unix.file_descriptor.count": 64,
}
BYTES_SLACK = 64 << 20


def slack(name):
    if name.startswith(("system.memory.", "linux.memory.", "system.paging.u",
                        "process.memory.")):
        return BYTES_SLACK
    return SLACK.get(name, 0)


def between(source):
    """Differences from what was there before and after the read."""
    before = hostview.expected(source)
    reading = once(source, "-c")
    after = hostview.expected(source)
    wrong = []
    for where in sorted(before.keys() & after.keys(), key=str):
        low, high = sorted((before[where], after[where]))
        room = slack(where[0])
        got = reading.points.get(where)
        if got is None or not low - room <= got <= high + room:
            wrong.append(f"{where}: {got}, not {low} to {high}")
    new = reading.points.keys() - (before.keys() | after.keys())
    return wrong + [f"{where}: only here" for where in new]


def check_here(source):
    """Things that move may be missed now and then, but not each time."""
    for _ in range(TRIES):
        wrong = between(source)
        if not wrong:
            return
    raise Failed("\n".join(wrong))


def check_tree(source, tree, missing=True):
    reading = once(source, "-c", tree=tree)
    want = hostview.expected(source, tree)
    for where in reading.points.keys() | want.keys():
        check_equal(reading.points.get(where), want.get(where),
                    f"{tree.name}: {where}")
    check_equal(reading.lost, 0, "lost")
    for path, reason in reading.failed:
        check(missing and reason == "missing", f"{tree.name}: {path} {reason}")


def top_here():
    """Among processes that are greater than the one that reads."""
    crowd(processview.COUNT + 2, megabytes=2)
    check_here("top")


for _source in hostview.SOURCES:
    def _test(source=_source):
        if source == "top":     # a list of the greatest moves with any other
            alone(top_here)
        else:
            check_here(source)
    _test.__name__ = f"{_source}_of_this_host_is_what_its_files_say"
    test(_test)


@test
def the_root_file_system_of_this_host_is_what_statvfs_says():
    for _ in range(TRIES):
        before, reading, after = (os.statvfs("/"), once("filesystem"),
                                  os.statvfs("/"))
        where = next((attrs for name, attrs in reading.points
                      if name == "system.filesystem.limit" and
                      ("system.filesystem.mountpoint", "/") in attrs), None)
        check(where is not None, "no file system is mounted on /")
        got = {state: reading.points["system.filesystem.usage", where |
                                     {("system.filesystem.state", state)}]
               for state in ("used", "free", "reserved")}
        check_equal(sum(got.values()),
                    reading.points["system.filesystem.limit", where], "sum")
        check_equal(sum(got.values()), before.f_blocks * before.f_frsize)
        low, high = sorted((before.f_bavail, after.f_bavail))
        if low <= got["free"] / before.f_frsize <= high:
            return
    raise Failed(f"free is {got['free']}, not {low} to {high} blocks")


@test
def a_mount_point_that_is_not_standard_is_only_said_when_asked_for():
    standard = once("filesystem").values("system.filesystem.limit",
                                         "system.filesystem.mountpoint")
    every = once("filesystem", "-a").values("system.filesystem.limit",
                                            "system.filesystem.mountpoint")
    check(standard <= every, f"{standard} of {every}")
    check(all(point.count("/") < 4 and "sluice" not in point
              for point in standard), str(standard))


@test
def a_type_that_is_excluded_is_not_said():
    kind = "system.filesystem.type"
    types = once("filesystem").values("system.filesystem.limit", kind)
    for name in types:
        left = once("filesystem", "-x", name)
        check_equal(left.values("system.filesystem.limit", kind),
                    types - {name})


@test
def the_clock_of_this_host_is_said():
    check_equal(len(once("clock").points), 6)


@test
def captured_hosts_are_said_to_the_last_number():
    trees = sorted(p for p in fixtures.iterdir() if p.name.startswith("linux"))
    check(len(trees) >= 3, "trees")
    for tree in trees:
        for source in hostview.SOURCES:
            needed = {"cpu": "stat", "load": "loadavg", "memory": "meminfo",
                      "paging": "vmstat", "disk": "diskstats",
                      "network": "net/dev", "protocol": "net/snmp",
                      "socket": "net/sockstat", "process": "1/stat",
                      "kernel": "uptime"}.get(source, "")
            if (tree / "proc" / needed).exists() and (tree / "sys").exists():
                check_tree(source, tree)


@test
def a_big_host_is_said_to_the_last_number():
    tree = odd("big")
    for source in hostview.SOURCES:
        check_tree(source, tree, missing=False)
    check_equal(len(once("cpu", "-c", tree=tree).values(
        "system.cpu.time", "cpu.logical_number")), 256)
    names = once("network", tree=tree).values(
        "system.network.io", "network.interface.name")
    check_equal(len(names), 500)
    check({"br-1a2b3c4d5e6f", "eth0.100", "veth0@if7"} <= names, "names")
    check_equal(len(once("disk", tree=tree).values(
        "system.disk.io", "system.device")), 64)
    check_equal(once("paging", tree=tree).values(
        "system.paging.usage", "system.device"),
        {"/dev/dm-1", "/swap%20file", "/dev/zram0", "/dev/zram1"})
    total = sum(value for (name, _), value in
                once("process", tree=tree).points.items()
                if name == "system.process.count")
    check_equal(total, 1100, "processes")


@test
def a_bare_host_is_said_without_what_it_lacks():
    tree = odd("bare")
    for source in hostview.SOURCES:
        check_tree(source, tree)
    check_equal(once("disk", tree=tree).points, {})
    check_equal(once("pressure", tree=tree).points, {})
    check("ipv6" not in str(once("protocol", tree=tree).points), "IPv6")
    check_equal(once("protocol", tree=tree).failed, [], "without IPv6")
    check_equal(once("socket", tree=tree).failed, [], "without IPv6")


@test
def counters_that_went_back_are_said_as_they_stand():
    for tree in sorted(odd("wrapping").iterdir()):
        for source in hostview.SOURCES:
            check_tree(source, tree, missing=False)


@test
def a_copied_tree_has_no_file_systems_and_no_clock():
    tree = odd("big")
    reading = once("filesystem", tree=tree)
    check_equal(reading.points, {})
    check_equal([reason for _, reason in reading.failed], ["missing"])
    check_equal(once("clock", tree=tree).points, {})


@test
def no_wrong_file_makes_a_source_crash_hang_or_say_what_cannot_be():
    for tree in sorted(odd("hostile").iterdir()):
        for source in SOURCES:
            reading = once(source, "-c", tree=tree, timeout=10)
            for where, value in reading.points.items():
                least = -1 if where[0] == "linux.perf_event_paranoid" else 0
                check(least <= value < 2 ** 63,
                      f"{tree.name}: {where} {value}")
                check(all(len(v) <= 255 for _, v in where[1]), tree.name)


@test
def files_that_are_no_files_are_refused_and_that_is_said():
    for kind, reasons in (("link", {"other"}), ("directory", {"other"}),
                          ("oversize", {"oversize", "malformed"})):
        for source in hostview.SOURCES:
            reading = once(source, "-c", tree=odd("hostile") / kind)
            said = {where: value for where, value in reading.points.items()
                    if where[0] != "linux.posture.changes"}
            # the start of a long stat file may still be one
            if (source, kind) != ("process", "oversize"):
                check_equal(said, {}, f"{source} of {kind}")
            check(reading.failed, f"{source} of {kind} says nothing")
            check({r for _, r in reading.failed} <= reasons,
                  f"{source} of {kind}: {reading.failed}")


@test
def malformed_files_are_said_to_be():
    for kind in ("malformed", "huge", "binary", "lines"):
        for source in ("cpu", "load", "memory", "disk", "network", "protocol",
                       "socket", "process"):
            reading = once(source, tree=odd("hostile") / kind)
            check("malformed" in {r for _, r in reading.failed},
                  f"{source} of {kind}: {reading.failed}")


@test
def a_hardened_host_and_its_weaknesses_are_said_by_name():
    reading = once("posture", tree=odd("big"))
    said = {name: value for name, value in
            ((name, value) for (name, attrs), value in reading.points.items()
             if not attrs)}
    check_equal({name: said["linux." + name] for name in
                 ("selinux.mode", "lockdown", "secure_boot", "fips",
                  "modules.locked", "kexec.locked", "ptrace_scope")},
                {"selinux.mode": 2, "lockdown": 1, "secure_boot": 1,
                 "fips": 1, "modules.locked": 1, "kexec.locked": 1,
                 "ptrace_scope": 1})
    check_equal(reading.values("linux.cpu.vulnerability",
                               "linux.cpu.vulnerability.name"),
                {"meltdown", "l1tf", "spectre_v1", "spectre_v2", "mds",
                 "itlb_multihit", "spec_rstack_overflow", "srbds"})


@test
def hidepid_of_a_mount_of_the_test_s_own_is_seen():
    need_root()
    for option, value in (("hidepid=0", 0), ("hidepid=1", 1),
                          ("hidepid=2", 2), ("hidepid=4", 4)):
        def over_proc(option=option):
            own_namespace()
            mount("proc", "/proc", "proc", 0, option)
        reading = once("posture", preexec_fn=over_proc)
        check_equal(reading.points["linux.proc.hidepid", frozenset()], value)


@test
def where_disks_cannot_be_listed_every_device_is_said():
    with tempfile.TemporaryDirectory() as sys:
        reading = once("disk", "-s", sys, "-p",
                       str(fixtures / "linux-5.14-rhel9/proc"))
    check_equal(reading.failed, [("block/", "missing")])
    check_equal(reading.values("system.disk.io", "system.device"),
                {"nvme0n1", "nvme0n1p1", "nvme0n1p2", "nvme0n1p3", "dm-0",
                 "dm-1"})


main()
