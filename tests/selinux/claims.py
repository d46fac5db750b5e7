# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What the policy is claimed to say, one row a claim; read
# the names.  docs/selinux.md has the sesearch command for each.
#
# never(name, who, classes, permissions): nobody of `who` has any of these on
#     any target, but for `but`.  victim: what it would be tried on.
# Must(name, source, target, class, permissions): these are there.
# sealed: a rule in the base policy does not change it, because the lockdown
#     denies it.  Not sealed: what a boolean may grant cannot be denied.
import collections

COLLECTOR = "sluice_collector_t"
INIT = "sluice_shipper_init_t"      # the shipper until it is locked
SHIPPER = "sluice_shipper_t"        # the shipper on the network
PAIR = (COLLECTOR, INIT, SHIPPER)
RING = "sluice_ring_t"
SYSTEMD = "init_t"
ADMIN = ("sysadm_t", "unconfined_t")
ANYBODY = ("backup_t", "kernel_t", "sshd_t", "unconfined_t")

FILE = ("file",)
DIR = ("dir",)
DEVICE = ("chr_file", "blk_file")
NAMED = ("fifo_file", "sock_file", "blk_file")
LINK = ("lnk_file",)
FILES = (*FILE, *DIR, *DEVICE, *LINK, "fifo_file", "sock_file")
TCP = ("tcp_socket",)
STREAM = ("unix_stream_socket",)
DATAGRAM = ("unix_dgram_socket",)
INTERNET = ("tcp_socket", "udp_socket", "rawip_socket", "icmp_socket",
            "sctp_socket", "dccp_socket")
PACKET = ("packet_socket", "vsock_socket", "xdp_socket", "alg_socket",
          "key_socket", "tun_socket", "bluetooth_socket", "can_socket")
NETLINK = tuple(f"netlink_{family}socket" for family in (
    "", "route_", "tcpdiag_", "nflog_", "xfrm_", "selinux_", "audit_",
    "kobject_uevent_", "connector_", "netfilter_", "generic_", "crypto_",
    "rdma_", "fib_lookup_", "iscsi_", "scsitransport_", "dnrt_"))
RARE = ("tipc_socket", "rds_socket", "rxrpc_socket", "kcm_socket",
        "qipcrtr_socket", "smc_socket", "mctp_socket", "pppox_socket",
        "llc_socket", "nfc_socket", "phonet_socket", "caif_socket",
        "ieee802154_socket", "iucv_socket", "isdn_socket", "irda_socket",
        "appletalk_socket", "ax25_socket", "ipx_socket", "netrom_socket",
        "rose_socket", "x25_socket", "decnet_socket", "atmpvc_socket",
        "atmsvc_socket", "socket")
QUESTION = ("netlink_tcpdiag_socket",)
OTHER = (*INTERNET[1:], *PACKET, *NETLINK, *RARE)   # neither TCP nor UNIX

READING = ("open", "read", "map")
ATTRIBUTES = ("getattr", "setattr", "ioctl", "lock", "watch", "watch_mount",
              "watch_reads", "watch_sb", "watch_with_perm")
CHANGING = ("append", "create", "link", "rename", "setattr", "unlink",
            "write")
RELABELLING = ("mounton", "quotaon", "relabelfrom", "relabelto")
IN_DIR = ("add_name", "remove_name", "reparent", "rmdir")
RUNNING = ("execute", "execute_no_trans", "execmod", "entrypoint")
MEETING = ("accept", "bind", "connect", "listen", "name_bind", "recvfrom",
           "sendto")
MOVING = ("append", "read", "write")
SIGNALS = ("sigkill", "signal", "sigstop")
CAPABILITY = ("capability", "capability2", "cap_userns", "cap2_userns")
START = ("setgid", "setpcap", "setuid")
RING_ANY = ("append", "create", "execute", "getattr", "ioctl", "link", "lock",
            "map", "open", "read", "relabelfrom", "relabelto", "rename",
            "setattr", "unlink", "write")
LOADED = ("ld_so_t", "lib_t", "textrel_shlib_t")
OPENED = (*LOADED, "cert_t", "etc_t", "ld_so_cache_t", "sluice_shipper_exec_t",
          "sysctl_crypto_t", "usr_t", INIT)
# where systemd puts credentials on ramfs; Fedora calls that type tmpfs_t
SECRETS = ("ramfs_t", "sluice_cred_t", "sluice_etc_t", "tmpfs_t")

