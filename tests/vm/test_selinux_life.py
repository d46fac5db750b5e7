# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The life of a host with our policy, SELinux enforcing, in
# user-mode Linux.  What is tried is in guest_selinux_life.py.
import pathlib
import sys
import tempfile

import guest_policy
import lives
import policy
import uml
from keys import Keys
from tap import Skip

TREE = "trixie-selinux"


def add(tree):
    """What the machine needs beside what every other one has."""
    ours = tree / "opt/sluice"
    Keys(ours / "keys").authority.issue("client-2", "clientAuth")
    modules = ours / "policy"
    modules.mkdir()
    for name in policy.INSTALLED + ("sluice_untouchable.cil",):
        (modules / name).write_text(policy.module(name))
    (modules / "sluice.cil").write_text(
        policy.compile_module(policy.module("sluice.te")))


def main():
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
        lives.live(TREE, "guest_selinux_life.py", [tree, layer], tap, "uml")
    print(f"1..{tap.number}")
    sys.exit(0 if tap.good else 1)


main()
