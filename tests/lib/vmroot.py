# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/vm.  The root tree of a Debian suite with systemd and
# what our programs link to, kept below .cache/vm/ and made again when what is
# is in it changes.  Nothing of the machine's own is touched.
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

import debs
from tap import Skip

CACHE = pathlib.Path(os.environ.get("SLUICE_CACHE", debs.ROOT / ".cache"))
CACHE = CACHE / "vm"

# systemd 252, as in RHEL 9, and 257, as in RHEL 10.
SUITES = ("bookworm", "trixie")

_PACKAGES = ("systemd-sysv,dbus,libcap2,libjson-c5,libseccomp2,openssl,"
             "python3,")
_SELINUX = ",auditd,policycoreutils,selinux-policy-default,selinux-utils"

# What there is: Debian's suite, packages.
TREES = {
    "bookworm": ("bookworm", _PACKAGES + "libssl3"),
    "bookworm-selinux": ("bookworm", _PACKAGES + "libssl3" + _SELINUX),
    "trixie": ("trixie", _PACKAGES + "libssl3t64"),
    "trixie-selinux": ("trixie", _PACKAGES + "libssl3t64" + _SELINUX),
}

_RUNNER = """#!/bin/bash
# In the guest: runs what the host left in /srv/vm, then switches off.
if [ -p /srv/vm/tty ]; then	# nspawn
	tty=/srv/vm/tty
elif [ -f /srv/vm/words ]; then	# QEMU
	tty=/dev/ttyS1
else
	tty=/dev/tty1
fi
exec >"$tty" 2>&1
if [ "$tty" = /dev/tty1 ]; then
	options=hostfs=/mnt/share
	[ ! -e /sys/fs/selinux/enforce ] ||
	    options=$options,context=system_u:object_r:tmp_t:s0
	# before Linux 6.10 the option had no name
	mount -t hostfs -o "$options" none /srv/vm 2>/dev/null ||
	    mount -t hostfs -o /mnt/share none /srv/vm
fi
cd /srv/vm || exit
mapfile -d '' words <words
"${words[@]}" </dev/null
echo $? >out/rc
journalctl -b --no-pager -o short-monotonic >out/journal.txt
sync
systemctl poweroff --force --force >/dev/null 2>&1
"""

_FILES = {
    "etc/hostname": "vm\n",
    "etc/hosts": "127.0.0.1 localhost vm\n::1 localhost\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/fstab": "",
    "etc/systemd/journald.conf.d/vm.conf":
        "[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n",
    "etc/systemd/system/vm.service":
        "[Unit]\nDescription=What the host wants run\n"
        "After=basic.target dbus.socket\n"
        "[Service]\nType=exec\nKillMode=process\n"
        "SELinuxContext=unconfined_u:unconfined_r:unconfined_t:s0\n"
        "ExecStart=/usr/local/sbin/vm\n",
    "usr/local/sbin/vm": _RUNNER,
}


def configure(tree):
    """Fills the one that is laid over that of any suite: who the machine is,
    and what it does once it is booted."""
    for name, text in _FILES.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tree / "srv/vm").mkdir(parents=True)
    (tree / "usr/local/sbin/vm").chmod(0o755)
    wants = tree / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir()
    (wants / "vm.service").symlink_to("../vm.service")
    default = tree / "etc/systemd/system/default.target"
    default.symlink_to("/usr/lib/systemd/system/multi-user.target")
    # nobody logs in, and no network is configured
    for unit in ("getty.target", "systemd-networkd.service",
                 "systemd-logind.service"):
        (tree / "etc/systemd/system" / unit).symlink_to("/dev/null")


def _make(name, target):
    suite, packages = TREES[name]
    if shutil.which("mmdebstrap") is None:
        raise Skip("no mmdebstrap here to make a root tree of Debian's "
                   f"{suite} with (tools/setup vm)")
    words = ["mmdebstrap", "--mode=root", "--variant=essential",
             "--format=directory", f"--keyring={debs.KEYRING}",
             '--aptopt=Acquire::Languages "none"',
             '--aptopt=Acquire::Retries "3"', "--dpkgopt=force-unsafe-io",
             "--dpkgopt=path-exclude=/usr/share/man/*",
             "--dpkgopt=path-exclude=/usr/share/locale/*",
             "--dpkgopt=path-exclude=/usr/share/doc/*",
             f"--include={packages}",
             suite, str(target), debs.mirror()]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        wrong = [line for line in done.stderr.splitlines()
                 if line.startswith("E:")] or ["failed"]
        raise Skip(f"mmdebstrap of {name}: {wrong[0]}")


def root_of(name):
    """The path of that tree; Skip where it cannot be made."""
    key = hashlib.sha256(repr(TREES[name]).encode()).hexdigest()[:12]
    target = CACHE / f"{name}@{key}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            for old in CACHE.glob(f"{name}@*"):
                shutil.rmtree(old)
            # last, and at once: a tree that is there is whole
            _make(name, CACHE / f"{name}.new")
            (CACHE / f"{name}.new").rename(target)
    return target
