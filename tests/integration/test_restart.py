# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The pair over crashes and restarts, under a manager that
# plays systemd's part: nothing that was committed is lost, counters go on as
# if nothing had been, and every gap is counted.
import contextlib
import fcntl
import os
import pathlib
import re
import signal
import socket
import struct
import tempfile
import time

from keys import Keys
from ledger import Bookkeeper, Ledger
from oddhosts import host
from owned import free_port
from pair import Pair, need_root, status_of
from phase import collects_ms, hasty_host
from receiver import Answer, Receiver
from ringview import FACTS_SIZE, RingView, crc32c
from supervisor import Supervisor
from tap import check, check_equal, main, test, until

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)

HOST = hasty_host("restart")
SECOND = 10**9
BUSY = Answer(503, {"Retry-After": "1"})
# What counts from the start of its own process.
OWN = ("sluice.process.", "sluice.source.", "sluice.export.", "otel.sdk.")


def pair_to(url, settings=None, **options):
    return Pair(url, keys, settings={
        "resource": {"host.id": HOST}, **(settings or {})}, **options)


@contextlib.contextmanager
def books(settings=None, **options):
    """(manager, receiver, ledger); the ledger must be right in the end."""
    need_root()
    ledger = Ledger(collects_ms(HOST))

    def ended(life):
        for _, fd in manager.store:
            ledger.committed(fd)
    with Bookkeeper(keys, ledger) as receiver:
        manager = Supervisor(pair_to(receiver.url, settings), on_end=ended,
                             **options)
        with manager:
            manager.wait_ready()
            yield manager, receiver, ledger
            drain(manager, receiver, ledger)


def ring_of(manager):
    return RingView(manager.store[-1][1])


def drain(manager, receiver, ledger):
    """Stops the pair when nothing waits, and judges the books."""
    receiver.default = Answer()
    # whatever queue of bad answers a test has left
    receiver._answers.clear()

    def nothing_waits():
        with ring_of(manager) as ring:
            return ring.counts()[2] == 0
    until(nothing_waits, 60, "nothing waits in the ring")
    manager.stop()
    faults = ledger.close()
    # a step that was made between the two
    check_equal([f for f in faults if "never came" not in f], [], "faults")
    check(len(ledger.waiting()) <= 1, f"never came: {ledger.waiting()}")


def steps(receiver, count, seconds=30):
    return receiver.wait(count, seconds, status=200)


def starts_of(ledger):
    """Start times of the counters that belong to the host or to the ring."""
    return {key: starts for key, starts in ledger.starts.items()
            if not key[0].startswith(OWN)}


# ---- readiness

@test
def ready_comes_once_when_both_are_locked_and_behind_the_barrier():
    need_root()
    seen = {}

    def on_message(life, fields):
        if "READY" in fields:
            seen["locks"] = [status_of(pid).get("Seccomp")
                             for pid in (life.pid, life.shipper())]
            seen["lines"] = len(life.lines)
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url),
                       on_message=on_message) as manager:
        life = manager.wait_ready()
        receiver.wait(2)
        check_equal(seen["locks"], ["2", "2"], "Seccomp of both at READY=1")
        order = [next(iter(m.fields)) for m in life.messages]
        check_equal(order[:3], ["FDSTORE", "BARRIER", "READY"], "messages")
        check_equal(order.count("READY"), 1, "READY=1")


# Goes through the handshake, takes everything and never locks.
_NEVER_LOCKS = """#!/usr/bin/python3
import array, socket
p = socket.socket(fileno=3)
q, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
for s in (q, theirs):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
q.shutdown(socket.SHUT_RD)
p.sendmsg([b"\\1" + bytes(16)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                array.array("i", [theirs.fileno()]))])
theirs.close()
while p.recv(70000):
    pass
"""


def replace_program(pair, name, content):
    """As a package manager does: the new file under the old name."""
    made = pair.folder / (name + ".new")
    made.write_bytes(content)
    os.chmod(made, 0o755)
    os.replace(made, pair.folder / name)


