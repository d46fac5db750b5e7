# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What only shows after hours: the clock of one daemon is
# moved (timeshift.c), under the shipped lock.
import os
import pathlib
import shutil
import tempfile
import time

from keys import Keys
from pair import Pair, build_root, need_root
from receiver import Answer, Receiver
from tap import check, main, test, until

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)

HOUR, DAY, YEAR = 3600, 86400, 365 * 86400


class ShiftedPair(Pair):
    """shift: "shipperd" or "collectord", whose clock moves by `by` seconds
    `after` milliseconds after its start."""

    def __init__(self, url, shift, by, after=4000, **more):
        super().__init__(url, keys, **more)
        library = self.folder / "timeshift.so"
        shutil.copy(build_root() / "tests/integration/libtimeshift.so",
                    library)
        settings = [f"LD_PRELOAD={library}", f"TIMESHIFT_BY={by}",
                    f"TIMESHIFT_AFTER={after}"]
        if shift == "collectord":
            self.prefix = ["env", *settings]
            return
        real = self.folder / "real"
        real.mkdir(mode=0o711)
        shutil.move(self.folder / "shipperd", real / "shipperd")
        wrapper = self.folder / "shipperd"
        wrapper.write_text("#!/bin/sh\nexport {}\nexec {}\n".format(
            " ".join(settings), real / "shipperd"))
        os.chmod(wrapper, 0o755)


def reseeds(pair):
    return sum("timeshift: reseed" in line for line in list(pair.lines))


@test
def the_random_generator_reseeds_under_the_lock_hours_later():
    need_root()
    with Receiver(keys) as receiver, \
            ShiftedPair(receiver.url, "shipperd", 3 * HOUR) as pair:
        receiver.wait(2)
        before = reseeds(pair)
        # each new connection draws random numbers
        receiver.default = Answer(headers={"Connection": "close"})
        until(lambda: reseeds(pair) > before, 30, "a reseed after the lock")
        seen = len(receiver.requests)
        receiver.wait(seen + 3)
        check(pair.process.poll() is None, "the pair ended")


@test
def a_certificate_that_expires_while_it_runs_is_refused_and_named():
    need_root()
    with Receiver(keys) as receiver, \
            ShiftedPair(receiver.url, "shipperd", 60 * YEAR) as pair:
        receiver.default = Answer(headers={"Connection": "close"})
        receiver.wait(1)
        event = pair.wait_event("delivery_failed", 30)
        check("expired" in event.line, event.line)
        check(pair.process.poll() is None, "the pair ended")


def clock_of_the_collector_steps(by):
    need_root()
    with Receiver(keys) as receiver, \
            ShiftedPair(receiver.url, "collectord", by) as pair:
        receiver.wait(2)
        event = pair.wait_event("clock_step", 20)
        moved = int(event.fields["ms"]) / 1000
        check(abs(moved - by) < 5, f"moved by {moved} s, not {by}")
        receiver.wait(len(receiver.requests) + 3)
        points = receiver.requests[-1].points
        now = time.time() + by
        for point in points:
            check(abs(point.time / 1e9 - now) < 10,
                  f"{point.name} at {point.time}")
            check((point.start or 0) <= point.time,
                  f"{point.name} starts after its time")
        gaps = receiver.points("sluice.intervals.missed",
                               sluice_cause="clock_step")
        check(gaps and gaps[-1].value >= 1, "no gap says clock_step")


@test
def a_clock_that_steps_forward_a_day_is_said_and_sent():
    clock_of_the_collector_steps(DAY)


@test
def a_clock_that_steps_back_a_year_is_said_and_sent():
    clock_of_the_collector_steps(-YEAR)


main()
