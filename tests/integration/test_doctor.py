# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  `sluice doctor` over hosts that lack one thing each, and
# `sluice prices`.
import collections
import os
import pathlib
import re
import shutil
import tempfile

import oddhosts
from command import Lab
from pair import COLLECTOR, need_root
from tap import check, check_equal, main, test

lab = Lab()
SOURCE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
LINE = re.compile(r"(ok|note|missing): ([^:;]+): ([^;]+)"
                  r"(?:; costs ([^;]+))?(?:; (.+))?")

Finding = collections.namedtuple("Finding", "level topic found costs remedy")
scratch = tempfile.TemporaryDirectory(prefix="sluice-doctor-")
os.chmod(scratch.name, 0o755)


class Host:
    """A copy of a fixture with files of its own; None takes one away."""

    def __init__(self, name, files=(), tree="linux-6.18"):
        self.top = pathlib.Path(scratch.name, name)
        shutil.copytree(SOURCE / "tests/fixtures" / tree, self.top)
        self.put({"proc/sys/kernel/osrelease": "6.12.0-1.el10\n"})
        self.put(dict(files))

    def put(self, files):
        for path, text in files.items():
            file = self.top / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                file.unlink(missing_ok=True)
            else:
                file.unlink(missing_ok=True)
                file.write_text(text.replace("@", str(self.top)))

    def settings(self, **more):
        return {"collect": {"procfs": f"{self.top}/proc",
                            "sysfs": f"{self.top}/sys"} | more}


def doctor(settings, status=None, user=COLLECTOR):
    done = lab.run(lab.sluice, "doctor", "-c", lab.write(settings), user=user)
    found = {}
    for line in done.stdout.decode().splitlines():
        match = LINE.fullmatch(line)
        check(match is not None, f"no form: {line!r}")
        one = Finding(*match.groups())
        check(one.level == "ok" or one.costs is not None or
              one.remedy is not None or one.found == "version unknown", line)
        found.setdefault(one.topic, one)
    missing = any(f.level == "missing" for f in found.values())
    check_equal(done.returncode, 1 if missing else 0, done.stdout.decode())
    if status is not None:
        check_equal(done.returncode, status, done.stdout.decode())
    return found


def one(name, files, topic, level, words, settings=None):
    """That finding of a host with those files."""
    host = Host(name, files)
    found = doctor(host.settings(**(settings or {}))).get(topic)
    check(found is not None, f"{name}: nothing of {topic}")
    check_equal(found.level, level, f"{name}: {found}")
    text = " ".join(part for part in found if part)
    check(all(word in text for word in words.split("|")), f"{name}: {found}")


@test
def this_host_is_looked_at_by_anyone_and_each_line_has_its_form():
    for user in (COLLECTOR, 61003):
        found = doctor({}, user=user)
        check({"kernel", "psi", "cgroup", "hidepid", "seccomp", "landlock",
               "selinux", "fips", "systemd"} <= set(found), found)
        check_equal(found["seccomp"].level, "ok", found["seccomp"])


@test
def an_old_kernel_is_said_with_what_was_tested():
    one("old", {"proc/sys/kernel/osrelease": "4.18.0-553.el8\n"}, "kernel",
        "note", "4.18|5.14")
    one("floor", {"proc/sys/kernel/osrelease": "5.14.0-503.el9\n"}, "kernel",
        "ok", "5.14.0-503.el9")
    one("ancient", {"proc/sys/kernel/osrelease": "5.4.0\n"}, "kernel", "note",
        "5.4")
    one("hostile", {"proc/sys/kernel/osrelease": "9.9\x1b[2J\n"}, "kernel",
        "ok", "9.9?[2J")


@test
def psi_that_is_not_there_costs_the_source_that_wants_it():
    gone = {f"proc/pressure/{name}": None
            for name in ("cpu", "memory", "io", "irq")}
    one("nopsi", gone, "psi", "missing", "linux.psi|psi=1")
    one("nopsi-off", gone, "psi", "note", "linux.psi",
        {"sources": {"pressure": {"enabled": False}}})
    one("psi", {}, "psi", "ok", "/proc/pressure")


@test
def each_layout_of_cgroups_is_told():
    on = {"sources": {"cgroup": {"enabled": True}}}
    one("v2", {"sys/fs/cgroup/cgroup.controllers": "cpu io memory pids\n"},
        "cgroup", "ok", "version 2", on)
    one("v1", {"sys/fs/cgroup/memory/tasks": ""}, "cgroup", "note",
        "version 1|PSI|unified", on)
    one("hybrid", {"sys/fs/cgroup/cpu,cpuacct/tasks": "",
                   "sys/fs/cgroup/unified/cgroup.procs": ""}, "cgroup",
        "note", "hybrid", on)
    one("nocgroup", {}, "cgroup", "missing", "linux.cgroup|mount it", on)
    one("nocgroup-off", {}, "cgroup", "note", "linux.cgroup")


def mounted(options):
    return {"proc/self/mountinfo":
            "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
            f"23 22 0:21 / @/proc rw,nosuid - proc proc {options}\n"}


