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
import os
import pathlib
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))
from cost import (both, count_calls, held_files, measure,  # noqa: E402
                  median_request, paced_pair, running_floor)
from hurried import memory_of  # noqa: E402
from keys import Keys  # noqa: E402


def measure_pair(keys, seconds, last):
    """Alone, then with the floor beside it; and the files it holds."""
    with paced_pair(keys) as pair:
        files = held_files(pair.collector)
        pair_pids = {"collectord": pair.collector, "shipperd": pair.shipper}
        alone = measure(pair_pids, seconds)
        with running_floor(files) as floor:
            beside = measure({**pair_pids, "floor": floor}, seconds)
        if last:
            describe(pair)
    return alone, beside, files


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
        f"{name} {memory_of(pid)[0]}" for name, pid in
        (("collectord", pair.collector), ("shipperd", pair.shipper))))
    for name, pid in (("collectord", pair.collector),
                      ("shipperd", pair.shipper)):
        calls = count_calls(pid)
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
            alone, together, files = measure_pair(keys, seconds,
                                                  i == rounds - 1)
            add(turns, alone)
            add(beside, together)
            with running_floor(files) as floor:
                add(turns, measure({"floor": floor}, seconds))
        wire, points = median_request(keys)
    print(f"\na request's body: {wire:.0f} bytes, {points:.0f} points: "
          f"{wire / points:.1f} bytes a point")
    print(f"\n{len(files)} files, {rounds} times {seconds} s")
    show("side by side", beside)
    show("by turns", turns)


main()
