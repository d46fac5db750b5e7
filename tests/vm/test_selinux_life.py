# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The life of a host with our policy, SELinux enforcing.  What
# is tried is in guest_selinux_life.py; its lines are ours.
import enforcing
import policy
from keys import Keys


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


enforcing.main("guest_selinux_life.py", 420, add)
