# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The real pair over hosts that are not this one: 256 CPUs and
# 500 interfaces, next to nothing, and files that are wrong in every way.
import collections
import math
import shutil
import tempfile
import time

import hostview
from faults import Denied, Malformed, Missing, Unreadable
from keys import Keys
from mounts import enter_namespace
from oddhosts import FILES, host, odd, worth
from once import key
from pair import Pair, status_of
from receiver import Receiver
from tap import check, check_equal, main, test, until

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)

CYCLES = 3
LATE = 0.5              # s, of one cycle
MEMORY_KIB = 12 * 1024  # resident at most, of the collector
LINE = 1024             # bytes of a log line at most

# What there is no copy of, and what self knows of the agent itself.
NOT_OF_A_TREE = ("system.filesystem.", "linux.filesystem.", "linux.clock.",
                 "sluice.", "otel.")


# unless asked for; test_cgroups.py does
OFF = {"cgroup", "hwmon", "cpufreq", "numa", "inventory", "storage", "top"}
# the files of posture take turns, and what becomes of one is a change
ON = [file for file in FILES if file.source not in OFF | {"posture"}]


def settings(tree):
    return {"collect": {"procfs": str(tree / "proc"),
                        "sysfs": str(tree / "sys"),
                        "sources": {"cpu": {"per_cpu": True},
                                    "interrupts": {"detail": True}}}}


def steps(receiver, since=0):
    """Each collection's points, by name and attributes; the oldest first."""
    found = collections.defaultdict(dict)
    for request in list(receiver.requests):
        for point in request.points:
            if point.time > since:
                where = key(point.name, **point.attributes)
                check(where not in found[point.time], f"twice: {where}")
                found[point.time][where] = point
    # the last step may still be on its way, and self ends each
    return [points for _, points in sorted(found.items())
            if key("sluice.cycle.duration") in points]


def wait_steps(receiver, count, since=0, seconds=30):
    def enough():
        got = steps(receiver, since)
        return got if len(got) >= count else None
    return until(enough, seconds, f"{count} collections")


def of_the_host(points):
    return {where: point.value for where, point in points.items()
            if not where[0].startswith(NOT_OF_A_TREE)}


def check_points(got, want, what):
    """Every number, and no other."""
    for words, where in (("does not come", want.keys() - got.keys()),
                         ("comes beside", got.keys() - want.keys())):
        check(not where, f"{what}: {len(where)} {words}: "
              f"{sorted(map(str, where))[:5]}")
    for where, value in want.items():
        check(math.isclose(got[where], value, rel_tol=1e-12),
              f"{what}: {where} is {got[where]}, not {value}")


def expected(tree):
    """Of the sources that are on without being asked for."""
    return {where: value for source in hostview.SOURCES if source not in OFF
            for where, value in hostview.expected(source, tree).items()}


def failed(pair):
    """How often each failure was said."""
    return collections.Counter(
        (e.fields["source"], e.fields["path"], e.fields["reason"])
        for e in list(pair.events) if e.name == "source_failed")


def check_said_once(pair):
    often = {what: n for what, n in failed(pair).items() if n > 1}
    check_equal(often, {}, "failures said more than once")
    for line in list(pair.lines):
        check(len(line) <= LINE, f"a line of {len(line)} bytes: {line[:200]}")


def check_cost(pair, points, what):
    duration = max(step[key("sluice.cycle.duration")].value for step in points)
    memory = int(status_of(pair.collector)["VmHWM"].split()[0])
    print(f"# {what}: {len(points[-1])} points, cycle at most "
          f"{duration * 1000:.1f} ms, collectord at most {memory} KiB")
    check(duration < LATE, f"{what}: a cycle took {duration} s")
    check(memory < MEMORY_KIB, f"{what}: {memory} KiB")
    check_equal([e.line for e in pair.events if e.name == "late"], [])


def check_end(pair):
    check_equal(pair.stop(), 0, "exit status")
    check_said_once(pair)


@test
def a_big_host_arrives_to_the_last_number():
    tree = odd("big")
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=settings(tree)) as pair:
        seen = wait_steps(receiver, CYCLES)
        for points in seen:
            check_points(of_the_host(points), expected(tree), "big")
        check_equal(len({dict(attrs).get("cpu.logical_number")
                         for _, attrs in seen[0]} - {None}), 256, "CPUs")
        check_equal(len({dict(attrs)["network.interface.name"]
                         for name, attrs in seen[0]
                         if name == "system.network.io"}), 500, "interfaces")
        check_equal({point.value for (name, _), point in seen[-1].items()
                     if name == "sluice.records.lost"}, {0})
        check_cost(pair, seen, "256 CPUs, 500 interfaces")
        check_end(pair)
        # a copy has no mounts; all else of this host can be read
        check_equal({source for source, _, _ in failed(pair)}, {"filesystem"})


