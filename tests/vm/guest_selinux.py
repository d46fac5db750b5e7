# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside a booted machine with SELinux enforcing, by
# test_selinux.py.  One life of the unit under its policy, told in order.
import os
import pathlib
import signal

import intruder
import unit
from denials import denials, provoked
from labels import ENFORCE, check_domains, file_type, label_files
from tap import check, check_equal, main, test, until
from unit import Journal, show, systemctl

SHIPPERD = unit.PREFIX / "libexec/sluice/shipperd"
# the shipper may connect to it: sluice_port.cil
arrivals = unit.Arrivals(4318)


def descriptor(pid, what):
    """The path of the one whose link says so."""
    found = [fd for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir()
             if what in os.readlink(fd)]
    check(found, f"{pid} has no {what}")
    return found[0]


def end_and_come_back(act):
    """Records wait; act() ends the pair; they arrive from the ring."""
    journal = Journal()
    old = unit.main_pid()
    arrivals.refuse()
    act()
    until(lambda: unit.runs() and unit.main_pid() != old, 20,
          "the unit runs again")
    arrivals.accept()
    arrivals.more()
    taken = journal.events("ring_taken_over")
    check(taken and int(taken[-1].fields["queued"]) > 0,
          f"no full ring taken over: {taken}")
    unit.check_everything_arrived(arrivals)
    unit.check_sums(arrivals)
    check_domains()
    check_equal(denials(), [])


@test
def files_are_labelled_as_the_module_says():
    unit.install(arrivals.receiver.url, ["split", "selinux"])
    label_files()
    for path, want in (
            (unit.PREFIX / "libexec/sluice/collectord",
             "sluice_collector_exec_t"),
            (unit.PREFIX / "libexec/sluice/shipperd",
             "sluice_shipper_exec_t"),
            (unit.PREFIX / "lib/systemd/system/sluice.service",
             "sluice_unit_file_t"),
            (unit.CONFIG, "sluice_etc_t")):
        check_equal(file_type(path), want, str(path))


@test
def a_denial_is_seen_here():
    systemctl("start", "auditd")
    check_equal(denials(), [])
    done = unit.run("runcon", "system_u:system_r:sluice_collector_t:s0",
                    "/bin/true")
    check(done.returncode != 0, "root's shell entered the collector's domain")
    said, = provoked()
    check("{ transition }" in said, said)


@test
def enabled_and_started_under_enforcing_metrics_arrive():
    check_equal(ENFORCE.read_text(), "1", "enforce")
    journal = Journal()
    systemctl("enable", "--now", "sluice")
    arrivals.more(5)
    started, = journal.events("started")
    check_equal([started.fields[f"{who}_selinux"]
                 for who in ("collector", "shipper")], ["enforced"] * 2)
    check("SELinux" in show("StatusText"), show("StatusText"))
    check_equal(show("NRestarts"), "0", "starts that failed")
    check_equal(denials(), [])


@test
def each_process_is_in_its_domain():
    check_domains()


@test
def credentials_have_a_type_of_their_own():
    for path in pathlib.Path("/run/credentials/sluice.service").iterdir():
        check_equal(file_type(path), "sluice_cred_t", str(path))


@test
def each_end_of_the_channel_is_labelled_by_its_maker():
    kinds = [file_type(fd) for fd in
             pathlib.Path(f"/proc/{unit.main_pid()}/fd").iterdir()
             if os.readlink(fd).startswith("socket:")]
    check_equal(sorted(set(kinds) - {"init_t"}),
                ["sluice_collector_t", "sluice_shipper_init_t"])


@test
def nothing_is_lost_over_systemctl_restart():
    end_and_come_back(lambda: systemctl("restart", "sluice"))


@test
def nothing_is_lost_when_the_collector_is_killed():
    end_and_come_back(lambda: os.kill(unit.main_pid(), signal.SIGKILL))


@test
def nothing_is_lost_when_the_shipper_is_killed():
    end_and_come_back(lambda: os.kill(unit.shipper_pid(), signal.SIGKILL))


@test
def nothing_is_lost_over_stop_and_start():
    def stop_and_start():
        systemctl("stop", "sluice")
        systemctl("start", "sluice")
    end_and_come_back(stop_and_start)


@test
def not_even_root_s_shell_opens_the_ring():
    ring = descriptor(unit.main_pid(), "memfd:ring")
    try:
        os.close(os.open(ring, os.O_RDONLY))
        opened = True
    except PermissionError:
        opened = False
    check(not opened, "unconfined_t opened the ring")
    check(all(":sluice_ring_t:" in line for line in provoked()), "its label")


