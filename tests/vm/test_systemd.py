# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The unit as it is installed, under the systemd of Debian 12
# (252, as in RHEL 9) and of Debian 13 (257, as in RHEL 10), both at once.
# What is tried is in guest_systemd.py (its life) and guest_unit.py (what it
# allows); their lines are ours.
import concurrent.futures
import contextlib
import pathlib
import sys
import tempfile

import lives
import machine
from tap import Skip
from vmroot import SUITES

SCRIPTS = ("guest_systemd.py", "guest_unit.py")


def main():
    tap = lives.Tap()
    with tempfile.TemporaryDirectory() as folder, \
            contextlib.ExitStack() as stack:
        tree = pathlib.Path(folder) / "tree"
        try:
            machine.Nspawn.need()
            lives.install(tree)
        except Skip as reason:
            print(f"1..0 # SKIP {reason}")
            return
        pool = stack.enter_context(
            concurrent.futures.ThreadPoolExecutor(len(SUITES)))
        all_of_them = [pool.submit(lives.live, suite, script, [tree], tap)
                       for script in SCRIPTS for suite in SUITES]
        for one in all_of_them:
            one.result()
    print(f"1..{tap.number}")
    sys.exit(0 if tap.good else 1)


main()
