# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Each file of each source, missing, denied, unreadable or
# malformed: it costs its own metrics, that is said with the right reason, and
# every other metric of the source still comes.
import ctypes
import os
import pathlib
import re
import struct
import tempfile

from faults import (Binary, Denied, Empty, Malformed, Missing, Unreadable,
                    as_nobody, need_root)
from fuse import BadFile
from mounts import detach, enter_namespace, mount, own_namespace
from oddhosts import FILES, host, worth
from once import SOURCES, once
from tap import Skip, check, check_equal, main, test

BIND = 0x1000

tree = host("faults")

# No swap and no disk are as good as any; what they are said in is not.
MAY_BE_EMPTY = ("proc/swaps", "proc/diskstats",
                "sys/fs/cgroup/system.slice/sshd.service/io.stat")


def check_file(file, kind, **how):
    """What comes with that file broken, and what with it whole again."""
    reason = kind.reason if file.needed or kind is not Missing else None
    whole = once(file.source, "-c", tree=tree, **how)
    check_equal(whole.failed, [], "failures of a whole tree")
    own = {where for where in whole.points if worth(file, *where)}
    check(own, f"{file.path} gives nothing")
    broken = kind(tree / file.path)
    try:
        reading = once(file.source, "-c", tree=tree, **how)
    finally:
        broken.undo()
    what = f"{file.path} as {kind.__name__}: "
    check_equal(reading.failed, [(file.said, reason)] if reason else [],
                what + "what is said")
    if file.points != "process.count" or reason:
        check_equal(reading.points, {where: value for where, value in
                                     whole.points.items() if where not in own},
                    what + "what still comes")
    check_equal(once(file.source, "-c", tree=tree, **how).points, whole.points,
                what + "afterwards")


@test
def a_missing_file_costs_its_own_metrics_and_is_said():
    for file in FILES:
        check_file(file, Missing)


@test
def a_denied_file_costs_its_own_metrics_and_is_said():
    need_root()
    for file in FILES:
        check_file(file, Denied, preexec_fn=as_nobody)


@test
def a_file_that_cannot_be_read_costs_its_own_metrics_and_is_said():
    enter_namespace()
    for file in FILES:
        check_file(file, Unreadable)


@test
def a_malformed_file_costs_its_own_metrics_and_is_said():
    for file in FILES:
        check_file(file, Malformed)
        check_file(file, Binary)
        if file.path not in MAY_BE_EMPTY:
            check_file(file, Empty)


@test
def a_process_that_has_gone_is_one_less():
    before = sum(once("process", tree=tree).points.values())
    gone = Missing(tree / "proc/3/stat")
    try:
        reading = once("process", tree=tree)
    finally:
        gone.undo()
    check_equal(reading.failed, [])
    check_equal(sum(reading.points.values()), before - 1)


def check_line(source, path, start, wrong, gone):
    """What comes with that line wrong: all but its own item's points."""
    whole = once(source, "-c", tree=tree)
    text = (tree / path).read_text()
    (tree / path).write_text(re.sub(f"({start}).*", wrong, text, count=1))
    try:
        reading = once(source, "-c", tree=tree)
    finally:
        (tree / path).write_text(text)
    check_equal(reading.failed, [(path.removeprefix("proc/"), "malformed")])
    check_equal(reading.points, {
        (name, attrs): value for (name, attrs), value in whole.points.items()
        if not gone & attrs}, f"{path} with {wrong}")


@test
def one_line_that_is_wrong_costs_its_own_item():
    for wrong in (r"\1 x 1 1 1 1 1 1 1", r"\1 1 1 1", r"\1"):
        check_line("cpu", "proc/stat", "cpu2", wrong,
                   {("cpu.logical_number", "2")})
        check_line("disk", "proc/diskstats", " nvme0n1 ", wrong,
                   {("system.device", "nvme0n1")})
        check_line("network", "proc/net/dev", "eth0: ", wrong,
                   {("network.interface.name", "eth0"),
                    ("system.device", "eth0")})


