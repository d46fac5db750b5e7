# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside a booted machine, by test_systemd.py.  One life of
# the unit, told in order: each test leaves it running for the next.
import os
import re
import shutil
import signal

import unit
from pair import status_of
from tap import check, check_equal, main, test, until
from unit import Journal, show, systemctl

arrivals = unit.Arrivals()
PRESERVES = unit.version() >= 254
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


def signal_main(number):
    os.kill(unit.main_pid(), number)


def signal_shipper(number):
    os.kill(unit.shipper_pid(), number)


def end_and_come_back(act, seconds=10):
    """Records wait; act() ends the pair; it is back and all of them arrive,
    from the ring of the process before."""
    check(unit.runs(), "the unit does not run")
    journal = Journal()
    old = unit.main_pid()
    arrivals.refuse()
    act()
    until(lambda: unit.runs() and unit.main_pid() != old, seconds,
          "the unit runs again")
    arrivals.accept()
    arrivals.more()
    taken = journal.events("ring_taken_over")
    check(taken and all(int(e.fields["queued"]) > 0 and e.level == 5
                        for e in taken), f"no full ring taken over: {taken}")
    unit.check_everything_arrived(arrivals)
    unit.check_sums(arrivals)
    check_equal(show("NFileDescriptorStore"), "1", "descriptors kept")
    return journal


@test
def systemd_finds_nothing_wrong_with_the_unit():
    unit.install(arrivals.receiver.url)
    said = unit.run("systemd-analyze", "verify", "--man=no", "sluice.service")
    lines = [line for line in said.stderr.splitlines()
             if PRESERVES or "Unknown key" not in line]
    check_equal((said.returncode, lines), (0, []))


@test
def enabled_and_started_it_is_ready_and_metrics_arrive():
    journal = Journal()
    systemctl("enable", "--now", "sluice")
    check_equal(show("ActiveState"), "active", "state")
    # READY=1 comes from behind both locks
    for pid in (unit.main_pid(), unit.shipper_pid()):
        check_equal(status_of(pid)["Seccomp"], "2", "Seccomp")
    arrivals.more(5)
    started, = journal.events("started")
    check_equal(started.fields["split"], "users")
    check_equal(started.fields["collector_pid"], str(unit.main_pid()))
    check_equal(journal.events("ring_taken_over"), [])
    check_equal(show("NFileDescriptorStore"), "1", "descriptors kept")


@test
def they_are_two_users_without_a_capability():
    users = set()
    for pid in (unit.main_pid(), unit.shipper_pid()):
        status = status_of(pid)
        users |= set(status["Uid"].split())
        for name in CAPABILITY_SETS:
            check_equal(int(status[name], 16), 0, f"{name} of {pid}")
        check_equal(status["NoNewPrivs"], "1", "NoNewPrivs")
    check_equal(len(users), 2, f"users {users}")
    check("0" not in users, f"users {users}")


@test
def the_key_is_root_s_alone_and_comes_as_a_credential():
    key = unit.ETC / "client.key"
    check_equal((key.stat().st_uid, key.stat().st_mode & 0o777), (0, 0o600))
    check_equal({r.subject["commonName"]
                 for r in arrivals.receiver.requests}, {"client"})


@test
def systemctl_status_says_what_is_shipped_and_what_protects_it():
    def status():
        said = show("StatusText")
        return said if said.endswith("; to 127.0.0.1") else None
    said = until(status, 15, "a status that delivers")
    check(re.match(r"\d+ shipped, \d+ queued, 0 lost; two users, "
                   r"Landlock ABI \d+, seccomp; ", said), said)
    # the line's start is seen on a terminal of 80 columns too
    with_it = [line for line in systemctl("status", "sluice").splitlines()
               if "Status:" in line]
    check(with_it and re.match(r".* shipped, .* queued, 0 lost; two users, "
                               "Landlock ABI ", with_it[0][:80]), with_it)


@test
def nothing_is_lost_over_systemctl_restart():
    journal = end_and_come_back(lambda: systemctl("restart", "sluice"))
    stopped, = journal.events("stopped")
    taken, = journal.events("ring_taken_over")
    for field in ("read", "queued"):
        check_equal(taken.fields[field], stopped.fields[field], field)


@test
def nothing_is_lost_when_the_collector_is_killed():
    end_and_come_back(lambda: signal_main(signal.SIGKILL))


