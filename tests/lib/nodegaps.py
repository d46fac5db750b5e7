# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What node_exporter has on this kind of host that we have
# not, and why: docs/compared.md shows it, and
# tests/integration/test_node_exporter.py finds what is missing in it.
import re

# Names; what they are; why they are not here, or what is here instead.
GAPS = (
    ("node_(exporter|scrape|textfile)_.*", "the exporter itself",
     "`sluice.*` are about the agent itself; the operator's own files are "
     "source `operator`"),
    ("node_arp_.*", "entries of the ARP table", "not collected"),
    ("node_cooling_device_.*|node_thermal_.*", "cooling devices",
     "temperatures are in source `hwmon`; throttling in `cpufreq`"),
    ("node_cpu_guest_.*", "time in guests", "part of `user` and `nice` "
     "already: the sum of the modes stays the time that passed"),
    ("node_cpu_(scaling_)?frequency_.*|node_cpu_.*_throttles_.*",
     "frequency of each CPU", "source `cpufreq`; none on a virtual machine"),
    ("node_schedstat_.*", "run queues of each CPU", "`linux.psi.stall_time` "
     "says how long work waited for a CPU"),
    ("node_disk_(ata|device_mapper|filesystem|info).*",
     "names of disks and of what is on them", "texts are attributes of the "
     "inventory, not series"),
    ("node_disk_(discard|flush).*", "discards and flushes", "not collected"),
    ("node_dmi_info|node_os_.*|node_uname_info", "who the host is",
     "attributes of the resource: `host.*`, `os.*`; source `inventory`"),
    ("node_edac_.*", "corrected and uncorrected errors", "source `edac`; "
     "none on a virtual machine"),
    ("node_entropy_pool_size_bits", "size of the pool", "a constant of the "
     "kernel, 256"),
    ("node_filesystem_(device_error|readonly)", "state of the mount",
     "`system.filesystem.mode` is an attribute; a mount that does not answer "
     "is in `sluice.source.failures`"),
    ("node_hwmon_.*", "sensors", "source `hwmon`; none on a virtual machine"),
    ("node_memory_(Active|Inactive|AnonPages|Mapped|Mlocked|Unevictable|"
     "KernelStack|PageTables|SecPageTables|Percpu|Slab|KReclaimable|Bounce|"
     "Balloon|AnonHugePages|Shmem.+Mapped|ShmemHugePages|FileHugePages|"
     "FilePmdMapped|Hugetlb|HardwareCorrupted|NFS_Unstable|WritebackTmp|"
     "Zswap|Zswapped|SwapCached|CmaTotal|CmaFree|Unaccepted)(_anon|_file)?"
     "_bytes",
     "how the kernel divides memory further", "not collected: the four "
     "states of `system.memory.usage` add up to the whole"),
    ("node_memory_(Direct|Vmalloc).*", "addresses and mappings of the kernel",
     "not collected"),
    ("node_memory_Swap(Total|Free)_bytes", "swap in all",
     "`system.paging.usage` has it by device"),
    ("node_memory_numa_(?!MemTotal|MemFree|MemUsed|numa_|local|other|"
     "interleave).*", "how each node's memory is divided", "`linux.numa.*` "
     "has used, free and limit; `linux.hugepages.*` the pools"),
    ("node_mount.*|node_nfsd?_.*", "NFS", "source `nfs` has the client; a "
     "server's counters are not collected"),
    ("node_netstat_Icmp6?_.*", "ICMP messages", "not collected"),
    ("node_netstat_Ip(6|Ext)_(In|Out)Octets", "bytes of IP",
     "`system.network.io` by interface; `linux.ip.packets` in packets"),
    ("node_netstat_Ip_Forwarding", "a setting", "`linux.ip.forwarded` says "
     "whether it happens"),
    ("node_netstat_TcpExt_(Syncookies.*|TCP.*)", "SYN cookies and timeouts",
     "not collected; `linux.tcp.segments.retransmitted` and "
     "`linux.tcp.listen.drops` show both troubles"),
    ("node_netstat_UdpLite6?_.*", "UDP-Lite", "taken out of Linux in 7.1"),
    ("node_network_(address_assign_type|carrier|carrier_.*changes_total|"
     "device_id|dormant|flags|iface_.*|info|mtu_bytes|name_assign_type|"
     "net_dev_group|protocol_type|speed_bytes|transmit_queue_length|up)",
     "settings of interfaces, a file each", "the speed is in source "
     "`inventory`; the others are not read: that is one system call for each "
     "interface and each of them"),
    ("node_network_(receive|transmit)_(compressed|fifo|frame|multicast|"
     "nohandler|carrier|colls)_total", "errors by kind",
     "`system.network.errors` is the kernel's sum of them"),
    ("node_nf_conntrack_stat_(found|ignore|insert|search_restart)",
     "tracked connections that found their place", "not collected: only "
     "what went wrong is"),
    ("node_nvme_.*", "NVMe", "source `nvme`"),
    ("node_processes_(max_processes|pids|threads_state)",
     "processes in all, threads by state", "`system.process.count` by state "
     "adds up to the first; `process.thread.count` has the others by process"),
    ("node_selinux_.*", "SELinux", "source `posture`, with the policy's "
     "version and the cache's statistics"),
    ("node_sockstat_(FRAG|RAW|UDPLITE)6?_.*", "fragments, raw sockets, "
     "UDP-Lite", "not collected"),
    ("node_sockstat_(TCP|UDP)_mem", "memory of sockets in pages",
     "`linux.sockets.memory` in bytes"),
    ("node_tcp_connection_states", "its queued bytes", "by port that is "
     "listened at: `linux.tcp.listen.queue`"),
    ("node_time_(clocksource|zone).*", "clock source and time zone",
     "not collected"),
    ("node_timex_(loop|pps|status|tick).*", "more of adjtimex(2)",
     "not collected"),
    ("node_udp_queues", "bytes in the queues of UDP", "not collected"),
    ("node_vmstat_pgpg(in|out)", "blocks read and written", "by disk: "
     "`system.disk.io`"),
    ("node_(bcache|bonding|btrfs|drbd|fibrechannel|infiniband|ipvs|md|power|"
     "qdisc|rapl|systemd|tape|xfs|zfs).*", "what only some hosts have",
     "bonds, btrfs, md, XFS and ZFS are the sources `bonding`, `storage` and "
     "`mdraid`, units of systemd are in source `cgroup`; the others are not "
     "collected"),
)


def gap(name):
    """Why we have not that one; None where nothing says so."""
    return next((row for row in GAPS if re.fullmatch(row[0], name)), None)
