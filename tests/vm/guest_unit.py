# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside a booted machine, by test_systemd.py.  What the unit
# allows and what it hides, its limits, and each of the drop-ins beside it.
import contextlib
import fcntl
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import threading

import unit
from pair import status_of
from points import decode
from tap import Skip, check, check_equal, main, test, until
from unit import Journal, show, systemctl

arrivals = unit.Arrivals()
UNIT = unit.PREFIX / "lib/systemd/system/sluice.service"
EXAMPLES = unit.PREFIX / "share/doc/sluice/systemd"
TRIED = unit.DROP_INS / "zz-tried.conf"
CLOCK = "linux.clock."
LOOK_S = 10                 # from one look at file systems to the next

# Exposure of all rows that are not at their best; docs/unit.md has why.
REMAINING = {
    "AmbientCapabilities", "CapabilityBoundingSet_CAP_SET_UID_GID_PCAP",
    "DeviceAllow", "IPAddressDeny", "PrivateNetwork", "PrivateUsers",
    "ProcSubset", "ProtectHome", "ProtectProc",
    "RestrictAddressFamilies_AF_INET_INET6",
    "RestrictAddressFamilies_AF_UNIX", "RootDirectoryOrRootImage",
    "SystemCallFilter_privileged"}


def judge(text, *words):
    """What this systemd says of such a unit."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "sluice.service"
        path.write_text(text)
        return unit.command("systemd-analyze", "security", "--offline=true",
                            "--no-pager", *words, str(path))


def rows(text):
    """{what is not at its best: its exposure}"""
    return {row["json_field"]: float(row["exposure"])
            for row in json.loads(judge(text, "--json=short"))
            if row["exposure"]}


def exposure(text):
    return float(re.search(r"level for .*: ([\d.]+)", judge(text))[1])


def series(points):
    """The host's; what they say of themselves only the daemons know."""
    return {(p.name, tuple(sorted(p.attributes.items()))) for p in points
            if not p.name.startswith(("sluice.", "otel."))}


def outside():
    """What `sluice show` reads, which is in no sandbox."""
    raw = subprocess.run([unit.PREFIX / "bin/sluice", "show", "--raw"],
                         check=True, capture_output=True).stdout
    return decode(raw, "application/x-protobuf")


def inside():
    """From now on, two requests of the unit, and as many more as it takes
    until one has the file systems: once in ten seconds."""
    before = len(arrivals.of_status(200))
    arrivals.more(2)
    while True:
        points = [p for r in arrivals.of_status(200)[before:]
                  for p in r.points]
        if any(p.name == "system.filesystem.limit" for p in points):
            return points
        check(len(arrivals.of_status(200)) <= before + LOOK_S + 2,
              "no file systems")
        arrivals.more(1)


def restart():
    systemctl("daemon-reload")
    systemctl("restart", "sluice")
    check(unit.runs(), "it does not run")
    arrivals.more(1)


@contextlib.contextmanager
def example(*names, text=lambda text: text):
    """The drop-ins as they are shipped, or as text() leaves them,
    meanwhile."""
    TRIED.write_text(text("".join((EXAMPLES / n).read_text()
                                  for n in names)))
    try:
        restart()
        yield
    finally:
        TRIED.unlink()
        systemctl("daemon-reload")


@test
def the_exposure_is_two_at_most_and_what_remains_is_known():
    text = UNIT.read_text()
    check(exposure(text) <= 2.0, f"exposure {exposure(text)}")
    check_equal(set(rows(text)) - REMAINING, set(), "not explained")


