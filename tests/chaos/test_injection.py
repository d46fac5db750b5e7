# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Every system call that a locked process makes fails while
# it runs, in each way that the manual pages know and some that they do not:
# the pair goes on and everything arrives once, or it ends as a whole and says
# why.
import collections
import errno
import functools
import os
import tempfile
import threading
import time
import traceback

from honest import (accepted, check_counters, check_once, check_starts,
                    check_sum, series, steps)
from keys import Keys
from meddle import CALLS, MeddledPair
from oddhosts import host
from pair import need_root, parse_event, status_of
from receiver import Answer, Receiver
from spacing import check_spacing
from tap import Failed, check, check_equal, main, test, until

SECOND = 10**9
GROWTH_KB = 512

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)

# Each is done to half of the calls of a whole interval; a long run does it to
# the other half as well.
PHASES = (0, 1) if os.environ.get("SLUICE_CHAOS") else (0,)
SHORT = {"pread": (61, 7), "read": (1, 100), "write": (1, 100)}
COLLECTOR = {
    "openat": "EINTR EMFILE ENFILE ENOMEM EIO EACCES",
    "pread": "EINTR EIO ENOMEM short",
    "read": "EINTR EAGAIN EIO",
    "getdents": "EINTR ENOMEM EIO",
    "close": "EINTR EIO",
    "statfs": "EINTR ENOMEM EIO",
    "ppoll": "EINTR",
    "sendto": "EINTR EAGAIN ENOBUFS ENOMEM",
    "recvmsg": "EINTR EAGAIN ENOBUFS ENOMEM ECONNRESET",
    "write": "EINTR EAGAIN EIO short",
}
SHIPPER = {
    "read": "EINTR EAGAIN ECONNRESET EIO short",
    "write": "EINTR EAGAIN ECONNRESET EPIPE ENOBUFS EIO short",
    "close": "EINTR EIO",
    "ppoll": "EINTR",
    "recvmsg": "EINTR EAGAIN ENOBUFS ENOMEM ECONNRESET",
    "sendto": "EINTR EAGAIN ENOBUFS ENOMEM",
    "socket": "EMFILE ENFILE ENOBUFS ENOMEM EACCES",
    "connect": "EINTR EAGAIN ECONNREFUSED ENETUNREACH ENOMEM",
    "getsockopt": "ENOBUFS",
    "setsockopt": "ENOMEM",
    "malloc": "ENOMEM",
}

Fatal = collections.namedtuple("Fatal", "where call error line reason")
NO_EVENT_LOOP = "what is waited for and when is not known any more"
NO_PEER = "the other half is gone, or may be: both end and start again"
FATAL = (
    Fatal("collector", "ppoll", "ENOMEM", 'fatal what="ppoll"',
          NO_EVENT_LOOP),
    Fatal("collector", "sendto", "ECONNRESET", "shipper_ended", NO_PEER),
    Fatal("collector", "sendto", "EPIPE", "shipper_ended", NO_PEER),
    Fatal("collector", "sendto", "EIO", 'fatal what="send records"',
          "no socket of ours says so: a broken contract"),
    Fatal("collector", "recvmsg", "EIO", "channel_refused", NO_PEER),
    # twice, for the one that comes before what was still sent
    Fatal("collector", "recvmsg", "ECONNRESET", "channel_refused", NO_PEER),
    Fatal("shipper", "ppoll", "ENOMEM", 'fatal what="ppoll"', NO_EVENT_LOOP),
    Fatal("shipper", "sendto", "ECONNRESET", "shipper_ended", NO_PEER),
    Fatal("shipper", "sendto", "EIO", "channel_refused", NO_PEER),
    Fatal("shipper", "recvmsg", "EIO", "channel_refused", NO_PEER),
    Fatal("shipper", "getentropy", "EIO", "signal=31",
          "without randomness there is no TLS: OpenSSL then looks for a"
          " device file, which the lock does not forgive"),
)


def memory(pair):
    """kB of each process without the ring."""
    found = []
    for pid in (pair.collector, pair.shipper):
        status = status_of(pid)
        found.append(int(status["VmRSS"].split()[0]) -
                     int(status["RssShmem"].split()[0]))
    return found


# Failures in a row are waited for longer and longer.
def more_steps(receiver, count, what, seconds=120):
    before = len(steps(receiver))
    until(lambda: len(steps(receiver)) >= before + count, seconds,
          f"{count} more steps after {what}")


def each(faults):
    for call, words in faults.items():
        for word in words.split():
            if word == "short":
                for bytes_ in SHORT[call]:
                    yield f"{call} of {bytes_} bytes", call, 0, bytes_
            else:
                yield f"{call} {word}", call, getattr(errno, word), 0


def check_alive(pair, what):
    check(pair.process.poll() is None, f"it ended after {what}")


def check_everything(receiver, pair, began):
    """No step is missing, none came twice, and the sums hold."""
    check_once(receiver)
    check_counters(receiver)
    check_starts(receiver)
    times = steps(receiver)[1:]     # the first may be out of turn
    check_equal(times, sorted(times), "order of the steps")
    check_spacing(times, SECOND)
    for before, now in zip(began, memory(pair)):
        check(now - before < GROWTH_KB, f"from {before} to {now} kB")
    check_equal(pair.stop(), 0, "exit status")
    check_equal([line for line in pair.lines if parse_event(line) is None],
                [], "broken log lines")
    _, became = check_sum(pair)
    check_equal(became.keys() - {"acknowledged", "queued"}, set(), "lost")


# other tests make and take away loop devices meanwhile
NO_LOOPS = {"sources": {"disk": {"exclude": ["loop*"]}}}


