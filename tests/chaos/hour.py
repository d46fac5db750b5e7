# SPDX-License-Identifier: Apache-2.0
# Runs in: a developer's shell.  An hour of everything at once: the pair under
# a manager, a kill -9 of either or both every few seconds, and in front of a
# real VictoriaMetrics a receiver that fails a third of the time: 503 and 429
# with and without Retry-After, connections cut before, within and instead of
# an answer, answers that come too late, some of them behind a request that
# was stored.  At the end every sample that was committed is in the database
# exactly once per series and time, with the value that was sent.
#
#   cd BUILD && SLUICE_HOUR=3600 meson devenv /usr/bin/python3 \
#       SOURCE/tests/chaos/hour.py
#
# or with SLUICE_BUILD_ROOT, SLUICE_SOURCE_ROOT and PYTHONPATH=tests/lib set by
# hand.  Needs root.  Not in a suite: SLUICE_HOUR is its seconds (3600).
#
# The database runs with -dedup.minScrapeInterval=1ms, as its manual asks of
# who is sent samples at least once: of two with one time it keeps one.  That
# they never differ is what the ledger shows.
import collections
import http.client
import os
import random
import signal
import tempfile
import time

from keys import Keys
from ledger import Ledger
from pair import Pair, need_root
from phase import collects_ms
from receiver import Answer, Receiver
from ringview import RingView
from supervisor import Supervisor
from tap import Skip, check, check_equal, main, test, until
from victoria import PATH, VictoriaMetrics

SECONDS = float(os.environ.get("SLUICE_HOUR") or 3600)
SEED = int(os.environ.get("SLUICE_SEED") or random.randrange(1 << 32))
HOST = f"hour-{SEED}"
TIMEOUT_S = 2
CLOSE = 1e-9            # relative: the database keeps decimal digits

folder = tempfile.TemporaryDirectory()

# What is answered, and whether the request is stored before: None, by chance.
FAILURES = {
    "503": (lambda: Answer(503), False),
    "503 and Retry-After": (
        lambda: Answer(503, {"Retry-After": str(dice.randint(1, 3))}), False),
    "429": (lambda: Answer(429), False),
    "cut, no answer": (lambda: Answer(hang_up="before"), None),
    "cut within the answer": (
        lambda: Answer(200, body=b"x" * 64, hang_up="within"), None),
    "too late": (lambda: Answer(delay=TIMEOUT_S + dice.random()), None),
}

dice = random.Random(SEED)


class Failing(Receiver):
    """Hands requests on to the database, and fails a third of the time."""

    def __init__(self, keys, ledger, database):
        super().__init__(keys, keep=4)
        self.ledger = ledger
        self.database = database
        self.fails = True
        self.count = collections.Counter()
        self.sent = {}              # by time and series: value

    def take(self, request):
        super().take(request)
        answer, stored = Answer(), True
        if self.fails and dice.random() < 1 / 3:
            kind = dice.choice(list(FAILURES))
            make, stored = FAILURES[kind]
            answer = make()
            if stored is None:
                stored = dice.random() < 0.5
            self.count[kind] += 1
        else:
            self.count["well"] += 1
        if stored:
            self.store(request)
            self.count["stored"] += 1
        self.ledger.arrived(request.body, request.headers["Content-Type"],
                            stored)
        return answer

    def store(self, request):
        kind = request.headers["Content-Type"]
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.database.port, timeout=30)
        connection.request("POST", PATH, request.body, {"Content-Type": kind})
        status = connection.getresponse().status
        connection.close()
        if status // 100 != 2:
            self.ledger.fault(f"the database said {status}")
        for p in request.points:
            self.sent.setdefault(p.time, {})[
                p.name, tuple(sorted(p.attributes.items()))] = p.value
            self.resource = p.resource


def kill(manager):
    """kill -9 of one or both, and not until it is started again."""
    life = manager.life
    whom = dice.choice(("collector", "shipper", "both"))
    if whom == "shipper" and not life.signal_shipper(signal.SIGKILL):
        whom = "collector"
    if whom != "shipper":
        manager.kill(shipper=whom == "both")
    until(lambda: manager.life is not life, 10, "it is started again")
    return whom


