# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A second reader of what the kernel says about hardware and
# about itself, written apart from the collector's sources.
import collections
import decimal
import re

SOFTIRQS = ("HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET",
            "SCHED", "HRTIMER", "RCU")
KINDS = {"NMI": "nmi", "LOC": "local_timer", "SPU": "spurious",
         "PMI": "performance", "IWI": "irq_work", "RES": "reschedule",
         "CAL": "function_call", "TLB": "tlb_shootdown", "TRM": "thermal",
         "THR": "threshold", "DFR": "deferred_error", "MCE": "machine_check",
         "MCP": "machine_check_poll", "ERR": "error"}
SOFTNET = {"packets": 0, "dropped": 1, "squeezed": 2, "steered": 9,
           "flow_limited": 10, "backlog": 11}


def cpu_table(view, path):
    """(name, sum over the CPUs) of each row."""
    lines = view.lines(path)
    cpus = len(lines[0].split()) if lines else 0
    for line in lines[1:]:
        name, _, rest = line.partition(":")
        yield name.strip(), sum(map(int, [
            word for word in rest.split()[:cpus] if word.isdigit()]))


def interrupts(view):
    for name, value in cpu_table(view, "softirqs"):
        if name in SOFTIRQS:
            view.say("linux.softirqs", value, linux__softirq=name.lower())
    rows = [line.split() for line in view.lines("net/softnet_stat")]
    for name, column in SOFTNET.items():
        if rows:
            view.say("linux.softnet." + name,
                     sum(int(row[column], 16) for row in rows))
    devices = []
    for name, value in cpu_table(view, "interrupts"):
        if name in KINDS:
            view.say("linux.cpu.interrupts", value,
                     linux__interrupt__kind=KINDS[name])
        elif name.isdigit():
            devices.append(value)
    if devices:
        view.say("linux.cpu.interrupts", sum(devices),
                 linux__interrupt__kind="device")
    cpus = [line.split() for line in view.lines("schedstat")
            if line.startswith("cpu")]
    for name, column in (("run_time", 7), ("wait_time", 8)):
        if cpus:
            view.say("linux.sched." + name, decimal.Decimal(sum(
                int(cpu[column]) // 1000 for cpu in cpus)) / 1000000)
    if cpus:
        view.say("linux.sched.timeslices", sum(int(cpu[9]) for cpu in cpus))


def conntrack(view):
    for name, path in (("entries", "count"), ("limit", "max")):
        for line in view.lines("sys/net/netfilter/nf_conntrack_" + path):
            view.say("linux.conntrack." + name, line)
    names, *rows = [line.split() for line in
                    view.lines("net/stat/nf_conntrack")] or [[]]
    for name in ("invalid", "insert_failed", "drop", "early_drop"):
        if name in names:
            at = names.index(name)
            view.say("linux.conntrack.events",
                     sum(int(row[at], 16) for row in rows),
                     linux__conntrack__event=name)


def number(path):
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def word(path):
    try:
        return path.read_text().splitlines()[0].rstrip(" ")
    except (OSError, IndexError):
        return ""


def numbered(folder, stem):
    """(number, path) of each entry of that name; none, where it is missing."""
    found = [(re.fullmatch(stem + r"(\d{1,5})", path.name), path)
             for path in sorted(folder.glob(stem + "*"))]
    return sorted((int(match[1]), path) for match, path in found if match)


SENSORS = (("temp", "input", "hw.temperature", 1000),
           ("fan", "input", "hw.fan.speed", 1),
           ("in", "input", "hw.voltage", 1000),
           ("curr", "input", "linux.hwmon.current", 1000),
           ("power", "input", "linux.hwmon.power", 1000000),
           ("power", "average", "linux.hwmon.power", 1000000))


def escaped_text(text):
    """As an attribute that may hold spaces, and any letter."""
    return "".join(c if c.isalnum() or c in "._-/:@+=!, " else
                   "".join(f"%{b:02X}" for b in c.encode()) for c in text)


def hwmon(view):
    for chip, folder in numbered(view.sys / "class/hwmon", "hwmon"):
        for stem, end, name, scale in SENSORS:
            for path in folder.glob(f"{stem}*_{end}"):
                n = re.fullmatch(stem + r"(\d+)_" + end, path.name)
                value = number(path)
                if n is None or value is None or (
                        end == "average" and
                        (folder / f"{stem}{n[1]}_input").exists()):
                    continue
                where = {"hw__id": f"hwmon{chip}.{stem}{int(n[1])}",
                         "hw__name": word(folder / "name"),
                         "hw__sensor_location": escaped_text(
                             word(folder / f"{stem}{n[1]}_label"))}
                where = {k: v for k, v in where.items() if v}
                view.say(name, decimal.Decimal(value) / scale, **where)
                for kind, limit in (("max", "high.degraded"),
                                    ("crit", "high.critical")):
                    most = number(folder / f"{stem}{n[1]}_{kind}")
                    if stem == "temp" and most is not None and \
                            -273000 < most < 1000000:
                        view.say(name + ".limit",
                                 decimal.Decimal(most) / 1000,
                                 hw__limit_type=limit, **where)


THROTTLES = (("throttles", "core", "core_throttle_count", 1),
             ("throttles", "package", "package_throttle_count", 1),
             ("throttle_time", "core", "core_throttle_total_time_ms", 1000),
             ("throttle_time", "package", "package_throttle_total_time_ms",
              1000))


def cpufreq(view):
    cpus = numbered(view.sys / "devices/system/cpu", "cpu")
    speeds = {cpu: number(path / "cpufreq/scaling_cur_freq")
              for cpu, path in cpus}
    speeds = {cpu: khz * 1000 for cpu, khz in speeds.items() if khz}
    for cpu, hz in speeds.items():
        view.say("system.cpu.frequency", hz, cpu__logical_number=cpu)
    if speeds:
        hz = speeds.values()
        for name, value in (("min", min(hz)), ("max", max(hz)),
                            ("mean", sum(hz) // len(hz))):
            view.say("linux.cpu.frequency", value, linux__cpu__statistic=name)
    for name, part, file, scale in THROTTLES:
        found = {}
        for _, path in cpus:
            package = number(path / "topology/physical_package_id")
            core = number(path / "topology/core_id")
            whose = package if part == "package" else (package, core)
            value = number(path / "thermal_throttle" / file)
            if value is not None:
                found.setdefault(whose, value)
        if found:
            view.say(f"linux.cpu.{name}",
                     decimal.Decimal(sum(found.values())) / scale,
                     linux__cpu__part=part)


def numa(view):
    for node, path in numbered(view.sys / "devices/system/node", "node"):
        where = {"linux__numa__node": node}
        kib = {line.split()[2]: int(line.split()[3]) for line in
               view.lines(path / "meminfo")}
        if kib:
            total, free = kib["MemTotal:"] * 1024, kib["MemFree:"] * 1024
            view.say("linux.numa.memory.limit", total, **where)
            for state, value in (("free", free), ("used", total - free)):
                view.say("linux.numa.memory.usage", value,
                         linux__numa__memory__state=state, **where)
        for line in view.lines(path / "numastat"):
            name, value = line.split()
            kind = name.removeprefix("numa_").removesuffix("_node")
            view.say("linux.numa.allocations", value, **where,
                     linux__numa__allocation=kind.removesuffix("_hit"))
        pools(view, path / "hugepages", **where)
    pools(view, view.sys / "kernel/mm/hugepages")


def pools(view, folder, **node):
    for path in folder.glob("hugepages-*kB"):
        where = {"linux__hugepages__page_size":
                 int(path.name[10:-2]) * 1024, **node}
        total, free, surplus, reserved = (
            number(path / f"{name}_hugepages")
            for name in ("nr", "free", "surplus", "resv"))
        if not node:
            total = free = surplus = None
        else:
            reserved = None
        for name, value, more in (
                ("limit", total, {}), ("surplus", surplus, {}),
                ("reserved", reserved, {}),
                ("usage", free, {"linux__hugepages__state": "free"}),
                ("usage", None if None in (total, free) else total - free,
                 {"linux__hugepages__state": "used"})):
            if value is not None:
                view.say("linux.hugepages." + name, value, **where, **more)


NVME = {"live": "ok", "dead": "failed", "deleting": "failed",
        "deleting (no IO)": "failed"}


def nvme(view):
    for n, path in numbered(view.sys / "class/nvme", "nvme"):
        now = word(path / "state")
        for state in ("ok", "degraded", "failed") if now else ():
            view.say("hw.status", NVME.get(now, "degraded") == state,
                     hw__id=f"nvme{n}", hw__state=state,
                     hw__type="disk_controller")


SYNCS = ("resync", "recovery", "reshape", "check", "repair")


def mdraid(view):
    for block in re.split(r"\n(?=\S)", "\n".join(view.lines("mdstat"))):
        match = re.match(r"(\S+) : (\S+)(.*)", block)
        if match is None or match[1] in ("Personalities", "unused"):
            continue
        where = {"system__device": match[1]}
        view.say("linux.md.active", match[2] == "active", **where)
        for state, flag in (("failed", "(F)"), ("spare", "(S)")):
            view.say("linux.md.disks", match[3].count(flag),
                     linux__md__disk__state=state, **where)
        size = re.search(r"(\d+) blocks", block)
        if size:
            view.say("linux.md.limit", int(size[1]) * 1024, **where)
        disks = re.search(r"blocks.* \[(\d+)/(\d+)\]", block)
        if disks:
            of, working = int(disks[1]), int(disks[2])
            view.say("linux.md.raid_disks", of, **where)
            view.say("linux.md.degraded", of - working, **where)
            view.say("linux.md.disks", working, **where,
                     linux__md__disk__state="working")
        sync = re.search(rf"({'|'.join(SYNCS)}) = .*\((\d+)/(\d+)\).*"
                         r"speed=(\d+)K", block)
        for name, value in zip(("done", "total", "speed"),
                               sync.groups()[1:] if sync else ()):
            view.say("linux.md.sync." + name, int(value) * 1024,
                     linux__md__sync=sync[1], **where)


NFS = {"3": {"getattr": 1, "lookup": 3, "access": 4, "read": 6, "write": 7,
             "commit": 21},
       "4": {"getattr": 18, "lookup": 19, "access": 17, "read": 1, "write": 2,
             "commit": 3, "open": 4, "close": 8, "lock": 14}}


def nfs(view):
    rows = {name: values for name, *values in
            (line.split() for line in view.lines("net/rpc/nfs"))}
    for name, value in zip(("calls", "retransmissions", "auth_refreshes"),
                           rows.get("rpc", ())):
        view.say("linux.nfs.client." + name, value)
    for version, operations in NFS.items():
        for name, at in operations.items():
            if "proc" + version in rows:
                view.say("linux.nfs.client.operations",
                         rows["proc" + version][1 + at],
                         linux__nfs__version="v" + version,
                         linux__nfs__operation=name)


def bonding(view):
    folder = view.proc / "net/bonding"
    for path in folder.iterdir() if folder.exists() else ():
        bond, *slaves = path.read_text().split("\nSlave Interface: ")
        def up(part):
            return re.search("^MII Status: (.*)$", part, re.M)[1] == "up"
        where = {"network__interface__name": path.name}
        view.say("linux.bonding.up", up(bond), **where)
        for state in (True, False):
            view.say("linux.bonding.slaves",
                     sum(up(slave) == state for slave in slaves), **where,
                     linux__bonding__slave__state="up" if state else "down")
        for slave in slaves:
            view.say("linux.bonding.link_failures",
                     re.search(r"Link Failure Count: (\d+)", slave)[1],
                     network__interface__name=slave.splitlines()[0])


def clean(text):
    """A stranger's name: of a small alphabet, and 64 bytes of it."""
    text = re.sub(r"\((?:[RrCc]|TM|tm)\)", "", text)
    return " ".join(re.sub(r"[^A-Za-z0-9._/:@+,-]", " ", text).split()
                    )[:64].rstrip()


def inventory(view):
    cpus = numbered(view.sys / "devices/system/cpu", "cpu")
    places = {(number(path / "topology/physical_package_id"),
               number(path / "topology/core_id")) for _, path in cpus}
    places = {place for place in places if None not in place}
    if places:
        view.say("system.cpu.physical.count", len(places))
        view.say("linux.cpu.packages", len({p for p, _ in places}))
    for line in view.lines("cpuinfo"):
        if line.startswith("model name"):
            view.say("linux.cpu.model", 1,
                     host__cpu__model__name=clean(line.partition(":")[2]))
            break
    dmi = {key: clean(word(view.sys / "class/dmi/id" / name))
           for key, name in (("hw__vendor", "sys_vendor"),
                             ("hw__model", "product_name"),
                             ("hw__firmware_version", "bios_version"))}
    if any(dmi.values()):
        view.say("linux.host.hardware", 1,
                 **{k: v for k, v in dmi.items() if v})
    for path in view.sys.glob("block/*"):
        where = {"system__device": path.name.replace("!", "/")}
        size = number(path / "size")
        if size:
            view.say("system.disk.limit", size * 512, **where)
            model = clean(word(path / "device/model"))
            if model:
                view.say("linux.disk.model", 1, hw__model=model, **where)
    for path in view.sys.glob("class/net/*"):
        speed = number(path / "speed")
        if (path / "device").exists() and speed and speed > 0:
            view.say("hw.network.bandwidth.limit", speed * 125000,
                     hw__id=path.name)


ZFS = {"ONLINE": "online", "DEGRADED": "degraded"}


def storage(view):
    for path in sorted(view.sys.glob("fs/ext4/*/errors_count")):
        view.say("linux.ext4.errors", number(path),
                 system__device=path.parent.name)
    for path in sorted(view.sys.glob("fs/xfs/*/stats/stats")):
        xfs(view, path)
    for path in sorted(view.sys.glob("fs/btrfs/*-*")):
        btrfs(view, path)
    zfs = view.proc / "spl/kstat/zfs"
    arc = {line.split()[0]: line.split()[2]
           for line in view.lines("spl/kstat/zfs/arcstats")[2:]}
    for name, row, more in (
            ("usage", "size", {}), ("limit", "c_max", {}),
            ("accesses", "hits", {"linux__zfs__arc__result": "hit"}),
            ("accesses", "misses", {"linux__zfs__arc__result": "miss"})):
        if row in arc:
            view.say("linux.zfs.arc." + name, arc[row], **more)
    for path in zfs.glob("*/state"):
        now = ZFS.get(word(path), "failed")
        for state in ("online", "degraded", "failed"):
            view.say("linux.zfs.pool.state", state == now,
                     linux__zfs__pool__state=state,
                     system__device=path.parent.name)


def xfs(view, path):
    rows = {name: values for name, *values in
            (line.split() for line in path.read_text().splitlines())}
    where = {"system__device": path.parent.parent.name}
    if not rows:
        return
    for way, column in (("write", 0), ("read", 1)):
        view.say("linux.xfs.operations", rows["rw"][column],
                 disk__io__direction=way, **where)
        view.say("linux.xfs.io", rows["xpc"][column + 1],
                 disk__io__direction=way, **where)
    view.say("linux.xfs.log.writes", rows["log"][0], **where)
    view.say("linux.xfs.log.waits", rows["log"][4], **where)


def btrfs(view, path):
    where = {"system__device": path.name}
    for name, file in (("usage", "bytes_used"), ("allocated", "total_bytes")):
        for kind in ("data", "metadata", "system"):
            value = number(path / "allocation" / kind / file)
            if value is not None:
                view.say("linux.btrfs." + name, value,
                         linux__btrfs__kind=kind, **where)
    errors = collections.Counter()
    for file in path.glob("devinfo/*/error_stats"):
        for line in file.read_text().splitlines():
            errors[line.split()[0]] += int(line.split()[1])
    for name, value in errors.items():
        view.say("linux.btrfs.errors", value, **where,
                 error__type=name.removesuffix("_errs"))


SOURCES = {"interrupts": interrupts, "conntrack": conntrack, "hwmon": hwmon,
           "cpufreq": cpufreq, "numa": numa, "nvme": nvme, "mdraid": mdraid,
           "nfs": nfs, "bonding": bonding, "inventory": inventory,
           "storage": storage}
