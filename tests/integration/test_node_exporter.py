# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  node_exporter, which nobody here wrote, and our sources on
# the same host in the same second: what both have is the same.
import concurrent.futures
import time

import nodetable
from nodegaps import gap
from nodeview import NodeExporter, ours, theirs
from once import SOURCES, once
from tap import Failed, Skip, check, check_equal, main, test

TRIES = 12
SECOND = 1.0
# what a double cannot hold of a number of nanoseconds since 1970
EXACT = 1e-9
LEFT = {"top", "cgroup", "posture", "storage", "inventory"}


def read_ours():
    points = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for reading in pool.map(
                lambda s: once(s, *("-c",) * (s == "cpu")),
                [s for s in SOURCES if s not in LEFT]):
            points.update(reading.points)
    return points


def read_both():
    """Theirs, ours, theirs; within a second."""
    for _ in range(TRIES):
        began = time.monotonic()
        before, points, after = exporter.read(), read_ours(), exporter.read()
        if time.monotonic() - began < SECOND:
            return before, points, after
    raise Skip("this machine is too busy to read both within a second")


def is_outside(got, low, high, room):
    low, high = sorted((low, high))
    room += EXACT * max(abs(low), abs(high))
    return not low - room <= got <= high + room


def compare(row, before, points, after):
    """(series that both have, what is wrong)"""
    have, first, last = (ours(row, points), theirs(row, before),
                         theirs(row, after))
    both, wrong = 0, []
    for where in have.keys() | first.keys() | last.keys():
        text = f"{row.ours} {sorted(where)}"
        none = 0 if row.ours in nodetable.NONE_IS_LEFT_OUT else None
        seen = [x.get(where, none) for x in (first, last)]
        if where not in have or None in seen:
            value = have.get(where, 0) or max(x or 0 for x in seen)
            known = row.ours in nodetable.ONLY_OURS or \
                where & nodetable.ONLY_THEIRS
            if value != 0 and not known:
                wrong.append(f"{text}: only one has it, {value}")
            continue
        both += 1
        if is_outside(have[where], *seen, row.room):
            wrong.append(f"{text}: {have[where]}, not {seen} for "
                         f"{row.theirs}")
    return both, wrong


@test
def what_both_have_agrees_within_what_a_second_can_change():
    left = list(nodetable.ROWS)
    series, wrong = 0, []
    # a process that forks in between is one in a level, too
    for _ in range(TRIES):
        reading = read_both()
        results = [(row, *compare(row, *reading)) for row in left]
        series += sum(both for _, both, w in results if not w)
        left = [row for row, _, w in results if w]
        wrong = [line for *_, w in results for line in w]
        if not left:
            break
    print(f"# {len(nodetable.ROWS)} rows, {series} series in both")
    check_equal(wrong, [])
    check(series > 120, f"only {series} series")


@test
def a_value_in_a_wrong_unit_is_found():
    before, points, after = read_both()
    for name, scale in (("system.memory.limit", 1024),
                        ("system.disk.io", 1000), ("linux.file_handles.limit",
                                                   2)):
        row = next(r for r in nodetable.ROWS if r.ours == name)
        spoilt = {where: value * scale + 1 if where[0] == name else value
                  for where, value in points.items()}
        _, wrong = compare(row, before, spoilt, after)
        check(wrong, f"{name} times {scale} is taken for right")


@test
def what_only_node_exporter_has_is_said_with_the_reason():
    compared = {name for row in nodetable.ROWS
                for _, name, *_ in nodetable.TERM.findall(row.theirs)}
    silent = sorted(name for name in exporter.read()
                    if name not in compared and gap(name) is None)
    check_equal(silent, [], "neither compared nor explained")
    both = sorted(name for name in compared if gap(name) and
                  name != "node_tcp_connection_states")
    check_equal(both, [], "compared, and said not to be here")


try:
    with NodeExporter() as exporter:
        main()
except (Skip, Failed) as reason:
    if isinstance(reason, Failed):
        raise
    print(f"1..0 # SKIP {reason}")
