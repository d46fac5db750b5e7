# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The trees of tests/fixtures/make_odd_host.py, and what each
# of a host's files is worth: which points are gone when it cannot be used.
import collections
import importlib.util
import os
import pathlib
import re
import tempfile

fixtures = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"], "tests/fixtures")

_scratch = tempfile.TemporaryDirectory(prefix="sluice-odd-")
os.chmod(_scratch.name, 0o711)


def _load():
    spec = importlib.util.spec_from_file_location(
        "make_odd_host", fixtures / "make_odd_host.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make = _load()


def odd(kind):
    """The top of that kind's trees, made once."""
    top = pathlib.Path(_scratch.name, kind)
    if not top.exists():
        make.HOSTS[kind](top)
    return top


def host(name, **how):
    """A host of the test's own, whose files it may change."""
    return make.put_host(pathlib.Path(_scratch.name, name), **how).top


# source; the file; how the source names it; which points it gives (worth());
# whether its absence is a failure.
File = collections.namedtuple("File", "source path said points needed",
                              defaults=(True,))

FILES = (
    File("cpu", "proc/stat", "stat", "."),
    File("load", "proc/loadavg", "loadavg", "."),
    File("memory", "proc/meminfo", "meminfo", "."),
    File("paging", "proc/vmstat", "vmstat", "faults|operations|oom"),
    File("paging", "proc/swaps", "swaps", "usage"),
    File("disk", "proc/diskstats", "diskstats", "."),
    File("network", "proc/net/dev", "net/dev", "."),
    File("protocol", "proc/net/snmp", "net/snmp", "ipv4|tcp(?!.listen)"),
    File("protocol", "proc/net/snmp6", "net/snmp6", "ipv6", False),
    File("protocol", "proc/net/netstat", "net/netstat", "listen.drops"),
    File("socket", "proc/net/sockstat", "net/sockstat",
         "ipv4|used|linux.tcp.sockets|memory"),
    File("socket", "proc/net/sockstat6", "net/sockstat6", "ipv6", False),
    File("pressure", "proc/pressure/cpu", "pressure/cpu", "resource=cpu"),
    File("pressure", "proc/pressure/memory", "pressure/memory",
         "resource=memory"),
    File("pressure", "proc/pressure/io", "pressure/io", "resource=io"),
    File("pressure", "proc/pressure/irq", "pressure/irq", "resource=irq"),
    # a process that has gone is one less, and all is well
    File("process", "proc/3/stat", "[pid]/stat", "process.count", False),
    File("process", "proc/sys/kernel/threads-max", "sys/kernel/threads-max",
         "limit"),
    File("kernel", "proc/uptime", "uptime", "uptime"),
    File("kernel", "proc/sys/fs/file-nr", "sys/fs/file-nr", "file_handles"),
    File("kernel", "proc/sys/kernel/random/entropy_avail",
         "sys/kernel/random/entropy_avail", "entropy"),
    File("kernel", "proc/sys/kernel/hung_task_detect_count",
         "sys/kernel/hung_task_detect_count", "hung"),
    File("edac", "sys/devices/system/edac/mc/mc1/ce_count",
         "devices/system/edac/mc/mc1/ce_count", "=corrected hw.id=mc1"),
    File("edac", "sys/devices/system/edac/mc/mc1/ue_count",
         "devices/system/edac/mc/mc1/ue_count", "=uncorrected hw.id=mc1"),
) + tuple(
    # no such switch, no such number
    File("posture", path, path.partition("/")[2], points, False)
    for path, points in (
        ("proc/sys/kernel/tainted", "linux.tainted"),
        ("proc/sys/kernel/modules_disabled", "linux.modules.locked"),
        ("proc/sys/kernel/kexec_load_disabled", "linux.kexec.locked"),
        ("proc/sys/kernel/randomize_va_space", "linux.aslr"),
        ("proc/sys/kernel/yama/ptrace_scope", "linux.ptrace_scope"),
        ("proc/sys/kernel/unprivileged_bpf_disabled", "linux.bpf"),
        ("proc/sys/kernel/perf_event_paranoid", "linux.perf"),
        ("proc/sys/user/max_user_namespaces", "linux.user_namespaces.limit"),
        ("proc/sys/crypto/fips_enabled", "linux.fips"),
        ("sys/fs/selinux/policyvers", "linux.selinux.policy.version"),
        ("sys/fs/selinux/deny_unknown", "linux.selinux.deny_unknown"),
        ("sys/fs/selinux/avc/hash_stats", "linux.selinux.avc.entries"),
        ("sys/devices/system/cpu/smt/active", "linux.cpu.smt"))
) + (
    File("posture", "sys/fs/selinux/avc/cache_stats",
         "fs/selinux/avc/cache_stats", "linux.selinux.avc.operations"),
    File("interrupts", "proc/softirqs", "softirqs", "linux.softirqs"),
    File("interrupts", "proc/net/softnet_stat", "net/softnet_stat", "softnet"),
    File("interrupts", "proc/interrupts", "interrupts",
         "linux.cpu.interrupts"),
    File("interrupts", "proc/schedstat", "schedstat", "linux.sched", False),
    File("conntrack", "proc/sys/net/netfilter/nf_conntrack_count",
         "sys/net/netfilter/nf_conntrack_count", "entries", False),
    File("conntrack", "proc/sys/net/netfilter/nf_conntrack_max",
         "sys/net/netfilter/nf_conntrack_max", "limit", False),
    File("conntrack", "proc/net/stat/nf_conntrack", "net/stat/nf_conntrack",
         "events", False),
    File("hwmon", "sys/class/hwmon/hwmon0/temp1_input",
         "class/hwmon/hwmon0/temp1_input",
         "hw.id=hwmon0.temp1 ", False),
    File("hwmon", "sys/class/hwmon/hwmon1/fan2_input",
         "class/hwmon/hwmon1/fan2_input",
         "hw.id=hwmon1.fan2 ", False),
    File("cpufreq", "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq",
         "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq",
         "cpu.frequency", False),
    File("cpufreq", "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count",
         "devices/system/cpu/cpu0/thermal_throttle/core_throttle_count",
         "throttles linux.cpu.part=core", False),
    File("numa", "sys/devices/system/node/node1/meminfo",
         "devices/system/node/node1/meminfo",
         "numa.memory.* linux.numa.node=1", False),
    File("numa", "sys/devices/system/node/node0/numastat",
         "devices/system/node/node0/numastat",
         "allocations.* linux.numa.node=0", False),
    File("numa", "sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages",
         "kernel/mm/hugepages/hugepages-2048kB/resv_hugepages",
         "reserved linux.hugepages.page_size=2097152", False),
    File("mdraid", "proc/mdstat", "mdstat", ".", False),
    File("nfs", "proc/net/rpc/nfs", "net/rpc/nfs", ".", False),
    File("bonding", "proc/net/bonding/bond0", "net/bonding/bond0", ".", False),
    File("inventory", "sys/class/net/eth0/speed", "class/net/eth0/speed",
         "bandwidth", False),
    File("inventory", "sys/block/nvme0n1/size", "block/nvme0n1/size",
         "system.device=nvme0n1", False),
    File("storage", "sys/fs/ext4/sda1/errors_count",
         "fs/ext4/sda1/errors_count", "ext4", False),
    File("storage", "sys/fs/xfs/dm-0/stats/stats", "fs/xfs/dm-0/stats/stats",
         "xfs", False),
    File("storage", "sys/fs/btrfs/0123abcd-4567-89ab-cdef-0123456789ab/"
         "allocation/data/bytes_used", "fs/btrfs/"
         "0123abcd-4567-89ab-cdef-0123456789ab/allocation/data/bytes_used",
         "btrfs.usage.*kind=data", False),
    File("storage", "sys/fs/btrfs/0123abcd-4567-89ab-cdef-0123456789ab/"
         "devinfo/2/error_stats", "fs/btrfs/"
         "0123abcd-4567-89ab-cdef-0123456789ab/devinfo/2/error_stats",
         "btrfs.errors", False),
    File("storage", "proc/spl/kstat/zfs/arcstats", "spl/kstat/zfs/arcstats",
         "zfs.arc", False),
    File("nvme", "sys/class/nvme/nvme1/state",
         "class/nvme/nvme1/state",
         "hw.id=nvme1 ", False),
) + tuple(
    # which controllers a cgroup has differs: one less is no failure
    File("cgroup", f"sys/fs/cgroup/system.slice/sshd.service/{name}",
         f"[cgroup]/{name}", f"({points}).* linux.systemd.unit=sshd", False)
    for name, points in (
        ("cpu.stat", r"cpu\.(usage|time|periods|throttled)"),
        ("cpu.max", r"cpu\.limit"),
        ("cpu.pressure", "psi.*(?=.*resource=cpu)"),
        ("memory.pressure", "psi.*(?=.*resource=memory)"),
        ("io.pressure", "psi.*(?=.*resource=io)"),
        ("io.stat", r"cgroup\.io"), ("memory.current", r"memory\.usage"),
        ("memory.stat", r"memory\.(anon|file|kernel)"),
        ("memory.events", r"memory\.events"),
        ("memory.swap.current", r"swap\.usage"),
        ("memory.max", r"memory\.limit"), ("memory.high", r"memory\.high"),
        ("memory.swap.max", r"swap\.limit"),
        ("pids.current", r"pids\.usage"), ("pids.max", r"pids\.limit")))


def worth(file, name, attributes):
    """True where that point, one of the file's source, comes from it."""
    words = " ".join([name] + sorted(f"{k}={v}" for k, v in attributes))
    return re.search(file.points, words) is not None


def without_numbers(path):
    """What is left cannot be read as anything."""
    path.write_bytes(re.sub(rb"\b\d+\b|\)", b"x", path.read_bytes()))
