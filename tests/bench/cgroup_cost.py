# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The source cgroup on the kernel's own files: makes so many
# cgroups, measures with tests/bench/cgroup_cost.c and takes them away again.
# Needs root.  Not where systemd runs, which looks after its own hierarchy.
#
#   cgroup_cost.py BUILD NUMBER...
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import livegroups

PACES = (("back to back", 30, 0), ("paced, 1 s", 10, 1000))


def main():
    if os.path.exists("/run/systemd/system") or len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} BUILD NUMBER..., without systemd")
    program = pathlib.Path(sys.argv[1], "tests/bench/cgroup_cost")
    print("ms of CPU a cycle, least and median\n"
          "| made | read | files | pace | source | floor | ratio | "
          "us a cgroup |\n|---|---|---|---|---|---|---|---|")
    for number in map(int, sys.argv[2:]):
        with livegroups.made(livegroups.many(number)):
            for pace, cycles, pause in PACES:
                out = subprocess.run(
                    [program, str(cycles), str(pause)], check=True,
                    capture_output=True, text=True).stdout.split()
                groups, files, held = map(int, out[:3])
                least, source, floor_least, floor = map(float, out[3:])
                # where not all of them can be held at once
                floor_least *= files / held
                floor *= files / held
                print(f"| {number} | {groups} | {files} | {pace} | "
                      f"{least:.2f} {source:.2f} | "
                      f"{floor_least:.2f} {floor:.2f} | "
                      f"{source / floor:.2f} | "
                      f"{1000 * source / groups:.1f} |", flush=True)


main()
