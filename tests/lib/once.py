# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  One source, read once by tests/integration/source_once.c.
import decimal
import os
import pathlib
import re
import subprocess

from tap import Failed

program = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"],
                       "tests/integration/source_once")

SOURCES = ("cpu", "load", "memory", "paging", "disk", "filesystem", "network",
           "protocol", "socket", "pressure", "process", "kernel", "clock",
           "edac", "cgroup", "top", "sockdiag", "posture", "interrupts", "conntrack",
           "hwmon", "cpufreq", "numa", "nvme", "mdraid", "nfs", "bonding",
           "inventory", "storage")

POINT = re.compile(r"([a-z0-9_.]+)\{(.*)\} (-?\d+(?:\.\d+)?)")
ATTR = re.compile(r'([a-z0-9_.]+)="([^"]*)"(?:,|$)')


def key(name, **attrs):
    """A point's key; a dot of an attribute's name is written "__"."""
    return name, frozenset((k.replace("__", "."), str(v))
                           for k, v in attrs.items())


class Reading:
    def __init__(self, text):
        self.points = {}
        self.failed = []
        self.lost = self.microseconds = None
        for line in text.splitlines():
            self.take(line)

    def take(self, line):
        word, _, rest = line.partition(" ")
        point = POINT.fullmatch(line)
        if point:
            where = point[1], frozenset(ATTR.findall(point[2]))
            if where in self.points:
                raise Failed(f"said twice: {line}")
            self.points[where] = decimal.Decimal(point[3])
        elif word == "failed":
            self.failed.append(tuple(rest.rsplit(" ", 1)))
        elif word in ("lost", "microseconds"):
            setattr(self, word, int(rest))
        else:
            raise Failed(f"not a line of source_once: {line!r}")

    def names(self):
        return {name for name, _ in self.points}

    def values(self, metric, attr):
        """The values that an attribute has in a metric's points."""
        return {value for name, attrs in self.points if name == metric
                for k, value in attrs if k == attr}


def once(source, *options, tree=None, timeout=20, before=(), **how):
    """before: words in front of the command."""
    command = [*before, str(program), *options]
    if tree is not None:
        command += ["-p", f"{tree}/proc", "-s", f"{tree}/sys"]
    done = subprocess.run(command + [source], timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, **how)
    if done.returncode != 0:
        raise Failed(f"{source} of {tree}: {done.returncode} "
                     f"{done.stderr.decode(errors='replace')[:2000]}")
    return Reading(done.stdout.decode())