@test
def nothing_is_lost_when_the_shipper_is_killed():
    journal = end_and_come_back(lambda: signal_shipper(signal.SIGKILL))
    ended, = journal.events("shipper_ended")
    check_equal(ended.fields["signal"], "9")


@test
def nothing_is_lost_over_systemctl_kill():
    end_and_come_back(lambda: systemctl("kill", "sluice"))
    end_and_come_back(lambda: systemctl("kill", "--signal=KILL", "sluice"))


@test
def nothing_is_lost_over_an_upgrade_of_the_unit_and_both_programs():
    def exe(pid):
        return os.stat(f"/proc/{pid}/exe").st_ino

    def upgrade():
        for name in ("collectord", "shipperd"):
            old = unit.PREFIX / "libexec/sluice" / name
            shutil.copy(old, f"{old}.new")
            os.rename(f"{old}.new", old)
        # the tests of the watchdog need not wait for that of the unit
        (unit.DROP_INS / "upgrade.conf").write_text(
            "[Service]\nWatchdogSec=6s\n")
        systemctl("daemon-reload")
        systemctl("restart", "sluice")
    old = exe(unit.main_pid()), exe(unit.shipper_pid())
    check_equal(show("WatchdogUSec"), "30s", "the watchdog's time")
    end_and_come_back(upgrade)
    check_equal(show("WatchdogUSec"), "6s", "the watchdog's time")
    new = exe(unit.main_pid()), exe(unit.shipper_pid())
    check(old[0] != new[0] and old[1] != new[1], f"{old} and {new}")


@test
def nothing_is_lost_when_systemd_starts_itself_anew():
    def reexecute():
        systemctl("daemon-reexec")
        signal_main(signal.SIGKILL)
    end_and_come_back(reexecute)


def check_watchdog(stop):
    journal = end_and_come_back(stop, 15)
    check(journal.has("Watchdog timeout"), "no word of the watchdog")


@test
def a_shipper_that_hangs_is_ended_by_the_watchdog_and_nothing_is_lost():
    check_watchdog(lambda: signal_shipper(signal.SIGSTOP))


@test
def a_collector_that_hangs_is_ended_by_the_watchdog_and_nothing_is_lost():
    check_watchdog(lambda: signal_main(signal.SIGSTOP))


@test
def a_start_that_fails_again_and_again_is_never_given_up():
    certificate = unit.ETC / "client.crt"
    good = certificate.read_bytes()
    journal = Journal()

    def break_and_mend():
        before = int(show("NRestarts"))
        certificate.write_bytes(b"not a certificate\n")
        signal_main(signal.SIGKILL)
        until(lambda: int(show("NRestarts")) > before + 8, 30, "8 restarts")
        check_equal(show("ActiveState"), "activating", "state")
        certificate.write_bytes(good)
    end_and_come_back(break_and_mend, 30)
    check(journal.events("fatal"), "no word of why")
    check(not journal.has("start-limit-hit"), "start-limit-hit")


@test
def every_interval_that_is_missing_was_counted():
    arrivals.catch_up()
    told = sum(p.value for p in arrivals.last("sluice.intervals.missed"))
    missing = arrivals.missing_steps()
    check(0 < missing, "nothing is missing: this shows nothing")
    # a first reading between two turns stands for the one that was missed
    check(missing <= told <= missing + int(show("NRestarts")) + 4,
          f"{missing} are missing, {told} were counted")


@test
def start_times_and_counts_went_on_over_all_of_this():
    points = sorted((p.time, p.value)
                    for p in arrivals.receiver.points("sluice.records.read"))
    check_equal(len({p.start for p in arrivals.receiver.points(
        "sluice.records.read")}), 1, "start times")
    check_equal(points, sorted(points, key=lambda p: p[1]))


@test
def stop_keeps_the_records_where_systemd_can_and_is_said_where_it_cannot():
    arrivals.refuse()
    journal = Journal()
    systemctl("stop", "sluice")
    check_equal(show("ActiveState"), "inactive", "state")
    stopped, = journal.events("stopped")
    check(int(stopped.fields["queued"]) > 0, "nothing was waiting")
    systemctl("start", "sluice")
    arrivals.accept()
    arrivals.more()
    taken = journal.events("ring_taken_over")
    if PRESERVES:
        check_equal(taken[0].fields["queued"], stopped.fields["queued"])
        unit.check_everything_arrived(arrivals)
    else:
        check_equal(taken, [])
    unit.check_sums(arrivals)


main()
