# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What the pair costs, against the kernel's own price of the
# same files: the real pair and a real TLS server, and beside them a program
# that holds the collector's files open and only reads them, at the same
# pace.  Needs root.
#
#   pair_cost.py BUILD [SECONDS]
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

WARM = 8                    # seconds until all is held and learned
TRACED = 10                 # seconds in which calls are counted
# counts by files, not by processes: the source top has its own benchmark
BASIC = {"process": {"enabled": False}}
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
    from pair import Pair
    from receiver import Receiver
    with Receiver(keys) as receiver, Pair(receiver.url, keys):
        receiver.wait(8, 30)
        requests = list(receiver.requests)[2:]
    wire = statistics.median(len(r.wire) for r in requests)
    points = statistics.median(len(r.points) for r in requests)
    print(f"\na request's body: {wire:.0f} bytes, {points:.0f} points: "
          f"{wire / points:.1f} bytes a point")


def measure(pids, seconds):
    """ms of CPU in each second, of each process."""
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


def run_floor(build, files, seconds):
    floor = subprocess.Popen([build / "tests/bench/floor", "1000"],
                             stdin=subprocess.PIPE, text=True)
    floor.stdin.write("\n".join(files) + "\n")
    floor.stdin.close()
    time.sleep(2)
    try:
        return measure({"floor": floor.pid}, seconds)["floor"]
    finally:
        floor.terminate()
        floor.wait()


def both(spent):
    return [a + b for a, b in zip(spent["collectord"], spent["shipperd"])]


def show(name, values, floor):
    median = statistics.median(values)
    print(f"| {name} | {median:.3f} | {min(values):.3f} | {max(values):.3f} |"
          f" {median / floor:.2f} |")


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
    os.environ["SLUICE_BUILD_ROOT"] = str(build)
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    from keys import Keys
    from nginx import Nginx
    from pair import Pair
    floor, spent = [], {"collectord": [], "shipperd": []}
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        for i in range(rounds):
            with Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as server, \
                    Pair(f"https://127.0.0.1:{server.port}/v1/metrics", keys,
                         settings={"collect": {"sources": BASIC}}) as pair:
                pair.wait_event("first_delivery")
                time.sleep(WARM)
                files = held_files(pair.collector)
                now = measure({"collectord": pair.collector,
                               "shipperd": pair.shipper}, seconds)
                for name, values in now.items():
                    spent[name] += values
                if i == rounds - 1:
                    describe(pair)
            floor += run_floor(build, files, seconds)
        describe_requests(keys)
    spent["pair"] = both(spent)
    median = statistics.median(floor)
    print(f"\n{len(files)} files, {rounds} times {seconds} s\n\n"
          "| ms of CPU a cycle | median | least | most | of the floor |\n"
          "|---|---|---|---|---|")
    show("floor", floor, median)
    for name in ("collectord", "shipperd", "pair"):
        show(name, spent[name], median)


main()
