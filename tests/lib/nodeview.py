# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What Debian's node_exporter says of this host, in our
# names, by nodetable.py.
import collections
import re
import shutil
import subprocess
import urllib.request

import debs
import nodetable
from owned import end, free_port, start
from tap import Skip, until

COLLECTORS = ("processes", "tcpstat", "meminfo_numa", "stat.softirq")
SAMPLE = re.compile(r"(node_\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def _program():
    if shutil.which("prometheus-node-exporter"):
        return shutil.which("prometheus-node-exporter")
    folder = debs.fetch("prometheus-node-exporter", "bookworm")
    return folder / "usr/bin/prometheus-node-exporter"


class NodeExporter:
    """with NodeExporter() as theirs: theirs.read()"""

    def __enter__(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/metrics"
        self.process = start(
            [_program(), f"--web.listen-address=127.0.0.1:{port}",
             # else it leaves the loopback interface and loop devices out
             "--collector.netdev.device-exclude=^$",
             "--collector.diskstats.device-exclude="
             r"^((h|s|v|xv)d[a-z]|nvme\d+n\d+p|mmcblk\d+p)\d+$",
             *("--collector." + name for name in COLLECTORS)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # nobody's proxy is asked for an address of loopback
        self.open = urllib.request.build_opener(
            urllib.request.ProxyHandler({})).open
        try:
            until(self._answers, 20, "node_exporter answers")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        end(self.process)

    def _answers(self):
        if self.process.poll() is not None:
            raise Skip("Debian's node_exporter does not run here")
        try:
            return self.read()
        except OSError:
            return None

    def read(self):
        """name to [(labels, value)]"""
        found = collections.defaultdict(list)
        for line in self.open(self.url, timeout=20).read().decode().split(
                "\n"):
            match = SAMPLE.fullmatch(line)
            if match:
                found[match[1]].append(
                    (dict(LABEL.findall(match[2] or "")), float(match[3])))
        return found


def _named(key, value):
    if key == "system.device":
        value = re.sub("^/dev/", "", value)
    return key, nodetable.VALUES.get((key, value), value)


def theirs(row, samples):
    """Attributes to value; only what all terms of the row allow."""
    found = collections.Counter()
    for sign, name, label, want in nodetable.TERM.findall(row.theirs):
        factor = -1 if sign == "-" else 1
        if name.isdigit():
            for where in found:
                found[where] += factor * int(name)
        for labels, value in samples.get(name, ()):
            if label and labels.get(label) != want:
                continue
            where = frozenset([*row.fixed.items(), *(
                _named(ours, labels[their])
                for their, ours in row.labels.items())])
            found[where] += factor * value
    return found


def ours(row, points):
    """The same of our points."""
    kept = {*row.fixed, *row.labels.values()}
    found = collections.Counter()
    for (name, attrs), value in points.items():
        attrs = dict(attrs)
        if name == row.ours and kept <= attrs.keys() and \
                attrs.keys() - kept <= nodetable.SUMMED and \
                row.fixed.items() <= attrs.items():
            found[frozenset((k, attrs[k]) for k in kept)] += float(value)
    return found