@test
def a_shipper_that_never_locks_never_makes_it_ready():
    need_root()
    with Receiver(keys) as receiver:
        pair = pair_to(receiver.url)
        replace_program(pair, "shipperd", _NEVER_LOCKS.encode())
        with Supervisor(pair, watchdog=2) as manager:
            time.sleep(4)
            life = manager.life
            check_equal(len(manager.lives), 1, "starts")
            check(life.shipper() is not None, "it has no shipper")
            check_equal([m.fields for m in life.messages[2:]], [],
                        "said behind the barrier")
            with ring_of(manager) as ring:
                check_equal(ring.made(), 0, "records read")
            check_equal(manager.stop(signal.SIGKILL), -signal.SIGKILL)


@test
def nothing_is_started_or_read_before_the_manager_has_the_ring():
    need_root()
    seen = {}

    def on_message(life, fields):
        if "BARRIER" in fields:
            time.sleep(1.5)
            with ring_of(manager) as ring:
                seen["records"] = ring.made()
            seen["shipper"] = life.shipper()
    with Receiver(keys) as receiver:
        manager = Supervisor(pair_to(receiver.url), on_message=on_message)
        with manager:
            life = manager.wait_ready()
            receiver.wait(1)
            check_equal(seen, {"records": 0, "shipper": None})
            barrier = next(m for m in life.messages
                           if m.fields.get("BARRIER") == "1")
            check_equal(barrier.fds, 1, "descriptors of the barrier")
            check(life.ready > barrier.time + 1.4, "it did not wait")


@test
def a_manager_that_was_busy_hears_that_it_is_ready():
    need_root()
    fill = socket.socket(
        socket.AF_UNIX, socket.SOCK_DGRAM)
    fill.setblocking(False)

    def on_message(life, fields):
        if "BARRIER" not in fields:
            return
        manager.hear = False
        with contextlib.suppress(BlockingIOError):
            while True:
                fill.sendto(b"X=1", manager.notify)
    with Receiver(keys) as receiver:
        manager = Supervisor(pair_to(receiver.url), on_message=on_message)
        with fill, manager:
            receiver.wait(2)
            check_equal(manager.life.ready, None, "heard while it was busy")
            manager.hear = True
            manager.wait_ready()


# ---- what `systemctl status` shows

@test
def the_status_says_nothing_yet_then_delivering():
    need_root()
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url), address="abstract") as manager:
        life = manager.wait_ready()
        first = manager.wait_status("Nothing delivered to 127.0.0.1 yet")
        check(re.search(r"; records: \d+ read, 0 delivered, \d+ queued, "
                        r"0 lost; two users, seccomp, Landlock ABI \d+$",
                        first), first)
        later = manager.wait_status("Delivering to 127.0.0.1;")
        numbers = [int(n) for n in re.findall(r"(\d+) (?:read|delivered|"
                                              r"queued|lost)", later)]
        check_equal(numbers[0], sum(numbers[1:]), f"records in {later!r}")
        check(numbers[1] > 0, later)
        check_equal(life.statuses[0], first, "the first line")


@test
def the_status_says_since_when_and_why_it_cannot_deliver():
    need_root()
    with Supervisor(pair_to(
            f"https://127.0.0.1:{free_port()}/v1/metrics")) as manager:
        line = manager.wait_status("Cannot deliver to 127.0.0.1 since ")
        check("s: connect_failed;" in line, line)

        def grown():
            return [int(m[1]) for m in
                    (re.search(r"since (\d+) s", s)
                     for s in manager.life.statuses) if m]
        until(lambda: len(grown()) >= 3, 30, "three such lines")
        seconds = grown()
        check(4 <= seconds[2] - seconds[1] <= 7, f"seconds: {seconds}")
        queued = int(re.search(r"(\d+) queued", manager.life.status)[1])
        check(queued > 64, manager.life.status)


@test
def the_status_says_what_was_lost_by_cause_and_the_layers_that_lack():
    need_root()
    with Receiver(keys) as receiver:
        receiver.answer_next(Answer(400))
        with Supervisor(pair_to(receiver.url, split=False)) as manager:
            line = manager.wait_status(" lost rejected=")
            lost, rejected = re.search(r"(\d+) lost rejected=(\d+);",
                                       line).groups()
            check_equal(lost, rejected, line)
            check(int(lost) > 0, line)
            check("; ONE USER, seccomp, Landlock" in line, line)


