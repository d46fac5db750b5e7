# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What a captured collector can smuggle out: captured_collector
# in the place of collectord drives the shipped shipperd over its own channel,
# and here stands who reads what the receiver stores, or watches the network.
# Only what comes out as it was put in counts.  docs/threat-model.md, X1, has
# the numbers; SLUICE_MEASURE prints them.
import math
import os
import shutil
import tempfile
import time

from keys import Keys
from pair import Pair, build_root, need_root
from receiver import Receiver
from tap import check, check_equal, main, test

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)

HOUR = 3600
MIB = 1 << 20
SECONDS = 6
# What the standard profile of a small host is given by itself, and how often
# it may send: sluice plan, shipperd/delivery.h.
DEFAULT = 722 * 128 * 360
REQUESTS = 10 * HOUR / 10
LETTERS = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
           "0123456789-_")
MASK = (1 << 64) - 1


def sequence():
    """SplitMix64, as in captured_collector.c."""
    state = 0
    while True:
        state = (state + 0x9e3779b97f4a7c15) & MASK
        z = state
        z = ((z ^ z >> 30) * 0xbf58476d1ce4e5b9) & MASK
        z = ((z ^ z >> 27) * 0x94d049bb133111eb) & MASK
        yield z ^ z >> 31


def text(random):
    letters = []
    for i in range(255):
        if i % 10 == 0:
            bits = next(random)
        letters.append(LETTERS[bits & 63])
        bits >>= 6
    return "".join(letters)


class CapturedPair(Pair):
    def __init__(self, url, way, limit, ship=(), **more):
        super().__init__(
            url, keys, prefix=["env", f"CAPTURED={way}"], settings={
                "ship": {"egress_limit": limit, "batch": "32KiB",
                         **dict(ship)}}, **more)
        shutil.copy(build_root() / "tests/integration/captured_collector",
                    self.folder / "collectord")


def capture(way, limit, seconds=SECONDS, **more):
    """Its requests, and in how many seconds they came."""
    with Receiver(keys) as receiver, \
            CapturedPair(receiver.url, way, limit, **more) as pair:
        receiver.wait(1, 30)
        # of the start: the shipper has earned since before its first request
        begun = receiver.requests[0].time
        time.sleep(seconds)
        check(pair.process.poll() is None, "the pair ended")
        got = list(receiver.requests)
        return got, got[-1].time - begun


def report(words, bits_an_hour):
    if "SLUICE_MEASURE" in os.environ:
        print(f"# {words}: {bits_an_hour:,.0f} bits an hour")


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def hidden_value(point, random):
    check_equal(point.value, signed(next(random)), "value")
    return 64


def hidden_start(point, random):
    check_equal(point.start, next(random) >> 1 | 2, "start")
    return 62


def hidden_text(point, random):
    for key in ("linux.systemd.unit", "linux.systemd.slice"):
        check_equal(point.attributes[key], text(random), key)
    return 2 * 255 * 6


WAYS = {
    "values": (hidden_value,),
    "times": (hidden_start,),
    "text": (hidden_text,),
    "all": (hidden_text, hidden_start, hidden_value),
}


def bits_in(requests, way):
    random = sequence()
    bits = 0
    for request in requests:
        for point in request.points:
            bits += sum(read(point, random) for read in WAYS[way])
    return bits


def stream(way, limit=256 * MIB, **more):
    """Bits in a byte of a body.  No faster than the limit allows."""
    requests, seconds = capture(way, f"{limit}B", **more)
    sent = sum(len(r.wire) for r in requests)
    largest = max(len(r.wire) for r in requests)
    check(len(requests) > 3, f"{len(requests)} requests")
    # what it began with is half a second's, and one is on its way
    check(sent - len(requests[0].wire) <=
          limit / HOUR * (seconds + 0.5) + largest,
          f"{way}: {sent} bytes in {seconds:.1f} s")
    density = bits_in(requests, way) / sent
    report(f"{way}: {density:.2f} bits a byte; default limit",
           density * DEFAULT)
    return density


def is_bounded(way, **more):
    need_root()
    check(stream(way, **more) < 7, "denser than docs/threat-model.md says")


@test
def what_is_hidden_in_values_is_bounded_by_the_limit():
    is_bounded("values")


@test
def what_is_hidden_in_times_is_bounded_by_the_limit():
    is_bounded("times")


