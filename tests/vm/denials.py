# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside a booted machine with SELinux.  What the kernel denied
# of ours, by our label or by our name or number, whoever's label that was.
import itertools
import pathlib
import re

import unit
from tap import check_equal, until

AUDIT_LOG = pathlib.Path("/var/log/audit/audit.log")
_DENIAL = re.compile("avc: |op=security_|selinux_err|SELINUX_ERR")
_OURS = re.compile(r'sluice|comm="(collectord|shipperd|intruder)')
_PID = re.compile(r"\bpid=(\d+)\b")
_AVC = re.compile(r"denied +{ ([\w ]+) } .*scontext=\w+:\w+:(\w+)"
                  r".* tcontext=\w+:\w+:(\w+).* tclass=(\w+)")

_marks = itertools.count(1)
_provoked = set()
_pids = set()


def _audited():
    """What auditd wrote, up to a line of ours: it may be late."""
    mark = f"mark {next(_marks)}."
    unit.command("auditctl", "-m", mark)

    def text():
        read = AUDIT_LOG.read_text(errors="replace")
        return read if mark in read else None
    return until(text, 30, "auditd writes")


def _log():
    """The kernel's own lines until auditd runs, which takes them from it."""
    text = unit.command("dmesg") + (_audited() if AUDIT_LOG.exists() else "")
    return [line for line in text.splitlines() if _DENIAL.search(line)]


def _is_ours(line):
    pid = _PID.search(line)
    return _OURS.search(line) or (pid and int(pid[1]) in _pids)


def denials():
    """Of the pair, or of anybody to it, since the boot; also transitions
    that failed."""
    _pids.update({unit.main_pid(), unit.shipper_pid()} - {0})
    return [line for line in _log()
            if line not in _provoked and _is_ours(line)]


def provoked():
    """Those that are new, and on purpose: no test finds them again."""
    new = until(denials, 5, "a denial in the log")
    _provoked.update(new)
    return new


def parsed(lines):
    """(source, target, class, permission) of each, one permission each."""
    found = filter(None, map(_AVC.search, lines))
    return [(m[2], m[3], m[4], each) for m in found for each in m[1].split()]


def check_none_was_lost():
    """The kernel drops records when nobody takes them fast enough."""
    status = dict(line.split(None, 1) for line in
                  unit.command("auditctl", "-s").splitlines())
    check_equal(status["lost"], "0", "audit records lost")
