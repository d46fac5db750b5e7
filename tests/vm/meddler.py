# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside a booted machine.  What root's own shell may do to a
# process: each gives the errno, 0 where it may.
import os

import unit

TRACE = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
done = libc.ptrace(0x4206, int(sys.argv[1]), 0, 0)      # PTRACE_SEIZE
print(ctypes.get_errno() if done < 0 else 0)
"""


def trace(pid):
    """errno of an attempt by root's shell; a program makes it, so that the
    traced one is let go when it ends."""
    return int(unit.command("python3", "-c", TRACE, str(pid)))


def send(pid, number):
    try:
        os.kill(pid, number)
    except PermissionError as error:
        return error.errno
    return 0


def read_memory(pid):
    try:
        with open(f"/proc/{pid}/mem", "rb"):
            return 0
    except PermissionError as error:
        return error.errno