def refused(journal):
    """Why the pair did not start, in its own words."""
    found = until(lambda: journal.events("fatal"), 20, "a refusal")
    return [(e.fields["what"], e.fields["detail"]) for e in found]


def check_refuses(words):
    journal = Journal()
    unit.run("systemctl", "restart", "sluice")
    what, detail = refused(journal)[0]
    check_equal(what, "require: selinux")
    check(words in detail, detail)
    check(not unit.runs(), "the unit runs")


@test
def permissive_it_refuses_where_selinux_is_required():
    ENFORCE.write_text("0")
    check_refuses("it is permissive")
    ENFORCE.write_text("1")
    until(unit.runs, 20, "the unit runs once it is enforced again")


@test
def permissive_it_runs_where_nothing_is_required_and_says_so():
    ENFORCE.write_text("0")
    unit.configure(arrivals.receiver.url, ["split"])
    journal = Journal()
    systemctl("restart", "sluice")
    started, = journal.events("started")
    check_equal([started.fields[f"{who}_selinux"]
                 for who in ("collector", "shipper")], ["permissive"] * 2)
    check(journal.events("selinux_permissive"), "no word of it")
    check_equal(denials(), [])
    ENFORCE.write_text("1")


def impostor(says, instead):
    """shipperd that takes another name for one of its domains."""
    old = b"\0" + says.encode() + b"\0"
    new = (b"\0" + instead.encode()).ljust(len(old), b"\0")
    text = SHIPPERD.read_bytes()
    check_equal((text.count(old), len(new)), (1, len(old)), says)
    return text.replace(old, new)


def check_both_end(text, label, what):
    """Permissive, the kernel stops nothing and nothing is required: with that
    program as the shipper, the pair ends by its own check of a label."""
    good = SHIPPERD.read_bytes()
    ENFORCE.write_text("0")
    unit.configure(arrivals.receiver.url, ["split"])
    systemctl("stop", "sluice")
    arrived = len(arrivals.receiver.requests)
    journal = Journal()
    SHIPPERD.unlink()
    SHIPPERD.write_bytes(text)
    SHIPPERD.chmod(0o755)
    unit.command("chcon", "-t", label, str(SHIPPERD))
    try:
        unit.run("systemctl", "start", "sluice")
        said = until(lambda: journal.events("channel_refused"), 20,
                     "a refusal")[0]
        check_equal((said.fields["what"], said.fields["fault"]),
                    (what, "wrong_label"))
        check_equal(journal.events("started"), [])
        check_equal(len(arrivals.receiver.requests), arrived, "requests")
    finally:
        SHIPPERD.unlink()
        SHIPPERD.write_bytes(good)
        SHIPPERD.chmod(0o755)
        label_files()
        provoked()
        ENFORCE.write_text("1")
    until(unit.runs, 20, "the unit runs with the shipper that was there")
    check_domains()


@test
def a_shipper_that_stayed_in_the_collector_s_domain_ends_by_itself():
    check_both_end(SHIPPERD.read_bytes(), "bin_t", "the collector's pair")


@test
def one_that_does_not_mind_is_refused_by_the_label_of_its_pair():
    check_both_end(impostor("sluice_shipper_init_t", "sluice_collector_t"),
                   "bin_t", "the shipper's own pair")


@test
def one_that_entered_another_domain_than_the_network_s_is_refused():
    check_both_end(impostor("sluice_shipper_t", "systemd_logind_t"),
                   "sluice_shipper_exec_t", "the locked shipper")


@test
def what_a_captured_daemon_tries_the_policy_alone_stops():
    unit.command("semodule", "-DB")     # much of it is not audited
    tried, said = intruder.intrude("/dev/ubda")
    unit.command("semodule", "-B")
    intruder.check_denied(tried, said, unasked=intruder.BY_UML)


@test
def without_the_policy_it_refuses_where_selinux_is_required():
    unit.configure(arrivals.receiver.url, ["split", "selinux"])
    unit.command("semodule", "-X", "200", "-r", "sluice", "sluice_lockdown",
                 "sluice_port")
    # as a package that goes does: the types are no more
    label_files()
    systemctl("daemon-reload")
    check_refuses("not in its own domain")


@test
def without_the_policy_it_runs_where_nothing_is_required_and_says_so():
    unit.configure(arrivals.receiver.url, ["split"])
    journal = Journal()
    unit.run("systemctl", "restart", "sluice")
    started = until(lambda: journal.events("started"), 20, "a start")[-1]
    check_equal([started.fields[f"{who}_selinux"]
                 for who in ("collector", "shipper")], ["unconfined"] * 2)
    check(journal.events("selinux_unconfined"), "no word of it")


main()
