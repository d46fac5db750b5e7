# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside a booted machine with SELinux enforcing, by
# test_selinux_life.py.  What an administrator does to a host over the years:
# rotates, upgrades, mislabels, switches booleans, takes the policy away.
import errno
import json
import os
import pathlib
import shutil
import signal
import time

import unit
from denials import denials, parsed, provoked
from labels import check_domains, file_type, label_files
from meddler import read_memory, send, trace
from tap import check, check_equal, main, test, until
from unit import Journal, show, systemctl

arrivals = unit.Arrivals(4318)
LIBEXEC = unit.PREFIX / "libexec/sluice"
DAEMONS = ("collectord", "shipperd")
POLICY = pathlib.Path("/opt/sluice/policy")
MODULES = ("sluice", "sluice_lockdown", "sluice_port")
STRICT = ("split", "selinux")
START = Journal()


def install():
    unit.install(arrivals.receiver.url, STRICT)
    label_files()


def survives(act, seconds=30):
    """Records wait; act() ends the pair and sees to it that it comes back;
    nothing is lost.  What is said meanwhile."""
    journal = Journal()
    old = unit.main_pid()
    arrivals.refuse()
    try:
        act()
    except BaseException:
        label_files()       # for the tests that come after
        raise
    until(lambda: unit.runs() and unit.main_pid() != old, seconds,
          "the unit runs again")
    arrivals.accept()
    arrivals.more(1)
    check(journal.events("ring_taken_over"), "no ring taken over")
    unit.check_everything_arrived(arrivals)
    unit.check_sums(arrivals)
    check_domains()
    check_equal(denials(), [])
    return journal


@test
def installed_and_started_metrics_arrive_and_nothing_is_denied():
    install()
    systemctl("start", "auditd")
    systemctl("enable", "--now", "sluice")
    arrivals.more()
    check_domains()
    check_equal(denials(), [])


@test
def credentials_are_rotated_and_nothing_is_lost():
    def rotate():
        for name in ("client.crt", "client.key"):
            suffix = {"client.crt": "pem", "client.key": "key"}[name]
            fresh = unit.ETC / f"{name}.new"
            shutil.copy(unit.KEYS / f"client-2.{suffix}", fresh)
            fresh.chmod(0o600)
            fresh.rename(unit.ETC / name)
        systemctl("restart", "sluice")
    survives(rotate)
    check_equal(arrivals.of_status(200)[-1].subject["commonName"], "client-2")
    for path in pathlib.Path("/run/credentials/sluice.service").iterdir():
        check_equal(file_type(path), "sluice_cred_t", str(path))


def new_version(path):
    """As rpm does it: beside the old one, with its label, then renamed."""
    text = path.read_bytes()
    check(b"\0000.1.0\0" in text or b"sluice/0.1.0" in text, "no version")
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(text.replace(b"0.1.0", b"0.1.9"))
    fresh.chmod(0o755)
    os.setxattr(fresh, "security.selinux",
                os.getxattr(path, "security.selinux"))
    fresh.rename(path)


@test
def an_upgrade_in_place_leaves_no_gap():
    def upgrade():
        for name in DAEMONS:
            new_version(LIBEXEC / name)
        systemctl("daemon-reload")
        systemctl("restart", "sluice")
    missing = arrivals.missing_steps()
    survives(upgrade)
    check_equal(arrivals.of_status(200)[-1].headers["User-Agent"],
                "sluice/0.1.9")
    check_equal(arrivals.missing_steps() - missing, 0, "turns without record")


def mislabel(path, wrong):
    unit.command("chcon", "-t", wrong, str(path))


def mend():
    """Labels as they should be; what was denied until then was on purpose."""
    label_files()
    until(unit.runs, 30, "the unit runs")
    denied = []
    while denials():
        denied += provoked()
    return parsed(denied)


def restart_in_vain(journal):
    """What it said when it did not start."""
    unit.run("systemctl", "restart", "sluice")
    said = until(lambda: [e["MESSAGE"] for e in journal.entries()
                          if e.get("SYSLOG_IDENTIFIER") == "sluice" and
                          ("fatal" in e["MESSAGE"] or
                           "ermission denied" in e["MESSAGE"])],
                 20, "a word of why it does not start")
    check(not unit.runs(), "the unit runs")
    return said[0]


@test
def a_configuration_with_a_wrong_label_is_said_and_restorecon_mends_it():
    def act():
        mislabel(unit.CONFIG, "user_home_t")
        said = restart_in_vain(Journal())
        check(str(unit.CONFIG) in said and "ermission denied" in said, said)
        check(("sluice_collector_t", "user_home_t", "file", "read") in
              mend(), "not in the log")
    survives(act)