@test
def every_directive_of_the_sandbox_that_goes_costs_points():
    if unit.version() >= 254:
        raise Skip("some count differently: as systemd 252 scores")
    text = UNIT.read_text()
    whole = sum(rows(text).values())
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict",
                 "ProtectHome=read-only", "PrivateTmp=yes",
                 "PrivateDevices=yes", "PrivateMounts=yes", "RemoveIPC=yes",
                 "ProtectClock=yes", "ProtectControlGroups=yes",
                 "ProtectHostname=yes", "ProtectKernelLogs=yes",
                 "ProtectKernelModules=yes", "ProtectKernelTunables=yes",
                 "RestrictNamespaces=yes", "RestrictRealtime=yes",
                 "RestrictSUIDSGID=yes", "LockPersonality=yes",
                 "MemoryDenyWriteExecute=yes", "UMask=0077", "SystemCallArchitectures=native"):
        check(text.count(line + "\n") == 1, f"{line} is not there")
        without = rows(text.replace(line + "\n", ""))
        check(sum(without.values()) > whole, line)


@test
def the_limits_of_the_unit_are_in_force():
    unit.install(arrivals.receiver.url)
    systemctl("enable", "--now", "sluice")
    arrivals.more()
    for name, want in (("MemoryMax", str(64 << 20)), ("TasksMax", "8"),
                       ("CPUQuotaPerSecUSec", "500ms"),
                       ("WatchdogUSec", "30s"), ("LimitCORE", "0"),
                       ("Restart", "always"),
                       ("StartLimitIntervalUSec", "0"),
                       ("OOMPolicy", "kill")):
        check_equal(show(name), want, name)


# Each is of another size, so that a number of the wrong one is another.
MOUNTS = ("/home", "/root", "/srv", "/mnt", "/tmp", "/var/tmp")


def mount(*points):
    for point in points:
        number = MOUNTS.index(point) + 1
        unit.command("mount", "-t", "tmpfs", "-o", f"size={number}M",
                     f"test{number}", point)
        (pathlib.Path(point) / "file").write_bytes(bytes(4096 * number))


def space(points):
    """{mount point: bytes of the whole, bytes used}"""
    found = {}
    for p in points:
        if p.name in ("system.filesystem.limit", "system.filesystem.usage"):
            key = p.attributes.get("system.filesystem.mountpoint")
            state = p.attributes.get("system.filesystem.state")
            found.setdefault(key, {})[p.name, state] = p.value
    return found


def check_space(points):
    seen, real = space(inside()), space(outside())
    for point in points:
        check(point in real, f"{point} is not even outside")
        check_equal(seen.get(point), real[point], point)


@test
def file_systems_mounted_while_it_runs_are_seen_inside():
    mount(*MOUNTS[:4])
    check_space(MOUNTS[:4])


@test
def file_systems_that_were_there_at_the_start_are_seen_inside():
    mount(*MOUNTS[4:])
    systemctl("restart", "sluice")
    check_space(MOUNTS)


@test
def with_tmp_conf_those_over_tmp_are_seen_while_it_runs():
    unit.command("umount", "/tmp", "/var/tmp")
    with example("tmp.conf"):
        mount(*MOUNTS[4:])
        check_space(MOUNTS)


@test
def the_unit_hides_nothing_but_the_clock():
    shown = series(outside())
    seen = series(inside())
    hidden = shown - seen
    check({name.split(".")[1] for name, _ in shown} >=
          {"cpu", "memory", "network", "filesystem", "process"},
          f"not much outside: {sorted({name for name, _ in shown})}")
    check_equal(sorted(s for s in hidden if not s[0].startswith(CLOCK)), [],
                "not seen inside")
    check_equal(sorted(seen - shown), [], "not seen outside")
    check(any(name.startswith(CLOCK) for name, _ in hidden), "no clock")


@test
def interfaces_and_processes_are_counted_the_same_inside():
    def of(points, name, key):
        last = max(p.time for p in points if p.name == name)
        return {p.attributes.get(key): p.value for p in points
                if p.name == name and p.time == last}
    seen, real = inside(), outside()
    check_equal(
        sorted(of(seen, "system.network.io", "network.interface.name")),
        sorted(of(real, "system.network.io", "network.interface.name")))
    count = sum(of(seen, "system.process.count", "process.state").values())
    there = len([d for d in os.listdir("/proc") if d.isdigit()])
    check(abs(count - there) <= 5, f"{count} of {there} processes")


