# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The pair at an interval of 1 s against the real database:
# not one point lost, no memory growing, no log line without a reason.
# SLUICE_SOAK is the number of seconds (default 60).
import os
import tempfile
import time

from keys import Keys
from nginx import Nginx
from pair import Pair, status_of
from spacing import check_spacing
from tap import Skip, check, check_equal, main, test
from victoria import PATH, VictoriaMetrics

WARM = 20               # seconds after which memory must stay as it is
GROWTH_KB = 512
RING_KB = 16384         # the default: shared memory grows into it, not beyond

# What a good run may say.
EXPECTED_EVENTS = {"started", "first_delivery", "source_failed",
                   "landlock_absent", "landlock_no_ports", "stopped",
                   "collector_gone"}

# What moves slowly is looked at once in 10 s (docs/metrics.md).
SLOW = ("system.filesystem.", "linux.filesystem.", "linux.clock.")

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)
seconds = float(os.environ.get("SLUICE_SOAK") or 60)


def resident(pair):
    """kB of both while they run: all but the ring, and the ring."""
    found = {}
    for name, pid in (("collectord", pair.collector),
                      ("shipperd", pair.shipper)):
        status = status_of(pid)
        every, ring = (int(status[key].split()[0])
                       for key in ("VmRSS", "RssShmem"))
        found[name] = every - ring, ring
    return found


def soak():
    with Pair(f"https://127.0.0.1:{front.port}{PATH}", keys) as pair:
        time.sleep(WARM)
        warm = resident(pair)
        time.sleep(max(seconds - WARM, 1))
        end = resident(pair)
        status = pair.stop()
        return warm, end, status, pair.lines, pair.events


@test
def the_pair_ran_to_its_end_and_stopped_well():
    check_equal(status, 0, "exit status")


@test
def every_series_has_a_sample_at_every_time_step():
    everything = database.series()

    def times_of(name):
        return sorted(t for labels, samples in everything
                      if labels["__name__"] == name for t, _ in samples)
    steps, slow = times_of("system.uptime"), times_of("linux.clock.error")
    check(len(steps) >= seconds - 5, f"{len(steps)} steps")
    check_spacing(steps)
    slow = sorted(set(slow))
    check_equal(slow, steps[::10], "steps with what moves slowly")
    for labels, samples in everything:
        times = [t for t, _ in samples]
        due = slow if labels["__name__"].startswith(SLOW) else steps
        want = [t for t in due if times[0] <= t <= times[-1]]
        check_equal(times, want, f"sample times of {labels}")


@test
def neither_process_grew():
    for name, (own, _) in warm.items():
        check(end[name][0] - own <= GROWTH_KB,
              f"{name} went from {own} kB to {end[name][0]} kB")
        check(end[name][1] <= RING_KB, f"{name}: ring of {end[name][1]} kB")


@test
def no_log_line_is_without_a_reason():
    check_equal([line for line in lines if "event=" not in line], [])
    check_equal([e.line for e in events if e.name not in EXPECTED_EVENTS], [])


try:
    if os.environ.get("SLUICE_QUICK"):
        raise Skip("left out by --quick")
    with VictoriaMetrics() as database, Nginx(keys, database.url) as front:
        warm, end, status, lines, events = soak()
        main()
except Skip as reason:
    print(f"1..0 # SKIP {reason}")