# A kernel without Landlock, as far as a process can tell: ENOSYS.
_NO_LANDLOCK = """
import ctypes, os, struct, sys
code = b"".join(struct.pack("HBBI", *row) for row in (
    (0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x50000 | 38),
    (0x06, 0, 0, 0x7FFF0000)))
program = ctypes.create_string_buffer(code, len(code))
class Fprog(ctypes.Structure):
    _fields_ = [("n", ctypes.c_ushort), ("p", ctypes.c_void_p)]
prog = Fprog(4, ctypes.cast(program, ctypes.c_void_p))
if ctypes.CDLL(None).prctl(22, 2, ctypes.byref(prog), 0, 0) != 0:
    sys.exit("no filter")
os.execvp(sys.argv[1], sys.argv[1:])
"""


@test
def the_status_says_that_there_is_no_landlock():
    need_root()
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url, prefix=[
                "/usr/bin/python3", "-c", _NO_LANDLOCK])) as manager:
        line = manager.wait_status("; two users, seccomp, NO Landlock")
        check(line.endswith("NO Landlock"), line)


# ---- the watchdog

def answered_since(life, moment):
    return [t for t in life.alive if t > moment]


@test
def the_watchdog_is_answered_in_time_while_both_work():
    need_root()
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url), watchdog=6) as manager:
        life = manager.wait_ready()
        until(lambda: len(life.alive) >= 5, 30, "five answers")
        gaps = [b - a for a, b in zip(life.alive, life.alive[1:])]
        check(max(gaps) < 6, f"seconds between two answers: {gaps}")
        check(min(gaps) > 2.9, f"more often than it asks: {gaps}")


def check_silent_while_stopped(which):
    need_root()
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url), watchdog=4) as manager:
        life = manager.wait_ready()
        until(lambda: len(life.alive) >= 2, 20, "two answers")
        which(life, signal.SIGSTOP)
        time.sleep(0.5)
        stopped = time.monotonic()
        time.sleep(7)
        check_equal(answered_since(life, stopped), [], "answers meanwhile")
        which(life, signal.SIGCONT)
        until(lambda: answered_since(life, stopped), 10, "it answers again")
        check_equal(len(manager.lives), 1, "starts")


@test
def the_watchdog_hears_nothing_while_the_shipper_is_stopped():
    check_silent_while_stopped(lambda life, s: life.signal_shipper(s))


@test
def the_watchdog_hears_nothing_while_the_collector_is_stopped():
    check_silent_while_stopped(lambda life, s: life.signal(s))


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


@test
def a_watchdog_of_another_process_is_none_of_ours():
    need_root()
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url), watchdog=2,
                       environment={"WATCHDOG_PID": "1"}) as manager:
        life = manager.wait_ready()
        receiver.wait(3)
        check_equal(life.alive, [], "answers")


# ---- restarts

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
def a_stop_and_a_start_lose_nothing_either():
    with books() as (manager, receiver, _):
        steps(receiver, 2)
        life = manager.life
        life.signal(signal.SIGTERM)
        check_equal(manager.wait_end(life), 0, "exit status")
        check(life.stopping is not None, "no STOPPING=1")
        manager.wait_ready(1)
        steps(receiver, len(receiver.requests) + 2)


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


# ---- the ring changes its size

def resize(manager, size):
    text = manager.pair.config_file.read_text()
    manager.pair.config_file.write_text(
        re.sub(r'"size": "[^"]*"', f'"size": "{size}"', text))


def check_resized(size, **options):
    with books(**options) as (manager, receiver, ledger):
        steps(receiver, 2)
        receiver.default = BUSY
        time.sleep(3)
        old, = [name for name, _ in manager.store]
        resize(manager, size)
        manager.restart()
        event = manager.wait_event("ring_resized")
        check(int(event.fields["records"]) >= 32, event.line)
        (new, fd), = manager.store
        check(new != old, "the ring is the old one")
        receiver.default = Answer()
        steps(receiver, len(ledger.arrivals) + 4)
        size = os.fstat(fd).st_size
    for key, starts in starts_of(ledger).items():
        check_equal(len(starts), 1, f"start times of {key}")
    return size


