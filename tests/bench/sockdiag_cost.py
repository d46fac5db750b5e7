# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The source sockdiag with so many TCP sockets on loopback, in
# a network namespace of their own, by tests/bench/sockdiag_cost.c.  Needs root.
#
#   sockdiag_cost.py BUILD NUMBER...
import pathlib
import subprocess
import sys

PACES = (("back to back", 10, 0), ("paced, 1 s", 5, 1000))


def main():
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} BUILD NUMBER...")
    tests = pathlib.Path(sys.argv[1], "tests")
    print("ms of CPU a cycle, least and median\n"
          "| made | counted | pace | source | the kernel's dump | ratio |\n"
          "|---|---|---|---|---|---|")
    for number in map(int, sys.argv[2:]):
        for pace, cycles, pause in PACES:
            out = subprocess.run(
                [tests / "integration/many_sockets", str(number),
                 tests / "bench/sockdiag_cost", str(cycles), str(pause)],
                check=True, stdout=subprocess.PIPE, text=True).stdout.split()
            least, own, lower, dump = map(float, out[1:])
            print(f"| {number} | {out[0]} | {pace} | {least:.2f} {own:.2f} | "
                  f"{lower:.2f} {dump:.2f} | {own / dump:.2f} |", flush=True)


main()
