# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Ways in which a file of a host can be of no use: each is
# made so by Kind(path), until undo().
import os

from fuse import BadFile
from mounts import detach
from oddhosts import make, without_numbers
from tap import Skip

NOBODY = 61001          # without an entry in passwd


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root, to become another user")


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


class Missing:
    reason = "missing"

    def __init__(self, path):
        self.path = path
        # not in its own directory, whose names may be what is read
        self.aside = path.parent.parent / f"{path.parent.name}-{path.name}"
        path.rename(self.aside)

    def undo(self):
        self.aside.rename(self.path)


class Denied:
    reason = "denied"

    def __init__(self, path):
        self.path = path
        self.mode = path.stat().st_mode
        path.chmod(0)

    def undo(self):
        self.path.chmod(self.mode)


class Unreadable:
    """Its reads end with EIO.  Needs mounts.enter_namespace()."""
    reason = "other"

    def __init__(self, path):
        self.path = path
        self.daemon = BadFile(path)

    def undo(self):
        self.daemon.stop()
        detach(self.path)
        self.daemon.end()


class Malformed:
    reason = "malformed"
    spoil = staticmethod(without_numbers)

    def __init__(self, path):
        self.path = path
        self.bytes = path.read_bytes()
        self.spoil(path)

    def undo(self):
        self.path.write_bytes(self.bytes)


class Binary(Malformed):
    spoil = staticmethod(make.binary)


class Empty(Malformed):
    spoil = staticmethod(make.empty)
