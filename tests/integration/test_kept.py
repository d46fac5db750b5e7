# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What the manager kept for the next start: rings of another
# size, two of them, and descriptors that are no ring.
import fcntl
import os
import re
import signal
import struct
import tempfile
import time

from managed import BUSY, books, keys, pair_to, starts_of, steps
from pair import need_root, status_of
from receiver import Answer, Receiver
from ringview import FACTS_SIZE, crc32c
from supervisor import Supervisor
from tap import check, check_equal, main, test, until

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
    return os.open(tempfile.gettempdir(), os.O_TMPFILE | os.O_WRONLY, 0o600)


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


main()
