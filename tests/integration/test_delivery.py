# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Answers good and bad, outages, wrong certificates: what is
# sent again, what is dropped and counted, and that nothing is lost in silence.
import os
import pathlib
import random
import tempfile
import threading
import time

from keys import Authority, Keys
from owned import free_port
from pair import Pair, status_of
from receiver import NO_CHECK_TIME, Answer, Receiver
from spacing import check_spacing
from sums import the_sum
from tap import Skip, check, check_equal, main, test, until

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)

SECOND = 10**9


def uptimes(receiver):
    """The times of the accepted system.uptime points: one a time step."""
    return [p.time for p in receiver.points("system.uptime")]


def check_no_hole(times, started):
    """At the interval of 1 s, from the start of the pair on."""
    check(times[0] <= (started + 3) * SECOND,
          f"the first step is {times[0] / SECOND - started} s after the start")
    check_equal(times, sorted(times), "order of the steps")
    check_spacing(times, SECOND)


def slow():
    if os.environ.get("SLUICE_QUICK"):
        raise Skip("takes more than a minute: left out by --quick")


def steps(receiver, count, seconds=20):
    return until(lambda: uptimes(receiver)[:count]
                 if len(uptimes(receiver)) >= count else None,
                 seconds, f"{count} time steps")


@test
def a_503_is_followed_by_the_same_bytes_after_its_retry_after():
    with Receiver(keys) as receiver:
        receiver.answer_next(Answer(503, {"Retry-After": "2"}))
        with Pair(receiver.url, keys):
            first, second = receiver.wait(2)[:2]
            check_equal(second.body == first.body, True, "same body")
            waited = second.time - first.time
            check(1.9 < waited < 6, f"it waited {waited} s")
            check_equal((first.status, second.status), (503, 200))


@test
def each_retryable_answer_and_a_lost_one_is_retried():
    wrong = [Answer(429), Answer(502), Answer(503), Answer(504),
             Answer(hang_up="before"), Answer(200, body=b"x" * 64,
                                              hang_up="within")]
    for answer in wrong:
        with Receiver(keys) as receiver:
            receiver.answer_next(answer)
            with Pair(receiver.url, keys):
                first, second = receiver.wait(2)[:2]
                check(second.body == first.body,
                      f"another body after {answer.status}")


@test
def a_400_drops_that_batch_alone_and_is_counted():
    with Receiver(keys) as receiver:
        receiver.answer_next(Answer(
            400, {"Content-Type": "application/x-protobuf"}))
        started = time.time()
        with Pair(receiver.url, keys):
            dropped = receiver.wait(1)[0]
            counted = until(
                lambda: [p for p in receiver.points(
                    "otel.sdk.exporter.metric_data_point.exported",
                    error_type="refused") if p.value > 0],
                20, "the dropped points are counted")
            check_equal(counted[0].value, len(dropped.points), "points")
            times = steps(receiver, 3)
            check(all(t != dropped.points[0].time for t in times) or
                  len(dropped.points) < 100, "it was sent again")
            check_no_hole(times, started + 1)


@test
def a_partial_success_is_not_sent_again_and_is_counted():
    with Receiver(keys) as receiver:
        receiver.answer_next(Answer(
            body=b'{"partialSuccess":{"rejectedDataPoints":"5"}}'))
        with Pair(receiver.url, keys, encoding="http/json"):
            requests = receiver.wait(3)
            check_equal(len({r.body for r in requests}), len(requests),
                        "different bodies")
            until(lambda: [p for p in receiver.points(
                "otel.sdk.exporter.metric_data_point.exported",
                error_type="rejected") if p.value == 5],
                20, "the rejected points are counted")


@test
def a_receiver_that_is_down_at_first_gets_everything_once_it_is_up():
    port = free_port()
    started = time.time()
    with Pair(f"https://127.0.0.1:{port}/v1/metrics", keys) as pair:
        time.sleep(6)
        check(pair.process.poll() is None, "the collector ended")
        with Receiver(keys, port) as receiver:
            check_no_hole(steps(receiver, 8, 40), started)


@test
def a_receiver_that_goes_away_and_comes_back_misses_nothing():
    port = free_port()
    started = time.time()
    with Receiver(keys, port) as before, \
            Pair(before.url, keys) as pair:
        first = steps(before, 3)
        before.__exit__()
        first = uptimes(before)
        time.sleep(3)
        check(pair.process.poll() is None, "the collector ended")
        with Receiver(keys, port) as after:
            steps(after, 4, 40)
            times = sorted(set(first + uptimes(after)))
            check_no_hole(times, started)


@test
def a_receiver_that_never_answers_runs_into_the_deadline_and_is_retried():
    with Receiver(keys) as receiver:
        receiver.answer_next(Answer(delay=8, hang_up="before"))
        with Pair(receiver.url, keys,
                  settings={"ship": {"timeout": "2s"}}):
            first, second = receiver.wait(2)[:2]
            check(first.body == second.body, "another body")
            check(second.time - first.time < 7, "the deadline did not work")


