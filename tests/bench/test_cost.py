# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Costs that docs/performance.md promises: those that can be
# counted, and a bound far above the one of CPU, which the weather moves.
import shutil
import statistics
import tempfile
import time

from cost import (both, count_calls, held_files, measure, median_request,
                  paced_pair, running_floor)
from keys import Keys
from pair import Pair, need_root
from phase import hasty_host
from receiver import Receiver
from tap import Skip, check, main, test

CALLS = 12                  # beside one for each file
BYTES_A_POINT = 30
FIRST_S = 0.1
TIMES_FLOOR = 2.7           # asked for: 1.8; see docs/performance.md

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)


@test
def a_collection_takes_one_call_a_file_and_at_most_twelve_more():
    need_root()
    if shutil.which("strace") is None:
        raise Skip("needs strace")
    with paced_pair(keys) as pair:
        files = held_files(pair.collector)
        calls = {pid: count_calls(pid)
                 for pid in (pair.collector, pair.shipper)}
    made = sum(sum(kinds.values()) for kinds in calls.values())
    check(len(files) >= 16, files)
    # each is read, but for those of the sources that rest for ten seconds
    check(calls[pair.collector]["pread64"] >= len(files) - 3, calls)
    check(made <= len(files) + CALLS, f"{made} for {len(files)}: {calls}")


@test
def a_point_is_at_most_thirty_bytes_of_a_request():
    wire, points = median_request(keys)
    check(points > 100, points)
    check(wire <= BYTES_A_POINT * points, f"{wire} for {points} points")


def first_delivery(number):
    """Seconds from the start of a new agent until its request is here."""
    host = {"host.id": hasty_host("first", skip=number)}
    with Receiver(keys) as receiver:
        pair = Pair(receiver.url, keys, settings={"resource": host})
        begun = time.time()
        with pair:
            receiver.wait(1)
        return receiver.requests[0].time - begun


@test
def a_new_agent_delivers_within_a_tenth_of_a_second():
    took = [first_delivery(i) for i in range(5)]
    check(0 < statistics.median(took) < FIRST_S, took)


@test
def the_pair_costs_little_beside_who_only_reads_the_same_files():
    need_root()
    with paced_pair(keys) as pair, \
            running_floor(held_files(pair.collector)) as floor:
        spent = measure({"collectord": pair.collector,
                         "shipperd": pair.shipper, "floor": floor}, 20)
    least = statistics.median(spent["floor"])
    ratio = statistics.median(both(spent)) / least
    print(f"# {ratio:.2f} times the floor of {least:.3f} ms")
    check(0.01 < least < 10, least)
    check(ratio <= TIMES_FLOOR, f"{ratio:.2f} times the floor")


main()
