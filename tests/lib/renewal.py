# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Secrets that are renewed under a pair that systemd keeps:
# a file takes the old one's place, a restart, and the records go on.
import os
import signal

from managed import steps
from pair import COLLECTOR
from tap import check_equal


def renew(path, *sources):
    """As a tool that renews does: the new file takes the old one's name."""
    made = path.with_name(path.name + ".new")
    made.unlink(missing_ok=True)
    made.write_bytes(b"".join(s if isinstance(s, bytes) else s.read_bytes()
                              for s in sources))
    os.chmod(made, 0o400)
    os.chown(made, COLLECTOR, COLLECTOR)
    os.replace(made, path)


def restart(manager):
    """systemctl restart: an orderly end, and a start."""
    life, number = manager.life, len(manager.lives)
    life.signal(signal.SIGTERM)
    check_equal(manager.wait_end(life), 0, "exit status")
    manager.wait_ready(number)


def taken(receiver):
    return [r for r in list(receiver.requests) if r.status == 200]


def goes_on(receiver, more=3):
    return steps(receiver, len(taken(receiver)) + more)