@test
def a_clock_that_the_unit_refuses_is_said_once_and_is_no_failure():
    journal = Journal()
    restart()
    check_equal(len(journal.events("clock_refused")), 1, "times said")
    check(not [e for e in journal.events("source_failed")
               if e.fields["source"] == "clock"], "a failure")


@test
def with_clock_conf_the_unit_hides_nothing():
    journal = Journal()
    with example("clock.conf"):
        check_equal(sorted(series(outside()) ^ series(inside())), [])
        text = UNIT.read_text().replace("\n[Install]",
                                        TRIED.read_text() + "\n[Install]")
    check_equal(journal.events("clock_refused"), [])
    check(exposure(text) <= 2.2, f"exposure {exposure(text)}")


@test
def with_all_sources_on_and_what_they_need_no_metric_is_hidden():
    text = unit.CONFIG.read_text()
    settings = json.loads(text)
    settings["collect"]["profile"] = "full"
    unit.CONFIG.write_text(json.dumps(settings))
    try:
        with example("clock.conf", "sockdiag.conf"):
            # which processes and groups there are changes meanwhile
            seen = {name for name, _ in series(inside())}
            shown = {name for name, _ in series(outside())}
        check_equal(sorted(shown - seen), [], "not seen inside")
        check_equal(sorted(seen - shown), [], "not seen outside")
    finally:
        unit.CONFIG.write_text(text)


@test
def with_cpu_conf_it_works_on_a_twentieth_of_a_processor():
    with example("cpu.conf"):
        check_equal(show("CPUQuotaPerSecUSec"), "50ms")


@test
def with_memory_conf_it_may_have_a_larger_ring():
    text = unit.CONFIG.read_text()
    unit.CONFIG.write_text(json.dumps(
        {**json.loads(text), "ring": {"size": "64MiB"}}))
    journal = Journal()
    try:
        with example("memory.conf"):
            check_equal(show("MemoryMax"), str(160 << 20))
            check(journal.events("ring_resized"), "the ring is as it was")
    finally:
        unit.CONFIG.write_text(text)


@test
def with_watchdog_conf_two_intervals_without_progress_end_it():
    with example("watchdog.conf"):
        check_equal(show("WatchdogUSec"), "20s")


# One of the list in receiver.conf, and one that is not.
LISTED, OTHER = "192.0.2.1", "198.51.100.1"
SIOCSIFADDR = 0x8916
CONNECT = "import socket; socket.create_connection(('{}', {}), 5)"


def add_address(label, address):
    """To the loopback; this machine has no ip(8)."""
    request = struct.pack("16sHH4s8x", label.encode(), socket.AF_INET, 0,
                          socket.inet_aton(address))
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFADDR, request)


