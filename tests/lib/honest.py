# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What must hold of everything that a receiver got, whatever
# happened to the host: each sample once, no counter that goes back under one
# start time, no start in the future, and counters of records that add up.
import collections

from tap import Failed, check, check_equal


def accepted(receiver):
    """The requests that were accepted, a retry of the same bytes once."""
    bodies = {}
    for request in list(receiver.requests):
        if request.status == 200:
            bodies.setdefault(bytes(request.body), request)
    return list(bodies.values())


def series(receiver):
    """{(name, attributes): its points in order of arrival}."""
    found = collections.defaultdict(list)
    for request in accepted(receiver):
        for p in request.points:
            found[p.name, frozenset(p.attributes.items())].append(p)
    return found


def check_once(receiver):
    """No series has two samples of one time."""
    for where, points in series(receiver).items():
        times = collections.Counter(p.time for p in points)
        twice = [t for t, n in times.items() if n > 1]
        check_equal(twice, [], f"times that {where} has twice")


def check_counters(receiver, most=1 << 62, of=""):
    """most: a step that no counter of the test can make in one interval.
    of: how the names of those begin that are looked at."""
    for where, points in series(receiver).items():
        if points[0].kind != "counter" or not where[0].startswith(of):
            continue
        for p in points:
            check(0 <= p.value and 0 < p.start <= p.time,
                  f"{where}: {p.value} from {p.start} at {p.time}")
        for before, after in zip(points, points[1:]):
            step = after.value - before.value
            if after.start == before.start:
                check(0 <= step <= most, f"{where}: {before.value}, then "
                      f"{after.value} with the same start")


def missed(receiver):
    """The last sluice.intervals.missed by cause."""
    found = {}
    for p in receiver.points("sluice.intervals.missed"):
        found[p.attributes["sluice.cause"]] = p.value
    return found


def steps(receiver):
    """The times of the steps in the order in which they came; each step has
    the collector's own counters, whatever happens to the host's files."""
    return [p.time for request in accepted(receiver) for p in request.points
            if p.name == "sluice.records.read"]


OWN = ("sluice.", "otel.")      # begin with the process


def check_starts(receiver, since=0):
    """Each series that was there in the first step keeps its start: at times
    after `since`, and the process's own after its start."""
    first = min(steps(receiver)[:1])
    for where, points in series(receiver).items():
        begin = first if where[0].startswith(OWN) else since
        starts = {p.start for p in points if p.time >= begin}
        if points[0].kind == "counter" and points[0].time == first:
            check_equal(len(starts), 1, f"starts of {where}: {starts}")


def check_sum(pair):
    """What the collector said as it stopped."""
    said = [e for e in pair.events if e.name == "stopped"]
    if len(said) != 1:
        raise Failed("it did not say how it stopped")
    fields = {k: int(v) for k, v in said[0].fields.items()}
    read = fields.pop("read")
    check_equal(sum(fields.values()), read, f"sum of {fields}")
    return read, fields
