# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A second reader of control groups, written apart from the
# collector's: whose a path is, and what its files say.
import decimal
import re

ID = "[0-9a-f]{64}"
UUID = "[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32}"
RUNTIMES = {"docker": "docker", "cri-containerd": "containerd",
            "nerdctl": "containerd", "crio": "cri-o", "libpod": "podman",
            "libpod-payload": "podman"}
WORDS = "|".join(RUNTIMES)
NAMED = re.compile(rf"(?:[^/:]*:(?P<colon>{WORDS}):|(?P<dash>{WORDS})-)"
                   rf"(?P<id>{ID})(?:\.scope)?")
BARE = re.compile(ID)
PODS = re.compile(rf"(?:^|-)pod({UUID})(?:\.slice)?(?::|$)")
MICRO = decimal.Decimal(1000000)


def runtime_of(part, before):
    """(id, runtime or None), or None where that is no container's name."""
    match = NAMED.fullmatch(part)
    if match:
        return match["id"], RUNTIMES[match["colon"] or match["dash"]]
    if BARE.fullmatch(part):
        return part, RUNTIMES.get(before)
    return None


def is_below(parent, child):
    stem = "" if parent == "-.slice" else parent[:-6] + "-"
    return re.fullmatch(re.escape(stem) + r"[^-]+\.slice", child)


def container_at(parts):
    """Attributes where the last part is the first container, else None."""
    before = ""
    for n, part in enumerate(parts):
        found = runtime_of(part, before)
        if found and n < len(parts) - 1:
            return None
        if found:
            break
        before = part
    else:
        return None
    attrs = {"container__id": found[0]}
    if found[1]:
        attrs["container__runtime__name"] = found[1]
    pods = [PODS.search(part) for part in parts]
    for pod in [m[1] for m in pods if m][:1]:
        attrs["k8s__pod__uid"] = pod.replace("_", "-")
    return attrs


def chain(parts):
    """What systemd made: (slices passed, slice, unit, rest after it, uid)."""
    slices, where, uid = 0, "-.slice", None
    for n, part in enumerate(parts):
        last = n == len(parts) - 1
        manager = re.fullmatch(r"user@(0|[1-9]\d{0,9})\.service", part)
        if part.endswith(".slice") and is_below(where, part):
            slices, where = slices + 1, part
        elif uid is None and manager and not last and \
                where == f"user-{manager[1]}.slice":
            uid, where = manager[1], "-.slice"
        elif re.fullmatch(r".+\.(service|scope)", part):
            return slices, where, part, len(parts) - n - 1, uid
        else:
            return slices, where, None, None, uid
    return slices, where, None, 0, uid


def attributes(path):
    """How the one at that path is named; None where it is not read."""
    parts = path.split("/")
    attrs = container_at(parts)
    if any(runtime_of(part, "") for part in parts[:-1]):
        return None
    if attrs is not None:
        _, _, unit, _, uid = chain(parts[:-1])
    else:
        slices, where, unit, rest, uid = chain(parts)
        attrs = {}
        if unit is None and (rest != 0 or slices != 1 or uid or
                             len(parts) != 1):
            return None
        if unit and (rest or re.match("(libpod|crio)-conmon-", unit)):
            return None
        if where != "system.slice" or uid or unit is None:
            attrs["linux__systemd__slice"] = where
    if unit:
        attrs["linux__systemd__unit"] = escaped(unit)
    if uid:
        attrs["linux__systemd__uid"] = uid
    return attrs


def escaped(name):
    return re.sub(r"[^A-Za-z0-9._/:@+=!,-]",
                  lambda m: "".join(f"%{c:02X}" for c in m[0].encode()), name)


