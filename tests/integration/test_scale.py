# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Hosts of any size, made by tests/fixtures/make_scale.py and
# make_cgroups.py: what a cycle costs grows no faster than what there is to
# read; and on the largest of them memory stays within what `sluice plan` said,
# a cycle within its time, and what does not fit is counted.
import collections
import importlib.util
import os
import pathlib
import re
import tempfile

from command import Lab
from oddhosts import fixtures
from once import key, once
from pair import Pair, status_of
from receiver import Receiver
from tap import check, check_equal, main, test, until

RUNS = 5                # the least of so many: nobody else was in between
# twice as many may cost twice as much and a half: caches end somewhere
ROOM = 2.5
FLOOR_US = 40           # below that it is the clock that is measured
BUDGET_S = 5

_shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
scratch = tempfile.TemporaryDirectory(prefix="sluice-scale-", dir=_shm)
os.chmod(scratch.name, 0o755)


def _module(name):
    spec = importlib.util.spec_from_file_location(name,
                                                  fixtures / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_scale, make_cgroups = _module("make_scale"), _module("make_cgroups")


def tree(**size):
    """A host of that size, made once."""
    top = pathlib.Path(scratch.name, "-".join(
        f"{name}{n}" for name, n in size.items()))
    if not top.exists() and "cgroups" in size:
        make_cgroups.make(str(size["cgroups"]), top)
        (top / "proc").mkdir(exist_ok=True)
    elif not top.exists():
        make_scale.make(top, **size)
    return top


def least(source, top):
    """Microseconds of the cheapest reading, its points and failures."""
    best = None
    for _ in range(RUNS):
        reading = once(source, "-c", "-t", tree=top, timeout=60)
        if best is None or reading.microseconds < best.microseconds:
            best = reading
    return best


def grows(source, what, *sizes):
    """No step up costs more than its share; the readings."""
    readings = [least(source, tree(**{what: n})) for n in sizes]
    cost = [r.microseconds for r in readings]
    print(f"# {source}: " + ", ".join(
        f"{n} {what} {us} us" for n, us in zip(sizes, cost)))
    for (n, us), (more, after) in zip(zip(sizes, cost),
                                      zip(sizes[1:], cost[1:])):
        check(after <= ROOM * max(us, FLOOR_US) * more / n,
              f"{source}: {n} {what} cost {us} us, {more} cost {after} us")
    return readings


@test
def cpus_from_one_to_512_cost_in_proportion():
    for reading, count in zip(grows("cpu", "cpus", 1, 16, 128, 512),
                              (1, 16, 128, 512)):
        check_equal(len(reading.values("system.cpu.time",
                                       "cpu.logical_number")), count)
        check_equal((reading.failed, reading.lost), ([], 0))
    for source in ("interrupts", "cpufreq"):
        grows(source, "cpus", 1, 16, 128, 512)


@test
def interfaces_from_one_to_5000_cost_in_proportion():
    sizes = (1, 10, 100, 1000, 5000)
    for reading, count in zip(grows("network", "interfaces", *sizes), sizes):
        check_equal(len(reading.values("system.network.io",
                                       "network.interface.name")), count)
        check_equal((reading.failed, reading.lost), ([], 0))


@test
def processes_from_100_to_50000_cost_in_proportion():
    sizes = (100, 1000, 10000, 50000)
    for reading, count in zip(grows("process", "processes", *sizes), sizes):
        if ("[pid]/stat", "timeout") in reading.failed:
            continue
        check_equal(sum(value for (name, _), value in reading.points.items()
                        if name == "system.process.count"), count)
    for reading, count in zip(grows("top", "processes", *sizes), sizes):
        rows = {state: reading.points[key("linux.process.rows",
                                          linux__process__row=state)]
                for state in ("own", "others", "left_out")}
        check_equal(sum(rows.values()), count, str(rows))
        check(rows["own"] <= 20, f"{rows}")


@test
def cgroups_from_10_to_10000_cost_in_proportion():
    for reading, count in zip(grows("cgroup", "cgroups", 10, 100, 1000,
                                    10000), (10, 100, 1000, 10000)):
        state = [reading.points[key("linux.cgroup.count",
                                    linux__cgroup__state=word)]
                 for word in ("sent", "left_out")]
        check(count <= sum(state) <= count + 4, f"{state} of {count}")
        check(bool(state[1]) == bool(reading.failed), f"{reading.failed}")


@test
def processes_that_do_not_fit_the_time_are_read_later_and_that_is_said():
    top = tree(processes=50000)
    cut = once("top", "-t", "-b", "20000", tree=top)
    left = cut.points[key("linux.process.rows",
                          linux__process__row="left_out")]
    print(f"# {left} of 50000 left out, {cut.microseconds} us")
    check_equal(cut.failed, [("[pid]/stat", "timeout")])
    check(0 < left < 50000, f"{left} left out")
    alone = once("process", "-b", "20000", tree=top)
    check_equal(alone.failed, [("[pid]/stat", "timeout")])
    # all counts or none
    check_equal({name for name, _ in alone.points}, {"system.process.limit"})


@test
def more_processes_than_there_are_places_are_counted_as_left_out():
    reading = once("top", "-b", "5000000", tree=tree(processes=50200))
    check_equal(reading.points[key("linux.process.rows",
                                   linux__process__row="left_out")], 200)
    check_equal(reading.failed, [("[pid]/stat", "oversize")])


def everything():
    """512 CPUs, 5,000 interfaces, 50,000 processes and 10,000 cgroups."""
    top = pathlib.Path(scratch.name, "everything")
    if not top.exists():
        make_scale.make(top, cpus=512, interfaces=5000, processes=50000)
        make_cgroups.put_v2(make_cgroups.Host(top), make_cgroups.many(10000))
    return top


def settings(top, **more):
    return {"collect": {"procfs": f"{top}/proc", "sysfs": f"{top}/sys",
                        "profile": "full", "sources": {
                            "cpu": {"per_cpu": True}}, **more},
            "ring": {"size": "64MiB"}}


def memory_said(text):
    """What `sluice plan` printed, in bytes."""
    line = re.search(r"^memory: (.*)$", text, re.MULTILINE)[1]
    return {name: int(n) << {"K": 10, "M": 20, "G": 30}[unit]
            for name, n, unit in re.findall(
                r"(collector|shipper|ring) (\d+)([KMG])iB", line)}


class Cycle:
    """The points of the first collection, by name."""

    def __init__(self, receiver):
        self.points = collections.defaultdict(list)
        stamps = [r.points for r in list(receiver.requests)]
        times = sorted({p.time for points in stamps for p in points})
        for points in stamps:
            for p in points:
                if p.time == times[0]:
                    self.points[p.name].append(p)

    def one(self, name, **attributes):
        want = {k.replace("__", "."): v for k, v in attributes.items()}
        return sum(p.value for p in self.points[name]
                   if want.items() <= p.attributes.items())


@test
def the_largest_host_fits_its_plan_and_its_time_and_says_what_it_left_out():
    top, lab = everything(), Lab()
    path = lab.write(settings(top))
    done = lab.run(lab.sluice, "plan", "-c", path)
    check_equal(done.returncode, 0, done.stderr.decode())
    said = memory_said(done.stdout.decode())
    with Receiver(lab.keys) as receiver, \
            Pair(receiver.url, lab.keys, interval="10s",
                 settings=settings(top)) as pair:
        until(lambda: any(b"sluice.records.read" in r.body
                          for r in list(receiver.requests)), 60,
              "a whole collection")
        claimed = {name: int(status_of(pid)["VmData"].split()[0]) * 1024
                   for name, pid in (("collector", pair.collector),
                                     ("shipper", pair.shipper))}
        cycle, events = Cycle(receiver), list(pair.events)
    for name, data in claimed.items():
        check(data <= said[name], f"{name}: {data}, said {said[name]}")
    took = cycle.one("sluice.cycle.duration")
    points = sum(map(len, cycle.points.values()))
    failed = sorted((e.fields["source"], e.fields["reason"]) for e in events
                    if e.name == "source_failed")
    lost = cycle.one("sluice.records.lost", sluice__cause="oversize")
    print(f"# {points} points, {lost} had no place, {took} s; {claimed} of "
          f"{said}; {failed}")
    check(0 < took < BUDGET_S, f"a cycle of {took} s")
    check_equal(len({p.attributes["network.interface.name"]
                     for p in cycle.points["system.network.io"]}), 5000)
    check_equal(len({p.attributes.get("cpu.logical_number")
                     for p in cycle.points["system.cpu.time"]}), 513)
    left = cycle.one("linux.cgroup.count", linux__cgroup__state="left_out")
    print(f"# {left} cgroups left out")
    check(left > 8000, f"{left} cgroups left out")
    check("cgroup" in [source for source, _ in failed], failed)
    rows = cycle.one("linux.process.rows")
    check_equal(rows, 50000, "processes in rows, others and left out")
    counted = cycle.one("system.process.count")
    check(counted == 50000 or ("process", "timeout") in failed, counted)
    check(cycle.one("sluice.source.failures") >= len(failed), failed)


main()