@test
def a_bigger_ring_takes_over_what_waits_in_the_one_before():
    check(check_resized("8MiB") > 7 << 20, "it is not bigger")


@test
def a_smaller_ring_takes_over_what_waits_in_the_one_before():
    check(check_resized("1MiB") <= 1 << 20, "it is not smaller")


def check_two_rings(newest_first, complete):
    """A crash in the middle of the hand-over, before or after its end."""
    cut = []

    def on_message(life, fields):
        if complete and "FDSTOREREMOVE" in fields:
            if not cut:
                cut.append(life)
                life.signal(signal.SIGKILL)
                return False
        if not complete and life.given and "BARRIER" in fields and not cut:
            cut.append(life)
            life.signal(signal.SIGKILL)
            until(lambda: status_of(life.pid)["State"][0] == "Z", 5, "dead")
        return None
    with books(on_message=on_message, newest_first=newest_first) \
            as (manager, receiver, ledger):
        steps(receiver, 2)
        receiver.default = BUSY
        time.sleep(2)
        resize(manager, "8MiB")
        manager.kill()
        manager.wait_ready(2)
        check_equal(len(cut), 1, "crashes in the middle")
        check_equal(len(manager.lives[2].given), 2, "rings that were given")
        until(lambda: len(manager.store) == 1, 5, "one ring is given up")
        receiver.default = Answer()
        steps(receiver, len(ledger.arrivals) + 3)
        check_equal(len(manager.store), 1, "rings that are kept")
        check(os.fstat(manager.store[0][1]).st_size > 7 << 20,
              "the ring is not the bigger one")


@test
def of_two_rings_the_old_one_counts_until_the_new_one_is_whole():
    for newest_first in (True, False):
        check_two_rings(newest_first, complete=False)


@test
def of_two_rings_the_new_one_counts_once_it_is_whole():
    for newest_first in (True, False):
        check_two_rings(newest_first, complete=True)


# ---- descriptors that are no ring

F_ADD_SEALS, SEALS = 1033, 0x1 | 0x2 | 0x4
NAME = "ring-00112233445566778899aabbccddeeff"


def memory(content, seals=SEALS):
    fd = os.memfd_create("test", os.MFD_ALLOW_SEALING)
    os.write(fd, content)
    if seals:
        fcntl.fcntl(fd, F_ADD_SEALS, seals)
    return fd


def good_ring():
    """The bytes of a ring that a pair has left."""
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url)) as manager:
        receiver.wait(2)
        life = manager.life
        manager.hold()
        manager.kill()
        manager.wait_end(life)
        fd = manager.store[0][1]
        return os.pread(fd, os.fstat(fd).st_size, 0)


def of_next_version(ring):
    """As the next release would write its page, both copies."""
    made = bytearray(ring)
    for at in (0, FACTS_SIZE):
        made[at + 8] += 1
        struct.pack_into("<Q", made, at + FACTS_SIZE - 8,
                         crc32c(made[at:at + FACTS_SIZE - 8]))
    return bytes(made)


def write_only():
    return os.open(folder.name, os.O_TMPFILE | os.O_WRONLY, 0o600)


def pipe_end():
    reading, writing = os.pipe()
    os.close(writing)
    return reading


def check_given(fd, name=NAME, counted=1):
    need_root()
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url), give=[(name, fd)]) as manager:
        manager.wait_ready()
        event = manager.wait_event("ring_unreadable", name=name)
        check(event.fields["why"], event.line)

        def missed():
            return [p.value for p in receiver.points(
                "sluice.intervals.missed", sluice_cause="unreadable")]
        until(lambda: len(missed()) >= 2, 20, "two steps")
        check_equal(missed()[-1], counted, f"unreadable ({event.line})")
        check_equal(len(manager.store), 1, "descriptors that are kept")
        check(manager.store[0][0] != name, "what is no ring is still kept")
        return event.fields["why"]