Never = collections.namedtuple(
    "Never", "name who classes permissions targets but victim sealed")
Must = collections.namedtuple(
    "Must", "name source target tclass permissions")


def without(classes, others):
    return tuple(c for c in classes if c not in others)


def never(name, who, classes, permissions=None, targets=None, but=(),
          victim=None, sealed=True):
    """targets None: any; permissions None: all that there are."""
    who = (who,) if isinstance(who, str) else who
    return Never(name, who, classes, permissions, targets, frozenset(but),
                 victim, sealed)


def outsiders(name, classes, permissions, targets=PAIR, but=()):
    """Nobody but the pair itself and `but`; tried by ANYBODY."""
    return Never(name, None, classes, permissions, targets, frozenset(but),
                 None, True)


NEVER = [
    # sluice_shipper_t: the network
    never("the shipper on the network opens no file", SHIPPER, FILE,
          READING),
    never("it opens no device", SHIPPER, DEVICE),
    never("it lists and searches no directory", SHIPPER, DIR,
          ("open", "read", "search", *ATTRIBUTES)),
    never("it follows no link", SHIPPER, LINK),
    never("it asks no file for what it is", SHIPPER, FILE, ATTRIBUTES),
    never("it asks no file system for its size, and mounts none", SHIPPER,
          ("filesystem",)),
    never("it writes, makes and removes no file", SHIPPER, FILE,
          (*CHANGING, *RELABELLING)),
    never("it makes, changes and removes no directory", SHIPPER, DIR,
          (*CHANGING, *RELABELLING, *IN_DIR, "map", "execute", "execmod")),
    never("it executes no file and maps none as code", SHIPPER, FILE,
          RUNNING),
    never("it has no pipe and no socket that has a name", SHIPPER, NAMED),
    never("it makes no socket but TCP", SHIPPER,
          (*OTHER, *STREAM, *DATAGRAM), ("create",)),
    never("it uses no other socket that it were given", SHIPPER, OTHER,
          (*MOVING, *MEETING)),
    never("it binds to no port and listens on none", SHIPPER, TCP,
          ("accept", "append", "bind", "listen", "name_bind", "node_bind",
           "recvfrom", "sendto")),
    never("it uses no TCP socket but its own", SHIPPER, TCP,
          ("connect", "create", "read", "write"), but={SHIPPER}),
    never("it connects to https, 4318 and DNS alone", SHIPPER, TCP,
          ("name_connect",), victim="smtp_port_t", sealed=False,
          but={"http_port_t", "sluice_port_t", "dns_port_t"}),
    never("it connects to no other process, and answers none", SHIPPER,
          STREAM, ("connectto", "append", *MEETING)),
    never("it reads from the collector's pair alone", SHIPPER, STREAM,
          ("read",), but={COLLECTOR}),
    never("it writes on its own pair and the log alone", SHIPPER, STREAM,
          ("write",), but={INIT, SYSTEMD}),
    never("it sends and takes no datagram", SHIPPER, DATAGRAM,
          (*MOVING, *MEETING)),
    never("it never leaves its domain", SHIPPER, ("process",),
          ("transition", "dyntransition", "setcurrent", "setexec")),
    never("it starts no process", SHIPPER, ("process",), ("fork",)),
    never("it changes no limit and no schedule, not even its own", SHIPPER,
          ("process",), ("setcap", "setpgid", "setrlimit", "setsched")),
    never("it has no capability", SHIPPER, CAPABILITY),

    # sluice_shipper_init_t: until it is locked
    never("the shipper that gets ready makes no socket but its pair", INIT,
          (*TCP, *OTHER, *DATAGRAM), ("create",)),
    never("it uses no socket of the network", INIT, (*TCP, *OTHER),
          (*MOVING, *MEETING)),
    never("it reaches no port", INIT, TCP,
          ("name_connect", "node_bind"), victim="http_port_t"),
    never("it connects to no process, binds and listens nowhere", INIT,
          STREAM, ("connectto", *MEETING)),
    never("it sends and takes no datagram while it gets ready", INIT,
          DATAGRAM, (*MOVING, *MEETING)),
    never("it opens what ld.so and OpenSSL need, nothing else", INIT, FILE,
          ("open",), but=OPENED),
    never("it reads that and the secrets, nothing else", INIT, FILE,
          ("read",), but={*OPENED, *SECRETS}),
    never("it lists no directory that OpenSSL does not ask for", INIT, DIR,
          ("read",), but=OPENED),
    never("it opens no device but /dev/null", INIT, ("chr_file",),
          ("open", "read", *CHANGING, "mounton", "relabelfrom", "relabelto"),
          victim="urandom_device_t", but={"null_device_t"}),
    never("it changes no file; its own label is the one it writes", INIT,
          (*FILE, *LINK), (*CHANGING, *RELABELLING, "execmod"), but={INIT}),
    never("it changes no directory while it gets ready", INIT, DIR,
          (*CHANGING, *RELABELLING, *IN_DIR), but={INIT}),
    never("it has no pipe, no disk and no socket that has a name", INIT,
          NAMED, ("open", "read", "map", "execute", "execmod", "getattr",
                  "ioctl", "lock", *CHANGING, *RELABELLING)),
    never("it runs nothing in its own domain and starts no process", INIT,
          (*FILE, "process"), ("execute_no_trans", "fork", "transition")),
    never("it is entered by its own program alone", INIT, FILE,
          ("entrypoint",), but={"sluice_shipper_exec_t"}),
    never("it maps its program and libraries as code, nothing else", INIT,
          FILE, ("execute",), but={*LOADED, "sluice_shipper_exec_t"}),
    never("the network is the only domain that it can take", INIT,
          ("process",), ("dyntransition",), but={SHIPPER}),
    never("it has no capability while it gets ready", INIT,
          ("capability",), START),

    # sluice_collector_t
    never("the collector makes no socket of the internet", COLLECTOR,
          INTERNET, ("create",)),
    never("the collector makes no packet, vsock or raw socket", COLLECTOR,
          (*PACKET, *RARE), ("create",)),
    never("the collector makes no netlink socket", COLLECTOR,
          without(NETLINK, QUESTION), ("create",)),
    never("the collector uses no such socket that it were given", COLLECTOR,
          without((*TCP, *OTHER), QUESTION), (*MOVING, *MEETING)),
    never("the collector asks for no sockets unless a boolean lets it",
          COLLECTOR, QUESTION, ("connect", "create", "read", "write"),
          sealed=False),
    never("with it, the collector asks by no socket but its own", COLLECTOR,
          QUESTION, ("connect", "create", "read", "write"), but={COLLECTOR},
          victim="sshd_t"),
    never("the collector ends no socket by asking, and meets nobody",
          COLLECTOR, QUESTION, ("accept", "append", "bind", "listen",
                                "name_bind", "nlmsg_write", "recvfrom",
                                "sendto")),
    never("the shipper asks for no sockets", (INIT, SHIPPER), QUESTION,
          ("create", "nlmsg_write")),
    never("the collector reaches no port", COLLECTOR, TCP,
          ("name_connect", "node_bind"), victim="http_port_t"),
    never("the collector connects to no process and listens nowhere",
          COLLECTOR, STREAM, ("connectto", *MEETING)),
    never("the collector's datagrams go to the service manager alone",
          COLLECTOR, DATAGRAM, ("sendto",), but={SYSTEMD}),
    never("the collector takes no datagram", COLLECTOR, DATAGRAM,
          ("accept", "bind", "listen", "name_bind", "read", "recvfrom")),
    never("the collector changes no file but the ring", COLLECTOR,
          (*FILE, *LINK, "blk_file"), (*CHANGING, *RELABELLING, "execmod",
                                       "execute_no_trans"), but={RING}),
    never("the collector changes no directory", COLLECTOR, DIR,
          (*CHANGING, *RELABELLING, *IN_DIR)),
    never("the collector writes to no device but /dev/null", COLLECTOR,
          ("chr_file",), (*CHANGING, "mounton", "relabelfrom", "relabelto"),
          victim="kmsg_device_t", but={"null_device_t"}),
    never("the collector has no pipe but its own", COLLECTOR,
          ("fifo_file",), ("open", "read", *CHANGING, "mounton",
                           "relabelfrom", "relabelto"), but={COLLECTOR}),
    never("the collector makes and removes no socket that has a name",
          COLLECTOR, ("sock_file",),
          ("append", "create", "link", "mounton", "relabelfrom", "relabelto",
           "rename", "setattr", "unlink")),
    never("the collector and the shipper that gets ready mount nothing",
          (COLLECTOR, INIT), ("filesystem",),
          ("mount", "quotamod", "relabelfrom", "relabelto", "remount",
           "unmount"), victim="fs_t"),
    never("the collector starts the shipper and nothing else", COLLECTOR,
          ("process",), ("transition",), but={INIT}),
    never("the collector maps its program and the shipper's as code",
          COLLECTOR, FILE, ("execute",),
          but={*LOADED, "sluice_collector_exec_t", "sluice_shipper_exec_t"}),
    never("the collector is entered by its own program alone", COLLECTOR,
          FILE, ("entrypoint",), but={"sluice_collector_exec_t"}),
    never("the collector takes no other domain", COLLECTOR, ("process",),
          ("dyntransition", "setcurrent")),
    never("the collector opens no file of another process", COLLECTOR, FILE,
          ("open",), targets=("sshd_t", "kernel_t", "unconfined_t", SYSTEMD),
          sealed=False),
    never("the collector opens no file that an operator left", COLLECTOR,
          FILE, ("open",), targets=("sluice_metrics_t",), sealed=False),

    # all three
    never("none has a capability but the collector's three at its start",
          PAIR, CAPABILITY[:2], but={(COLLECTOR, p) for p in START}),
    never("none has a capability of a user namespace", PAIR,
          CAPABILITY[2:]),
    never("none traces a process or shares its state", PAIR, ("process",),
          ("ptrace", "share")),
    never("none stops a process or signals one", PAIR, ("process",), SIGNALS),
    never("none has memory that is written and executed", PAIR,
          ("process", "file"), ("execmem", "execstack", "execheap",
                                "execmod")),
    never("none sets the label of what it will make", PAIR, ("process",),
          ("setexec", "setfscreate", "setkeycreate", "setsockcreate")),
    never("none uses bpf", PAIR, ("bpf",)),
    never("none uses io_uring or another anonymous inode", PAIR,
          ("io_uring", "anon_inode")),
    never("none makes a user namespace", PAIR, ("user_namespace",)),
    never("none reads performance counters", PAIR, ("perf_event",)),
    never("none loads a module, reads the kernel log or reboots", PAIR,
          ("system", "kernel_service", "memprotect", "binder")),
    never("none looks behind the kernel's lockdown", PAIR, ("lockdown",)),
    never("none has the keys of the kernel", PAIR, ("key",)),
    never("none has shared memory, queues or semaphores", PAIR,
          ("shm", "sem", "msgq", "msg")),
    never("none changes or asks the policy", PAIR, ("security",)),
    never("none talks on D-Bus or commands the service manager", PAIR,
          ("dbus", "service")),
    never("none uses a descriptor of anybody but ours and systemd's", PAIR,
          ("fd",), ("use",), but={*PAIR, SYSTEMD}),

    # everybody else
    outsiders("nobody but an administrator's shell traces them",
              ("process",), ("ptrace",), but=ADMIN),
    outsiders("systemd itself does not trace them", ("process",),
              ("ptrace", "dyntransition"), but=ADMIN),
    outsiders("systemd and an administrator's shell alone signal them",
              ("process",), SIGNALS, but=(*ADMIN, SYSTEMD)),
    outsiders("systemd alone starts the collector", ("process",),
              ("transition", "dyntransition"), (COLLECTOR,), but=(SYSTEMD,)),
    outsiders("the collector alone starts the shipper", ("process",),
              ("transition", "dyntransition"), (INIT, SHIPPER)),
    outsiders("nobody shares their state or their processor", ("process",),
              ("share", "setsched"), but=(SYSTEMD,)),
    outsiders("nobody writes to their files in /proc", FILE,
              ("append", "write")),
    outsiders("nobody reads or writes on their sockets",
              (*TCP, *STREAM), ("read", "write"), but=(SYSTEMD,)),
    outsiders("nobody connects to them", STREAM, ("connectto",),
              but=(SYSTEMD,)),
    outsiders("the ring is nobody's but the collector's and systemd's",
              FILE, RING_ANY, (RING,), but=(SYSTEMD,)),
    never("the shipper does not reach the ring", (INIT, SHIPPER), FILE,
          RING_ANY, targets=(RING,)),
]

