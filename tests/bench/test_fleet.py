# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Ten thousand agents are polite through an outage, and are
# not without jitter and phase; docs/fleet.md and its picture say what is so.
import os

import fleet
from fleet import BACK, LIVE, OUTAGE, STEADY, mean, peak, through
from tap import check, check_equal, main, test

BUILD = os.environ["SLUICE_BUILD_ROOT"]
CATCH_UP, CAPACITY = 10, 3000
AS_IS, NO_JITTER, IN_STEP = fleet.FLEETS

results = fleet.simulate_all(BUILD)


def at_most(got, bound, words):
    check(got <= bound, f"{words}: {got:.0f}, more than {bound:.0f}")


def more_than(got, bound, words):
    check(got > bound, f"the fleet without: {words}: only {got:.0f}")


def runs(*names):
    return [(name, results[name, AS_IS]) for name in names]


def all_runs():
    return runs(*fleet.SCENARIOS)


@test
def the_first_rush_of_retries_is_at_most_three_times_the_live_rate():
    for name, seconds in all_runs():
        at_most(peak(seconds, "attempts", OUTAGE, STEADY), 3 * LIVE, name)
        at_most(peak(seconds, "requests", OUTAGE, STEADY), 1.5 * LIVE, name)
    more_than(peak(results["refused", IN_STEP], "attempts", OUTAGE, STEADY),
              3 * LIVE, "in step")


@test
def while_it_lasts_no_second_sees_much_more_than_the_mean():
    for name, seconds in runs("refused", "silent", "restart", "weak"):
        usual = mean(seconds, "attempts", STEADY, BACK)
        at_most(usual, LIVE / 2, name)
        at_most(peak(seconds, "attempts", STEADY, BACK), 1.5 * usual, name)
        for without in (NO_JITTER, IN_STEP):
            other = results[name, without]
            more_than(peak(other, "attempts", STEADY, BACK),
                      1.5 * mean(other, "attempts", STEADY, BACK), name)


@test
def a_retry_after_makes_no_wave_that_stays():
    seconds = results["busy", AS_IS]
    check_equal(peak(seconds, "attempts", OUTAGE), 0, "new connections")
    for start in range(OUTAGE + 30, BACK - 60, 60):
        at_most(peak(seconds, "requests", start, start + 60), 1.1 * LIVE,
                f"second {start}")
    usual = mean(seconds, "requests", STEADY, BACK)
    at_most(peak(seconds, "requests", STEADY, BACK), 1.8 * usual, "then")
    for without in (NO_JITTER, IN_STEP):
        other = results["busy", without]
        more_than(peak(other, "requests", STEADY, BACK),
                  1.7 * mean(other, "requests", STEADY, BACK), "busy")


@test
def nobody_asks_before_a_retry_after_is_over():
    seconds = results["busy", AS_IS]
    # all have been told within one interval; then it is silent
    at_most(peak(seconds, "requests", OUTAGE + 11, OUTAGE + 60), 0, "early")


@test
def the_fleet_reconnects_over_a_minute():
    for name, seconds in runs("refused", "silent", "weak"):
        usual = mean(seconds, "attempts", STEADY, BACK)
        at_most(peak(seconds, "attempts", BACK), 1.5 * usual, name)
        more_than(peak(results[name, NO_JITTER], "attempts", BACK),
                  1.5 * usual, name)


@test
def a_start_of_all_agents_in_one_second_is_spread_over_the_interval():
    for name, seconds in all_runs():
        at_most(peak(seconds, "attempts", 0, OUTAGE), 1.5 * LIVE, name)
        at_most(peak(seconds, "requests", 0, OUTAGE), 2.5 * LIVE, name)
    seconds = results["restart", AS_IS]
    at_most(peak(seconds, "attempts", BACK), 1.5 * LIVE, "restart")
    more_than(peak(results["restart", IN_STEP], "attempts", BACK), 9 * LIVE,
              "in step")


@test
def a_backlog_is_sent_at_most_as_fast_as_promised():
    for name, seconds in all_runs():
        at_most(peak(seconds, "requests", BACK), CATCH_UP * LIVE, name)
    more_than(peak(results["restart", IN_STEP], "requests", BACK),
              CATCH_UP * LIVE, "in step")


@test
def half_an_hour_of_backlog_is_through_within_six_minutes():
    for name, seconds in runs("refused", "silent", "busy", "restart"):
        done = through(seconds)
        check(done is not None and done <= 360, f"{name}: {done} s")


@test
def a_receiver_that_cannot_take_it_all_works_at_its_full_rate():
    seconds = results["weak", AS_IS]
    at_most(peak(seconds, "requests", BACK), 1.5 * CAPACITY, "asked")
    # from when the first know that it is back until most have nothing left
    busy = [s.taken for s in seconds[BACK + 60:]
            if s.backlog > seconds[BACK].backlog / 10]
    check(len(busy) > 300, f"only {len(busy)} s")
    check_equal(min(busy), CAPACITY, "taken in a second")
    check(through(seconds) is not None, "it never ends")
    check(through(results["weak", IN_STEP]) is None, "in step: it ends")


@test
def what_was_collected_is_delivered():
    for name, seconds in all_runs():
        at_most(seconds[-1].backlog, LIVE / 10, name)
        at_most(peak(seconds, "backlog", BACK),
                fleet.AGENTS * (BACK - OUTAGE + 60) / fleet.INTERVAL, name)


@test
def the_same_run_says_the_same():
    program = f"{BUILD}/tests/bench/fleet"
    check(fleet.simulate(program, "weak") == results["weak", AS_IS],
          "two runs differ")


@test
def the_page_and_its_picture_are_what_the_simulation_says():
    again = "run tests/bench/fleet.py, and look at docs/fleet.svg"
    old = fleet.PAGE.read_text()
    check(fleet.page(old, results) == old, f"docs/fleet.md is old: {again}")
    check(fleet.svg(results) == fleet.SVG.read_text(),
          f"docs/fleet.svg is old: {again}")


main()
