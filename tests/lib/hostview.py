# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A second reader of the kernel's files, written apart from
# the collector's: what each source ought to say about a tree proc and sys.
import collections
import decimal
import os
import pathlib
import re

import cgroupview
import postureview
import processview
import hardwareview
from once import key

PAGE = os.sysconf("SC_PAGESIZE")
STATES = {"R": "running", "T": "stopped", "t": "stopped", "Z": "defunct",
          "X": "defunct", "S": "sleeping", "D": "sleeping", "I": "sleeping",
          "P": "sleeping"}
OCTAL = re.compile(r"\\([0-7]{3})")
DIRECTIONS = ("read", "write")
ENDS = ("receive", "transmit")


def centi(text):
    return decimal.Decimal(text) / 100


def milli(text):
    return decimal.Decimal(text) / 1000


def escaped(name):
    """An attribute's value: what a device's name may not hold is %XX."""
    return "".join(chr(c) if chr(c).isascii() and
                   (chr(c).isalnum() or chr(c) in "._-/:@+=!,") else f"%{c:02X}"
                   for c in name.encode())


class View:
    def __init__(self, proc="/proc", sys="/sys"):
        self.proc = pathlib.Path(proc)
        self.sys = pathlib.Path(sys)
        self.points = {}

    def lines(self, path):
        path = self.proc / path
        return path.read_text().splitlines() if path.exists() else []

    def say(self, name, value, **attrs):
        self.points[key(name, **attrs)] = decimal.Decimal(value)

    def numbers(self, path):
        return {k.rstrip(":"): int(v[0]) for k, *v in
                (line.split() for line in self.lines(path)) if v}

    def cpu(self):
        rows = collections.OrderedDict(
            (k, v) for k, *v in (line.split() for line in self.lines("stat")))
        cpus = [k for k in rows if k.startswith("cpu")]
        modes = ("user", "nice", "system", "idle", "iowait", "interrupt",
                 "softirq", "steal")
        for cpu in cpus:
            where = {} if cpu == "cpu" else {"cpu__logical_number": cpu[3:]}
            for mode, ticks in zip(modes, rows[cpu]):
                self.say("system.cpu.time", centi(ticks), cpu__mode=mode,
                         **where)
        self.say("system.cpu.logical.count", len(cpus) - 1)
        for name, row in (("linux.context_switches", "ctxt"),
                          ("linux.interrupts", "intr"),
                          ("system.process.created", "processes"),
                          ("linux.process.blocked", "procs_blocked"),
                          ("linux.process.runnable", "procs_running")):
            self.say(name, rows[row][0])

    def load(self):
        words = self.lines("loadavg")[0].split()
        for minutes, word in zip(("1m", "5m", "15m"), words):
            self.say("system.cpu.load_average." + minutes, word)
        self.say("linux.thread.count", words[3].split("/")[1])

    def memory(self):
        m = self.numbers("meminfo")
        state = {"free": m["MemFree"], "buffers": m["Buffers"],
                 "cached": m["Cached"] + m["SReclaimable"]}
        state["used"] = m["MemTotal"] - sum(state.values())
        for name, value in state.items():
            self.say("system.memory.usage", value * 1024,
                     system__memory__state=name)
        for name, row in (("system.memory.limit", "MemTotal"),
                          ("system.memory.linux.available", "MemAvailable"),
                          ("system.memory.linux.shared", "Shmem"),
                          ("linux.memory.committed", "Committed_AS"),
                          ("linux.memory.commit_limit", "CommitLimit"),
                          ("linux.memory.dirty", "Dirty"),
                          ("linux.memory.writeback", "Writeback")):
            self.say(name, m[row] * 1024)
        for kind, row in (("reclaimable", "SReclaimable"),
                          ("unreclaimable", "SUnreclaim")):
            self.say("system.memory.linux.slab.usage", m[row] * 1024,
                     system__memory__linux__slab__state=kind)
        self.huge_pages(m)

    def huge_pages(self, m):
        start = "system.memory.linux.hugepages."
        if "HugePages_Total" not in m:
            return
        self.say(start + "limit", m["HugePages_Total"])
        used = m["HugePages_Total"] - m["HugePages_Free"]
        for state, value in (("free", m["HugePages_Free"]), ("used", used)):
            self.say(start + "usage", value,
                     system__memory__linux__hugepages__state=state)
        self.say(start + "reserved", m["HugePages_Rsvd"])
        self.say(start + "surplus", m["HugePages_Surp"])
        self.say(start + "page_size", m["Hugepagesize"] * 1024)

    def paging(self):
        v = self.numbers("vmstat")
        kind = "system__paging__fault__type"
        self.say("system.paging.faults", v["pgmajfault"], **{kind: "major"})
        self.say("system.paging.faults", v["pgfault"] - v["pgmajfault"],
                 **{kind: "minor"})
        for way, row in (("in", "pswpin"), ("out", "pswpout")):
            if row in v:
                self.say("system.paging.operations", v[row],
                         system__paging__direction=way, **{kind: "major"})
        if "oom_kill" in v:
            self.say("linux.memory.oom_kills", v["oom_kill"])
        for line in self.lines("swaps")[1:]:
            name, _, size, used, _ = line.split()
            name = escaped(OCTAL.sub(lambda m: chr(int(m[1], 8)), name))
            free = int(size) - int(used)
            for state, kib in (("used", used), ("free", free)):
                self.say("system.paging.usage", int(kib) * 1024,
                         system__device=name, system__paging__state=state)

    def disk(self):
        block = self.sys / "block"
        disks = {n.replace("!", "/") for n in os.listdir(block)} \
            if block.exists() else None
        for line in self.lines("diskstats"):
            _, _, name, *rest = line.split()
            if (disks is None or name in disks) and any(map(int, rest)):
                self.one_disk(escaped(name), rest)

    def one_disk(self, name, v):
        for i, way in enumerate(DIRECTIONS):
            where = {"system__device": name, "disk__io__direction": way}
            at = 4 * i
            self.say("system.disk.operations", v[at], **where)
            self.say("system.disk.merged", v[at + 1], **where)
            self.say("system.disk.io", int(v[at + 2]) * 512, **where)
            self.say("system.disk.operation_time", milli(v[at + 3]), **where)
        self.say("linux.disk.in_flight", v[8], system__device=name)
        self.say("system.disk.io_time", milli(v[9]), system__device=name)
        self.say("linux.disk.weighted_io_time", milli(v[10]),
                 system__device=name)

    def network(self):
        for line in self.lines("net/dev")[2:]:
            name, _, rest = line.partition(":")
            name, v = escaped(name.strip()), rest.split()
            for i, way in enumerate(ENDS):
                at = 8 * i
                where = {"network__interface__name": name,
                         "network__io__direction": way}
                self.say("system.network.io", v[at], **where)
                self.say("system.network.errors", v[at + 2], **where)
                self.say("system.network.packet.dropped", v[at + 3], **where)
                self.say("system.network.packet.count", v[at + 1],
                         system__device=name, network__io__direction=way)

    def pairs(self, path):
        lines = self.lines(path)
        return {names.split()[0].rstrip(":") + name: int(number)
                for names, numbers in zip(lines[::2], lines[1::2])
                for name, number in zip(names.split()[1:],
                                        numbers.split()[1:])}

    def protocol(self):
        v4 = self.pairs("net/snmp") | self.pairs("net/netstat")
        v6 = self.numbers("net/snmp6")
        self.internet(v4, "Ip", "ipv4")
        self.datagrams(v4, "Udp", "ipv4")
        if v6:
            self.internet(v6, "Ip6", "ipv6")
            self.datagrams(v6, "Udp6", "ipv6")
        self.tcp(v4)

    def internet(self, v, p, family):
        forwarded = p + ("OutForwDatagrams" if p == "Ip6" else "ForwDatagrams")
        self.say("linux.ip.forwarded", v[forwarded], network__type=family)
        for way, packets, discards in (
                ("receive", "InReceives", "InDiscards"),
                ("transmit", "OutRequests", "OutDiscards")):
            where = {"network__type": family, "network__io__direction": way}
            self.say("linux.ip.packets", v[p + packets], **where)
            self.say("linux.ip.discarded", v[p + discards], **where)
        for kind, row in (("header", "InHdrErrors"),
                          ("address", "InAddrErrors"),
                          ("no_route", "OutNoRoutes")):
            self.say("linux.ip.errors", v[p + row], network__type=family,
                     error__type=kind)

    def datagrams(self, v, p, family):
        for way, row in zip(ENDS, ("InDatagrams", "OutDatagrams")):
            self.say("linux.udp.datagrams", v[p + row], network__type=family,
                     network__io__direction=way)
        for kind, row in (("in_errors", "InErrors"), ("no_port", "NoPorts"),
                          ("rcvbuf", "RcvbufErrors"),
                          ("sndbuf", "SndbufErrors")):
            self.say("linux.udp.errors", v[p + row], network__type=family,
                     error__type=kind)

    def tcp(self, v):
        for kind, row in (("active", "ActiveOpens"),
                          ("passive", "PassiveOpens")):
            self.say("linux.tcp.connections.opened", v["Tcp" + row],
                     linux__tcp__open=kind)
        for way, row in zip(ENDS, ("InSegs", "OutSegs")):
            self.say("linux.tcp.segments", v["Tcp" + row],
                     network__io__direction=way)
        for kind, row in (("overflow", "ListenOverflows"),
                          ("drop", "ListenDrops")):
            self.say("linux.tcp.listen.drops", v["TcpExt" + row],
                     error__type=kind)
        for name, row in (("connections.failed", "AttemptFails"),
                          ("connections.reset", "EstabResets"),
                          ("connections.established", "CurrEstab"),
                          ("segments.retransmitted", "RetransSegs"),
                          ("errors", "InErrs"), ("resets.sent", "OutRsts")):
            self.say("linux.tcp." + name, v["Tcp" + row])

    def socket(self):
        v = {}
        for line in self.lines("net/sockstat") + self.lines("net/sockstat6"):
            group, *words = line.split()
            v.update({group + k: int(n)
                      for k, n in zip(words[::2], words[1::2])})
        self.say("linux.sockets.used", v["sockets:used"])
        for transport in ("tcp", "udp"):
            for family, end in (("ipv4", ":"), ("ipv6", "6:")):
                row = transport.upper() + end + "inuse"
                if row in v:
                    self.say("linux.sockets.inuse", v[row],
                             network__transport=transport,
                             network__type=family)
            self.say("linux.sockets.memory",
                     v[transport.upper() + ":mem"] * PAGE,
                     network__transport=transport)
        for state, row in (("orphan", "orphan"), ("time_wait", "tw"),
                           ("allocated", "alloc")):
            self.say("linux.tcp.sockets", v["TCP:" + row],
                     linux__tcp__socket__state=state)

    def pressure(self):
        for resource in ("cpu", "memory", "io", "irq"):
            for line in self.lines("pressure/" + resource):
                self.say("linux.psi.stall_time", decimal.Decimal(
                    line.rpartition("total=")[2]) / 1000000,
                    resource=resource, kind=line.split()[0])

    def process(self):
        count = collections.Counter()
        for pid in self.proc.iterdir():
            if not pid.name.isdigit():
                continue
            try:
                text = (pid / "stat").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            count[STATES[chr(text[text.rindex(b")") + 2])]] += 1
        for state in ("running", "sleeping", "stopped", "defunct"):
            self.say("system.process.count", count[state],
                     process__state=state)
        self.say("system.process.limit",
                 self.lines("sys/kernel/threads-max")[0])

    def kernel(self):
        self.say("system.uptime", self.lines("uptime")[0].split()[0])
        handles, _, most = self.lines("sys/fs/file-nr")[0].split()
        self.say("linux.file_handles", handles)
        self.say("linux.file_handles.limit", most)
        for name, path in (
                ("linux.entropy.available", "random/entropy_avail"),
                ("linux.hung_tasks", "hung_task_detect_count")):
            for line in self.lines("sys/kernel/" + path):
                self.say(name, line)

    def edac(self):
        for mc in sorted(self.sys.glob("devices/system/edac/mc/mc[0-9]*")):
            for kind, name in (("corrected", "ce_count"),
                               ("uncorrected", "ue_count")):
                self.say("hw.errors", (mc / name).read_text(), hw__id=mc.name,
                         error__type=kind, hw__type="memory")

    def cgroup(self):
        cgroupview.say(self)

    def top(self):
        processview.say(self)

    def posture(self):
        postureview.say(self)


SOURCES = ("cpu", "load", "memory", "paging", "disk", "network", "protocol",
           "socket", "pressure", "process", "kernel", "edac", "cgroup", "top",
           "posture") + \
    tuple(hardwareview.SOURCES)


def expected(source, tree=None):
    """Every point of that source, each CPU's among them."""
    view = View() if tree is None else View(f"{tree}/proc", f"{tree}/sys")
    if source in hardwareview.SOURCES:
        hardwareview.SOURCES[source](view)
    else:
        getattr(view, source)()
    return view.points