# Beyond the package, where sluice_untouchable.cil is installed.
UNTOUCHABLE = [
    outsiders("not even an administrator's shell traces them", ("process",),
              ("ptrace",)),
    outsiders("not even an administrator's shell signals them",
              ("process",), SIGNALS, but=(SYSTEMD,)),
]

MUST = [
    Must("systemd starts the collector under no_new_privs", SYSTEMD,
         COLLECTOR, "process2", {"nnp_transition"}),
    Must("the collector starts the shipper under no_new_privs", COLLECTOR,
         INIT, "process2", {"nnp_transition"}),
    Must("the shipper takes the network's domain by itself", INIT, SHIPPER,
         "process", {"dyntransition"}),
    Must("it may write its own label to do so", INIT, INIT, "file",
         {"open", "write"}),
    Must("the collector has the three capabilities of its start", COLLECTOR,
         COLLECTOR, "capability", set(START)),
    # without these two the unit starts for ever on Debian: docs/selinux.md
    Must("the collector comes to the shipper's program", COLLECTOR,
         "bin_t", "dir", {"search"}),
    Must("the collector asks whether /proc is one", COLLECTOR, "proc_t",
         "filesystem", {"getattr"}),
    Must("the collector maps and writes the ring", COLLECTOR, RING, "file",
         {"map", "read", "write"}),
    Must("systemd keeps the ring", SYSTEMD, RING, "file",
         {"read", "write"}),
    Must("systemctl stops and kills them", SYSTEMD, SHIPPER, "process",
         {"sigkill", "signal"}),
    Must("the shipper connects to the port of OTLP", SHIPPER,
         "sluice_port_t", "tcp_socket", {"name_connect"}),
    Must("the shipper connects to https", SHIPPER, "http_port_t",
         "tcp_socket", {"name_connect"}),
    Must("the shipper asks name servers over TCP", SHIPPER, "dns_port_t",
         "tcp_socket", {"name_connect"}),
    Must("the collector can see which domain the shipper is in", COLLECTOR,
         SHIPPER, "process", {"getattr"}),
    Must("the collector can ask whether SELinux enforces", COLLECTOR,
         "security_t", "file", {"open", "read"}),
    Must("the collector can ask a pair for the label of its maker",
         COLLECTOR, INIT, "unix_stream_socket", {"getopt"}),
    Must("the shipper can ask a pair for the label of its maker", INIT,
         COLLECTOR, "unix_stream_socket", {"getopt"}),
]