@test
def hidepid_is_answered_by_a_group_and_not_by_a_capability():
    need_root()
    one("open", mounted("rw"), "hidepid", "ok", "off")
    one("hidden", mounted("rw,hidepid=invisible"), "hidepid", "missing",
        "without a group|processes|SupplementaryGroups")
    one("number", mounted("rw,hidepid=2"), "hidepid", "missing", "without")
    one("others", mounted("rw,gid=4,hidepid=2"), "hidepid", "missing",
        "group 4|SupplementaryGroups")
    one("ours", mounted(f"rw,gid={COLLECTOR},hidepid=2"), "hidepid", "ok",
        "in its group")
    one("unwanted", mounted("rw,hidepid=2"), "hidepid", "note", "without",
        {"sources": {name: {"enabled": False} for name in ("process",)}})


@test
def a_path_that_is_absent_is_a_note_and_one_that_is_refused_is_missing():
    need_root()
    host = Host("refused")
    (host.top / "proc/net/snmp").chmod(0)
    (host.top / "proc/net/sockstat").unlink()
    found = doctor(host.settings(), status=1)
    check_equal(found["source protocol"].level, "missing", found)
    check("net/snmp" in found["source protocol"].found and
          "no capability" in found["source protocol"].remedy, found)
    check_equal(found["source socket"].level, "note", found)
    found = doctor(host.settings(sources={"protocol": {"enabled": False},
                                          "socket": {"enabled": False}}))
    check(not {"source protocol", "source socket"} & set(found), found)


@test
def an_operators_directory_that_is_not_there_is_missing():
    on = {"operator": {"enabled": True, "directory": "/nonexistent/metrics"}}
    host = Host("operator")
    found = doctor(host.settings(sources=on), status=1)["source operator"]
    check("/nonexistent/metrics" in found.found and
          "the start" in found.costs, found)
    check("source operator" not in doctor(host.settings()), "it is off")


@test
def selinux_is_told_by_its_mode_and_its_booleans():
    selinux = "sys/fs/selinux/"
    one("permissive", {selinux + "enforce": "0"}, "selinux", "note",
        "permissive|setenforce 1")
    one("enforcing", {selinux + "enforce": "1"}, "selinux", "ok", "enforcing")
    one("boolean", {selinux + "enforce": "1", selinux +
                    "booleans/sluice_all_processes": "0 0"},
        "sluice_all_processes", "note", "processes|setsebool -P")
    host = Host("boolean-on", {selinux + "enforce": "1", selinux +
                               "booleans/sluice_all_processes": "1 1"})
    check("sluice_all_processes" not in doctor(host.settings()), "it is on")
    host = Host("required", {selinux + "enforce": "0"})
    found = doctor(host.settings() | {"require": ["selinux"]}, status=1)
    check_equal(found["selinux"].level, "missing", found)


@test
def fips_is_told():
    one("fips", {"proc/sys/crypto/fips_enabled": "1\n"}, "fips", "ok", "on")
    one("nofips", {}, "fips", "ok", "off")


@test
def odd_hosts_are_looked_at_to_the_end():
    for kind in ("big", "bare", "hostile"):
        for proc in sorted(oddhosts.odd(kind).rglob("proc"))[:4]:
            if proc.parent.name == "sys" or not proc.is_dir():
                continue
            sys = proc.parent / "sys"
            found = doctor({"collect": {
                "procfs": str(proc), "sysfs": str(
                    sys if sys.is_dir() else proc)}})
            check("systemd" in found, f"{proc}: {list(found)}")


@test
def without_a_configuration_it_takes_the_defaults_and_a_wrong_one_is_said():
    done = lab.run(lab.sluice, "doctor", "-c", "/nonexistent", user=COLLECTOR)
    lines = done.stdout.decode().splitlines()
    check(lines[0].startswith("note: configuration: /nonexistent") and
          len(lines) > 8, lines)
    done = lab.run(lab.sluice, "doctor", "-c", lab.write(
        {"ring": {"size": "1"}}), user=COLLECTOR)
    lines = done.stdout.decode().splitlines()
    check_equal(done.returncode, 1, lines)
    check(lines[0].startswith("missing: configuration: ") and
          "ring.size" in lines[0] and len(lines) > 8, lines)


@test
def prices_are_those_of_every_metric_and_none_is_a_capability():
    done = lab.run(lab.sluice, "prices", user=COLLECTOR)
    check_equal((done.returncode, done.stderr), (0, b""))
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in done.stdout.decode().splitlines()
            if line.startswith("| ")]
    metrics = {row[0].strip("`") for row in rows}
    registry = re.findall(r'^METRIC\(\d+, \w+, \w+,\s+"([a-z0-9_.]+)"',
                          (SOURCE / "libproto/metrics.def").read_text(),
                          re.MULTILINE)
    check(len(registry) > 100, len(registry))
    check_equal(sorted(set(registry) - metrics), [])
    for row in rows:
        check_equal(len(row), 7, row)
        check(row[4] in ("none", "capability"), row)
        check(all(row), f"an empty cell: {row}")
        check("(null)" not in row, row)


@test
def prices_need_no_configuration_and_take_none():
    done = lab.run(lab.sluice, "prices", "-c", "/nonexistent")
    check_equal((done.returncode, done.stdout), (2, b""))
    done = lab.run(lab.sluice, "doctor", "--raw")
    check_equal((done.returncode, done.stdout), (2, b""))


main()