@test
def what_is_no_ring_is_said_counted_and_given_up():
    said = {check_given(make()) for make in (
        write_only, pipe_end, lambda: os.open("/dev/null", os.O_RDWR),
        lambda: memory(b""), lambda: memory(bytes(8192)),
        lambda: memory(os.urandom(1 << 20)))}
    check(len(said) > 1, f"always the same reason: {said}")


@test
def a_ring_cut_short_unsealed_or_of_another_version_is_counted():
    need_root()
    good = good_ring()
    check_given(memory(good[:len(good) // 2]))
    check_given(memory(good[:4096]))
    check_given(memory(good, seals=0))
    check("version" in check_given(memory(of_next_version(good))),
          "the reason")


@test
def a_descriptor_by_another_name_is_said_and_closed():
    need_root()
    check_given(pipe_end(), name="stored", counted=0)


@test
def the_same_bytes_as_they_were_are_taken_over():
    """That the damage above is what was refused."""
    need_root()
    good = good_ring()
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url),
                       give=[(NAME, memory(good))]) as manager:
        event = manager.wait_event("ring_taken_over")
        check(int(event.fields["read"]) >= 16, event.line)
        receiver.wait(2)


@test
def descriptors_of_another_process_are_left_alone():
    need_root()
    fd = memory(good_ring())
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url), give=[(NAME, fd)],
                       environment={"LISTEN_PID": "1"}) as manager:
        life = manager.wait_ready()
        receiver.wait(2)
        check_equal([e.line for e in life.events if "ring" in e.name], [])
        check_equal(len(manager.store), 2, "descriptors that are kept")


# ---- what the manager says to us

WRONG = [
    ("NOTIFY_SOCKET", "run/notify", {}),
    ("NOTIFY_SOCKET", "/", {}),
    ("NOTIFY_SOCKET", "@", {}),
    ("NOTIFY_SOCKET", "/" + "x" * 200, {}),
    ("NOTIFY_SOCKET", "/nowhere/at/all", {}),
    ("WATCHDOG_USEC", "soon", {}),
    ("WATCHDOG_USEC", "", {}),
    ("WATCHDOG_USEC", "-1", {}),
    ("WATCHDOG_USEC", " 1", {}),
    ("WATCHDOG_USEC", "0", {}),
    ("WATCHDOG_USEC", "5000000s", {}),
    ("WATCHDOG_USEC", "18446744073709551615", {}),
    ("WATCHDOG_USEC", "99999999999999999999", {}),
    ("WATCHDOG_PID", "me", {"WATCHDOG_USEC": "5000000"}),
    ("LISTEN_FDS", "two", {}),
    ("LISTEN_FDS", "-1", {}),
    ("LISTEN_FDS", "2", {}),            # one is there
    ("LISTEN_FDS", "17", {}),
    ("LISTEN_FDS", "4294967297", {}),
    ("LISTEN_PID", "", {}),
    ("LISTEN_PID", "1x", {}),
]


@test
def what_makes_no_sense_is_refused_by_its_name():
    need_root()
    for name, value, more in WRONG:
        give = [(NAME, memory(bytes(8192)))] if "LISTEN" in name else ()
        with Supervisor(pair_to("https://127.0.0.1:1/"), give=give,
                        environment={name: value, **more}) as manager:
            manager.hold()
            life = manager.wait_life(0)
            code = manager.wait_end(life)
            said = "\n".join(life.lines)
            check(code > 0, f"{name}={value!r}: status {code}\n{said}")
            check(name in said and "fatal" in said,
                  f"{name}={value!r}:\n{said}")
            check_equal([m.fields for m in life.messages], [],
                        f"said with {name}={value!r}")


@test
def without_a_manager_everything_else_works():
    need_root()
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url), address=None) as manager:
        receiver.wait(2)
        manager.kill()
        manager.wait_life(1)
        receiver.wait(len(receiver.requests) + 2)
        check_equal([line for life in manager.lives for line in life.lines
                     if line.startswith("<3>")], [], "errors")


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