class Group:
    """The files of one; names are found wherever its hierarchies are."""

    def __init__(self, view, path, attrs, v1):
        self.view, self.path, self.attrs, self.v1 = view, path, attrs, v1

    def text(self, name, hierarchy=""):
        top = self.view.sys / "fs/cgroup" / (hierarchy if self.v1 else "")
        try:
            return (top / self.path / name).read_text()
        except (FileNotFoundError, NotADirectoryError, OSError):
            return None

    def say(self, name, value, **more):
        self.view.say("linux.cgroup." + name, value, **self.attrs, **more)

    def table(self, name, hierarchy=""):
        text = self.text(name, hierarchy)
        return {k: int(v) for k, v in (line.split() for line in
                                       (text or "").splitlines())}

    def one(self, metric, name, hierarchy="", scale=1, most=2 ** 62, **more):
        text = self.text(name, hierarchy)
        if text is None or text.strip() in ("max", "-1") or \
                int(text) >= most:
            return
        self.say(metric, decimal.Decimal(int(text) // scale), **more)

    def rows(self, table, rows, metric="", over=1, **more):
        for row, (name, attrs) in rows.items():
            if row in table:
                self.say(metric + name, decimal.Decimal(table[row]) / over,
                         **attrs, **more)

    def pressure(self):
        for resource in ("cpu", "memory", "io"):
            for line in (self.text(f"{resource}.pressure", "unified")
                         or "").splitlines():
                self.say("psi.stall_time",
                         int(line.rpartition("=")[2]) / MICRO,
                         resource=resource, kind=line.split()[0])

    def device(self, name, read, write, number, disks):
        for way, value in (("read", read), ("write", write)):
            self.say(name, value, disk__io__direction=way,
                     system__device=disks.get(number, number))

    def throttling(self, table, time, over):
        if table.get("nr_periods"):
            self.say("cpu.periods", table["nr_periods"])
            self.say("cpu.throttled.periods", table["nr_throttled"])
            self.say("cpu.throttled.time",
                     table[time] // over / MICRO)


USER, SYSTEM = {"cpu__mode": "user"}, {"cpu__mode": "system"}
EVENTS = {row: ("memory.events", {"linux__cgroup__event": row})
          for row in ("oom", "oom_kill", "max", "high")}


def say_v2(group, disks):
    cpu = group.table("cpu.stat")
    group.rows(cpu, {"usage_usec": ("cpu.usage", {}),
                     "user_usec": ("cpu.time", USER),
                     "system_usec": ("cpu.time", SYSTEM)}, over=MICRO)
    group.throttling(cpu, "throttled_usec", 1)
    quota, _, period = (group.text("cpu.max") or "max 1").partition(" ")
    if quota != "max":
        group.say("cpu.limit", decimal.Decimal(
            int(quota) * 1000 // int(period)) / 1000)
    memory = group.table("memory.stat")
    if "slab" in memory and "kernel" not in memory:
        memory["kernel"] = sum(memory[k] for k in (
            "slab", "kernel_stack", "pagetables", "percpu"))
    group.rows(memory, {k: ("memory." + k, {})
                        for k in ("anon", "file", "kernel")})
    group.rows(group.table("memory.events"), EVENTS)
    for metric, name in (("memory.usage", "memory.current"),
                         ("swap.usage", "memory.swap.current"),
                         ("memory.limit", "memory.max"),
                         ("memory.high", "memory.high"),
                         ("swap.limit", "memory.swap.max"),
                         ("pids.usage", "pids.current"),
                         ("pids.limit", "pids.max")):
        group.one(metric, name)
    for line in (group.text("io.stat") or "").splitlines():
        number = re.search(r"(\S+) rbytes=", line)
        if number and number[1] != "(unknown)":
            v = dict(re.findall(r"(\w+)=(\d+)", line))
            group.device("io", v["rbytes"], v["wbytes"], number[1], disks)
            group.device("io.operations", v["rios"], v["wios"], number[1],
                         disks)


def say_v1(group, disks):
    text = group.text("cpuacct.usage", "cpuacct")
    if text:
        group.say("cpu.usage", int(text) // 1000 / MICRO)
    group.rows(group.table("cpuacct.stat", "cpuacct"),
               {"user": ("cpu.time", USER), "system": ("cpu.time", SYSTEM)},
               over=100)
    group.throttling(group.table("cpu.stat", "cpu"), "throttled_time", 1000)
    quota = int(group.text("cpu.cfs_quota_us", "cpu") or -1)
    if quota > 0:
        group.say("cpu.limit", decimal.Decimal(quota * 1000 // int(
            group.text("cpu.cfs_period_us", "cpu"))) / 1000)
    group.rows(group.table("memory.stat", "memory"),
               {"total_rss": ("memory.anon", {}), "total_cache":
                ("memory.file", {}), "total_swap": ("swap.usage", {})})
    group.rows(group.table("memory.oom_control", "memory"),
               {"oom_kill": EVENTS["oom_kill"]})
    group.one("memory.usage", "memory.usage_in_bytes", "memory")
    group.one("memory.kernel", "memory.kmem.usage_in_bytes", "memory")
    group.one("memory.events", "memory.failcnt", "memory",
              linux__cgroup__event="max")
    group.one("memory.limit", "memory.limit_in_bytes", "memory")
    group.one("pids.usage", "pids.current", "pids")
    group.one("pids.limit", "pids.max", "pids")
    for metric, name in (("io", "io_service_bytes"),
                         ("io.operations", "io_serviced")):
        text = group.text(f"blkio.throttle.{name}_recursive", "blkio") or ""
        rows = {tuple(line.split()[:2]): line.split()[2]
                for line in text.splitlines() if line.count(" ") == 2}
        for number in {number for number, _ in rows} - {"(unknown)"}:
            group.device(metric, rows[number, "Read"], rows[number, "Write"],
                         number, disks)


def say(view):
    top = view.sys / "fs/cgroup"
    v1 = not (top / "cgroup.controllers").is_file()
    walked = next((top / name for name in
                   ("systemd", "memory", "cpuacct", "pids")
                   if (top / name).exists()), None) if v1 else top
    if walked is None or not walked.exists():
        return
    disks = {":".join(line.split()[:2]): line.split()[2]
             for line in view.lines("diskstats")}
    count = 0
    for path in sorted(p for p in walked.rglob("*") if p.is_dir()):
        where = str(path.relative_to(walked))
        attrs = attributes(where)
        if attrs is None:
            continue
        count += 1
        group = Group(view, where, attrs, v1)
        (say_v1 if v1 else say_v2)(group, disks)
        group.pressure()
    if count:
        for state, value in (("sent", count), ("left_out", 0)):
            view.say("linux.cgroup.count", value, linux__cgroup__state=state)
