#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  How node_exporter's metrics and ours say the same: the
# table that tests/integration/test_node_exporter.py measures by and that
# docs/compared.md shows.  As a program it prints the page's tables,
# of docs/metrics.md on standard input.
import collections
import re
import sys

import nodegaps

MiB = 1 << 20

# What ours is; which of its attributes are fixed; what of theirs gives the
# same number; their labels that stay, by our names (the others are summed
# over); by how much a level may lie outside two of theirs.
Row = collections.namedtuple("Row", "ours fixed theirs labels room",
                             defaults=({}, 0))

# Values of labels that have another name here.
VALUES = {("cpu.mode", "irq"): "interrupt",
          ("linux.softirq", "block_iopoll"): "irq_poll",
          ("network.connection.state", "fin_wait1"): "fin_wait_1",
          ("network.connection.state", "fin_wait2"): "fin_wait_2",
          ("network.connection.state", "syn_recv"): "syn_received",
          ("system.device", "/dev/"): ""}

TERM = re.compile(r"(?:^|([+-]) )(node_\w+|\d+)(?:\{(\w+)=\"(\w*)\"\})?")


def _one(ours, theirs, room=0, labels=(), **fixed):
    return Row(ours, {k.replace("__", "."): v for k, v in fixed.items()},
               theirs, dict(labels), room)


def _ways(ours, stem, labels, names=("read", "write")):
    """A row for each direction; theirs are two names."""
    return [_one(ours, theirs, labels=labels, **{stem: way})
            for way, theirs in names]


_DISK = {"device": "system.device"}
_NET = {"device": "network.interface.name"}
_PACKETS = {"device": "system.device"}
_MOUNT = {"device": "system.device", "fstype": "system.filesystem.type",
          "mountpoint": "system.filesystem.mountpoint"}
_NODE = {"node": "linux.numa.node"}
_DIR = "network__io__direction"


def _disk(ours, reads, writes):
    return _ways(ours, "disk__io__direction", _DISK,
                 (("read", f"node_disk_{reads}"),
                  ("write", f"node_disk_{writes}")))


def _net(ours, what, labels):
    return _ways(ours, _DIR, labels, (
        ("receive", f"node_network_receive_{what}_total"),
        ("transmit", f"node_network_transmit_{what}_total")))


def _memory():
    m = "node_memory_{}_bytes".format
    plus = " + ".join
    cached = plus((m("Cached"), m("SReclaimable")))
    used = " - ".join((m("MemTotal"), m("MemFree"), m("Buffers"),
                       m("Cached"), m("SReclaimable")))
    rows = [_one("system.memory.usage", theirs, 64 * MiB,
                 system__memory__state=state) for state, theirs in
            (("used", used), ("free", m("MemFree")),
             ("buffers", m("Buffers")), ("cached", cached))]
    rows += [_one(ours, m(theirs), room) for ours, theirs, room in (
        ("system.memory.limit", "MemTotal", 0),
        ("system.memory.linux.available", "MemAvailable", 64 * MiB),
        ("system.memory.linux.shared", "Shmem", 16 * MiB),
        ("linux.memory.committed", "Committed_AS", 64 * MiB),
        ("linux.memory.commit_limit", "CommitLimit", 0),
        ("linux.memory.dirty", "Dirty", 64 * MiB),
        ("linux.memory.writeback", "Writeback", 64 * MiB),
        ("system.memory.linux.hugepages.page_size", "Hugepagesize", 0))]
    rows += [_one("system.memory.linux.slab.usage", m(theirs), 16 * MiB,
                  system__memory__linux__slab__state=state)
             for state, theirs in (("reclaimable", "SReclaimable"),
                                   ("unreclaimable", "SUnreclaim"))]
    pages = "node_memory_HugePages_{}".format
    kind = "system__memory__linux__hugepages__state"
    start = "system.memory.linux.hugepages."
    return rows + [
        _one(start + "limit", pages("Total")),
        _one(start + "usage", pages("Free"), **{kind: "free"}),
        _one(start + "usage", f"{pages('Total')} - {pages('Free')}",
             **{kind: "used"}),
        _one(start + "reserved", pages("Rsvd")),
        _one(start + "surplus", pages("Surp"))]


def _numa():
    n = "node_memory_numa_{}".format
    kind = "linux__numa__allocation"
    return [
        _one("linux.numa.memory.usage", n("MemUsed"), 64 * MiB, _NODE,
             linux__numa__memory__state="used"),
        _one("linux.numa.memory.usage", n("MemFree"), 64 * MiB, _NODE,
             linux__numa__memory__state="free"),
        _one("linux.numa.memory.limit", n("MemTotal"), 0, _NODE)] + [
        _one("linux.numa.allocations", n(theirs + "_total"), 0, _NODE,
             **{kind: ours}) for ours, theirs in (
            ("hit", "numa_hit"), ("miss", "numa_miss"),
            ("foreign", "numa_foreign"), ("interleave", "interleave_hit"),
            ("local", "local_node"), ("other", "other_node"))]


