# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What the pair says to its manager and what it takes from it:
# when it is ready, the line for `systemctl status`, the watchdog, variables
# that make no sense.
import contextlib
import os
import re
import signal
import socket
import time

from managed import keys, pair_to, replace_program, ring_of
from owned import free_port
from pair import need_root, status_of
from receiver import Answer, Receiver
from supervisor import Supervisor
from tap import check, check_equal, main, test, until

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
def the_status_says_nothing_yet_then_what_is_shipped():
    need_root()
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url), address="abstract") as manager:
        life = manager.wait_ready()
        first = manager.wait_status("; nothing taken yet by 127.0.0.1")
        check(re.match(r"0 shipped, \d+ queued, 0 lost; two users, "
                       r"Landlock ABI \d+, seccomp; ", first), first)
        later = manager.wait_status("; to 127.0.0.1")
        shipped, lost = re.match(r"(\d+) shipped, \d+ queued, (\d+) lost; ",
                                 later).groups()
        check(int(shipped) > 0 and lost == "0", later)
        check_equal(life.statuses[0], first, "the first line")


@test
def the_status_says_since_when_and_why_it_cannot_deliver():
    need_root()
    with Supervisor(pair_to(
            f"https://127.0.0.1:{free_port()}/v1/metrics")) as manager:
        line = manager.wait_status("Failing ", "by 127.0.0.1")
        check("s: connect_failed;" in line, line)

        def grown():
            return [int(m[1]) for m in
                    (re.match(r"Failing (\d+) s", s)
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
            check("; ONE USER, Landlock ABI" in line, line)


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
        line = manager.wait_status("; two users, NO Landlock, seccomp")
        check("Landlock ABI" not in line, line)


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
def a_watchdog_of_another_process_is_none_of_ours():
    need_root()
    with Receiver(keys) as receiver, \
            Supervisor(pair_to(receiver.url), watchdog=2,
                       environment={"WATCHDOG_PID": "1"}) as manager:
        life = manager.wait_ready()
        receiver.wait(3)
        check_equal(life.alive, [], "answers")


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
        give = [("ring-0", os.open("/dev/null", os.O_RDWR))
                for _ in range("LISTEN" in name)]
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


main()
