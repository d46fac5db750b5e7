# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  mount(2) in a mount namespace of the test's own: nothing of
# it is seen outside, and all of it is gone when the test ends.
import ctypes
import os

from tap import Skip

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MNT_DETACH = 2


def _call(name, *arguments):
    if getattr(_libc, name)(*arguments) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def mount(source, target, kind, flags=0, data=""):
    """A thread that waits in here does not hold the others up."""
    _call("mount", source.encode(), os.fsencode(target), kind.encode(),
          ctypes.c_ulong(flags), data.encode())


def detach(target):
    _call("umount2", os.fsencode(target), MNT_DETACH)


def own_namespace():
    """From here on this process mounts for itself alone."""
    try:
        _call("unshare", CLONE_NEWNS)
        mount("none", "/", "none", MS_REC | MS_PRIVATE)
    except OSError as error:
        raise Skip(f"no mount namespace of our own: {error}") from error


def unshare_pids():
    """The next child is the first process of a PID namespace."""
    try:
        _call("unshare", CLONE_NEWPID)
    except OSError as error:
        raise Skip(f"no PID namespace of our own: {error}") from error


_entered = []


def enter_namespace():
    """The same, once, for a test that has several uses for it."""
    if os.geteuid() != 0:
        raise Skip("needs root, to mount")
    if not _entered:
        own_namespace()
        _entered.append(True)