def each_call_of_the_collector_fails():
    with Receiver(keys) as receiver, \
            MeddledPair(receiver.url, keys,
                        settings={"collect": NO_LOOPS}) as pair:
        more_steps(receiver, 4, "the start")
        began, calm = memory(pair), pair.in_collector.seen()
        for what, call, error, bytes_ in each(COLLECTOR):
            for phase in PHASES:
                if call == "write":     # of the one line that a step makes
                    pair.in_collector.fail(call, error, bytes_, most=2)
                    pair.in_collector.step(0.2)
                else:
                    pair.in_collector.fail(call, error, bytes_, 2, phase)
                # file systems are asked once in ten seconds
                until(lambda: pair.in_collector.failed > 0, 20, what)
                time.sleep(1.05)
                pair.in_collector.stop()
                check_alive(pair, what)
        more_steps(receiver, 3, "all")
        seen = pair.in_collector.seen()
        check_equal(seen["malloc"], calm["malloc"], "calls of malloc")
        check_equal({call for call in CALLS if seen[call] > calm[call]},
                    set(COLLECTOR), "calls that were made")
        check_everything(receiver, pair, began)


def each_call_of_the_shipper_fails():
    with Receiver(keys) as receiver, \
            MeddledPair(receiver.url, keys,
                        settings={"collect": NO_LOOPS,
                                  "ship": {"timeout": "2s"}}) as pair:
        # each request on a connection of its own
        receiver.default = Answer(headers={"Connection": "close"})
        more_steps(receiver, 4, "the start")
        began, calm = memory(pair), pair.in_shipper.seen()
        for what, call, error, bytes_ in each(SHIPPER):
            for phase in PHASES:
                pair.in_shipper.fail(call, error, bytes_, 2, phase,
                                     50 if bytes_ else 3)
                until(lambda: pair.in_shipper.failed > 0, 30, what)
                more_steps(receiver, 1, what)
                pair.in_shipper.stop()
                check_alive(pair, what)
        more_steps(receiver, 3, "all")
        seen = pair.in_shipper.seen()
        check_equal({call for call in CALLS if seen[call] > calm[call]} -
                    {"getentropy"}, set(SHIPPER), "calls that were made")
        check_everything(receiver, pair, began)


def side_by_side(functions, at_once):
    """Runs them all; raises what failed."""
    failures = []

    def run(function):
        try:
            function()
        except Failed as failure:
            failures.append(f"{failure}\n{getattr(failure, 'evidence', '')}")
        except Exception:
            failures.append(traceback.format_exc())

    for i in range(0, len(functions), at_once):
        threads = [threading.Thread(target=run, args=(function,))
                   for function in functions[i:i + at_once]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise Failed("\n".join(failures))


@test
def each_call_of_either_can_fail():
    need_root()
    side_by_side([each_call_of_the_collector_fails,
                  each_call_of_the_shipper_fails], 2)


def check_fatal(fatal):
    with Receiver(keys) as receiver, \
            MeddledPair(receiver.url, keys) as pair:
        receiver.default = Answer(headers={"Connection": "close"})
        more_steps(receiver, 1, "the start")
        shipper = pair.shipper
        meddle = getattr(pair, "in_" + fatal.where)
        meddle.fail(fatal.call, getattr(errno, fatal.error))
        if fatal.call == "getentropy":      # asked for once in a few hours
            meddle.step(3 * 3600)
        check_equal(pair.wait_exit(30), 1, f"exit status after {fatal}")
        pair.wait_line(fatal.line, 5)
        until(lambda: status_of(shipper).get("State", "Z").startswith("Z"), 5,
              "the shipper ends as well")


@test
def what_cannot_go_on_ends_as_a_whole_and_says_why():
    need_root()
    side_by_side([functools.partial(check_fatal, fatal) for fatal in FATAL],
                 4)


def values(points):
    return {(p.name, frozenset(p.attributes.items())): p.value
            for p in points
            if not p.name.startswith(("sluice.", "otel.")) and
            "clock" not in p.name}


@test
def files_that_come_in_pieces_say_the_same():
    need_root()
    tree = host("pieces")
    # of a process one read is taken: procfs gives no half a line of it
    settings = {"collect": {"procfs": str(tree / "proc"),
                            "sysfs": str(tree / "sys"),
                            "sources": {"process": {"enabled": False}}}}
    with Receiver(keys) as receiver, \
            MeddledPair(receiver.url, keys, settings=settings) as pair:
        more_steps(receiver, 2, "the start")
        for bytes_ in (1, 7, 61, 1000):
            pair.in_collector.fail("pread", 0, bytes_)
            more_steps(receiver, 2, f"pieces of {bytes_} bytes")
            check(pair.in_collector.stop() > 20, "nothing was cut")
        found = [values(r.points) for r in accepted(receiver)]
        check(len(found[0]) > 100, f"{len(found[0])} points")
        for one in found[1:]:
            check_equal(one, found[0], "what the files say")
        check_equal(pair.stop(), 0, "exit status")
        check_sum(pair)


@test
def half_a_status_is_no_smaller_memory():
    """Of real processes: pieces of a file must not become numbers."""
    need_root()
    with Receiver(keys) as receiver, \
            MeddledPair(receiver.url, keys) as pair:
        more_steps(receiver, 2, "the start")
        pair.in_collector.fail("pread", 0, 13)
        more_steps(receiver, 3, "pieces of 13 bytes")
        for name in ("sluice.process.memory.usage", "system.memory.limit"):
            for where, points in series(receiver).items():
                if where[0] == name:
                    seen = [p.value for p in points]
                    check(len(seen) == len(steps(receiver)) and
                          min(seen) * 1.5 > max(seen), f"{where}: {seen}")


main()
