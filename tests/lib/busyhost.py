# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A host at work, as the trees proc and sys: 8 CPUs, 4 disks,
# 6 interfaces and lo, 160 processes, up for 40 days.  Every number moves as a
# server's does: some counters by a little, some by a lot, most never.
import pathlib
import random
import shutil

DISKS = ("nvme0n1", "nvme1n1", "sda", "sdb")
INTERFACES = ("lo", "eth0", "eth1", "bond0", "bond0.17", "docker0", "veth3a1")
MOUNTS = ("/", "/boot", "/home", "/var", "/var/lib", "/srv")
CPUS = 8
UP = 40 * 86400

# Share of their time in user, nice, system, idle, iowait, irq, softirq, steal.
MODES = (0.11, 0.0, 0.04, 0.83, 0.01, 0.0, 0.008, 0.0, 0.0, 0.0)

MOUNTINFO = "".join(
    f"{20 + n} {1 if n == 0 else 20} 8:{n} / {point} rw,relatime - "
    f"ext4 /dev/{DISKS[n % 4]}p{n} rw\n" for n, point in enumerate(MOUNTS))


class Number:
    """A counter of some pace a second, or a level that wanders."""

    def __init__(self, rng, pace, wander=0):
        self.rng = rng
        self.pace = pace
        self.wander = wander
        self.value = float(int(pace * UP * rng.uniform(0.5, 1.5)))
        if wander:
            self.value = wander * rng.uniform(5, 20)

    def advance(self, seconds):
        if self.wander:
            self.value += self.rng.gauss(0, self.wander / 20)
            self.value = max(self.value, 0)
        elif self.pace:
            # loads come and go
            self.value += max(0, self.pace * seconds *
                              self.rng.lognormvariate(0, 0.7))
        return int(self.value)