@test
def a_collector_that_is_labelled_like_any_program_refuses_and_says_why():
    def act():
        mislabel(LIBEXEC / "collectord", "bin_t")
        said = restart_in_vain(Journal())
        check("require: selinux" in said and "not in its own domain" in said,
              said)
        # nor does it get the ring that the service manager keeps
        check({t for _, t, _, _ in mend()} == {"sluice_ring_t"}, "denied")
    survives(act)


@test
def with_the_drop_in_it_is_not_even_started():
    shutil.copy(unit.PREFIX / "share/doc/sluice/systemd/selinux-required.conf",
                unit.DROP_INS)
    systemctl("daemon-reload")

    def act():
        mislabel(LIBEXEC / "collectord", "bin_t")
        journal = Journal()
        unit.run("systemctl", "restart", "sluice")
        until(lambda: show("ExecMainStatus") == "203", 20, "203/EXEC")
        check(journal.has("status=203/EXEC"), "no word of why")
        check_equal([e["MESSAGE"] for e in journal.entries()
                     if "event=started" in str(e["MESSAGE"])], [])
        check_equal(set(mend()), {("sluice_collector_t", "bin_t", "file",
                                   "entrypoint")})
    survives(act)


@test
def a_shipper_that_is_labelled_like_any_program_is_not_run():
    def act():
        mislabel(LIBEXEC / "shipperd", "bin_t")
        said = restart_in_vain(Journal())
        check("EACCES" in said and str(LIBEXEC / "shipperd") in said, said)
        check_equal(set(mend()), {("sluice_collector_t", "bin_t", "file",
                                   "execute")})
    survives(act)


def check_step_is_needed(rule, *words):
    """Without that rule of ours nothing starts, and it says why."""
    module = POLICY / "without.cil"
    module.write_text(f"(deny {rule})\n")

    def act():
        unit.command("semodule", "-X", "300", "-i", str(module))
        journal = Journal()
        try:
            said = restart_in_vain(journal)
            check_equal(journal.events("started"), [])
        finally:
            unit.command("semodule", "-X", "300", "-r", "without")
            mend()
        check(all(word in said for word in words), said)
    survives(act, 60)


@test
def a_shipper_that_may_not_leave_its_parent_s_domain_is_not_run():
    check_step_is_needed("sluice_collector_t sluice_shipper_init_t"
                         " (process2 (nnp_transition))",
                         "EACCES", str(LIBEXEC / "shipperd"))


@test
def a_shipper_that_may_not_enter_the_network_s_domain_ends():
    check_step_is_needed("sluice_shipper_init_t sluice_shipper_t"
                         " (process (dyntransition))",
                         "SELinux transition", "EACCES")


def switch(name, on):
    unit.command("setsebool", name, "on" if on else "off")


def check_port(port, boolean):
    """Off, the receiver there gets nothing and the log says so; on, what
    waited comes."""
    here = unit.Arrivals(port)
    unit.configure(here.receiver.url, STRICT)
    journal = Journal()
    systemctl("restart", "sluice")
    denied = parsed(provoked())
    check_equal({(d, c, p) for d, _, c, p in denied},
                {("sluice_shipper_t", "tcp_socket", "name_connect")})
    check_equal({e.fields["detail"] for e in
                 journal.events("delivery_failed")}, {"EACCES"})
    check_equal(len(here.receiver.requests), 0, "requests")
    switch(boolean, True)
    here.more(1)
    while denials():
        provoked()
    here.more(1)
    check_equal(denials(), [])
    switch(boolean, False)


@test
def another_port_waits_for_its_boolean():
    check_port(14318, "sluice_other_ports")


@test
def the_ports_of_proxies_wait_for_theirs():
    for port in (3128, 8080):
        check_port(port, "sluice_proxy")
    unit.configure(arrivals.receiver.url, STRICT)
    systemctl("restart", "sluice")
    arrivals.more(1)


def processes():
    """The last count of them, None where two steps from now on have none;
    one of before may arrive behind this."""
    now, steps = time.time_ns(), []
    while len(steps) < 2:
        arrivals.more(1)
        steps = [r for r in arrivals.of_status(200)
                 if r.points and r.points[0].time > now]
    points = [p for r in steps for p in r.points
              if p.name == "system.process.count"]
    last = max((p.time for p in points), default=0)
    return sum(p.value for p in points if p.time == last) or None


