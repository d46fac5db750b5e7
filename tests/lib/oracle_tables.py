# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What may be sent at all, from two places that are not the
# encoder: the list in docs/metrics.md, and OpenTelemetry's semantic
# conventions 1.44.0 (docs/system/, docs/hardware/, docs/otel/), copied here by
# hand.
import collections
import os
import pathlib
import re

PAGE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"], "docs/metrics.md")

# points: the attributes of each point that are always the same, as
# frozensets of pairs; may_carry: the keys that name an instance.
Metric = collections.namedtuple(
    "Metric", "unit kind step description points may_carry")
Alphabet = collections.namedtuple("Alphabet", "pattern longest is_integer")
Convention = collections.namedtuple("Convention", "kind unit always maybe")

_PAIR = re.compile(r"`([^`=]+)=([^`]+)`")
_KINDS = {"counter": "counter", "up-down counter": "updown", "gauge": "gauge"}

# The conventions let error.type be left out where nothing failed.
_ALSO_BARE = {"otel.sdk.exporter.metric_data_point.exported"}


def _cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _points(name, cell):
    points = {frozenset(_PAIR.findall(point)) for point in cell.split("<br>")}
    return points | {frozenset()} if name in _ALSO_BARE else points


def _step(cell):
    """None: an integer.  Else the number of steps in 1."""
    if cell == "integer":
        return None
    return int(re.fullmatch(r"double, in steps of 1/(\d+)", cell)[1])


def _metric(cells, may_carry):
    _, name, unit, kind, value, points, description = cells
    name, unit = name.strip("`"), unit.strip("`")
    return name, Metric(unit, _KINDS[kind], _step(value), description,
                        _points(name, points), may_carry)


def _alphabet(cells):
    _, key, letters, longest = cells
    if letters == "decimal number":
        return key.strip("`"), Alphabet(r"0|[1-9][0-9]*", int(longest), True)
    shown = letters.split("`")[1].split()
    pattern = "".join(word if re.fullmatch("[a-zA-Z0-9]-[a-zA-Z0-9]", word)
                      else re.escape(word) for word in shown)
    if "UTF-8" in letters:
        pattern += " \x80-\U0010ffff"
    return key.strip("`"), Alphabet(f"[{pattern}]+", int(longest), False)


def read_page(text):
    """The page's metrics and the alphabets of its attributes, by name."""
    metrics, alphabets, may_carry = {}, {}, frozenset()
    for line in text.splitlines():
        cells = _cells(line)
        if line.startswith("Reads: "):
            may_carry = frozenset(re.findall(
                "`([^`]+)`", line.partition("Attributes of an instance")[2]))
        elif re.match(r"\| \d", line) and len(cells) == 7:
            name, metric = _metric(cells, may_carry)
            metrics[name] = metric
        elif re.match(r"\| \d", line):
            key, alphabet = _alphabet(cells)
            alphabets[key] = alphabet
    return metrics, alphabets