def _protocols():
    n = "node_netstat_{}".format
    rows = [_one("linux.tcp." + ours, n(theirs), room, **fixed)
            for ours, theirs, room, fixed in (
        ("connections.opened", "Tcp_ActiveOpens", 0,
         {"linux__tcp__open": "active"}),
        ("connections.opened", "Tcp_PassiveOpens", 0,
         {"linux__tcp__open": "passive"}),
        ("connections.established", "Tcp_CurrEstab", 16, {}),
        ("segments", "Tcp_InSegs", 0, {_DIR: "receive"}),
        ("segments", "Tcp_OutSegs", 0, {_DIR: "transmit"}),
        ("segments.retransmitted", "Tcp_RetransSegs", 0, {}),
        ("errors", "Tcp_InErrs", 0, {}),
        ("resets.sent", "Tcp_OutRsts", 0, {}),
        ("listen.drops", "TcpExt_ListenOverflows", 0,
         {"error__type": "overflow"}),
        ("listen.drops", "TcpExt_ListenDrops", 0, {"error__type": "drop"}))]
    for family, udp in (("ipv4", "Udp"), ("ipv6", "Udp6")):
        rows += [_one("linux.udp.datagrams", n(f"{udp}_{theirs}"),
                      network__type=family, **{_DIR: way})
                 for way, theirs in (("receive", "InDatagrams"),
                                     ("transmit", "OutDatagrams"))]
        rows += [_one("linux.udp.errors", n(f"{udp}_{theirs}"),
                      network__type=family, error__type=kind)
                 for kind, theirs in (
                     ("in_errors", "InErrors"), ("no_port", "NoPorts"),
                     ("rcvbuf", "RcvbufErrors"), ("sndbuf", "SndbufErrors"))]
    return rows


def _sockets():
    n = "node_sockstat_{}".format
    rows = [_one("linux.sockets.used", n("sockets_used"), 64)]
    for family, end in (("ipv4", ""), ("ipv6", "6")):
        rows += [_one("linux.sockets.inuse", n(f"{name}{end}_inuse"), 64,
                      network__transport=name.lower(), network__type=family)
                 for name in ("TCP", "UDP")]
    rows += [_one("linux.tcp.sockets", n(theirs), 64,
                  linux__tcp__socket__state=ours) for ours, theirs in (
        ("orphan", "TCP_orphan"), ("time_wait", "TCP_tw"),
        ("allocated", "TCP_alloc"))]
    return rows + [_one("linux.sockets.memory", n(name + "_mem_bytes"), MiB,
                        network__transport=name.lower())
                   for name in ("TCP", "UDP")]


def _filesystems():
    f = "node_filesystem_{}".format
    state = "system__filesystem__state"
    size, free, avail = f("size_bytes"), f("free_bytes"), f("avail_bytes")
    files, spare = f("files"), f("files_free")
    return [_one(ours, theirs, room, _MOUNT, **fixed)
            for ours, theirs, room, fixed in (
        ("system.filesystem.limit", size, 0, {}),
        ("system.filesystem.usage", f"{size} - {free}", 64 * MiB,
         {state: "used"}),
        ("system.filesystem.usage", avail, 64 * MiB, {state: "free"}),
        ("system.filesystem.usage", f"{free} - {avail}", 0,
         {state: "reserved"}),
        ("linux.filesystem.inodes", f"{files} - {spare}", 4096,
         {state: "used"}),
        ("linux.filesystem.inodes", spare, 4096, {state: "free"}))]


def _pressure():
    waits = {"some": "waiting", "full": "stalled"}
    return [_one("linux.psi.stall_time",
                 f"node_pressure_{resource}_{waits[kind]}_seconds_total",
                 resource=resource, kind=kind)
            for resource, kind in (("cpu", "some"), ("memory", "some"),
                                   ("memory", "full"), ("io", "some"),
                                   ("io", "full"))]


def _paging():
    v = "node_vmstat_{}".format
    kind = "system__paging__fault__type"
    way = "system__paging__direction"
    return [
        _one("system.paging.faults", v("pgmajfault"), **{kind: "major"}),
        _one("system.paging.faults", f"{v('pgfault')} - {v('pgmajfault')}",
             **{kind: "minor"}),
        _one("system.paging.operations", v("pswpin"),
             **{kind: "major", way: "in"}),
        _one("system.paging.operations", v("pswpout"),
             **{kind: "major", way: "out"}),
        _one("linux.memory.oom_kills", v("oom_kill"))]


def _processes():
    def states(letters):
        return " + ".join(f'node_processes_state{{state="{letter}"}}'
                          for letter in letters)
    state = "process__state"
    return [
        _one("system.process.count", states("R"), 8, **{state: "running"}),
        _one("system.process.count", states("SDI"), 16,
             **{state: "sleeping"}),
        _one("system.process.count", states("Tt"), 8, **{state: "stopped"}),
        _one("system.process.count", states("ZX"), 8, **{state: "defunct"}),
        _one("linux.thread.count", "node_processes_threads", 48),
        _one("system.process.limit", "node_processes_max_threads"),
        _one("system.process.created", "node_forks_total"),
        _one("linux.process.runnable", "node_procs_running", 16),
        _one("linux.process.blocked", "node_procs_blocked", 16)]


