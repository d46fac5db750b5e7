# SPDX-License-Identifier: Apache-2.0
# Runs in: tools/run.  What has arrived, asked of the test receiver or of the
# database: totals, and the last two values of the rows that are shown.
import collections
import time
import urllib.parse

Totals = collections.namedtuple("Totals", "requests points bytes")

# how: "value" or "rate" (per second); several series of one row are summed.
Row = collections.namedtuple("Row", "title name attributes how unit")

ROWS = (
    Row("load, 1 minute", "system.cpu.load_average.1m", {}, "value", ""),
    Row("CPUs busy: user", "system.cpu.time", {"cpu.mode": "user"}, "rate",
        "s/s"),
    Row("CPUs busy: system", "system.cpu.time", {"cpu.mode": "system"},
        "rate", "s/s"),
    Row("CPUs idle", "system.cpu.time", {"cpu.mode": "idle"}, "rate", "s/s"),
    Row("context switches", "linux.context_switches", {}, "rate", "/s"),
    Row("processes created", "system.process.created", {}, "rate", "/s"),
    Row("waited for a CPU", "linux.psi.stall_time",
        {"resource": "cpu", "kind": "some"}, "rate", "s/s"),
    Row("memory", "system.memory.limit", {}, "value", "By"),
    Row("memory available", "system.memory.linux.available", {}, "value",
        "By"),
    Row("disks read", "system.disk.io", {"disk.io.direction": "read"},
        "rate", "By/s"),
    Row("disks written", "system.disk.io", {"disk.io.direction": "write"},
        "rate", "By/s"),
    Row("network received", "system.network.io",
        {"network.io.direction": "receive"}, "rate", "By/s"),
    Row("network sent", "system.network.io",
        {"network.io.direction": "transmit"}, "rate", "By/s"),
    Row("TCP connections", "linux.tcp.connections.established", {}, "value",
        ""),
    Row("sockets in use", "linux.sockets.used", {}, "value", ""),
    Row("uptime", "system.uptime", {}, "value", "s"),
    Row("collectord: memory", "sluice.process.memory.usage",
        {"sluice.process": "collectord"}, "value", "By"),
    Row("shipperd: memory", "sluice.process.memory.usage",
        {"sluice.process": "shipperd"}, "value", "By"),
    Row("both: CPU", "sluice.process.cpu.time", {}, "rate", "s/s"),
    Row("records waiting", "sluice.ring.records", {}, "value", ""),
)

LANDLOCK = {process: Row("", "sluice.confinement.landlock",
                         {"sluice.process": process}, "value", "")
            for process in ("collectord", "shipperd")}


def _matches(row, name, attributes):
    # per-CPU series repeat what the host's own series say
    return (row.name == name and row.attributes.items() <= attributes.items()
            and "cpu.logical_number" not in attributes)


def _key(row):
    return row.name, tuple(row.attributes.items())


class Latest:
    """The last steps of each row: time to sum."""

    def __init__(self):
        self.steps = collections.defaultdict(dict)

    def add(self, row, when, value):
        steps = self.steps[_key(row)]
        steps[when] = steps.get(when, 0) + value
        while len(steps) > 4:
            del steps[min(steps)]

    def reading(self, row):
        """The number to show, or None."""
        steps = sorted(self.steps[_key(row)].items())
        if row.how == "value":
            return steps[-1][1] if steps else None
        if len(steps) < 2:
            return None
        (before, low), (after, high) = steps[-2:]
        return (high - low) / (after - before)


class FromReceiver:
    """Looks at each request of the test receiver once."""

    def __init__(self, receiver):
        self.receiver = receiver
        self.totals = Totals(0, 0, 0)
        self.latest = Latest()
        self.names = set()
        self.address = receiver.url

    def look(self):
        while self.receiver.requests:
            request = self.receiver.requests.popleft()
            if request.status == 200:
                self._take(request)
        return self.totals

    def _take(self, request):
        self.totals = Totals(self.totals.requests + 1,
                             self.totals.points + len(request.points),
                             self.totals.bytes + len(request.wire))
        for point in request.points:
            self.names.add(point.name)
            for row in (*ROWS, *LANDLOCK.values()):
                if _matches(row, point.name, point.attributes):
                    self.latest.add(row, point.time / 1e9, point.value)

    def note(self):
        return (f"receiver {self.address} demands a client certificate; "
                f"{len(self.names)} metrics seen")


class FromDatabase:
    """Asks VictoriaMetrics, and nginx's log for the requests."""

    def __init__(self, database, front):
        self.database = database
        self.front = front
        self.latest = Latest()

    def look(self):
        self.latest = Latest()
        since = time.time() - 30
        for row in (*ROWS, *LANDLOCK.values()):
            for labels, samples in self.database.series(row.name, since):
                if _matches(row, row.name, labels):
                    for when, value in samples[-3:]:
                        self.latest.add(row, when, value)
        good = [r for r in self.front.requests() if r[0] == 200]
        return Totals(len(good), self.database.rows(),
                      sum(r[1] for r in good))

    def note(self):
        query = urllib.parse.quote('{__name__="system.cpu.load_average.1m"}')
        return (f"graphs: {self.database.url}/vmui/#/?g0.expr={query}"
                "&g0.range_input=5m")