class BusyHost:
    def __init__(self, top, fixture, seed=1):
        self.top = pathlib.Path(top)
        self.rng = random.Random(seed)
        shutil.copytree(fixture, self.top, dirs_exist_ok=True)
        for old in (self.top / "sys/block").iterdir():
            shutil.rmtree(old)
        for disk in DISKS:
            self.put(f"sys/block/{disk}/size", "1953525168\n")
        self.put("proc/self/mountinfo", MOUNTINFO)
        self.numbers = {}
        self.seconds = UP
        self.stat_line = (self.top / "proc/1/stat").read_text()
        for pid in range(1000, 1160):
            self.process(pid, "S")
        self.pairs = {name: (self.top / "proc/net" / name).read_text()
                      for name in ("snmp", "netstat")}
        self.flat = {name: (self.top / "proc" / name).read_text()
                     for name in ("vmstat", "meminfo", "net/snmp6")}

    def put(self, path, text):
        """In place: the collector keeps some of them open."""
        path = self.top / path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            file.write(text)

    def process(self, pid, state):
        self.put(f"proc/{pid}/stat", self.stat_line.replace(
            "1 (systemd) S", f"{pid} (worker) {state}"))

    def count(self, name, pace):
        if name not in self.numbers:
            self.numbers[name] = Number(self.rng, pace)
        return self.numbers[name].advance(self.step)

    def level(self, name, wander):
        if name not in self.numbers:
            self.numbers[name] = Number(self.rng, 0, wander)
        return self.numbers[name].advance(self.step)

    def any_pace(self):
        """Of a counter that nothing is known of: half of them stand."""
        return 0 if self.rng.random() < 0.5 else \
            self.rng.lognormvariate(1.5, 2.5)

    def stat(self):
        lines = []
        total = [0] * len(MODES)
        for cpu in range(CPUS):
            ticks = [self.count(f"cpu{cpu}.{mode}", share * 100)
                     for mode, share in enumerate(MODES)]
            total = [a + b for a, b in zip(total, ticks)]
            lines.append(f"cpu{cpu} " + " ".join(map(str, ticks)))
        lines.insert(0, "cpu  " + " ".join(map(str, total)))
        lines += [f"intr {self.count('intr', 9000)} 0 0",
                  f"ctxt {self.count('ctxt', 17000)}", "btime 1760000000",
                  f"processes {self.count('forks', 7)}",
                  f"procs_running {1 + self.level('running', 1) % 5}",
                  "procs_blocked 0",
                  f"softirq {self.count('softirq', 5000)} 0 0"]
        self.put("proc/stat", "\n".join(lines) + "\n")

    def diskstats(self):
        lines = []
        for n, disk in enumerate(DISKS):
            reads, writes = (40, 90) if n < 2 else (0.5, 6)
            paces = (reads, reads / 9, reads * 60, reads * 0.4, writes,
                     writes / 2, writes * 40, writes * 1.2, None, writes / 3,
                     writes * 1.7, 0.02, 0, 20, 0.01, writes / 8, writes / 20)
            fields = [self.level(f"{disk}.{k}", 0.3) if pace is None else
                      self.count(f"{disk}.{k}", pace)
                      for k, pace in enumerate(paces)]
            lines.append(f" 259 {n} {disk} " + " ".join(map(str, fields)))
        self.put("proc/diskstats", "\n".join(lines) + "\n")

    def net_dev(self):
        lines = ["Inter-|   Receive  |  Transmit",
                 " face |bytes    packets errs drop fifo frame compressed "
                 "multicast|bytes    packets errs drop fifo colls carrier "
                 "compressed"]
        for n, name in enumerate(INTERFACES):
            packets = (50, 900, 300, 1200, 100, 0, 30)[n]
            paces = (packets * 700, packets, 0, packets / 4000, 0, 0, 0,
                     packets / 500, packets * 400, packets * 0.8, 0, 0, 0, 0,
                     0, 0)
            lines.append(f"{name}: " + " ".join(
                str(self.count(f"{name}.{k}", pace))
                for k, pace in enumerate(paces)))
        self.put("proc/net/dev", "\n".join(lines) + "\n")

    def protocols(self):
        for name, text in self.pairs.items():
            lines = text.splitlines()
            for n in range(1, len(lines), 2):
                head, *_ = lines[n].split()
                keys = lines[n - 1].split()[1:]
                lines[n] = " ".join([head, *(
                    str(self.count(f"{head}{key}", self.any_pace()))
                    for key in keys)])
            self.put(f"proc/net/{name}", "\n".join(lines) + "\n")

    def flat_files(self):
        for name, text in self.flat.items():
            lines = []
            for line in text.splitlines():
                key, value, *unit = line.split()
                still = value == "0" or key.startswith(
                    ("MemTotal", "SwapTotal", "Huge", "Vmalloc", "Commit"))
                if name == "meminfo" or key.startswith("nr_"):
                    number = value if still else self.level(
                        key, max(int(value), 200) / 200)
                else:
                    number = self.count(key, self.any_pace())
                lines.append(" ".join([key, str(number), *unit]))
            self.put(f"proc/{name}", "\n".join(lines) + "\n")

    def small_files(self):
        up = self.seconds
        load = " ".join(f"{self.level(f'load{n}', 0.2):d}."
                        f"{self.rng.randrange(100):02d}" for n in range(3))
        self.put("proc/loadavg", f"{load} 2/412 {1200 + up % 9000}\n")
        self.put("proc/uptime", f"{up}.37 {up * 7}.11\n")
        self.put("proc/sys/fs/file-nr",
                 f"{self.level('files', 400)}\t0\t9223372036854775807\n")
        self.put("proc/net/sockstat",
                 f"sockets: used {self.level('sockets', 40)}\n"
                 f"TCP: inuse {self.level('tcp', 20)} orphan 0 tw "
                 f"{self.level('tw', 9)} alloc {self.level('alloc', 30)} mem "
                 f"{self.level('tcpmem', 20)}\nUDP: inuse 9 mem 4\n"
                 "UDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n")
        for kind, pace in (("cpu", 9000), ("io", 4000), ("memory", 3)):
            self.put(f"proc/pressure/{kind}", "".join(
                f"{word} avg10=0.00 avg60=0.00 avg300=0.00 total="
                f"{self.count(kind + word, pace / n)}\n"
                for n, word in ((1, "some"), (3, "full"))))

    def advance(self, seconds):
        """So many seconds later."""
        self.step = seconds
        self.seconds += seconds
        self.stat()
        self.diskstats()
        self.net_dev()
        self.protocols()
        self.flat_files()
        self.small_files()
        for _ in range(3):
            self.process(1000 + self.rng.randrange(160),
                         self.rng.choice("SSSSRDI"))
