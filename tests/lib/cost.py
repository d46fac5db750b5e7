# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What processes cost, and what the kernel itself asks for the
# same files: for tests/bench.
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import time

from nginx import Nginx
from pair import Pair, build_root
from phase import collects_ms, hasty_host
from receiver import Receiver

INTERVAL_MS = 1000
HOST = hasty_host("cost")
WARM = 8                    # seconds until all is held and learned
TRACED = 10                 # seconds in which calls are counted
# counts by files, not by processes: the source top has its own benchmark
SETTINGS = {"resource": {"host.id": HOST},
            "collect": {"sources": {"process": {"enabled": False}}}}
ANSWERS = "location /v1/ { client_max_body_size 0; return 200; }"


@contextlib.contextmanager
def paced_pair(keys):
    """One that delivers each second to nginx, and has learned all."""
    with Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as server, \
            Pair(f"https://127.0.0.1:{server.port}/v1/metrics", keys,
                 settings=SETTINGS) as pair:
        pair.wait_event("first_delivery")
        time.sleep(WARM)
        yield pair


def median_request(keys):
    """Bytes and points of a request, after the one with descriptions."""
    with Receiver(keys) as receiver, Pair(receiver.url, keys):
        receiver.wait(8, 30)
        requests = list(receiver.requests)[2:]
    return (statistics.median(len(r.wire) for r in requests),
            statistics.median(len(r.points) for r in requests))


def cpu_ns(pid):
    """Of all its threads."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def held_files(pid):
    """What that process holds open of /proc and /sys; its own as "self"."""
    found = []
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        path = os.readlink(entry)
        if path.startswith(("/proc/", "/sys/")) and os.path.isfile(path):
            found.append(re.sub(r"^/proc/\d+/", "/proc/self/", path))
    return sorted(found)


def count_calls(pid):
    """Calls a second of each kind, by strace."""
    traced = subprocess.Popen(["strace", "-c", f"-p{pid}"],
                              stderr=subprocess.PIPE, text=True)
    time.sleep(TRACED)
    traced.send_signal(2)
    _, said = traced.communicate()
    rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$",
                      said, re.MULTILINE)
    return {name: int(n) / TRACED for n, name in rows if name != "total"}


def wait_for_phase(ms):
    """Until so far behind a whole interval since boot."""
    now = time.clock_gettime(time.CLOCK_BOOTTIME) * 1000
    time.sleep((ms - now) % INTERVAL_MS / 1000)


def measure(pids, seconds):
    """ms of CPU in each second, of each process; looks between them."""
    wait_for_phase(collects_ms(HOST) + INTERVAL_MS * 3 / 4)
    spent = {name: [] for name in pids}
    before = {name: cpu_ns(pid) for name, pid in pids.items()}
    begun = time.monotonic()
    for i in range(seconds):
        time.sleep(max(0, begun + i + 1 - time.monotonic()))
        for name, pid in pids.items():
            now = cpu_ns(pid)
            spent[name].append((now - before[name]) / 1e6)
            before[name] = now
    return spent


@contextlib.contextmanager
def running_floor(files):
    """Its pid; it reads for the first time half an interval after the
    collector did."""
    wait_for_phase(collects_ms(HOST) + INTERVAL_MS / 2)
    floor = subprocess.Popen([build_root() / "tests/bench/floor",
                              str(INTERVAL_MS)],
                             stdin=subprocess.PIPE, text=True)
    try:
        floor.stdin.write("\n".join(files) + "\n")
        floor.stdin.close()
        time.sleep(2)
        yield floor.pid
    finally:
        floor.terminate()
        floor.wait()


def both(spent):
    return [a + b for a, b in zip(spent["collectord"], spent["shipperd"])]
