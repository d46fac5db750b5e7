# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  kill -9 of the collector, the shipper or both, at random
# instants while records flow, under a manager that starts them again at once.
# Everything that the ring had committed arrives, nothing in two versions, and
# the books agree.  SLUICE_CHAOS is the number of kills (default 2000).
import collections
import concurrent.futures
import multiprocessing
import os
import random
import signal
import tempfile
import time

from keys import Keys
from ledger import Bookkeeper, Ledger
from pair import Pair, need_root
from phase import collects_ms, hasty_host
from receiver import Answer
from ringview import MISSED, RingView
from supervisor import Supervisor
from tap import Failed, Skip, check, check_equal, main, test

PAIRS = 8
KILLS = int(os.environ.get("SLUICE_CHAOS") or
            (300 if os.environ.get("SLUICE_QUICK") else 2000))
SEED = int(os.environ.get("SLUICE_SEED") or random.randrange(1 << 32))
PHASES = ("before_ready", "collecting", "in_flight", "idle")
COLLECTING_S = 0.03     # a collection and what follows it, on a busy machine

folder = tempfile.TemporaryDirectory()


class Watched(Bookkeeper):
    """Answers after a random while."""

    def __init__(self, keys, ledger, dice):
        super().__init__(keys, ledger, keep=4)
        self.dice = dice
        self.delays = (0, 0, 0.05, 0.2, 0.4)
        self.open_until = 0.0       # the answer to the last request

    def take(self, request):
        answer = super().take(request)
        delay = self.dice.choice(self.delays)
        self.open_until = time.monotonic() + delay
        return Answer(answer.status, delay=delay)

    @property
    def is_asked(self):
        return time.monotonic() < self.open_until


