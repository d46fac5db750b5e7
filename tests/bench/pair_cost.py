# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What the pair costs, against the kernel's own price of the
# same files: the real pair and a real TLS server, and beside them a program
# that holds the collector's files open and only reads them, at the same
# pace.  Needs root.
#
#   pair_cost.py BUILD [SECONDS [ROUNDS]]
#
# Twice: side by side, all in the same seconds, the floor half an interval
# after the collector; and by turns, each while the other does not run.
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))
from keys import Keys  # noqa: E402
from nginx import Nginx  # noqa: E402
from pair import Pair  # noqa: E402
from phase import collects_ms, hasty_host  # noqa: E402
from receiver import Receiver  # noqa: E402

INTERVAL_MS = 1000
HOST = hasty_host("cost")
WARM = 8                    # seconds until all is held and learned
TRACED = 10                 # seconds in which calls are counted
# counts by files, not by processes: the source top has its own benchmark
SETTINGS = {"resource": {"host.id": HOST},
            "collect": {"sources": {"process": {"enabled": False}}}}
ANSWERS = "location /v1/ { client_max_body_size 0; return 200; }"


def cpu_ns(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def held_files(pid):
    """What that process holds open of /proc and /sys; its own as "self"."""
    found = []
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        path = os.readlink(entry)
        if path.startswith(("/proc/", "/sys/")) and os.path.isfile(path):
            found.append(re.sub(r"^/proc/\d+/", "/proc/self/", path))
    return sorted(found)


def private_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(n) for n in re.findall(r"^Private_\w+: +(\d+)", text,
                                          re.MULTILINE))


def count_calls(pids):
    """Calls a second of each kind, by strace."""
    words = ["strace", "-c", "-f", *(f"-p{pid}" for pid in pids)]
    traced = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    time.sleep(TRACED)
    traced.send_signal(2)
    _, said = traced.communicate()
    rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$",
                      said, re.MULTILINE)
    return {name: int(n) / TRACED for n, name in rows if name != "total"}


def describe_requests(keys):
    """Bytes and points of a request, after the one with descriptions."""
    with Receiver(keys) as receiver, Pair(receiver.url, keys):
        receiver.wait(8, 30)
        requests = list(receiver.requests)[2:]
    wire = statistics.median(len(r.wire) for r in requests)
    points = statistics.median(len(r.points) for r in requests)
    print(f"\na request's body: {wire:.0f} bytes, {points:.0f} points: "
          f"{wire / points:.1f} bytes a point")


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
def running_floor(build, files):
    """Its pid; it reads for the first time half an interval after the
    collector did."""
    wait_for_phase(collects_ms(HOST) + INTERVAL_MS / 2)
    floor = subprocess.Popen([build / "tests/bench/floor", str(INTERVAL_MS)],
                             stdin=subprocess.PIPE, text=True)
    try:
        floor.stdin.write("\n".join(files) + "\n")
        floor.stdin.close()
        time.sleep(2)
        yield floor.pid
    finally:
        floor.terminate()
        floor.wait()


def measure_pair(build, keys, seconds, last):
    """Alone, then with the floor beside it; and the files it holds."""
    with Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as server, \
            Pair(f"https://127.0.0.1:{server.port}/v1/metrics", keys,
                 settings=SETTINGS) as pair:
        pair.wait_event("first_delivery")
        time.sleep(WARM)
        files = held_files(pair.collector)
        pair_pids = {"collectord": pair.collector, "shipperd": pair.shipper}
        alone = measure(pair_pids, seconds)
        with running_floor(build, files) as floor:
            beside = measure({**pair_pids, "floor": floor}, seconds)
        if last:
            describe(pair)
    return alone, beside, files


def both(spent):
    return [a + b for a, b in zip(spent["collectord"], spent["shipperd"])]


def add(total, more):
    for name, values in more.items():
        total.setdefault(name, []).extend(values)


def show(title, spent):
    spent["pair"] = both(spent)
    floor = statistics.median(spent["floor"])
    print(f"\n| {title}: ms of CPU a cycle | median | least | most |"
          " of the floor |\n|---|---|---|---|---|")
    for name in ("floor", "collectord", "shipperd", "pair"):
        values = spent[name]
        median = statistics.median(values)
        print(f"| {name} | {median:.3f} | {min(values):.3f} | "
              f"{max(values):.3f} | {median / floor:.2f} |")


def describe(pair):
    """What does not depend on the weather."""
    print("private memory, KiB: " + ", ".join(
        f"{name} {private_kib(pid)}" for name, pid in
        (("collectord", pair.collector), ("shipperd", pair.shipper))))
    for name, pid in (("collectord", pair.collector),
                      ("shipperd", pair.shipper)):
        calls = count_calls([pid])
        print(f"calls a cycle, {name}: {sum(calls.values()):.1f}: " +
              ", ".join(f"{k} {v:.1f}" for k, v in sorted(
                  calls.items(), key=lambda row: -row[1])))


def main():
    build = pathlib.Path(sys.argv[1])
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    os.environ["SLUICE_BUILD_ROOT"] = str(build)
    beside, turns = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        for i in range(rounds):
            alone, together, files = measure_pair(build, keys, seconds,
                                                  i == rounds - 1)
            add(turns, alone)
            add(beside, together)
            with running_floor(build, files) as floor:
                add(turns, measure({"floor": floor}, seconds))
        describe_requests(keys)
    print(f"\n{len(files)} files, {rounds} times {seconds} s")
    show("side by side", beside)
    show("by turns", turns)


main()
