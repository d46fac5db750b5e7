# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What must hold after anything that happened outside of the
# pair: the sums, the order, the same bytes each time, the pace of a backlog,
# the memory, the log.
import time

from pair import status_of
from spacing import room
from tap import Failed, check, check_equal, until

SECOND = 10**9
CATCH_UP = 10           # shipperd/delivery.h
GROWTH_KB = 512
WARM = 4                # steps that are delivered before anything happens


_PARTS = {"sluice.records." + name: name
          for name in ("read", "acknowledged", "lost")}
_PARTS["sluice.ring.records"] = "queued"


def the_sum(*receivers):
    """What was read, and what is said to have become of it, at one time."""
    times = {}
    # once through: more may come meanwhile
    for point in (p for receiver in receivers
                  for r in list(receiver.requests) if is_taken(r)
                  for p in r.points if p.name in _PARTS):
        found = times.setdefault(point.time, {})
        found[_PARTS[point.name], tuple(point.attributes.items())] = \
            point.value
    return {time_of: (found.pop(("read", ())), sum(found.values()))
            for time_of, found in times.items()}


def lost_by_cause(*receivers):
    """As it was said last."""
    found = {}
    for receiver in receivers:
        for p in receiver.points("sluice.records.lost"):
            cause = p.attributes["sluice.cause"]
            found[cause] = max(found.get(cause, (0, 0)), (p.time, p.value))
    return {cause: value for cause, (_, value) in found.items() if value}


def is_taken(request):
    return 200 <= request.status < 300


class Story:
    """Everything that some receivers got from one pair, in its order."""

    def __init__(self, *receivers, interval=1.0):
        self.receivers = receivers
        self.interval = interval

    @property
    def requests(self):
        return sorted((r for receiver in self.receivers
                       for r in list(receiver.requests)),
                      key=lambda r: r.time)

    def step(self, request):
        return request.points[0].time

    def wait_live(self, seconds=60):
        """Until what is taken was read just now: nothing waits."""
        def live():
            taken = [r for r in self.requests if is_taken(r)]
            return taken and self.step(taken[-1]) > \
                (time.time() - 1.8 * self.interval) * SECOND
        until(live, seconds, "the backlog is through")

    def check(self, started=None, dropped=0, lost=None):
        """dropped: steps that a receiver refused for good.  lost: records by
        cause.  Returns the steps that arrived."""
        requests = self.requests
        self.check_bytes(requests)
        steps = [self.step(r) for r in requests]
        check_equal(steps, sorted(steps), "first in, first out")
        taken = sorted({self.step(r) for r in requests if is_taken(r)})
        self.check_no_hole(taken, dropped)
        if started is not None:
            check(taken[0] <= (started + 3 * self.interval) * SECOND,
                  f"the first step is {taken[0] / SECOND - started} s after "
                  "the start")
        for when, (read, found) in the_sum(*self.receivers).items():
            check_equal(found, read, f"records at {when}")
        check_equal(lost_by_cause(*self.receivers), lost or {}, "lost")
        self.check_pace(requests)
        return taken

    def check_bytes(self, requests):
        bodies = {}
        for r in requests:
            first = bodies.setdefault(self.step(r), r.body)
            check(r.body == first, f"the step {self.step(r)} came in two "
                  f"versions, of {len(first)} and {len(r.body)} bytes")

    def check_no_hole(self, steps, dropped=0):
        """An interval between any two, but where a step was dropped."""
        holes = []
        for nth, (before, after) in enumerate(zip(steps, steps[1:])):
            intervals = (after - before) / SECOND / self.interval
            least, most = room(nth)
            check(intervals > least, f"two steps within {intervals} intervals")
            if intervals > most:
                holes.append(round(intervals) - 1)
        check_equal(sum(holes), dropped, "steps that did not arrive")

    def catch_up(self, requests):
        """Seconds between one step of a backlog and the next: all of them."""
        rows = [(r.time, self.step(r) / SECOND) for r in requests
                if is_taken(r)]
        late = 2 * self.interval
        return [b - a for (a, was), (b, step) in zip(rows, rows[1:])
                if step > was and a > was + late and b > step + late]

    def check_pace(self, requests):
        """On average no faster than CATCH_UP times live; each wait has its
        jitter, of which little is left in ten of them and less in all."""
        gaps = self.catch_up(requests)
        for i in range(len(gaps) - 9):
            rate = 10 * self.interval / sum(gaps[i:i + 10])
            check(rate < CATCH_UP * 1.2, f"ten steps at {rate:.1f} times the "
                  "pace of live ones")
        if len(gaps) >= 20:
            rate = len(gaps) * self.interval / sum(gaps)
            check(rate < CATCH_UP * 1.05, f"{len(gaps)} steps at {rate:.1f} "
                  "times the pace of live ones")


class Memory:
    """What both processes have for themselves, in kB: without the ring."""

    def __init__(self, pids):
        self.pids = pids
        self.before = self.now()

    def now(self):
        found = {}
        for pid in self.pids:
            status = status_of(pid)
            found[status["Name"]] = int(status["VmRSS"].split()[0]) - \
                int(status["RssShmem"].split()[0])
        return found

    def grown(self):
        now = self.now()
        return {name: now[name] - kb for name, kb in self.before.items()}

    def check_back(self, seconds=5):
        until(lambda: max(self.grown().values()) <= GROWTH_KB, seconds,
              f"both are as large as before: they grew by {self.grown()} kB")


def check_troubles(events, left=(), most=40):
    """Each trouble is said once, and its end once.  left: the endpoints that
    nobody need have tried again."""
    wrong = {}
    for e in events:
        where = e.fields.get("endpoint")
        if e.name in ("delivery_failed", "batch_dropped", "points_rejected"):
            if wrong.get(where) == e.fields["reason"]:
                raise Failed(f"said twice: {e.line}")
            wrong[where] = e.fields["reason"]
        elif e.name == "delivery_restored":
            check(where in wrong, f"nothing was wrong before: {e.line}")
            del wrong[where]
    check(set(wrong) <= set(left), f"still in trouble: {wrong}")
    check(len(events) <= most, f"{len(events)} lines")


class Warm:
    """with Warm(pair) as …: a pair that has delivered, and its memory."""

    def __init__(self, pair, *receivers):
        self.pair = pair
        self.story = Story(*receivers)
        self.started = time.time()

    def __enter__(self):
        self.pair.__enter__()
        try:
            self.story.receivers[0].wait(WARM)
            self.memory = Memory([self.pair.collector, self.pair.shipper])
        except BaseException as error:
            self.pair.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *error):
        self.pair.__exit__(*error)

    def end(self, left=(), **what):
        """All that must hold, once nothing waits any more."""
        self.story.wait_live()
        steps = self.story.check(self.started, **what)
        self.memory.check_back()
        check_troubles(self.pair.events, left)
        return steps
