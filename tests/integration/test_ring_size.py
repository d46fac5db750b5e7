# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  How much of the ring a data point takes, and how long an
# outage it therefore survives: on this host, and on a busy one made up.
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from busyhost import BusyHost
from tap import check, check_equal, main, test

SOURCE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
FILL = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"],
                    "tests/integration/ring_fill")
RING = 16 << 20
MOST = 3                    # bytes a point
CYCLES = 300
INTERVAL = 10               # seconds
DAY = 86400 // INTERVAL


def busy_folder():
    """In memory: it is written to thousands of times."""
    return tempfile.TemporaryDirectory(prefix="sluice-busy-", dir="/dev/shm")


class Fill:
    """The collector's cycle over a tree; one row for each collection."""

    def __init__(self, *words, ring=RING):
        self.process = subprocess.Popen(
            [FILL, *words, str(ring)], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.points = []
        self.usage = []
        self.lost = 0

    def collect(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        points, usage, self.lost = map(
            int, self.process.stdout.readline().split())
        self.points.append(points)
        self.usage.append(usage)

    def end(self):
        self.process.stdin.close()
        check_equal(self.process.wait(10), 0, "status")

    def of_each_step(self):
        """Bytes a point; what the end of a segment wastes is in it."""
        return [(after - before) / points for before, after, points in zip(
            [0, *self.usage], self.usage, self.points)]

    def say(self, who):
        print(f"# {who}: {self.points[-1]} points a collection, "
              f"{self.usage[-1] / len(self.usage):.0f} bytes, "
              f"{statistics.median(self.of_each_step()):.2f} bytes a point "
              f"(median), {self.usage[-1] / sum(self.points):.2f} (mean); "
              f"{RING / 2**20:.0f} MiB hold "
              f"{RING * len(self.usage) / self.usage[-1] * INTERVAL / 3600:.0f}"
              f" hours at {INTERVAL} s")


@test
def a_point_of_this_host_takes_at_most_three_bytes():
    fill = Fill("/proc", "/sys")
    for _ in range(CYCLES):
        fill.collect()
        time.sleep(0.1)
    fill.end()
    fill.say("this host")
    check(min(fill.points) > 50, fill.points)
    check(statistics.median(fill.of_each_step()) <= MOST, "median")


@test
def sixteen_mebibytes_hold_a_day_of_a_busy_host():
    with busy_folder() as top:
        host = BusyHost(top, SOURCE / "tests/fixtures/linux-6.18")
        fill = Fill("-c", f"{top}/proc", f"{top}/sys")
        for _ in range(DAY):
            host.advance(INTERVAL)
            fill.collect()
        fill.end()
    fill.say("8 CPUs, 4 disks, 6 interfaces")
    # file systems and all: a source that failed would make it look good
    check(min(fill.points) > 250, fill.points)
    check_equal(fill.lost, 0, "lost within a day")
    check(statistics.median(fill.of_each_step()) <= MOST, "median")


@test
def a_full_ring_is_seen_as_full():
    with busy_folder() as top:
        host = BusyHost(top, SOURCE / "tests/fixtures/linux-6.18", seed=2)
        fill = Fill("-c", f"{top}/proc", f"{top}/sys", ring=1 << 20)
        while not fill.lost and len(fill.usage) < 5000:
            host.advance(INTERVAL)
            fill.collect()
        fill.end()
    check(500 < len(fill.usage) < 5000 and fill.lost > 0,
          f"{len(fill.usage)} collections, {fill.lost} lost")


main()
