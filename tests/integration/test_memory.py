# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What both processes take of memory, under their locks and
# with TLS up: nothing is asked of malloc(3) by a turn after the first, and
# nothing grows over a day of their own time.  SLUICE_MEMORY_TURNS is how many
# turns of ten seconds are made (default 500; a day has 8,640).
import os
import statistics
import tempfile
import time

import cost
from hurried import HurriedPair, memory_of
from keys import Keys
from nginx import Nginx
from pair import Pair, build_root, need_root
from tap import Skip, check, check_equal, main, test, until

TURNS = int(os.environ.get("SLUICE_MEMORY_TURNS") or 500)
COUNTED = 100
TURN_MS = 10
LEARNED = 60            # turns after which all that is held is held
MOST_KIB = 3 << 10      # of both together
GROWTH_KIB = 64         # pages that were not touched before
# OpenSSL 3.0 has 40 bytes for each part of a record that it writes or reads,
# and gives them back
BY_OPENSSL = 8
ANSWERS = "keepalive_requests 1000000; " + cost.ANSWERS

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)


def start(server, interval="1s", milliseconds=TURN_MS):
    """An answer that takes 120 s of the shipper's own time is none."""
    return HurriedPair(f"https://127.0.0.1:{server.port}/v1/metrics", keys,
                       milliseconds, interval=interval,
                       settings={"ship": {"timeout": "2m"}})


def settled(pair, server):
    pair.wait_event("first_delivery", 60)
    until(lambda: pair.turns >= LEARNED and len(server.requests()) >= LEARNED,
          120, f"{LEARNED} turns and requests")


def counted(pair, server):
    """Asked for in so many turns, and the requests of these."""
    before, sent = pair.asked(), len(server.requests())
    pair.run(COUNTED, 120)
    after = pair.asked()
    return {name: after[name] - n for name, n in before.items()}, \
        len(server.requests()) - sent


@test
def no_turn_asks_for_memory_but_openssl_for_a_handful_in_a_request():
    with Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as server, \
            start(server) as pair:
        settled(pair, server)
        asked, requests = counted(pair, server)
    print(f"# {COUNTED} turns, {requests} requests: {asked}")
    check(requests > COUNTED / 2, f"{requests} requests")
    check_equal({n: asked[n] for n in ("collectord", "shipperd")},
                {"collectord": 0, "shipperd": 0}, "asked for")
    check_equal(asked["openssl/collectord"], 0, "by OpenSSL")
    check(asked["openssl"] <= BY_OPENSSL * (requests + 1), asked)


@test
def the_counter_sees_what_is_asked_for():
    with Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as server, \
            start(server) as pair:
        pair.wait_event("first_delivery", 60)
        asked = pair.asked()
    # the start of each, and a handshake
    check(asked["collectord"] > 10 and asked["shipperd"] > 0 and
          asked["openssl"] > 500, asked)


@test
def both_together_stay_within_three_mebibytes_with_tls_up():
    with Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as server, \
            Pair(f"https://127.0.0.1:{server.port}/v1/metrics", keys) as pair:
        pair.wait_event("first_delivery", 60)
        time.sleep(5)
        kib = {name: memory_of(pid)[0] for name, pid in
               (("collectord", pair.collector), ("shipperd", pair.shipper))}
    print(f"# private, KiB: {kib}, {sum(kib.values())} in all")
    check(sum(kib.values()) <= MOST_KIB, kib)


@test
def neither_grows_while_time_passes():
    with Nginx(keys, "http://127.0.0.1:9", extra=ANSWERS) as server, \
            start(server, "10s", 2 * TURN_MS) as pair:
        settled(pair, server)
        first, began = pair.memory(), pair.virtual
        took = pair.run(TURNS, 60 + TURNS)
        last, hours = pair.memory(), (pair.virtual - began) / 3600
        sent = len(server.requests())
        # where the machine is busy, an answer may come after its minutes
        wrong = [e.line for e in pair.events if e.level < 5 and
                 e.name != "delivery_failed"]
    print(f"# {hours:.1f} hours in {took:.0f} s, {sent} requests; KiB "
          f"private and not of a file: {first}, then {last}")
    check(hours > TURNS * 9.9 / 3600, f"{hours} hours")
    check(sent > TURNS / 4, f"{sent} requests")
    check_equal(wrong, [], "what went wrong")
    for name, (_, own) in first.items():
        check(last[name][1] - own <= GROWTH_KIB, f"{name}: {first} {last}")


try:
    need_root()
    if b"__asan_init" in (build_root() / "shipperd/shipperd").read_bytes():
        raise Skip("a sanitizer has memory of its own")
    main()
except Skip as reason:
    print(f"1..0 # SKIP {reason}")