@test
def a_server_of_another_authority_gets_nothing():
    other = Keys(os.path.join(folder.name, "other"))
    with Receiver(keys, server=other.server) as receiver, \
            Pair(receiver.url, keys) as pair:
        until(lambda: receiver.refused, 20, "a refused handshake")
        pair.wait_event("delivery_failed", reason="server_refused")
        check_equal(len(receiver.requests), 0, "requests")
        check(pair.process.poll() is None, "the pair ended")


@test
def a_server_with_another_name_gets_nothing():
    wrong = keys.authority.issue("elsewhere", "serverAuth",
                                 ["DNS:elsewhere.example"])
    with Receiver(keys, server=wrong) as receiver, \
            Pair(receiver.url, keys) as pair:
        pair.wait_event("delivery_failed", reason="server_refused")
        check_equal(len(receiver.requests), 0, "requests")
        check(pair.process.poll() is None, "the pair ended")


@test
def a_server_whose_certificate_expired_gets_nothing_and_that_is_said():
    wrong = keys.authority.issue("stale", "serverAuth", Keys.LOCAL, -3, -1)
    with Receiver(keys, server=wrong) as receiver, \
            Pair(receiver.url, keys) as pair:
        said = pair.wait_event("delivery_failed", reason="server_refused")
        check("expired" in said.line, said.line)
        check_equal(len(receiver.requests), 0, "requests")


@test
def an_expired_client_certificate_is_said_and_the_queue_is_kept():
    slow()
    late = keys.authority.issue("late", "clientAuth", (), -3, -1)
    port = free_port()
    started = time.time()
    with Receiver(keys, port) as strict, \
            Pair(strict.url, keys, client=late) as pair:
        until(lambda: strict.refused, 20, "a refused handshake")
        said = pair.wait_event("delivery_failed", reason="client_refused")
        check("expired" in said.line, said.line)
        check(pair.process.poll() is None, "the pair ended")
        strict.__exit__()
        check_equal(len(strict.requests), 0, "requests")
        with Receiver(keys, port, verify_flags=NO_CHECK_TIME) as lenient:
            check_no_hole(steps(lenient, 10, 200), started)


@test
def a_client_certificate_of_another_authority_is_said_and_the_pair_stays():
    stranger = Authority(folder.name, "stranger").issue("who", "clientAuth")
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, client=stranger) as pair:
        until(lambda: receiver.refused, 20, "a refused handshake")
        pair.wait_event("delivery_failed", reason="client_refused")
        check_equal(len(receiver.requests), 0, "requests")
        check("shipperd" == status_of(pair.shipper)["Name"], "no shipper")


class CrowdedProc:
    """A procfs of nothing but interfaces whose counters jump: large records
    that hardly resemble the ones before."""

    ROW = "  if{:04}: " + " ".join(["{}"] * 16) + "\n"

    def __init__(self, interfaces):
        self.root = pathlib.Path(folder.name) / "proc"
        (self.root / "net").mkdir(parents=True)
        os.chmod(folder.name, 0o711)
        for path in (self.root, self.root / "net"):
            os.chmod(path, 0o755)
        self.counters = [[1] * 16 for _ in range(interfaces)]
        self.ended = threading.Event()
        self.write()
        self.thread = threading.Thread(target=self.change)

    def write(self):
        for row in self.counters:
            row[:] = [n + random.getrandbits(38) for n in row]
        new = self.root / "new"
        new.write_text("header\nheader\n" + "".join(
            self.ROW.format(i, *row) for i, row in enumerate(self.counters)))
        new.rename(self.root / "net/dev")

    def change(self):
        while not self.ended.wait(0.5):
            self.write()

    def __enter__(self):
        self.thread.start()
        return str(self.root)

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


@test
def a_full_ring_drops_the_oldest_and_counts_what_it_dropped():
    port = free_port()
    with CrowdedProc(1200) as procfs, Pair(
            f"https://127.0.0.1:{port}/v1/metrics", keys,
            settings={"ring": {"size": "1MiB"},
                      "collect": {"procfs": procfs}}) as pair:
        time.sleep(30)              # at some 60 kB a second
        check(pair.process.poll() is None, "the pair ended")
        with Receiver(keys, port) as receiver:
            lost = until(lambda: [p for p in receiver.points(
                "sluice.records.lost", sluice_cause="queue_full")
                if p.value > 0], 90, "the loss is counted")
            check(lost[0].kind == "counter", "it is a counter")
            for time_of, (read, found) in the_sum(receiver).items():
                check_equal(found, read, f"records at {time_of}")


@test
def a_new_agent_delivers_within_a_tenth_of_a_second_of_its_start():
    took = []
    for _ in range(3):
        with Receiver(keys) as receiver:
            pair = Pair(receiver.url, keys, interval="10s")
            begun = time.time()
            with pair:
                first = receiver.wait(1)[0]
            took.append(first.time - begun)
    # the best of three: others use this machine, too
    check(min(took) < 0.1, f"seconds: {took}")


main()
