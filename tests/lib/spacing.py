# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  How far apart the steps of a pair are that had an interval
# of one second and missed none.
from tap import check


def room(nth):
    """Least and most intervals between step nth and the next, from 0.  Who
    starts collects at once, half a turn before or behind the next turn at the
    edge (collectord/grid.h), and is as late as the machine is busy."""
    return (0.4, 1.6) if nth == 0 else (0.5, 1.5)


def check_spacing(times, second=1):
    """Of all steps in their order; second: what the times count in."""
    for nth, (before, after) in enumerate(zip(times, times[1:])):
        least, most = room(nth)
        gap = (after - before) / second
        check(least < gap < most, f"{gap} s between two steps")