# name, kind, unit, attributes; those with a ? may be absent.  No convention
# has the load average; its name is the OpenTelemetry Collector's.
_CONVENTIONS = """
system.uptime gauge s
system.cpu.time counter s cpu.mode cpu.logical_number?
system.cpu.logical.count updown {cpu}
system.cpu.load_average.1m gauge {thread}
system.cpu.load_average.5m gauge {thread}
system.cpu.load_average.15m gauge {thread}
system.memory.usage updown By system.memory.state
system.memory.limit updown By
system.memory.linux.available updown By
system.memory.linux.shared updown By
system.memory.linux.slab.usage updown By system.memory.linux.slab.state
system.memory.linux.hugepages.limit updown {page}
system.memory.linux.hugepages.usage updown {page}
    system.memory.linux.hugepages.state
system.memory.linux.hugepages.reserved updown {page}
system.memory.linux.hugepages.surplus updown {page}
system.memory.linux.hugepages.page_size updown By
system.paging.usage updown By system.device system.paging.state
system.paging.faults counter {fault} system.paging.fault.type
system.paging.operations counter {operation} system.paging.direction
    system.paging.fault.type
system.disk.io counter By system.device disk.io.direction
system.disk.operations counter {operation} system.device disk.io.direction
system.disk.merged counter {operation} system.device disk.io.direction
system.disk.operation_time counter s system.device disk.io.direction
system.disk.io_time counter s system.device
system.filesystem.usage updown By system.device system.filesystem.state
    system.filesystem.type system.filesystem.mode system.filesystem.mountpoint?
system.filesystem.limit updown By system.device system.filesystem.type
    system.filesystem.mode system.filesystem.mountpoint?
system.network.io counter By network.interface.name network.io.direction
system.network.errors counter {error} network.interface.name
    network.io.direction
system.network.packet.dropped counter {packet} network.interface.name
    network.io.direction
system.network.packet.count counter {packet} system.device
    network.io.direction
system.network.connection.count updown {connection} network.connection.state
    network.transport network.type?
process.cpu.time counter s cpu.mode process.pid? linux.process.start_ticks?
    process.executable.name?
process.memory.usage updown By process.pid? linux.process.start_ticks?
    process.executable.name?
process.thread.count updown {thread} process.pid? linux.process.start_ticks?
    process.executable.name?
process.paging.faults counter {fault} system.paging.fault.type process.pid?
    linux.process.start_ticks? process.executable.name?
process.unix.file_descriptor.count updown {file_descriptor} process.pid?
    linux.process.start_ticks? process.executable.name?
system.process.count updown {process} process.state
system.process.created counter {process}
system.process.limit updown {thread}
hw.errors counter {error} hw.id hw.type error.type
hw.temperature gauge Cel hw.id hw.name? hw.sensor_location?
hw.temperature.limit gauge Cel hw.id hw.limit_type hw.name?
    hw.sensor_location?
hw.fan.speed gauge rpm hw.id hw.name? hw.sensor_location?
hw.voltage gauge V hw.id hw.name? hw.sensor_location?
hw.status updown 1 hw.id hw.state hw.type
hw.network.bandwidth.limit updown By/s hw.id
system.disk.limit updown By system.device
system.cpu.physical.count updown {cpu}
system.cpu.frequency gauge Hz cpu.logical_number
otel.sdk.exporter.metric_data_point.exported counter {data_point} error.type?
"""

CLAIMED = ("system.", "hw.", "otel.", "process.", "container.", "k8s.")
OWN = ("linux.", "sluice.")

# Lists that the conventions leave open get the kernel's own word: softirq.
VALUES = {key: set(values.split()) for key, values in {
    "cpu.mode": "user system nice idle iowait interrupt steal softirq",
    "system.memory.state": "used free buffers cached",
    "system.memory.linux.slab.state": "reclaimable unreclaimable",
    "system.memory.linux.hugepages.state": "free used",
    "system.paging.state": "used free",
    "system.paging.fault.type": "major minor",
    "system.paging.direction": "in out",
    "disk.io.direction": "read write",
    "system.filesystem.state": "used free reserved",
    "network.io.direction": "receive transmit",
    "network.transport": "tcp udp",
    "network.type": "ipv4 ipv6",
    "process.state": "running sleeping stopped defunct",
    "network.connection.state": "closed close_wait closing established"
    " fin_wait_1 fin_wait_2 last_ack listen syn_received syn_sent time_wait",
    "hw.type": "memory disk_controller",
    "hw.state": "ok degraded failed",
    "hw.limit_type": "high.degraded high.critical",
    "os.type": "linux",
    "host.arch": "amd64 arm32 arm64 ia64 ppc32 ppc64 s390x x86 riscv64",
}.items()}


def _convention(line):
    name, kind, unit, *keys = line.split()
    return name, Convention(
        kind, unit, frozenset(k for k in keys if not k.endswith("?")),
        frozenset(k.strip("?") for k in keys))


CONVENTIONS = dict(_convention(line)
                   for line in re.split(r"\n(?! )", _CONVENTIONS.strip()))
METRICS, ALPHABETS = read_page(PAGE.read_text(encoding="utf-8"))