def _clock():
    t = "node_timex_{}".format
    return [
        _one("linux.clock.synchronized", t("sync_status")),
        _one("linux.clock.offset", t("offset_seconds"), 0.001),
        _one("linux.clock.error", t("estimated_error_seconds"), 0.01,
             linux__clock__error__kind="estimated"),
        _one("linux.clock.error", t("maxerror_seconds"), 0.01,
             linux__clock__error__kind="maximum"),
        _one("linux.clock.frequency_adjustment",
             f"{t('frequency_adjustment_ratio')} - 1", 0.000001),
        _one("linux.clock.tai_offset", t("tai_offset_seconds")),
        _one("system.uptime", "node_time_seconds - node_boot_time_seconds",
             1.1)]


def _conntrack():
    n = "node_nf_conntrack_{}".format
    return [_one("linux.conntrack.entries", n("entries"), 64),
            _one("linux.conntrack.limit", n("entries_limit"))] + [
        _one("linux.conntrack.events", n("stat_" + kind),
             linux__conntrack__event=kind)
        for kind in ("invalid", "insert_failed", "drop", "early_drop")]


ROWS = (
    _one("system.cpu.time", "node_cpu_seconds_total", 0,
         {"cpu": "cpu.logical_number", "mode": "cpu.mode"}),
    _one("linux.context_switches", "node_context_switches_total"),
    _one("linux.interrupts", "node_intr_total"),
    *(_one(f"system.cpu.load_average.{n}m", f"node_load{n}", 1)
      for n in (1, 5, 15)),
    *_memory(), *_paging(),
    *_disk("system.disk.io", "read_bytes_total", "written_bytes_total"),
    *_disk("system.disk.operations", "reads_completed_total",
           "writes_completed_total"),
    *_disk("system.disk.merged", "reads_merged_total", "writes_merged_total"),
    *_disk("system.disk.operation_time", "read_time_seconds_total",
           "write_time_seconds_total"),
    _one("system.disk.io_time", "node_disk_io_time_seconds_total", 0, _DISK),
    _one("linux.disk.weighted_io_time",
         "node_disk_io_time_weighted_seconds_total", 0, _DISK),
    _one("linux.disk.in_flight", "node_disk_io_now", 64, _DISK),
    *_filesystems(),
    *_net("system.network.io", "bytes", _NET),
    *_net("system.network.errors", "errs", _NET),
    *_net("system.network.packet.dropped", "drop", _NET),
    *_net("system.network.packet.count", "packets", _PACKETS),
    *_protocols(), *_sockets(), *_pressure(), *_processes(),
    _one("linux.file_handles", "node_filefd_allocated", 512),
    _one("linux.file_handles.limit", "node_filefd_maximum"),
    _one("linux.entropy.available", "node_entropy_available_bits", 256),
    *_clock(), *_conntrack(),
    _one("linux.softirqs", "node_softirqs_total", 0,
         {"vector": "linux.softirq"}),
    _one("linux.softnet.packets", "node_softnet_processed_total"),
    _one("linux.softnet.dropped", "node_softnet_dropped_total"),
    _one("linux.softnet.squeezed", "node_softnet_times_squeezed_total"),
    *_numa(),
    _one("system.network.connection.count", "node_tcp_connection_states", 32,
         {"state": "network.connection.state"}, network__transport="tcp"),
)

# A series that only one of the two has is zero, but for these.
ONLY_OURS = {"system.filesystem.limit", "system.filesystem.usage",
             "linux.filesystem.inodes"}
ONLY_THEIRS = {("network.connection.state", "rx_queued_bytes"),
               ("network.connection.state", "tx_queued_bytes")}
# Theirs leaves out what there is none of at that moment.
NONE_IS_LEFT_OUT = {"system.process.count"}
# Attributes of ours that theirs do not tell apart.
SUMMED = {"system.filesystem.mode", "network.type"}


def _ours(row):
    words = [f'{key}={value}' for key, value in row.fixed.items()]
    words += [f"{key} of {theirs}" for theirs, key in row.labels.items()]
    return f"`{row.ours}`" + "".join(f"<br>`{w}`" for w in words)


def page(units):
    """The tables of docs/compared.md; units: of our metrics, by name."""
    lines = ["| node_exporter | here | unit |", "|---|---|---|"]
    lines += [f"| `{row.theirs}` | {_ours(row)} | `{units[row.ours]}` |"
              for row in ROWS]
    lines += ["", "| only node_exporter | what it is | why, or what is here "
              "instead |", "|---|---|---|"]
    for names, what, why in nodegaps.GAPS:
        names = names.replace("|", "\\|")
        lines.append(f"| `{names}` | {what} | {why} |")
    return "\n".join(lines) + "\n"


def units(metrics):
    """Of docs/metrics.md."""
    return dict(re.findall(r"^\| \d+ \| `(\S+)` \| `(\S+)` \|", metrics,
                           re.MULTILINE))


if __name__ == "__main__":
    sys.stdout.write(page(units(sys.stdin.read())))
