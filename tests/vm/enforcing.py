# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  One machine with SELinux enforcing and our policy: user-mode
# Linux, the policy and the systemd of Debian 13.
import pathlib
import sys
import tempfile

import guest_policy
import lives
import uml
from tap import Skip

TREE = "trixie-selinux"


def main(script, limit, add=lambda tree: None):
    """Runs the script in it; add() lays more into the tree of what is ours."""
    tap = lives.Tap()
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder) / "tree"
        try:
            uml.need()
            lives.install(tree)
            add(tree)
            layer = guest_policy.tree(TREE, lives.prefix())
        except Skip as reason:
            print(f"1..0 # SKIP {reason}")
            return
        lives.live(TREE, script, [tree, layer], tap, "uml", limit)
    print(f"1..{tap.number}")
    sys.exit(0 if tap.good else 1)
