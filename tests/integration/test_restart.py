# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The pair over crashes, restarts and an upgrade, under a
# manager that plays systemd's part: nothing that was committed is lost,
# counters go on as if nothing had been, and every gap is counted.
import os
import pathlib
import re
import signal
import time

from managed import (BUSY, HOST, books, keys, pair_to, replace_program,
                     starts_of, steps)
from oddhosts import host
from pair import need_root
from phase import collects_ms
from receiver import Answer, Receiver
from supervisor import Supervisor
from tap import check, check_equal, main, test, until

SECOND = 10**9


def check_restarts(which):
    with books() as (manager, receiver, ledger):
        steps(receiver, 2)
        for n in range(4):
            manager.restart(**which)
            check_equal(manager.life.given, [manager.store[0][0]],
                        "descriptors given")
            steps(receiver, len(receiver.requests) + 1 + n % 2)
        before = {key: value for key, (_, value, _) in ledger.values.items()}
        check(before, "no counter came")
        for key, starts in starts_of(ledger).items():
            check_equal(len(starts), 1, f"start times of {key}")
        check_equal(len(ledger.rings), 1, "rings")
        _, start, boot = ledger.rings.copy().pop()
        cpu = {s for (name, _), v in ledger.starts.items() for s in v
               if name == "system.cpu.time"}
        check_equal(cpu, {boot}, "start of the CPU's counters")
        read = ledger.starts["sluice.records.read", ()]
        check_equal(read, {start}, "start of sluice.records.read")


@test
def a_crash_of_the_collector_loses_nothing_and_moves_no_counter():
    check_restarts({"collector": True})


@test
def a_crash_of_the_shipper_loses_nothing_and_moves_no_counter():
    check_restarts({"collector": False, "shipper": True})


@test
def a_crash_of_both_loses_nothing_and_moves_no_counter():
    check_restarts({"collector": True, "shipper": True})


def rewrite(path, change):
    """In one instant, as the kernel would."""
    made = path.with_name(path.name + ".new")
    made.write_text(change(path.read_text()))
    os.replace(made, path)


def iowait_steps_back(text):
    return re.sub(r"^(cpu +(?:\d+ ){4})(\d+)",
                  lambda m: m[1] + str(int(m[2]) - 1), text, flags=re.M)


@test
def what_came_late_keeps_its_start_and_what_steps_back_is_held():
    tree = host("restart")
    late = "late0"
    with books({"collect": {"procfs": str(tree / "proc"),
                            "sysfs": str(tree / "sys")}}) \
            as (manager, receiver, ledger):
        steps(receiver, 2)
        rewrite(tree / "proc/net/dev", lambda text: text +
                f"  {late}: 1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n")
        steps(receiver, len(receiver.requests) + 2)
        for n in range(2):
            life = manager.life
            manager.hold()
            manager.kill(shipper=n == 1)
            manager.wait_end(life)
            rewrite(tree / "proc/stat", iowait_steps_back)
            manager.release()
            manager.wait_ready(n + 1)
            steps(receiver, len(receiver.requests) + 2)
        ours = {key: starts for key, starts in ledger.starts.items()
                if ("network.interface.name", late) in key[1]}
        (_, _, boot), = ledger.rings
        check(ours, f"no counter of {late} came")
        for key, starts in ours.items():
            check(len(starts) == 1 and boot not in starts,
                  f"start times of {key}: {starts}, boot {boot}")
        iowait = ledger.starts["system.cpu.time", (("cpu.mode", "iowait"),)]
        check_equal(iowait, {boot}, "start of iowait, which stepped back")


@test
def a_restart_while_the_receiver_is_away_keeps_what_waits():
    with books() as (manager, receiver, ledger):
        steps(receiver, 1)
        receiver.default = BUSY
        taken = len(ledger.arrivals)
        time.sleep(3)
        for shipper in (False, True, False):
            manager.restart(collector=not shipper, shipper=shipper)
            time.sleep(1.5)
        receiver.default = Answer()
        until(lambda: len(+ledger.arrivals) >= taken + 8, 30,
              "what waited has come")


@test
def a_stop_and_a_start_lose_nothing_either_and_send_nothing_again():
    with books() as (manager, receiver, ledger):
        for number in range(1, 5):
            steps(receiver, len(receiver.requests) + 2)
            # the answer is there, and not taken before the next step
            time.sleep(0.2)
            life = manager.life
            life.signal(signal.SIGTERM)
            check_equal(manager.wait_end(life), 0, "exit status")
            check(life.stopping is not None, "no STOPPING=1")
            manager.wait_ready(number)
        steps(receiver, len(receiver.requests) + 2)
        check_equal(ledger.duplicates(), 0, "requests that came again")


