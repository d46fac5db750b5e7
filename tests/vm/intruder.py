# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside a booted machine with SELinux enforcing.  Sends
# intruder.c through the three domains, and judges what came of it.
import collections
import errno
import os
import pathlib
import shutil

import unit
from denials import parsed, provoked
from tap import check_equal
from unit import Journal, systemctl

INTRUDER = pathlib.Path("/opt/sluice/intruder")
UNIT = """[Service]
Type=oneshot
SyslogIdentifier=intruder
NoNewPrivileges=yes
Environment=INTRUDER_DISK={disk}
ExecStart=-/opt/sluice/intruder.collector /opt/sluice/intruder.shipper
"""

# How many attempts of intruder.c are made in each domain.
ATTEMPTS = {"collector": 18, "shipper_init": 19, "shipper": 22}

# What the kernel denies when it is tried: permission, class.  By domain where
# one comes further than another: the last does not come past the root.
DENIED_AS = {
    "tcp": ("create", "tcp_socket"),
    "udp": ("create", "udp_socket"),
    "raw": ("create", "rawip_socket"),
    "packet": ("create", "packet_socket"),
    "vsock": ("create", "vsock_socket"),
    "netlink": ("create", "netlink_route_socket"),
    "unix": ("create", "unix_stream_socket"),
    "bus": ("connect", "unix_stream_socket"),
    "bind": ("bind", "tcp_socket"),
    "listen": ("listen", "tcp_socket"),
    "ssh": ("name_connect", "tcp_socket"),
    "fork": ("fork", "process"),
    "signal": ("signal", "process"),
    "trace": ("ptrace", "process"),
    "user_namespace": ("create", "user_namespace"),
    "execmem": ("execmem", "process"),
    "execmod": ("execmod", "file"),
    "way_back": ("write", "file"),
    ("collector", "create"): ("write", "dir"),
    ("shipper_init", "create"): ("search", "dir"),
    "shadow": ("read", "file"),
    ("collector", "own_config"): ("write", "file"),
    ("shipper_init", "own_config"): ("search", "dir"),
    "disk": ("read", "blk_file"),
    "list": ("read", "dir"),
    ("collector", "shell"): ("execute", "file"),
    ("shipper_init", "shell"): ("read", "lnk_file"),
    **{("shipper", each): ("search", "dir") for each in (
        "create", "shadow", "own_config", "disk", "list", "shell",
        "execmod")},
}

# What the base policy of Debian 12 gives to every domain, which only deny
# rules take away: the shipper comes past the root, and may do these three.
WITHOUT_LOCKDOWN = {
    **DENIED_AS,
    "bus": ("search", "dir"),
    ("shipper", "shadow"): ("read", "file"),
    ("shipper", "disk"): ("read", "blk_file"),
    ("shipper", "list"): ("read", "dir"),
    ("shipper", "shell"): ("read", "lnk_file"),
    ("shipper", "execmod"): ("read", "file"),
}
GRANTED = {("shipper_init", "fork"), ("shipper", "fork"), ("shipper", "unix")}

# What is asked of no policy: user-mode Linux lets all memory be executed, and
# that of Debian 12 has no such class.
BY_UML = ("execmem", "execmod")
BY_OLD_POLICY = ("user_namespace",)


def intrude(disk):
    """(domain, attempt, errno) of each, and the denials meanwhile; the policy
    is to be one that audits all of them."""
    for role in ("collector", "shipper"):
        copy = INTRUDER.with_suffix("." + role)
        shutil.copy(INTRUDER, copy)
        unit.command("chcon", "-t", f"sluice_{role}_exec_t", str(copy))
    # systemd-sysusers leaves it to nobody: the policy is to be asked
    os.chmod("/etc/shadow", 0o640)
    pathlib.Path("/run/systemd/system/intruder.service").write_text(
        UNIT.format(disk=disk))
    systemctl("daemon-reload")
    journal = Journal()
    systemctl("start", "intruder")
    said = [line for line in provoked() if 'comm="intruder' in line]
    lines = [e["MESSAGE"].split() for e in journal.entries()
             if e.get("SYSLOG_IDENTIFIER") == "intruder"]
    tried = [(d, a, int(n)) for d, a, n in lines]
    check_equal(collections.Counter(d for d, _, _ in tried), ATTEMPTS)
    return tried, said


def check_denied(tried, said, unasked=(), granted=(), denied_as=DENIED_AS):
    """Each but those that are not asked of this policy and those that it
    grants; each with its own line in the log."""
    tried = [t for t in tried if t[1] not in unasked]
    check_equal({(d, a) for d, a, n in tried if n != errno.EACCES},
                set(granted), "not denied")
    want = collections.Counter(
        (f"sluice_{d}_t", *(denied_as.get((d, a)) or denied_as[a]))
        for d, a, _ in tried if (d, a) not in granted)
    found = collections.Counter(
        (source, permission, kind)
        for source, _, kind, permission in parsed(said))
    check_equal(want - found, collections.Counter(), "not in the log")
