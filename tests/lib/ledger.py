# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What the ring had committed against what arrived: nothing
# lost, nothing made up, nothing sent twice in two versions, every gap counted
# under its cause.
import collections
import hashlib
import os
import pathlib
import re
import threading

from points import decode
from receiver import Receiver
from ringview import RingView

SECOND = 10**9

_METRIC = re.compile(r'^METRIC\(\d+,\s*\w+,\s*(\w+),\s*"([^"]+)"', re.M)
_SOURCE = re.compile(r'^SOURCE\((\d+), (\w+),', re.M)


def _sources_by_metric():
    text = (pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"]) /
            "libproto/metrics.def").read_text()
    number = {name: int(value) for value, name in _SOURCE.findall(text)}
    found = {}
    for source, name in _METRIC.findall(text):
        found.setdefault(name, set()).add(number[source])
    return found


def _identity(point):
    return point.name, tuple(sorted(point.attributes.items()))


class Ledger:
    """One pair's books.  committed() at the end of each life and at the very
    end, arrived() for each request that the receiver read whole."""

    def __init__(self, phase_ms, interval=1.0):
        self.phase = phase_ms * 1000000
        self.interval = int(interval * SECOND)
        self.records = {}               # by time step: its parts' numbers
        self.sources = collections.defaultdict(set)
        self.boottime = {}
        self.whole = set()              # steps that were committed to the end
        self.seen = {}                  # digest of the request of each time
        self.arrivals = collections.Counter()   # of those taken, by time
        self.queue = {}                 # (read, acked, waiting, lost), missed
        self.arrived_sources = collections.defaultdict(set)
        self.starts = {}                # startTimeUnixNano by series
        self.values = {}                # the last one of each counter
        self.faults = []
        self.state = None
        self.counts = (0, 0, 0, 0)
        self.rings = set()
        self._after = {}
        self._parts = collections.defaultdict(
            lambda: collections.defaultdict(list))
        self._metrics = _sources_by_metric()
        self._lock = threading.Lock()

    # ---- what is in the ring

    def committed(self, fd):
        """Reads on in a ring that nobody writes, or that only grows."""
        with RingView(fd) as ring:
            steps, self._after[ring.id] = ring.steps(
                self._after.get(ring.id, (0, 0)))
            self.state, self.counts = ring.state(), ring.counts()
            self.rings.add((ring.id, ring.start, ring.boot))
            parts = self._parts[ring.id]
        for step in steps:
            parts[step.wall].append(step.records)
            # what another ring took over is not made again
            self.records[step.wall] = max(
                self.records.get(step.wall, []), parts[step.wall], key=sum)
            self.sources[step.wall].update(step.sources)
            self.boottime[step.wall] = step.boottime
            if step.last:
                self.whole.add(step.wall)
        read, acked, waiting, lost = self.counts
        if read != acked + waiting + lost:
            self.fault(f"in the ring: {read} read, {acked} acknowledged, "
                       f"{waiting} waiting, {lost} lost")

    def fault(self, words):
        if len(self.faults) < 20:
            self.faults.append(words)

    # ---- what came

    def arrived(self, body, content_type, taken=True):
        """One request; taken: the receiver said that it has it."""
        digest = hashlib.sha256(body).digest()
        points = decode(body, content_type)
        with self._lock:
            times = {p.time for p in points}
            if len(times) != 1:
                self.fault(f"{len(times)} time steps in one request")
                return
            when, = times
            self.arrivals[when] += bool(taken)
            if when not in self.seen:
                self.seen[when] = digest
                self._judge(when, points)
            elif digest != self.seen[when]:
                self.fault(f"the step {when} came in two versions, the "
                           f"second of {len(points)} points")

    def _judge(self, when, points):
        seen = set()
        for point in points:
            key = _identity(point)
            if key in seen:
                self.fault(f"{key} twice in one request")
            seen.add(key)
            self.arrived_sources[when] |= self._metrics[point.name]
            if point.kind == "counter":
                self._counter(key, when, point)
        self._queue(when, points)

    def _counter(self, key, when, point):
        """Of the time step that came first, in the order of arrival."""
        before = self.values.get(key)
        if before is not None and before[0] < when and \
                before[2] == point.start and point.value < before[1]:
            self.fault(f"{key} went from {before[1]} to {point.value} and "
                       "its start stood")
        self.values[key] = when, point.value, point.start
        self.starts.setdefault(key, set()).add(point.start)

    def _queue(self, when, points):
        value = {}
        for p in points:
            if p.name.startswith("sluice."):
                value[_identity(p)] = p.value

        def total(name):
            return sum(v for (n, _), v in value.items() if n == name)
        row = (total("sluice.records.read"),
               total("sluice.records.acknowledged"),
               total("sluice.ring.records"), total("sluice.records.lost"))
        missed = {dict(a)["sluice.cause"]: v for (n, a), v in value.items()
                  if n == "sluice.intervals.missed"}
        self.queue[when] = row, missed
        if row[0] != sum(row[1:]):
            self.fault(f"at {when}: {row[0]} read are not {row[1]} "
                       f"acknowledged + {row[2]} waiting + {row[3]} lost")

    # ---- at the end

    def waiting(self):
        """Steps that were committed and have not come."""
        return set(self.records) - set(+self.arrivals)

    def duplicates(self):
        return sum(n - 1 for n in self.arrivals.values() if n > 1)

    def missed_turns(self):
        """Turns of the grid, first to last step, in which there is none, or
        one that was killed between two parts of it."""
        turns = [(self.boottime[wall] - self.phase) // self.interval
                 for wall in self.whole]
        # the very first stands for the turn behind it, where that is near
        first = min(self.boottime[wall] for wall in self.whole)
        if -(first - self.phase) % self.interval <= self.interval // 2:
            turns.append(min(turns) + 1)
        return max(turns) - min(turns) + 1 - len(set(turns))

    def close(self, oversize=0):
        """Everything that does not agree, as words."""
        for wall in sorted(self.waiting())[:5]:
            self.fault(f"the step {wall} was committed and never came")
        for wall in sorted(set(self.arrivals) - set(self.records))[:5]:
            self.fault(f"the step {wall} came and was never committed")
        for wall, sources in self.sources.items():
            missing = sources - self.arrived_sources[wall]
            if self.arrivals[wall] and missing:
                self.fault(f"sources {missing} of the step {wall} are not in "
                           "what came")
        read = 0
        for wall, parts in sorted(self.records.items()):
            # where it lies in two segments the first counted already
            good = (read + oversize, read + oversize + parts[0])
            if wall in self.queue and wall in self.whole and \
                    self.queue[wall][0][0] not in good:
                self.fault(f"at {wall} sluice.records.read is "
                           f"{self.queue[wall][0][0]} and not {good[0]}")
            read += sum(parts)
        if self.counts[0] != read + oversize:
            self.fault(f"{self.counts[0]} read, {read} committed")
        return self.faults


class Bookkeeper(Receiver):
    """A receiver that enters each request into a ledger."""

    def __init__(self, keys, ledger, **options):
        super().__init__(keys, **options)
        self.ledger = ledger

    def take(self, request):
        answer = super().take(request)
        try:
            self.ledger.arrived(request.body, request.headers["Content-Type"],
                                answer.status == 200)
        except ValueError as error:
            self.ledger.fault(f"a request that is none: {error}")
        return answer
