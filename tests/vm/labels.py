# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside a booted machine with SELinux.  Who is in which domain
# and what has which type, by the kernel's word.
import os
import pathlib

import unit
from tap import check_equal

ENFORCE = pathlib.Path("/sys/fs/selinux/enforce")


def domain(pid):
    text = pathlib.Path(f"/proc/{pid}/attr/current").read_text()
    return text.rstrip("\0\n").split(":")[2]


def check_domains():
    check_equal([domain(pid) for pid in (unit.main_pid(),
                                         unit.shipper_pid())],
                ["sluice_collector_t", "sluice_shipper_t"])


def file_type(path):
    label = os.getxattr(path, "security.selinux")
    return label.rstrip(b"\0").decode().split(":")[2]


def label_files():
    """As a package does it."""
    unit.command("restorecon", "-RF", "/etc/sluice", str(unit.CONFIG.parent),
                 str(unit.PREFIX / "libexec/sluice"),
                 str(unit.PREFIX / "lib/systemd/system"))
