# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The pair with its policy on three kernels: with SELinux and
# all of Landlock, with an old Landlock, and with none.  What is tried is in
# guest_layers.py; its lines are ours.
import concurrent.futures
import pathlib
import sys
import tempfile

import guest_policy
import lives
from tap import Skip

# tree, kind, the ABI of Landlock that its kernel has
MACHINES = (("trixie-selinux", "qemu", 6), ("bookworm-selinux", "qemu", 2),
            ("trixie-selinux", "uml", 0))


def live(tap, tree, name, kind, abi):
    try:
        policy = guest_policy.tree(name, lives.prefix())
    except Skip as reason:
        with tap.lock:
            tap.result(True, f"{name}, {kind} # SKIP {reason}")
        return
    lives.live(name, "guest_layers.py", [tree, policy], tap, kind, 900,
               [f"LANDLOCK_ABI={abi}"])


def main():
    tap = lives.Tap()
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder) / "tree"
        try:
            lives.install(tree)
        except Skip as reason:
            print(f"1..0 # SKIP {reason}")
            return
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for one in [pool.submit(live, tap, tree, *each)
                        for each in MACHINES]:
                one.result()
    print(f"1..{tap.number}")
    sys.exit(0 if tap.good else 1)


main()