def soon(condition, seconds, what):
    """As until(), for what takes a few milliseconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.0005)


class Killer:
    """One pair, killed so many times."""

    def __init__(self, number, kills, keys):
        self.dice = random.Random(SEED + number)
        self.kills = kills
        self.host = hasty_host(f"chaos-{number}", skip=number)
        self.phase = collects_ms(self.host)
        self.ledger = Ledger(self.phase)
        self.receiver = Watched(keys, self.ledger, self.dice)
        self.hit = collections.Counter()
        self.whom = collections.Counter()
        self.memory = []
        self.was_down = False
        self.keys = keys

    def to_collection(self):
        """Seconds to the next turn of the grid."""
        now = time.clock_gettime(time.CLOCK_BOOTTIME) * 1000
        return (self.phase - now) % 1000 / 1000

    def pause(self):
        """Waits for the moment of the next kill."""
        way = 0 if self.was_down else self.dice.random()
        self.was_down = False
        if way < 0.2:               # while it starts
            time.sleep(self.dice.uniform(0, 0.015))
        elif way < 0.45:            # while it collects
            wait = self.to_collection()
            time.sleep((wait if wait > 0.02 else wait + 1) +
                       self.dice.uniform(0, COLLECTING_S / 2))
        elif way < 0.8:             # while it waits for an answer
            end = time.monotonic() + 2
            while not self.receiver.is_asked and time.monotonic() < end:
                time.sleep(0.002)
            time.sleep(self.dice.expovariate(20))
        else:
            time.sleep(self.dice.uniform(0, 1.2))

    def where(self, life):
        if life.ready is None:
            return "before_ready"
        if self.receiver.is_asked:
            return "in_flight"
        if 1 - self.to_collection() < COLLECTING_S:
            return "collecting"
        return "idle"

    def kill(self, manager):
        whom = self.dice.choice(("collector", "shipper", "both"))
        life = manager.life
        stays_down = self.dice.random() < 0.03
        if stays_down:
            manager.hold()
        self.hit[self.where(life)] += 1
        if whom == "shipper" and not life.signal_shipper(signal.SIGKILL):
            whom = "collector"      # there is no shipper yet
        if whom != "shipper":
            manager.kill(shipper=whom == "both")
        self.whom[whom] += 1
        if stays_down:
            time.sleep(self.dice.uniform(0, 3.5))
            manager.release()
            # what was missed must not be counted by two that start
            self.was_down = self.dice.random() < 0.7
        soon(lambda: manager.life is not life, 10, "it is started again")
        self.receiver.open_until = 0.0

    def ended(self, manager, life):
        for _, fd in manager.store:
            self.ledger.committed(fd)
        if len(manager.lives) > 3:
            # their lines are thousands; the last ones are enough
            manager.lives[-4].lines = manager.lives[-4].events = []

    def run(self):
        pair = Pair(self.receiver.url, self.keys,
                    settings={"resource": {"host.id": self.host}})
        manager = Supervisor(pair, on_end=lambda life: self.ended(
            manager, life))
        with self.receiver, manager:
            manager.wait_ready()
            for n in range(self.kills):
                self.pause()
                self.kill(manager)
                if n % 10 == 9:
                    self.memory.append(sum(os.fstat(fd).st_blocks
                                           for _, fd in manager.store) // 2)
            self.settle(manager)
        return self.result(manager)

    def settle(self, manager):
        """Ends it when nothing waits, right after a step."""
        self.receiver.delays = (0,)
        manager.wait_ready()
        with RingView(manager.store[0][1]) as ring:
            soon(lambda: ring.behind() == 0 and
                 0.1 < 1 - self.to_collection() < 0.5,
                 60, "nothing waits in the ring")
        check_equal(len(manager.store), 1, "descriptors that are kept")
        check_equal(manager.stop(), 0, "exit status")

    def result(self, manager):
        return {"faults": self.ledger.close(), "hit": self.hit,
                "whom": self.whom, "steps": len(self.ledger.records),
                "records": self.ledger.counts, "memory": self.memory,
                "duplicates": self.ledger.duplicates(),
                "lost": self.ledger.state.lost,
                "missed": self.ledger.state.missed,
                "gaps": self.ledger.missed_turns(),
                "cut": len(set(self.ledger.records) - self.ledger.whole),
                "rings": len(self.ledger.rings),
                "lives": len(manager.lives),
                "refused": manager.refused[:3],
                "host": self.host}


def one(number, kills, keys):
    return Killer(number, kills, keys).run()


def everything():
    need_root()
    keys = Keys(folder.name)
    kills = [KILLS // PAIRS + (n < KILLS % PAIRS) for n in range(PAIRS)]
    with concurrent.futures.ProcessPoolExecutor(
            PAIRS, multiprocessing.get_context("fork")) as pool:
        return list(pool.map(one, range(PAIRS), kills, [keys] * PAIRS))


def total(name):
    return sum((collections.Counter(r[name]) for r in results),
               collections.Counter())


@test
def every_committed_step_arrived_once_or_again_in_the_same_bytes():
    check_equal([f for r in results for f in r["faults"]], [], "faults")
    check(all(r["steps"] > KILLS / PAIRS / 4 for r in results),
          "hardly a step was made")


@test
def no_record_was_lost_and_none_could_not_be_read():
    check_equal(dict(+total("lost")), {}, "records lost")


@test
def each_turn_without_a_step_is_counted_under_its_cause():
    for r in results:
        causes = ("restart", "late", "suspended")
        check_equal(sum(r["missed"][c] for c in causes), r["gaps"],
                    f"intervals missed ({r['missed']})")
        other = {c: r["missed"][c] for c in MISSED
                 if c not in causes and r["missed"][c]}
        check_equal(other, {}, "intervals missed for another cause")


@test
def the_ring_stayed_one_and_the_same_and_took_no_more_memory():
    for r in results:
        check_equal(r["rings"], 1, "rings")
        check(r["memory"][-1] <= r["memory"][0] + 256,
              f"kB of the ring: {r['memory']}")


@test
def the_kills_hit_every_phase():
    for phase in PHASES:
        check(total("hit")[phase] > KILLS / 50,
              f"{phase}: {total('hit')[phase]} of {KILLS} kills")
    check_equal(sum(total("hit").values()), KILLS, "kills")
    check(total("missed")["restart"] > 0, "no turn was missed")


@test
def the_manager_heard_of_none_but_the_main_process():
    check_equal([r["refused"] for r in results if r["refused"]], [])


began = time.monotonic()
try:
    results = everything()
except Skip as reason:
    print(f"1..0 # SKIP {reason}")
    raise SystemExit(0) from None
print(f"# seed {SEED}: {KILLS} kills of {PAIRS} pairs in "
      f"{time.monotonic() - began:.0f} s; by phase {dict(total('hit'))}; "
      f"whom {dict(total('whom'))}")
print(f"# {sum(r['steps'] for r in results)} steps, "
      f"{sum(r['records'][0] for r in results)} records read, "
      f"{sum(r['duplicates'] for r in results)} requests came again, "
      f"{sum(r['gaps'] for r in results)} turns missed, "
      f"{sum(r['cut'] for r in results)} cut short; kB of each ring "
      f"{[r['memory'][-1] for r in results]}")
main()