class Listener:
    """Takes connections and ends them; what matters is that they came."""

    def __init__(self, address):
        self.socket = socket.create_server((address, 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"https://{address}:{self.port}/"
        self.count = 0
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        while True:
            self.socket.accept()[0].close()
            self.count += 1


def need_firewall(port):
    """Does this systemd refuse what it is told to refuse, to anybody?"""
    done = unit.run("systemd-run", "--wait", "--quiet",
                    "--property=IPAddressDeny=any", "python3", "-c",
                    CONNECT.format(OTHER, port))
    if done.returncode == 0:
        raise Skip("no BPF for control groups here: nothing is refused")


@contextlib.contextmanager
def endpoints(*urls):
    text = unit.CONFIG.read_text()
    settings = json.loads(text)
    settings["ship"]["endpoints"] = list(urls)
    unit.CONFIG.write_text(json.dumps(settings))
    try:
        yield
    finally:
        unit.CONFIG.write_text(text)


@test
def with_receiver_conf_the_addresses_of_the_list_are_reached_and_no_other():
    add_address("lo:1", LISTED)
    add_address("lo:2", OTHER)
    listed, other = Listener(LISTED), Listener(OTHER)
    need_firewall(other.port)
    with endpoints(other.url, listed.url, arrivals.receiver.url):
        restart()
        check(other.count > 0 and listed.count > 0, "not even without it")
        other.count = listed.count = 0
        journal = Journal()
        with example("receiver.conf"):
            until(lambda: listed.count > 0, 20, "one of the list is reached")
            arrivals.more(2)
            refused = [e for e in journal.events("delivery_failed")
                       if e.fields["endpoint"] == OTHER]
        check_equal(other.count, 0, "connections to one that is not listed")
        # what is dropped on its way out answers nobody
        check_equal({e.fields["reason"] for e in refused},
                    {"timeout_connecting"})


@test
def selinux_required_conf_changes_nothing_where_selinux_is_off():
    if pathlib.Path("/sys/fs/selinux/enforce").exists():
        raise Skip("SELinux is on: test_selinux.py")
    with example("selinux-required.conf"):
        check(show("SELinuxContext"), "the line was not read")


def encrypt(name, content):
    """For this machine, which has no TPM; nothing else stays on the disk."""
    target = unit.ETC / name
    subprocess.run(["systemd-creds", "encrypt", "--with-key=host",
                    f"--name={name}", "-", str(target)], input=content,
                   check=True, capture_output=True)
    secret = [content, *content.splitlines()[1:-1]]
    check(not any(part in target.read_bytes() for part in secret),
          f"{name} is not encrypted")


def check_other_host_is_refused():
    """What was encrypted with another machine's secret starts nothing."""
    secret = pathlib.Path("/var/lib/systemd/credential.secret")
    mine = secret.read_bytes()
    secret.rename(f"{secret}.mine")
    try:
        unit.command("systemd-creds", "setup")
        check(secret.read_bytes() != mine, "the secret is the same")
        done = unit.run("systemctl", "restart", "sluice")
        check(done.returncode != 0 and not unit.runs(), "it started")
    finally:
        os.rename(f"{secret}.mine", secret)
        restart()


@test
def with_encrypted_credentials_conf_the_key_is_no_plain_file():
    aside = unit.ETC / "aside"
    plain = {"client.key": (unit.ETC / "client.key").read_bytes(),
             "token": b"encrypted-on-the-disk"}
    settings = unit.CONFIG.read_text()
    (unit.DROP_INS / "credentials.conf").rename(aside)
    (unit.ETC / "client.key").unlink()
    try:
        for name, content in plain.items():
            encrypt(name, content)
        with_token = json.loads(settings)
        with_token["ship"]["token"] = "credential:token"
        unit.CONFIG.write_text(json.dumps(with_token))
        with example("encrypted-credentials.conf", text=lambda text:
                     text.replace("#Load", "Load")):
            last = arrivals.of_status(200)[-1]
            check_equal(last.subject["commonName"], "client")
            check_equal(last.headers.get_all("Authorization"),
                        ["Bearer encrypted-on-the-disk"])
            check_other_host_is_refused()
    finally:
        (unit.ETC / "token").unlink(missing_ok=True)
        (unit.ETC / "client.key").write_bytes(plain["client.key"])
        (unit.ETC / "client.key").chmod(0o600)
        unit.CONFIG.write_text(settings)
        aside.rename(unit.DROP_INS / "credentials.conf")


@test
def a_proc_that_hides_processes_hides_none_from_the_unit():
    def processes():
        points = [p for p in inside() if p.name == "system.process.count"]
        last = max(p.time for p in points)
        return sum(p.value for p in points if p.time == last)
    before = processes()
    unit.command("mount", "-o", "remount,hidepid=invisible", "/proc")
    try:
        journal = Journal()
        restart()
        check(abs(processes() - before) <= 3, f"{processes()} of {before}")
        check_equal(journal.events("self_unreadable"), [])
    finally:
        unit.command("mount", "-o", "remount,hidepid=off", "/proc")


main()