@test
def what_is_hidden_in_text_is_bounded_by_the_limit():
    is_bounded("text")


@test
def what_is_hidden_in_all_at_once_is_bounded_by_the_limit():
    is_bounded("all")


@test
def without_compression_it_is_bounded_as_well():
    is_bounded("all", ship={"compression": "none"})


@test
def the_order_of_a_thousand_names_is_kept_and_says_something():
    need_root()
    requests, _ = capture("order", "256MiB")
    random = sequence()
    check(len(requests) > 3, f"{len(requests)} requests")
    for request in requests:
        turn = list(range(1024))
        for i in range(1023, 0, -1):
            k = next(random) % (i + 1)
            turn[i], turn[k] = turn[k], turn[i]
        names = ["".join(chr(97 + (n >> 4 * k & 15)) for k in range(4))
                 for n in turn]
        check_equal([p.attributes["linux.systemd.unit"]
                     for p in request.points], names, "order")
    bits = math.lgamma(1025) / math.log(2)
    size = sum(len(r.wire) for r in requests) / len(requests)
    report(f"order: {bits / size:.2f} bits a byte; default limit",
           bits / size * DEFAULT)
    check(bits / size < 3, "denser than docs/threat-model.md says")


@test
def lengths_of_requests_tell_a_listener_a_few_bits_each():
    need_root()
    requests, seconds = capture("sizes", "1GiB")
    random = sequence()
    seen = {}
    for request in requests:
        seen.setdefault(next(random) & 63, []).append(len(request.wire))
    check(len(requests) > 20 and len(seen) > 10, f"{len(requests)} requests")
    # a listener tells two levels apart where no lengths of theirs overlap
    levels = sorted(seen)
    for low, high in zip(levels, levels[1:]):
        check(max(seen[low]) < min(seen[high]),
              f"{low} and {high} look the same: {seen}")
    check(len(requests) / seconds <= 10 * 4 / 3,
          f"{len(requests)} in {seconds:.1f} s are above the pace")
    report("lengths: 6 bits a request; at most", 6 * REQUESTS)


@test
def moments_of_requests_tell_a_listener_a_few_bits_each():
    need_root()
    requests, seconds = capture("moments", "1GiB", seconds=2 * SECONDS)
    random = sequence()
    next(random)
    right = 0
    for before, request in zip(requests, requests[1:]):
        waited = 1000 * (request.time - before.time)
        right += abs(waited - 150 - 20 * (next(random) & 15)) < 20
    wrong = 1 - right / (len(requests) - 1)
    # Shannon's capacity of sixteen levels of which so many are mistaken
    noise = 0 if wrong in (0, 1) else -(
        wrong * math.log2(wrong / 15) + (1 - wrong) * math.log2(1 - wrong))
    bits = max(0, 4 - noise)
    check(bits <= 4 and len(requests) / seconds < 10 * 4 / 3,
          f"{len(requests)} in {seconds:.1f} s")
    report(f"moments: {bits:.1f} bits a request; at most", bits * REQUESTS)


@test
def one_body_above_the_limit_ends_the_pair_and_none_of_it_leaves():
    need_root()
    with Receiver(keys) as receiver, \
            CapturedPair(receiver.url, "all", "64KiB", ship={
                "batch": "256KiB"}) as pair:
        event = pair.wait_event("egress_exceeded", 20)
        check_equal(event.process, "shipperd")
        check_equal(event.level, 3)
        check(int(event.fields["bytes"]) > 65536, event.line)
        check_equal(event.fields["limit"], "65536")
        check_equal(pair.wait_exit(), 1)
        check_equal(len(receiver.requests), 0, "requests")
        check_equal(len([e for e in pair.events
                         if e.process == "shipperd" and e.level < 6]), 1)


@test
def a_pair_that_is_started_again_and_again_sends_no_more():
    need_root()
    limit = 64 * MIB
    begun = time.time()
    lives = 5
    with Receiver(keys) as receiver:
        for _ in range(lives):
            with CapturedPair(receiver.url, "all", f"{limit}B") as pair:
                pair.wait_event("first_delivery", 30)
        # the unit pauses half a second before each, which is not done here
        seconds = time.time() - begun + lives / 2
        sent = sum(len(r.wire) for r in receiver.requests)
        check(sent <= limit / HOUR * seconds, f"{sent} in {seconds:.1f} s")
        check(len(receiver.requests) >= lives, "nothing came")


main()
