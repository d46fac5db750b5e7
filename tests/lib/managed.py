# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A pair under the manager of supervisor.py with a ledger
# beside it, as most tests of restarts want it.
import contextlib
import os
import tempfile

from keys import Keys
from ledger import Bookkeeper, Ledger
from pair import Pair, need_root
from phase import collects_ms, hasty_host
from receiver import Answer
from ringview import RingView
from supervisor import Supervisor
from tap import check, check_equal, until

_folder = tempfile.TemporaryDirectory()
keys = Keys(_folder.name)

HOST = hasty_host("restart")
BUSY = Answer(503, {"Retry-After": "1"})
# What counts from the start of its own process.
OWN = ("sluice.process.", "sluice.source.", "sluice.export.", "sluice.tls.",
       "otel.sdk.")


def pair_to(url, settings=None, **options):
    return Pair(url, keys, settings={
        "resource": {"host.id": HOST}, **(settings or {})}, **options)


@contextlib.contextmanager
def books(settings=None, **options):
    """(manager, receiver, ledger); the ledger must be right in the end."""
    need_root()
    ledger = Ledger(collects_ms(HOST))

    def ended(life):
        for _, fd in manager.store:
            ledger.committed(fd)
    with Bookkeeper(keys, ledger) as receiver:
        manager = Supervisor(pair_to(receiver.url, settings), on_end=ended,
                             **options)
        with manager:
            manager.wait_ready()
            yield manager, receiver, ledger
            drain(manager, receiver, ledger)


def ring_of(manager):
    return RingView(manager.store[-1][1])


def drain(manager, receiver, ledger):
    """Stops the pair when nothing waits, and judges the books."""
    receiver.default = Answer()

    def nothing_waits():
        with ring_of(manager) as ring:
            return ring.behind() == 0
    until(nothing_waits, 60, "nothing waits in the ring")
    manager.stop()
    faults = ledger.close()
    # a step that was made between the two
    check_equal([f for f in faults if "never came" not in f], [], "faults")
    check(len(ledger.waiting()) <= 1, f"never came: {ledger.waiting()}")


def steps(receiver, count, seconds=30):
    return receiver.wait(count, seconds, status=200)


def starts_of(ledger):
    """Start times of the counters that belong to the host or to the ring."""
    return {key: starts for key, starts in ledger.starts.items()
            if not key[0].startswith(OWN)}


def replace_program(pair, name, content):
    """As a package manager does: the new file under the old name."""
    made = pair.folder / (name + ".new")
    made.write_bytes(content)
    os.chmod(made, 0o755)
    os.replace(made, pair.folder / name)
