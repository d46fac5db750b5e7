# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The pair with its policy in a machine with SELinux
# enforcing: user-mode Linux, the policy and the systemd of Debian 13.  What is
# tried is in guest_selinux.py; its lines are ours.
import pathlib
import sys
import tempfile

import guest_policy
import lives
import uml
from tap import Skip

TREE = "trixie-selinux"


def main():
    tap = lives.Tap()
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder) / "tree"
        try:
            uml.need()
            lives.install(tree)
            policy = guest_policy.tree(TREE, lives.prefix())
        except Skip as reason:
            print(f"1..0 # SKIP {reason}")
            return
        lives.live(TREE, "guest_selinux.py", [tree, policy], tap, "uml")
    print(f"1..{tap.number}")
    sys.exit(0 if tap.good else 1)


main()