# type_transition: [source, target, class, new type], and the text it is from.
TRANSITIONS = [
    ([SYSTEMD, "sluice_collector_exec_t", "process", COLLECTOR],
     "init_domain(sluice_collector_t, sluice_collector_exec_t)"),
    ([COLLECTOR, "sluice_shipper_exec_t", "process", INIT],
     "domtrans_pattern(sluice_collector_t, sluice_shipper_exec_t,"
     " sluice_shipper_init_t)"),
    ([COLLECTOR, "tmpfs_t", "file", RING],
     "type_transition sluice_collector_t tmpfs_t:file sluice_ring_t;"),
]

# What each boolean adds, and nothing else: source, class, and a target of it.
BOOLEANS = {
    "sluice_other_ports": {(SHIPPER, "tcp_socket", "smtp_port_t")},
    "sluice_proxy": {(SHIPPER, "tcp_socket", "squid_port_t"),
                     (SHIPPER, "tcp_socket", "http_cache_port_t")},
    "sluice_all_processes": {(COLLECTOR, "file", "sshd_t"),
                             (COLLECTOR, "dir", "sshd_t"),
                             (COLLECTOR, "lnk_file", "sshd_t")},
    "sluice_operator_files": {(COLLECTOR, "file", "sluice_metrics_t"),
                              (COLLECTOR, "dir", "sluice_metrics_t")},
    "sluice_sockets": {(COLLECTOR, "netlink_tcpdiag_socket", COLLECTOR)},
}

CONTEXTS = {
    "/etc/sluice": "sluice_etc_t",
    "/etc/sluice/sluice.conf": "sluice_etc_t",
    "/etc/sluice/credentials": "sluice_cred_t",
    "/etc/sluice/credentials/client.key": "sluice_cred_t",
    "/run/credentials/sluice.service": "sluice_cred_t",
    "/run/credentials/sluice.service/token": "sluice_cred_t",
    "/usr/libexec/sluice/collectord": "sluice_collector_exec_t",
    "/usr/libexec/sluice/shipperd": "sluice_shipper_exec_t",
    "/usr/lib/systemd/system/sluice.service": "sluice_unit_file_t",
    "/var/lib/sluice/metrics/backup.prom": "sluice_metrics_t",
}
