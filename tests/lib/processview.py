# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A second reader of processes, written apart from the
# collector's: what the first reading of the source top says of a /proc.
import collections
import os
import re

import hostview

Process = collections.namedtuple(
    "Process", "pid name minor major user system threads start rss fds")

COUNT = 10
# Field numbers of proc_pid_stat(5), which counts from 1.
FIELDS = {"minor": 10, "major": 12, "user": 14, "system": 15, "threads": 20,
          "start": 22, "rss": 24}


def read(folder):
    """One process, or None where it has gone."""
    try:
        data = (folder / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
        return None
    head, _, tail = data.rpartition(b")")
    words = tail.split()
    try:
        fds = (folder / "fd").stat().st_size
    except OSError:
        fds = None
    return Process(int(folder.name), head.partition(b"(")[2], fds=fds,
                   **{name: int(words[field - 3])
                      for name, field in FIELDS.items()})


def processes(proc):
    found = [read(entry) for entry in proc.iterdir()
             if re.fullmatch("[1-9][0-9]{0,9}", entry.name)]
    return sorted(p for p in found if p is not None)


def counters(view, **where):
    for mode in ("user", "system"):
        view.say("process.cpu.time", 0, cpu__mode=mode, **where)
    for kind in ("minor", "major"):
        view.say("process.paging.faults", 0, system__paging__fault__type=kind,
                 **where)


def say(view):
    """Nothing is known yet of their CPU: the rows are those by memory."""
    everyone = processes(view.proc)
    rows = sorted((p for p in everyone if p.rss > 0),
                  key=lambda p: (-p.rss, p.pid))[:COUNT]
    rest = [p for p in everyone if p not in rows]
    for p in rows:
        where = {"process__pid": p.pid, "linux__process__start_ticks": p.start}
        counters(view, **where)
        view.say("process.memory.usage", p.rss * hostview.PAGE, **where)
        view.say("process.thread.count", p.threads, **where)
        if str(view.proc) == "/proc" and p.fds is not None and \
                os.stat("/proc/self/fd").st_size:
            view.say("process.unix.file_descriptor.count", p.fds, **where)
    if not everyone:
        return
    counters(view)
    view.say("process.memory.usage", sum(p.rss for p in rest) * hostview.PAGE)
    view.say("process.thread.count", sum(p.threads for p in rest))
    for row, value in (("own", len(rows)), ("others", len(rest)),
                       ("left_out", 0)):
        view.say("linux.process.rows", value, linux__process__row=row)