@test
def processes_of_others_wait_for_their_boolean_and_are_never_half_a_count():
    def there():
        return sum(e.name.isdigit() for e in pathlib.Path("/proc").iterdir())
    check_equal(processes(), None, "processes counted")
    failed = [e for e in START.events("source_failed")
              if e.fields["source"] == "process"]
    check_equal({(e.fields["path"], e.fields["reason"]) for e in failed},
                {("[pid]/stat", "denied")})
    journal = Journal()
    switch("sluice_all_processes", True)
    counted = processes()
    check(counted is not None and abs(counted - there()) <= 4,
          f"{counted} were counted, there are {there()}")
    check([e for e in journal.events("source_recovered")
           if e.fields["path"] == "[pid]/stat"], "no word of it")
    switch("sluice_all_processes", False)
    check_equal(processes(), None, "processes counted")
    check_equal(denials(), [])


READER = """[Service]
Type=oneshot
NoNewPrivileges=yes
Environment=LC_ALL=C
ExecStart=/opt/sluice/cat /var/lib/sluice/metrics/operator.prom
"""


def read_as_collector(path):
    """A program that the collector's domain is entered by, and reads it."""
    shutil.copy("/bin/cat", "/opt/sluice/cat")
    unit.command("chcon", "-t", "sluice_collector_exec_t", "/opt/sluice/cat")
    pathlib.Path("/run/systemd/system/reader.service").write_text(READER)
    systemctl("daemon-reload")
    return unit.run("systemctl", "start", "reader").returncode == 0


@test
def operators_files_wait_for_their_boolean():
    path = pathlib.Path("/var/lib/sluice/metrics/operator.prom")
    path.parent.mkdir(parents=True)
    path.write_text("up 1\n")
    unit.command("restorecon", "-R", "/var/lib/sluice")
    check_equal(file_type(path), "sluice_metrics_t")
    check(not read_as_collector(path), "it was read")
    check_equal(set(parsed(provoked())), {("sluice_collector_t",
                "sluice_metrics_t", "dir", "search")})
    switch("sluice_operator_files", True)
    check(read_as_collector(path), "it was not read")
    check_equal(denials(), [])
    switch("sluice_operator_files", False)


@test
def every_source_there_is_is_read_without_a_denial():
    text = json.loads(unit.CONFIG.read_text())
    text["collect"]["profile"] = "full"
    unit.CONFIG.write_text(json.dumps(text))
    journal = Journal()
    systemctl("restart", "sluice")
    arrivals.more(3)
    check_equal(denials(), [])
    check(arrivals.receiver.points("linux.cgroup.count"), "no control group")
    # these two wait for sluice_all_processes
    check_equal({e.fields["source"] for e in journal.events("source_failed")
                 if e.fields["reason"] == "denied"}, {"process", "top"})


@test
def root_s_shell_may_signal_and_trace_the_pair():
    for pid in (unit.main_pid(), unit.shipper_pid()):
        check_equal((send(pid, signal.SIGCONT), trace(pid),
                     read_memory(pid)), (0, 0, 0), str(pid))


@test
def untouchable_root_s_shell_may_not_and_systemctl_still_may():
    unit.command("semodule", "-X", "200", "-i",
                 str(POLICY / "sluice_untouchable.cil"))
    for pid in (unit.main_pid(), unit.shipper_pid()):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP,
                       signal.SIGCONT):
            check(send(pid, number) in (errno.EPERM, errno.EACCES),
                  f"{number} to {pid}")
        check(trace(pid) in (errno.EPERM, errno.EACCES), f"trace {pid}")
        check(read_memory(pid) in (errno.EPERM, errno.EACCES), f"mem {pid}")
    asked = {(p, c) for s, _, c, p in parsed(provoked())
             if s == "unconfined_t"}
    # the base policy does not audit ptrace
    check_equal(asked, {(p, "process") for p in (
        "signal", "sigkill", "sigstop")})
    survives(lambda: systemctl("kill", "--signal=KILL", "sluice"))
    survives(lambda: (systemctl("stop", "sluice"),
                      systemctl("start", "sluice")))


def alive(pids):
    return [pid for pid in pids if os.path.exists(f"/proc/{pid}")]


def programs():
    """The processes of the pair, in whatever domain."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        try:
            found += [folder.name for name in DAEMONS
                      if name == (folder / "comm").read_text().strip()]
        except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
            continue
    return found


@test
def without_its_policy_the_pair_ends_and_it_goes_on_once_that_is_back():
    def act():
        journal = Journal()
        old = unit.main_pid(), unit.shipper_pid()
        unit.command("semodule", "-X", "200", "-r", *MODULES,
                     "sluice_untouchable")
        until(lambda: not alive(old), 10, "both end")
        # by the drop-in; systemctl is denied: the unit's type is no more
        until(lambda: journal.has("status=229/SELINUX_CONTEXT"), 20,
              "a start that fails")
        check_equal(programs(), [], "running")
        check_equal(journal.events("started"), [])
        unit.command("semodule", "-X", "200", "-i",
                     *(str(POLICY / f"{name}.cil") for name in MODULES))
        mend()
    survives(act, 60)


main()
