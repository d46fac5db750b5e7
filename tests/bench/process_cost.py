# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The sources process and top on the kernel's own files, with
# so many sleeping processes, by tests/bench/process_cost.c.  Needs root.
#
#   process_cost.py BUILD NUMBER...
import pathlib
import subprocess
import sys

PACES = (("back to back", 30, 0), ("paced, 1 s", 9, 1000))


def main():
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} BUILD NUMBER...")
    program = pathlib.Path(sys.argv[1], "tests/bench/process_cost")
    print("ms of CPU a cycle, least and median; floor: one read of each stat "
          "file, as many of them\nkept open as the collector does, and all\n"
          "| made | read | kept | pace | sources | floor | ratio | all kept | "
          "ratio | us a process |\n|---|---|---|---|---|---|---|---|---|---|")
    for number in map(int, sys.argv[2:]):
        for pace, cycles, pause in PACES:
            # a /proc of their own: nobody else comes and goes
            out = subprocess.run(
                ["unshare", "--pid", "--fork", "--mount-proc", program,
                 str(cycles), str(pause), str(number)], check=True,
                stdout=subprocess.PIPE, text=True).stdout.split()
            read, kept = map(int, out[:2])
            least, own, low, floor, lower, held, kib = map(float, out[2:])
            print(f"| {number} | {read} | {kept} | {pace} | {least:.2f} "
                  f"{own:.2f} | {low:.2f} {floor:.2f} | {own / floor:.2f} | "
                  f"{lower:.2f} {held:.2f} | {own / held:.2f} | "
                  f"{1000 * own / read:.2f} |", flush=True)
        print(f"the kernel's memory for a file kept open: {kib} KiB")


main()