@test
def directories_that_are_missing_or_denied_are_said():
    need_root()
    whole = once("disk", tree=tree).values("system.disk.io", "system.device")
    for kind in (Missing, Denied):
        for source, path, said in (
                ("disk", "sys/block", "block/"),
                ("edac", "sys/devices/system/edac/mc",
                 "devices/system/edac/mc/")):
            broken = kind(tree / path)
            try:
                reading = once(source, tree=tree, preexec_fn=as_nobody)
            finally:
                broken.undo()
            check_equal(reading.failed, [(said, kind.reason)])
            # which are disks is not known: better too many than none
            disks = reading.values("system.disk.io", "system.device")
            check(source == "edac" or whole < disks, str(disks))
            check_equal(bool(reading.points), source == "disk")


def over_mountinfo(path, drop):
    """In the child: that path in the place of its own mountinfo."""
    def hide():
        own_namespace()
        where = f"/proc/{os.getpid()}"
        mount(str(path), where if path.is_dir() else where + "/mountinfo",
              "none", BIND)
        if drop:
            as_nobody()
    return hide


def check_mountinfo(path, reason, drop=False):
    reading = once("filesystem", preexec_fn=over_mountinfo(path, drop))
    check_equal(reading.points, {})
    check_equal(reading.failed, [("self/mountinfo, statfs(2)", reason)])


@test
def file_systems_without_a_list_of_mounts_are_not_guessed():
    enter_namespace()
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        mount("sluice-top", top, "tmpfs")
        try:
            (top / "none").mkdir()
            # a sanitizer cannot look for leaks there, and reads so from here
            (top / "none/environ").write_text("ASAN_OPTIONS=detect_leaks=0\0")
            check_mountinfo(top / "none", "missing")
            (top / "denied").touch(0)
            check_mountinfo(top / "denied", "denied", drop=True)
            good = pathlib.Path("/proc/self/mountinfo").read_text()
            for number, text in enumerate((
                    good + "x", "1 2\n", good.replace(" - ", " ", 1),
                    good.replace(":", "", 1))):
                path = top / f"malformed{number}"
                path.write_text(text)
                check_mountinfo(path, "malformed")
            (top / "bad").touch()
            daemon = BadFile(top / "bad")
            check_mountinfo(top / "bad", "other")
            daemon.end()
        finally:
            detach(top)


@test
def where_proc_hides_processes_they_are_not_counted():
    enter_namespace()
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder).chmod(0o711)
        proc = pathlib.Path(folder, "proc")
        proc.mkdir()
        mount("proc", proc, "proc", 0, "hidepid=invisible")
        try:
            seen = once("process", "-p", str(proc))
            hidden = once("process", "-p", str(proc), preexec_fn=as_nobody)
        finally:
            detach(proc)
        check_equal(seen.failed, [])
        check_equal(seen.names(),
                    {"system.process.count", "system.process.limit"})
        check_equal(hidden.failed, [("[pid]/stat", "denied")])
        check_equal(hidden.names(), {"system.process.limit"})


ADJTIMEX = {"x86_64": 159, "aarch64": 171}


def without_adjtimex():
    """In the child: seccomp(2) answers that call with EPERM."""
    machine = os.uname().machine
    program = b"".join(struct.pack("<HBBI", *row) for row in (
        (0x20, 0, 0, 0), (0x15, 0, 1, ADJTIMEX[machine]),
        (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)))
    rows = ctypes.create_string_buffer(program, len(program))
    filter_ = struct.pack("<HxxxxxxQ", len(program) // 8,
                          ctypes.addressof(rows))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) < 0 or libc.prctl(22, 2, filter_) < 0:
        raise OSError(ctypes.get_errno(), "seccomp")


@test
def a_clock_that_may_not_be_asked_is_said_to_be_denied():
    if os.uname().machine not in ADJTIMEX:
        raise Skip("the number of adjtimex(2) is not known here")
    reading = once("clock", preexec_fn=without_adjtimex)
    check_equal(reading.points, {})
    check_equal(reading.failed, [("adjtimex(2)", "denied")])


@test
def no_source_is_left_out_here():
    # test_processes.py and test_sockets.py have theirs
    check_equal({file.source for file in FILES} |
                {"filesystem", "clock", "top", "sockdiag"}, set(SOURCES))


main()
