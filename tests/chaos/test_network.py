# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The real pair behind a cable of its own that is cut, loses
# packets or leads elsewhere: once it is whole again everything that was read
# arrives, in its order and in one version.
import pathlib
import tempfile
import time

from dnslab import record, zone
from keys import Keys
from netlab import NAME, PORT, SERVERS, NetLab, need_nets
from pair import Pair
from receiver import Answer
from sums import Warm, check_troubles
from tap import Failed, Skip, check, check_equal
from together import run_together, together

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)
CERTIFICATE = keys.authority.issue(
    "lab", "serverAuth", [f"DNS:{NAME}", *(f"IP:{a}" for a in SERVERS)])
AWAY = 8                # seconds
TRIES = 5


class Wired:
    """with Wired() as wired: wired.lab, .warm, .receivers.  name: the endpoint
    is a name, and so many receivers can stand behind it."""

    def __init__(self, name=False, receivers=1, timeout="2s", ttl=1):
        self.lab = NetLab()
        self.timeout = timeout
        self.host = NAME if name else SERVERS[0]
        self.count = receivers
        self.behind = SERVERS[0]
        self.ttl = ttl

    def play(self, query, connection):
        return zone(record(NAME, self.behind, self.ttl))(query, connection)

    def pair(self):
        place = pathlib.Path(tempfile.mkdtemp(dir=folder.name))
        return Pair(f"https://{self.host}:{PORT}/v1/metrics", keys,
                    settings={"ship": {"timeout": self.timeout}},
                    prefix=self.lab.prefix(place))

    def serve(self, address=SERVERS[0]):
        made = self.lab.receiver(keys, CERTIFICATE, address).__enter__()
        self.receivers.append(made)
        return made

    def __enter__(self):
        self.lab.__enter__()
        self.receivers = []
        try:
            for address in SERVERS[:self.count]:
                self.serve(address)
            self.names = self.lab.name_server(self.play).__enter__()
            self.warm = Warm(self.pair(), *self.receivers)
            self.warm.__enter__()
        except BaseException:
            self._end()
            raise
        return self

    def _end(self):
        for receiver in self.receivers:
            receiver.__exit__()
        self.names.__exit__()
        self.lab.__exit__()

    def __exit__(self, *error):
        self.warm.__exit__(*error)
        self._end()

    def end(self, **what):
        self.warm.story.receivers = self.receivers
        return self.warm.end(**what)

    def failures(self):
        return [e.fields["reason"] for e in self.warm.pair.events
                if e.name == "delivery_failed"]

    def said(self):
        return set(self.failures())


@together
def packets_that_vanish_both_ways_cost_nothing_once_they_do_not():
    with Wired() as wired:
        wired.lab.filter("drop")
        time.sleep(AWAY)
        wired.lab.filter(None)
        wired.end()
        check(wired.said() & {"timeout_reply", "no_reply"}, wired.said())


@together
def answers_that_vanish_are_asked_for_again_with_the_same_bytes():
    with Wired() as wired:
        wired.lab.filter("ip saddr " + SERVERS[0] + " drop")
        time.sleep(AWAY)
        wired.lab.filter(None)
        wired.end()


@together
def a_connection_that_only_we_believe_in_is_replaced():
    """The server's end is gone, and its reset was lost: the next request is
    cut at once and sent again, and nobody had to wait."""
    with Wired() as wired:
        for _ in range(TRIES):
            old = wired.receivers[-1]
            old.wait(len(old.requests) + 1)
            answered, failed = time.monotonic(), wired.failures()
            time.sleep(0.05)
            wired.lab.filter("drop")
            old.crash()
            wired.lab.filter(None)
            wired.serve()
            # else a request was under way, which waits for its answer
            between = time.monotonic() - answered < 0.8
            wired.receivers[-1].wait(3)
            if between:
                break
        else:
            raise Failed("never between two requests")
        check_equal(wired.failures()[len(failed):], [], "failures")
        wired.end()


@together
def a_third_of_all_packets_lost_slows_it_and_loses_nothing():
    with Wired(timeout="5s") as wired:
        wired.lab.filter("numgen random mod 100 < 30 drop")
        time.sleep(4 * AWAY)
        wired.lab.filter(None)
        wired.end()


@together
def a_name_server_that_is_gone_for_a_while_costs_nothing():
    with Wired(name=True) as wired:
        wired.receivers[0].default = Answer(headers={"Connection": "close"})
        wired.warm.pair.wait_event("first_delivery")
        wired.names.__exit__()
        wired.warm.pair.wait_event("delivery_failed",
                                   reason="name_server_unreachable")
        time.sleep(AWAY)
        wired.names = wired.lab.name_server(wired.play).__enter__()
        wired.end()


@together
def a_name_that_moves_is_followed_when_the_old_address_dies():
    with Wired(name=True, receivers=2, ttl=3600) as wired:
        old, new = wired.receivers
        wired.behind = SERVERS[1]
        time.sleep(3)
        check_equal(len(new.requests), 0, "a connection that works is kept")
        old.crash()
        new.wait(3)
        wired.end()


@together
def a_name_that_moves_is_followed_while_the_old_address_still_answers():
    with Wired(name=True, receivers=2) as wired:
        old, new = wired.receivers
        old.default = Answer(headers={"Connection": "close"})
        wired.behind = SERVERS[1]
        new.wait(3)
        count = len(old.requests)
        new.wait(6)
        check_equal(len(old.requests), count, "requests to the old address")
        wired.end()


@together
def a_name_that_moves_is_followed_when_the_old_address_is_of_no_use():
    """As a load balancer that is taken out: 503, and never closes."""
    with Wired(name=True, receivers=2) as wired:
        old, new = wired.receivers
        wired.behind = SERVERS[1]
        old.default = Answer(503)
        new.wait(3, 30)
        check(len(old.requests) < 20, f"{len(old.requests)} to the old one")
        wired.end()


@together
def an_interface_that_is_down_or_without_a_route_costs_nothing():
    with Wired() as wired:
        wired.lab.ip("link", "set", "cable", "down")
        time.sleep(AWAY)
        wired.lab.ip("link", "set", "cable", "up")
        wired.warm.story.wait_live()
        wired.lab.ip("route", "del", "10.77.0.0/24")
        time.sleep(AWAY)
        wired.lab.ip("route", "add", "10.77.0.0/24", "dev", "cable")
        wired.end()
        check("connect_failed" in wired.said(), wired.said())


@together
def a_host_that_starts_before_its_network_delivers_from_the_first_step():
    with NetLab() as lab:
        wired = Wired()
        wired.lab, wired.receivers = lab, []
        lab.ip("link", "set", "cable", "down")
        started = time.time()
        with wired.pair() as pair:
            pair.wait_event("delivery_failed", reason="connect_failed")
            time.sleep(AWAY)
            lab.ip("link", "set", "cable", "up")
            receiver = wired.serve()
            receiver.wait(1, 60)
            story = Warm(pair, receiver).story
            story.wait_live()
            check(len(story.check(started)) > AWAY, "too few steps")
            check_troubles(pair.events)
        receiver.__exit__()


try:
    need_nets()
    run_together()
except Skip as reason:
    print(f"1..0 # SKIP {reason}")