def run():
    """The manager, once all that was committed has come."""
    pair = Pair(receiver.url, keys, settings={
        "ship": {"timeout": f"{TIMEOUT_S}s"}, "resource": {"host.id": HOST}})

    def ended(life):
        for _, fd in manager.store:
            ledger.committed(fd)
        for old in manager.lives[:-4]:
            old.lines = old.events = old.messages = []
    manager = Supervisor(pair, on_end=ended)
    end = time.monotonic() + SECONDS
    with manager:
        manager.wait_ready()
        while time.monotonic() < end:
            time.sleep(dice.uniform(1, 6))
            kills[kill(manager)] += 1
            with RingView(manager.store[0][1]) as ring:
                queued.append(ring.counts()[2])
            memory.append(os.fstat(manager.store[0][1]).st_blocks // 2)
        receiver.fails = False
        with RingView(manager.store[0][1]) as ring:
            until(lambda: ring.behind() == 0, 300, "nothing waits")
        manager.stop()
    return manager


def in_database():
    """By series (name and attributes): [(milliseconds, value), …]."""
    found = {}
    for labels, samples in database.series():
        name = labels.pop("__name__")
        key = name, tuple(sorted((k, v) for k, v in labels.items()
                                 if k not in receiver.resource))
        found[key] = [(round(t * 1000), v) for t, v in samples]
    return found


def wanted():
    """The same, from the requests that were stored, each series in order."""
    found = collections.defaultdict(dict)
    for when, points in receiver.sent.items():
        for (name, attributes), value in points.items():
            key = name, tuple((k, str(v)) for k, v in attributes)
            found[key][when // 1000000] = value
    return found


@test
def every_committed_step_arrived_and_the_books_agree():
    check_equal(ledger.close(), [], "faults")
    check_equal(len(ledger.rings), 1, "rings")
    check_equal(ledger.state.lost, dict.fromkeys(ledger.state.lost, 0))


@test
def each_turn_without_a_step_is_counted_under_its_cause():
    missed = ledger.state.missed
    check_equal(sum(missed[c] for c in ("restart", "late", "suspended")),
                ledger.missed_turns(), f"intervals missed ({missed})")


@test
def every_sample_is_in_the_database_exactly_once():
    stored, want = in_database(), wanted()
    check_equal(set(stored), set(want), "series")
    check_equal(set(receiver.sent), set(ledger.records), "time steps")
    for key, samples in stored.items():
        times = [t for t, _ in samples]
        check_equal(times, sorted(want[key]), f"sample times of {key}")
        for when, value in samples:
            sent = want[key][when]
            check(abs(value - sent) <= CLOSE * max(1, abs(sent)),
                  f"{key} at {when}: {value} and not {sent}")


@test
def a_third_of_the_requests_failed_and_the_pair_was_killed_all_the_time():
    failed = sum(receiver.count[kind] for kind in FAILURES)
    share = failed / (failed + receiver.count["well"])
    check(0.2 < share < 0.45, f"{share:.2f} of the requests failed")
    check(sum(kills.values()) > SECONDS / 6, f"kills: {kills}")


@test
def the_ring_took_no_more_memory_than_what_waited_needs():
    half = len(memory) // 2
    check(max(memory[half:]) <= max(memory[:half]) + 512,
          f"kB of the ring, first half {max(memory[:half])}, second "
          f"{max(memory[half:])}")


kills, queued, memory = collections.Counter(), [], []
try:
    need_root()
    keys = Keys(folder.name)
    ledger = Ledger(collects_ms(HOST))
    with VictoriaMetrics(flags=["-dedup.minScrapeInterval=1ms"]) as database, \
            Failing(keys, ledger, database) as receiver:
        manager = run()
        print(f"# seed {SEED}: {SECONDS:.0f} s, kills {dict(kills)}, "
              f"requests {dict(receiver.count)}")
        print(f"# {len(ledger.records)} steps, {ledger.counts[0]} records, "
              f"{ledger.duplicates()} stored again, {ledger.missed_turns()} "
              f"turns missed, at most {max(queued)} records waiting, kB of "
              f"the ring {memory[0]} to {max(memory)}")
        main()
except Skip as reason:
    print(f"1..0 # SKIP {reason}")
