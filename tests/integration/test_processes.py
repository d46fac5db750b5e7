# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Rows of processes on this kernel: a load that is made here
# moves the row that it should by what it should, and no other.
import contextlib
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

import processview
from faults import Denied, Malformed, Missing, as_nobody, need_root
from mounts import detach, enter_namespace, mount
from oddhosts import fixtures
from once import Reading, key, once, program
from tap import Skip, check, check_equal, main, test

START = "linux.process.start_ticks"
CPU, MEMORY = "process.cpu.time", "process.memory.usage"
TICK = 0.011


class Watch:
    """The source, reading whenever it is asked to."""

    def __init__(self, *options):
        self.child = subprocess.Popen(
            [str(program), "-w", "-n", "1000", *options, "top"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self, again=True):
        if again:
            self.child.stdin.write("\n")
            self.child.stdin.flush()
        lines = []
        for line in self.child.stdout:
            if line == "read\n":
                return Reading("".join(lines))
            lines.append(line)
        raise AssertionError("source_once has ended")

    def __enter__(self):
        return self, self.read(again=False)

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()


@contextlib.contextmanager
def python(text, count=1):
    """Programs that begin, and end, when they are told to."""
    children = [subprocess.Popen(
        [sys.executable, "-c", "import sys, os, time, mmap\n"
         "sys.stdin.readline()\n" + text + "\nprint(flush=True)\n"
         "sys.stdin.readline()"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        yield children
    finally:
        for child in children:
            child.kill()
            child.wait()
            child.stdin.close()
            child.stdout.close()


def go(child):
    child.stdin.write("\n")
    child.stdin.flush()
    child.stdout.readline()


def row(reading, pid, metric, **attrs):
    """That process's value, or None."""
    for (name, where), value in reading.points.items():
        have = dict(where)
        if name == metric and have.get("process.pid") == str(pid) and all(
                have.get(k.replace("__", ".")) == v for k, v in attrs.items()):
            return value
    return None


def cpu(reading, pid):
    modes = [row(reading, pid, CPU, cpu__mode=m) for m in ("user", "system")]
    return None if modes[0] is None else float(sum(modes))


def rest(reading, metric, **attrs):
    return reading.points[key(metric, **attrs)]


def ticks(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    return (int(words.split()[11]) + int(words.split()[12])) / 100


@test
def a_cpu_burn_moves_its_own_row_by_what_it_burnt():
    with python("while time.process_time() < 1: pass") as (child,), \
            Watch() as (watch, _):
        watch.read()
        before = ticks(child.pid)
        go(child)
        used = ticks(child.pid) - before
        check(0.8 < used < 1.2, f"{used} s")
        got = cpu(watch.read(), child.pid)
        check(abs(got - used) < TICK, f"{got}, not {used}")
        # and nothing more, whether it still has a row or not
        time.sleep(0.3)
        later = cpu(watch.read(), child.pid)
        check(later in (None, got), f"{later} after {got}")


@test
def memory_mapped_and_touched_is_memory_of_its_row():
    size = 300 << 20
    with python(f"m = mmap.mmap(-1, {size})\nfor i in range(0, {size}, 4096):"
                " m[i] = 1") as (child,), Watch("-k", "50") as (watch, first):
        before = row(first, child.pid, MEMORY) or 0
        go(child)
        reading = watch.read()
        grown = row(reading, child.pid, MEMORY) - before
        check(size - (2 << 20) <= grown <= size + (20 << 20),
              f"{grown} of {size}")
        faults = row(reading, child.pid, "process.paging.faults",
                     system__paging__fault__type="minor")
        check(faults > 100, f"{faults} faults")


@test
def descriptors_that_are_opened_are_counted():
    if os.stat("/proc/self/fd").st_size == 0:
        raise Skip("before Linux 6.2 no size says it")
    with python("x = b'x' * (200 << 20)\n"
                "f = [os.open('/dev/null', 0) for _ in range(123)]"
                ) as (child,), Watch("-k", "50") as (watch, _):
        go(child)
        want = len(os.listdir(f"/proc/{child.pid}/fd"))
        check(want >= 126, want)
        check_equal(row(watch.read(), child.pid,
                        "process.unix.file_descriptor.count"), want)


@test
def a_fork_storm_is_counted_and_all_rows_add_up_to_all_processes():
    with Watch("-k", "5") as (watch, first):
        with python("import threading\nfor _ in range(3):\n"
                    " threading.Thread(target=sys.stdin.readline,"
                    " daemon=True).start()", count=60) as children:
            for child in children:
                go(child)
            for _ in range(8):
                before = processview.processes(pathlib.Path("/proc"))
                reading = watch.read()
                after = processview.processes(pathlib.Path("/proc"))
                for metric, value in (
                        (MEMORY, lambda p: p.rss * os.sysconf("SC_PAGESIZE")),
                        ("process.thread.count", lambda p: p.threads)):
                    low, high = sorted((sum(map(value, before)),
                                        sum(map(value, after))))
                    got = sum(v for (name, _), v in reading.points.items()
                              if name == metric)
                    room = 1 << 27 if metric == MEMORY else 20
                    check(low - room <= got <= high + room,
                          f"{metric}: {got}, not {low} to {high}")
                threads = sum(p.threads for p in after
                              if p.pid in {c.pid for c in children})
                if threads == 240:
                    break
            check_equal(threads, 240, "threads of the storm")
        rows = {state: rest(reading, "linux.process.rows",
                            linux__process__row=state)
                for state in ("own", "others", "left_out")}
        check(60 < rows["own"] + rows["others"], rows)
        check(rows["own"] <= 10 and rows["left_out"] == 0, rows)


@test
def what_many_small_ones_use_is_in_everything_else():
    with python("while time.process_time() < 0.1: pass",
                count=30) as children, Watch("-k", "1") as (watch, first):
        pids = {str(child.pid) for child in children}
        watch.read()
        before = {c.pid: ticks(c.pid) for c in children}
        for child in children:
            go(child)
        reading = watch.read()
        used = sum(ticks(c.pid) - before[c.pid] for c in children)
        own = sum(float(v) for (name, where), v in reading.points.items()
                  if name == CPU and dict(where).get("process.pid") in pids)
        others = sum(float(rest(reading, CPU, cpu__mode=m))
                     for m in ("user", "system"))
        check(2 < used < 6, f"{used} s")
        check(others + own >= used - 30 * TICK, f"{others} and {own}")
        check(own < used / 2, f"{own} of {used} in rows")


@test
def a_broken_file_costs_its_own_row_and_is_said():
    tree = pathlib.Path(tempfile.mkdtemp(prefix="sluice-top-"))
    subprocess.run(["cp", "-r", f"{fixtures}/linux-6.18/.", tree], check=True)
    subprocess.run(["chmod", "-R", "a+rX", tree], check=True)
    whole = once("top", tree=tree)
    for kind in (Missing, Malformed) + \
            ((Denied,) if os.geteuid() == 0 else ()):
        broken = kind(tree / "proc/412/stat")
        try:
            reading = once("top", tree=tree,
                           preexec_fn=as_nobody if os.geteuid() == 0 else None)
        finally:
            broken.undo()
        check_equal(reading.failed, [] if kind is Missing else
                    [("[pid]/stat", kind.reason)], kind.__name__)
        check_equal({where for where in reading.points
                     if ("process.pid", "412") in where[1]}, set())
        lost = 0 if kind is Missing else 1
        check_equal(rest(reading, "linux.process.rows",
                         linux__process__row="left_out"), lost)
        # what is missing would make everything else too small
        check_equal(key(MEMORY) in reading.points, lost == 0)
        for where, value in whole.points.items():
            if any(k == "process.pid" and v != "412" for k, v in where[1]):
                check_equal(reading.points.get(where), value, str(where))
    subprocess.run(["rm", "-r", tree], check=True)


@test
def where_proc_hides_processes_that_is_said_and_a_group_answers_it():
    need_root()
    enter_namespace()
    group = 61077
    for level in ("invisible", "noaccess"):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder).chmod(0o711)
            proc = pathlib.Path(folder, "proc")
            proc.mkdir()
            mount("proc", proc, "proc", 0, f"hidepid={level},gid={group}")

            def in_group():
                os.setgroups([group])
                os.setgid(61001)
                os.setuid(61001)

            try:
                hidden = once("top", "-p", str(proc), preexec_fn=as_nobody)
                seen = once("top", "-p", str(proc), preexec_fn=in_group)
            finally:
                detach(proc)
            check_equal(hidden.failed, [("[pid]/stat", "denied")], level)
            check_equal(hidden.points, {}, level)
            check_equal(seen.failed, [], level)
            check(rest(seen, "linux.process.rows",
                       linux__process__row="own") > 0, level)


@test
def fifty_thousand_fit_and_one_more_is_said_to_be_left_out():
    with tempfile.TemporaryDirectory(
            dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None
            ) as folder:
        proc = pathlib.Path(folder, "proc")
        proc.mkdir()
        stat = (fixtures / "linux-6.18/proc/412/stat").read_text()
        tail = stat.rpartition(")")[2]
        for pid in range(1, 50003):
            (proc / str(pid)).mkdir()
            (proc / str(pid) / "stat").write_text(f"{pid} (p){tail}")
        reading = once("top", "-n", "1", "-t", "-p", str(proc), timeout=60)
        rows = {state: rest(reading, "linux.process.rows",
                            linux__process__row=state)
                for state in ("own", "others", "left_out")}
        print(f"# {rows}, {reading.microseconds} us")
        check_equal(sum(rows.values()), 50002)
        check(rows["left_out"] >= 2, rows)
        check({r for _, r in reading.failed} <= {"oversize", "timeout"},
              reading.failed)
        check(reading.failed, "left out in silence")
        check(reading.microseconds < 2000000, f"{reading.microseconds} us")


@test
def a_starved_collector_keeps_no_files_and_reads_all_the_same():
    def starve():
        resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
    reading = once("top", "-n", "1", preexec_fn=starve)
    check_equal(reading.failed, [])
    check_equal(rest(reading, "linux.process.rows",
                     linux__process__row="left_out"), 0)


signal.signal(signal.SIGPIPE, signal.SIG_DFL)
main()
