# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/run.  A real VictoriaMetrics, unpacked from Debian's
# package (trixie's, which takes OTLP), on loopback; and its answers.
import json
import pathlib
import shutil
import tempfile
import time
import urllib.parse
import urllib.request

from owned import end, free_port, start
from tap import Skip, until

PATH = "/opentelemetry/v1/metrics"


def binary():
    """The program; Skip where this machine cannot have it."""
    if shutil.which("apt-get") is None:
        raise Skip("VictoriaMetrics comes from Debian's package "
                   "victoria-metrics (1.112, trixie), and this machine has "
                   "no apt-get")
    import debs
    folder = pathlib.Path(debs.fetch("victoria-metrics", "trixie"))
    return folder / "usr/bin/victoria-metrics"


class VictoriaMetrics:
    """with VictoriaMetrics() as database: …; database.url.  storage: where it
    keeps its data.  flags: more words of its command line."""

    def __init__(self, storage=None, flags=()):
        self.program = binary()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-vm-"))
        self.storage = storage or self.folder / "data"
        self.flags = list(flags)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        with open(self.folder / "log", "wb") as log:
            self.process = start(
                [self.program, f"-httpListenAddr=127.0.0.1:{self.port}",
                 f"-storageDataPath={self.storage}",
                 "-retentionPeriod=1d", "-search.latencyOffset=0s",
                 *self.flags],
                stdout=log, stderr=log)
        try:
            until(self._ready, 30, "VictoriaMetrics answers")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ready(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text()[-2000:])
        try:
            return self.get("/health") == b"OK"
        except OSError:
            return False

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters, doseq=True)
        address = self.url + path + ("?" + query if query else "")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(address, timeout=30) as reply:
            return reply.read()

    def series(self, name=None, start=0, **labels):
        """Every sample stored since then: [(labels, [(seconds, value), …])].
        A _ in a label's name stands for a dot.  No name: every series."""
        want = {key.replace("_", "."): value for key, value in labels.items()}
        self.get("/internal/force_flush")
        match = f'{{__name__="{name}"}}' if name else '{__name__!=""}'
        # its own "now" is that of the second before
        text = self.get("/api/v1/export", start=start, end=time.time() + 60,
                        **{"match[]": match})
        found = []
        for line in text.splitlines():
            row = json.loads(line)
            if want.items() <= row["metric"].items():
                times = [t / 1000 for t in row["timestamps"]]
                found.append((row["metric"], list(zip(times, row["values"]))))
        return found

    def rows(self):
        """Samples taken in over OTLP since it started."""
        for line in self.get("/metrics").decode().splitlines():
            if line.startswith('vm_rows_inserted_total{type="opentelemetry"'):
                return int(float(line.split()[-1]))
        return 0