@test
def turns_that_nobody_took_are_missed_for_a_restart():
    with books() as (manager, receiver, ledger):
        steps(receiver, 2)
        for seconds in (2.2, 3.7):
            life = manager.life
            manager.hold()
            manager.kill()
            manager.wait_end(life)
            time.sleep(seconds)
            manager.release()
            manager.wait_ready(len(manager.lives))
            steps(receiver, len(receiver.requests) + 3)
    missed = ledger.missed_turns()
    check(3 <= missed <= 6, f"{missed} turns without a step")
    check_equal(ledger.state.missed["restart"], missed, "in the ring")
    _, said = ledger.queue[max(ledger.queue)]
    check_equal(said.get("restart"), missed, "in the last request")
    check_equal({c: n for c, n in said.items() if n and c != "restart"}, {},
                "missed for another cause")


@test
def one_that_is_killed_before_its_first_step_has_not_counted_what_was_missed():
    def until_turn():
        """Seconds to the next collection."""
        now = time.clock_gettime(time.CLOCK_BOOTTIME) * 1000
        return (collects_ms(HOST) - now) % 1000 / 1000
    with books() as (manager, receiver, ledger):
        steps(receiver, 2)
        life = manager.life
        manager.hold()
        manager.kill()
        manager.wait_end(life)
        time.sleep(2)
        # so near to the next one that nothing is collected at once
        time.sleep((until_turn() - 0.45) % 1)
        manager.release()
        for n in (1, 2, 3):
            until(lambda: manager.lives[-1].ready is not None and
                  len(manager.lives) == n + 1, 5, "it is ready")
            # on a slow machine it has had its turn, which is as good
            if n == 3 or until_turn() > 0.45:
                break
            manager.kill()
        steps(receiver, len(receiver.requests) + 2)
    missed = ledger.missed_turns()
    check(2 <= missed <= 3, f"{missed} turns without a step")
    check_equal(ledger.state.missed["restart"], missed, "in the ring")


@test
def a_pair_that_the_watchdog_ended_goes_on_where_it_was():
    with books(watchdog=4, watchdog_kills=True) as (manager, receiver, _):
        steps(receiver, 2)
        life = manager.life
        shipper = os.pidfd_open(life.shipper())
        life.signal_shipper(signal.SIGSTOP)
        check_equal(manager.wait_end(life, 12), -signal.SIGABRT)
        # the manager ends what is left in the control group
        signal.pidfd_send_signal(shipper, signal.SIGKILL)
        os.close(shipper)
        manager.wait_ready(1)
        steps(receiver, len(receiver.requests) + 2)


# ---- what the shipper gets

@test
def the_shipper_inherits_neither_the_manager_nor_the_ring():
    with books() as (manager, receiver, _):
        for _ in range(2):
            life = manager.life
            own = pathlib.Path(f"/proc/{life.pid}/fd")
            theirs = pathlib.Path(f"/proc/{life.shipper()}/fd")
            targets = {os.readlink(fd) for fd in own.iterdir()}
            check(any("memfd:ring" in t for t in targets), f"{targets}")
            other = {os.readlink(fd) for fd in theirs.iterdir()}
            check(not any("memfd" in t for t in other), f"{other}")
            # one end of each pair is its own; stderr is the one in common
            common = {t for t in targets & other
                      if not t.startswith(("pipe:", "/dev/null"))}
            check_equal(common, set(), "descriptors in common")
            check("memfd:ring" in (own.parent / "maps").read_text(),
                  "the collector does not map the ring")
            check("memfd" not in (theirs.parent / "maps").read_text(),
                  "the shipper maps the ring")
            check_equal((theirs.parent / "environ").read_bytes(), b"",
                        "the shipper's environment")
            manager.restart()
        steps(receiver, 2)


@test
def an_upgrade_in_place_takes_the_ring_over():
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url)) as manager:
        need_root()
        receiver.wait(2)
        receiver.default = BUSY
        time.sleep(2)
        for name in ("collectord", "shipperd"):
            program = manager.pair.folder / name
            replace_program(manager.pair, name, program.read_bytes().replace(
                b"0.1.0\0", b"0.1.9\0"))
        old = manager.life
        old.signal(signal.SIGTERM)
        check_equal(manager.wait_end(old), 0, "exit status")
        manager.wait_ready(1)
        event = manager.wait_event("ring_taken_over")
        check(int(event.fields["queued"]) >= 16, event.line)
        receiver.default = Answer()

        def of_the_new():
            return [r for r in list(receiver.requests) if r.status == 200 and
                    r.points[0].resource["service.version"] == "0.1.9"]
        until(lambda: len(of_the_new()) >= 4, 20, "the new one delivers")
        times = sorted({p.time for p in receiver.points("system.uptime")})
        for before, after in zip(times, times[1:]):
            check(after - before < 1.6 * SECOND, "a hole in the steps")


main()
