# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Control groups of the kernel's own, made for a test and
# taken away again, in every hierarchy that this host has.
import contextlib
import os
import pathlib
import signal
import time

TOP = pathlib.Path("/sys/fs/cgroup")
OWN = f"sluicetest{os.getpid()}.slice"
V1 = ("systemd", "memory", "cpu", "cpuacct", "pids", "blkio", "unified")


def tops():
    """The hierarchies in which they must be made."""
    if (TOP / "cgroup.controllers").exists():
        return [TOP]
    return [TOP / name for name in V1 if (TOP / name).is_dir()]


def many(number):
    """Paths of so many: 3 in 10 services, 6 containers, 1 of users."""
    made = []
    for n in range(number):
        part = n % 10
        if part < 3:
            made.append(f"{OWN}/service{n}.service")
        elif part < 9:
            made.append(f"{OWN}/docker-{n:064x}.scope")
        else:
            made.append(f"user.slice/user-1000.slice/user@1000.service/"
                        f"app{n}.service")
    return made


def _above(paths):
    every = {}
    for path in paths:
        parts = path.split("/")
        for n in range(1, len(parts) + 1):
            every["/".join(parts[:n])] = True
    return list(every)


def _take_away(path):
    """Whoever is left in one that was made here was started here."""
    for _ in range(100):
        end_all(path)
        with contextlib.suppress(OSError):
            path.rmdir()
            return
        time.sleep(0.05)
    path.rmdir()


@contextlib.contextmanager
def made(paths):
    done = []
    try:
        for top in tops():
            for path in _above(paths):
                if not (top / path).exists():
                    os.mkdir(top / path)
                    done.append(top / path)
        yield
    finally:
        for path in reversed(done):
            _take_away(path)


def enter(path, pid):
    for top in tops():
        (top / path / "cgroup.procs").write_text(str(pid))


def end_all(path):
    """Ends what the test itself has started in there."""
    for pid in (path / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
