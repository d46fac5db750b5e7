# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A PID namespace with a /proc of its own: nobody else's
# processes come and go while something is compared with it.
import os
import signal
import traceback

from mounts import mount, own_namespace, unshare_pids
from tap import Failed, Skip


def _told(function, write):
    """The first process of the world; it takes all others with it."""
    try:
        mount("proc", "/proc", "proc")
        function()
        return 0
    except BaseException as error:
        words = str(error) if isinstance(error, (Failed, OSError)) else \
            traceback.format_exc()
        os.write(write, words.encode()[:60000])
        return 1


def alone(function):
    """Runs it in there; raises what it raised."""
    if os.geteuid() != 0:
        raise Skip("needs root, for a PID namespace")
    read, write = os.pipe()
    outer = os.fork()
    if outer == 0:
        own_namespace()
        unshare_pids()
        inner = os.fork()
        if inner == 0:
            os._exit(_told(function, write))
        os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) & 255)
    os.close(write)
    with os.fdopen(read, errors="replace") as pipe:
        said = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(outer, 0)[1])
    if code != 0:
        raise Failed(said or f"it ended with {code}")


def crowd(count, megabytes):
    """Processes that are told apart by their memory: the n-th has n times as
    much as the first.  Returns when all rest."""
    for n in range(1, count + 1):
        read, write = os.pipe()
        if os.fork() == 0:
            kept = bytearray(os.urandom(1 << 20) * (n * megabytes))
            os.write(write, b".")
            while kept:
                signal.pause()
        os.close(write)
        os.read(read, 1)
        os.close(read)
