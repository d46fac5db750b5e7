# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A database that nobody here wrote, VictoriaMetrics behind
# nginx with mutual TLS: what it answers when asked must be what /proc said at
# that time.
import bisect
import collections
import pathlib
import tempfile
import threading
import time

from keys import Authority, Keys
from nginx import Nginx
from pair import Pair
from spacing import check_spacing
from tap import Skip, check, check_equal, main, test, until
from victoria import PATH, VictoriaMetrics

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)
STEPS = 12

CPU_MODES = {"user": 1, "nice": 2, "system": 3, "idle": 4, "iowait": 5,
             "interrupt": 6, "softirq": 7, "steal": 8}


def read_proc():
    """What is compared, from /proc: name and mode to value."""
    values = {}
    proc = pathlib.Path("/proc")
    values["system.uptime"] = float((proc / "uptime").read_text().split()[0])
    for line in (proc / "stat").read_text().splitlines():
        words = line.split()
        if words[0] == "cpu":
            for mode, at in CPU_MODES.items():
                values["system.cpu.time", mode] = int(words[at]) / 100
        elif words[0] == "ctxt":
            values["linux.context_switches"] = int(words[1])
        elif words[0] == "processes":
            values["system.process.created"] = int(words[1])
    for line in (proc / "vmstat").read_text().splitlines():
        name, number = line.split()
        if name == "pgmajfault":
            values["system.paging.faults", "major"] = int(number)
    return values


class Watch(threading.Thread):
    """Reads /proc all the time, so that each sample has a before and after."""

    def __init__(self):
        super().__init__(daemon=True)
        self.times = []
        self.readings = []
        self.ending = threading.Event()

    def run(self):
        while not self.ending.wait(0.1):
            values = read_proc()
            self.times.append(time.time())
            self.readings.append(values)

    def bounds(self, key, when):
        """The values of a growing number around a moment: wall time is taken
        at the start of the cycle, its files are read within half a second."""
        before = bisect.bisect_left(self.times, when - 0.002) - 1
        after = bisect.bisect_right(self.times, when + 0.5)
        if before < 0 or after >= len(self.times):
            return None
        return self.readings[before][key], self.readings[after][key]


def measure():
    """One run of the pair against the database; all tests look at it."""
    watch = Watch()
    with Pair(f"https://127.0.0.1:{front.port}{PATH}", keys) as pair:
        watch.start()
        until(lambda: len(samples("system.uptime")) >= STEPS, 40,
              f"{STEPS} steps in the database")
        time.sleep(1)
        pair.stop()
    watch.ending.set()
    watch.join()
    return watch


def samples(name, **labels):
    found = database.series(name, **labels)
    check(len(found) <= 1, f"{name} {labels} is {len(found)} series")
    return found[0][1] if found else []


def check_between(key, got):
    compared = 0
    for when, value in got:
        bounds = watch.bounds(key, when)
        if bounds is not None:
            compared += 1
            check(bounds[0] - 0.02 <= value <= bounds[1] + 0.02,
                  f"{key} at {when}: {value} is not within {bounds}")
    check(compared >= STEPS // 2, f"only {compared} samples to compare")


@test
def every_time_step_is_stored_and_none_twice():
    times = [when for when, _ in samples("system.uptime")]
    check(len(times) >= STEPS, f"{len(times)} steps")
    check_spacing(times)


@test
def uptime_is_what_proc_said():
    check_between("system.uptime", samples("system.uptime"))


@test
def context_switches_and_forks_are_what_proc_said():
    for name in ("linux.context_switches", "system.process.created"):
        check_between(name, samples(name))


@test
def cpu_time_by_mode_is_what_proc_said():
    for mode in CPU_MODES:
        check_between(("system.cpu.time", mode),
                      samples("system.cpu.time", cpu_mode=mode))


@test
def major_faults_are_what_proc_said():
    check_between(("system.paging.faults", "major"), samples(
        "system.paging.faults", system_paging_fault_type="major"))


@test
def memory_states_add_up_to_the_limit_that_proc_says():
    text = pathlib.Path("/proc/meminfo").read_text()
    total = int(text.split()[1]) * 1024
    limits = samples("system.memory.limit")
    check_equal({value for _, value in limits}, {total}, "limit")
    sums = collections.Counter()
    for _, got in database.series("system.memory.usage"):
        for when, value in got:
            sums[when] += value
    check_equal(set(sums.values()), {total}, "sum of the states")


@test
def the_database_took_as_many_samples_as_the_pair_delivered():
    delivered = [got for labels, got in database.series(
        "otel.sdk.exporter.metric_data_point.exported")
        if "error.type" not in labels]
    check_equal(len(delivered), 1, "series of delivered points")
    # what the pair says was so before the request that says it
    check(delivered[0][-1][1] <= database.rows(),
          f"{delivered[0][-1][1]} delivered, {database.rows()} taken")


@test
def each_request_came_over_tls_1_3_with_a_verified_certificate():
    requests = front.requests()
    check(len(requests) >= STEPS, f"{len(requests)} requests")
    for status, _, version, verified, kind, path in requests:
        check_equal((status, version, verified, kind, path),
                    (200, "TLSv1.3", "SUCCESS", "application/x-protobuf",
                     PATH))


@test
def nginx_refusing_our_certificate_keeps_the_records():
    stranger = Authority(folder.name, "stranger").issue("who", "clientAuth")
    before = database.rows()
    with Pair(f"https://127.0.0.1:{front.port}{PATH}", keys,
              client=stranger) as pair:
        until(lambda: front.requests()[-1][0] == 400, 20, "nginx says 400")
        pair.wait_event("delivery_failed", reason="client_refused")
        time.sleep(2)
        check(pair.process.poll() is None, "the pair ended")
        # nginx says 400 to it: dropping on that would lose every record
        check_equal([line for line in pair.lines if "dropped" in line], [],
                    "dropped records")
    check_equal(database.rows(), before, "samples")


try:
    with VictoriaMetrics() as database, Nginx(keys, database.url) as front:
        watch = measure()
        main()
except Skip as reason:
    print(f"1..0 # SKIP {reason}")