@test
def a_bare_host_arrives_without_what_it_lacks():
    tree = odd("bare")
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=settings(tree)) as pair:
        seen = wait_steps(receiver, CYCLES)
        for points in seen:
            check_points(of_the_host(points), expected(tree), "bare")
        check_cost(pair, seen, "one CPU, next to nothing else")
        check_end(pair)
        check_equal({what[2] for what in failed(pair)}, {"missing"})
        check_equal({what[0] for what in failed(pair)},
                    {"filesystem", "pressure", "kernel", "edac", "disk"})


@test
def counters_that_go_back_start_anew():
    tree = host("wrapped", base=2 ** 32 - 100000)
    before, after = expected(tree), odd("wrapping") / "after"
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=settings(tree)) as pair:
        first = wait_steps(receiver, 2)[-1]
        check_points(of_the_host(first), before, "before")
        shutil.copytree(after, tree, dirs_exist_ok=True)
        points = wait_steps(receiver, 2, time.time_ns())[0]
        check_points(of_the_host(points), expected(after), "after")
        for where, point in points.items():
            if point.kind == "counter" and where in before:
                check(first[where].start < first[where].time <= point.start
                      < point.time, f"{where} does not start anew")
        check_end(pair)


@test
def no_hostile_file_ends_or_delays_the_pair_or_fills_its_log():
    for tree in sorted(odd("hostile").iterdir()):
        with Receiver(keys) as receiver, \
                Pair(receiver.url, keys, settings=settings(tree)) as pair:
            seen = wait_steps(receiver, CYCLES)
            check_cost(pair, seen, tree.name)
            check_end(pair)
            check(failed(pair), f"{tree.name}: nothing is said")


def failures(points):
    """Failed reads so far, by source and reason."""
    return collections.Counter({
        (dict(attrs)["sluice.source"], dict(attrs)["error.type"]): point.value
        for (name, attrs), point in points.items()
        if name == "sluice.source.failures"})


KINDS = (Missing, Denied, Malformed, Unreadable)
NO_MOUNTS = "filesystem", "missing"
LOOK_EVERY = 10             # collections, of one second each


def broken_in(turn):
    """Every other file, each in the way whose turn it is."""
    return [(file, KINDS[(i // 2 + turn // 2) % len(KINDS)])
            for i, file in enumerate(ON) if i % 2 == turn % 2]


def fails(file, kind):
    return file.needed or kind is not Missing


def given_by(tree, files):
    return {where for file in files
            for where in hostview.expected(file.source, tree)
            if worth(file, *where)}


def without(points, gone):
    # there are processes beside the one that has gone
    return {where: value for where, value in points.items()
            if where not in gone and where[0] != "system.process.count"}


def check_counted(seen, broken):
    """Each read that failed is counted in each collection."""
    want = collections.Counter((file.source, kind.reason)
                               for file, kind in broken if fails(file, kind))
    for before, after in zip(seen, seen[1:]):
        more = +(failures(after) - failures(before))
        del more[NO_MOUNTS]
        check_equal(more, want, "failures")


def check_looks(receiver):
    """A copy has no file systems: that is counted whenever they are asked
    for, in the first collection and in each tenth behind it."""
    seen = steps(receiver)
    check(len(seen) > LOOK_EVERY, f"only {len(seen)} collections")
    check_equal([failures(points)[NO_MOUNTS] for points in seen],
                [1 + n // LOOK_EVERY for n in range(len(seen))], "looks")


def recovered(pair):
    return collections.Counter((e.fields["source"], e.fields["path"])
                               for e in list(pair.events)
                               if e.name == "source_recovered")


def check_turn(pair, receiver, tree, broken):
    """Breaks the files for a while, then makes them whole."""
    want = expected(tree)
    gone = given_by(tree, [file for file, _ in broken])
    said, well = failed(pair), recovered(pair)
    undo = [kind(tree / file.path) for file, kind in broken]
    seen = wait_steps(receiver, CYCLES, time.time_ns())
    for one in undo:
        one.undo()
    for points in seen:
        check_points(without(of_the_host(points), ()), without(want, gone),
                     "with broken files")
    check_counted(seen, broken)
    check_equal(failed(pair) - said, collections.Counter(
        {(file.source, file.said, kind.reason): 1
         for file, kind in broken if fails(file, kind)}), "what is said")
    healed = wait_steps(receiver, 2, time.time_ns())
    check_points(of_the_host(healed[-1]), want, "whole again")
    check_counted(healed, [])
    check_equal(recovered(pair) - well, collections.Counter(
        {(file.source, file.said): 1
         for file, kind in broken if fails(file, kind)}), "what recovers")


@test
def each_file_that_fails_is_said_once_counted_each_time_and_said_to_be_well():
    enter_namespace()
    tree = host("broken")
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings=settings(tree)) as pair:
        wait_steps(receiver, 1)
        for turn in range(2 * len(KINDS)):
            check_turn(pair, receiver, tree, broken_in(turn))
        check_equal(pair.stop(), 0, "exit status")
        check_looks(receiver)


main()
