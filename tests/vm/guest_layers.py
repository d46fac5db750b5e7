# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside a booted machine with SELinux enforcing, by
# test_layers.py.  Which layers the pair has on that kernel, what it says of
# one that is missing, and that each of the others holds alone.
import os
import pathlib
import re
import shutil
import signal

import intruder
import unit
from denials import check_none_was_lost, denials, parsed, provoked
from labels import ENFORCE, check_domains, label_files
from pair import status_of
from tap import Skip, check, check_equal, main, test, until
from unit import Journal, show, systemctl

arrivals = unit.Arrivals(4318)
ABI = int(os.environ["LANDLOCK_ABI"])
OURS = pathlib.Path("/opt/sluice")
POLICY = pathlib.Path("/etc/selinux/default/policy")
HAS_LOCKDOWN = pathlib.Path("/var/lib/selinux/default/active/modules/200/"
                            "sluice_lockdown").exists()
IS_UML = "User Mode Linux" in pathlib.Path("/proc/cpuinfo").read_text()

# Why an attack may be left out, where it would show nothing.
NOT_HERE = re.compile("ok .* # SKIP (this kernel serves no x32 call|"
                      "Landlock here has ABI 2, not 4)")


def restart(require):
    """What is said of a start that goes well."""
    unit.configure(arrivals.receiver.url, require)
    journal = Journal()
    systemctl("restart", "sluice")
    return journal


def layers(journal):
    started, = journal.events("started")
    return [started.fields[f"{who}_{what}"] for what in ("selinux", "landlock")
            for who in ("collector", "shipper")]


@test
def started_under_enforcing_metrics_arrive_without_a_denial():
    systemctl("start", "auditd")
    unit.install(arrivals.receiver.url, ["split", "selinux"])
    label_files()
    check_equal(ENFORCE.read_text(), "1", "enforce")
    journal = Journal()
    systemctl("enable", "--now", "sluice")
    arrivals.more(5)
    check_equal(layers(journal), ["enforced"] * 2 + [str(ABI)] * 2)
    check_domains()
    check_equal(show("NRestarts"), "0", "starts that failed")
    check_equal(denials(), [])
    check_none_was_lost()


@test
def what_landlock_lacks_is_said():
    journal = restart(["split"])
    arrivals.more(3)
    for name, expected in (("landlock_absent", ABI == 0),
                           ("landlock_no_ports", 0 < ABI < 4)):
        check_equal(len(journal.events(name)), 2 if expected else 0, name)
    check_equal(re.findall(r"Landlock ABI (\d+)", show("StatusText")),
                [str(ABI)] if ABI else [])
    check_equal([p.value for p in
                 arrivals.last("sluice.confinement.landlock")], [ABI] * 2)


@test
def where_landlock_is_required_it_is_there_or_nothing_starts():
    if ABI:
        check_equal(layers(restart(["landlock"]))[2:], [str(ABI)] * 2)
        return
    unit.configure(arrivals.receiver.url, ["landlock"])
    journal = Journal()
    unit.run("systemctl", "restart", "sluice")
    fatal = until(lambda: journal.events("fatal"), 20, "a refusal")[0]
    check_equal(fatal.fields["what"], "require: landlock")
    check(not unit.runs(), "the unit runs")


def documented():
    """The rows of the table for reviewers: source, target, class and
    permission."""
    rows = re.findall(r"^\| `(sluice_\w+)` \| `(\w+)` \| `(\w+)` \| ([a-z ]+) "
                      r"\|", (OURS / "selinux.md").read_text(), re.MULTILINE)
    return {(*row[:3], each) for row in rows for each in row[3].split()}


@test
def what_is_denied_and_not_audited_is_what_is_documented():
    restart(["split", "selinux"])
    arrivals.more()
    systemctl("stop", "sluice")
    check_equal(denials(), [])
    # the same policy without its dontaudit rules
    for audited in (OURS / "audited").iterdir():
        shutil.copy(audited, POLICY)
    unit.command("load_policy")
    systemctl("start", "sluice")
    arrivals.more()
    os.kill(unit.shipper_pid(), signal.SIGKILL)
    arrivals.more()
    systemctl("restart", "sluice")
    arrivals.more()
    systemctl("stop", "sluice")
    check_none_was_lost()
    found = set(parsed(provoked()))
    check(found, "with nothing hidden there is no denial: this shows nothing")
    check_equal(found - documented(), set(), "not in docs/selinux.md")


@test
def what_a_captured_daemon_tries_the_policy_alone_stops():
    if IS_UML:
        raise Skip("test_selinux.py does this")
    if HAS_LOCKDOWN:
        intruder.check_denied(*intruder.intrude("/dev/nvme0n1"))
        return
    pathlib.Path("/proc/sys/user/max_user_namespaces").write_text("0")
    intruder.check_denied(*intruder.intrude("/dev/nvme0n1"),
                          intruder.BY_OLD_POLICY, intruder.GRANTED,
                          intruder.WITHOUT_LOCKDOWN)


def attack(program):
    """The attacks of that program in tests/confinement: each is refused."""
    lines = unit.run(str(OURS / "attacks" / program)).stdout.splitlines()
    plan = int(lines[0].removeprefix("1.."))
    good = [line for line in lines if line.startswith("ok ") and
            (" # SKIP " not in line or NOT_HERE.fullmatch(line))]
    check_equal(len(good), plan, "\n".join(set(lines) - set(good)) + "\ngood")


@test
def permissive_the_other_layers_hold():
    ENFORCE.write_text("0")
    check_equal(layers(restart(["split"])),
                ["permissive"] * 2 + [str(ABI)] * 2)
    for pid in (unit.main_pid(), unit.shipper_pid()):
        check_equal(status_of(pid)["Seccomp"], "2", "Seccomp")
    if os.path.ismount("/tmp"):
        # one attack is by a set-user-ID program there
        unit.command("mount", "-o", "remount,suid", "/tmp")
    attack("test_layers")
    if ABI:
        for program in ("landlock", "seccomp_collector", "seccomp_shipper"):
            attack(f"test_{program}")
    ENFORCE.write_text("1")


main()
