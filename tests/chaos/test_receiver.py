# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The real pair against receivers that fail in every way:
# everything that was read arrives in its order and in one version, or is
# counted under its cause, and the pair is as it was before.
import email.utils
import os
import shutil
import tempfile
import time

from keys import Authority, Keys
from mounts import detach, enter_namespace, mount
from nginx import Nginx
from owned import free_port
from pair import Pair, need_root
from receiver import NO_CHECK_TIME, Answer, Receiver
from spacing import check_spacing
from sums import WARM, Memory, Story, Warm, check_troubles, is_taken
from supervisor import Supervisor
from tap import Skip, check, check_equal, until
from together import run_together, together
from victoria import PATH, VictoriaMetrics

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)
other = Authority(os.path.join(folder.name, "other"), "other")
# made here: openssl-ca(1) cannot be run twice at the same time
second = keys.authority.issue("second", "serverAuth", ["IP:127.0.0.2"])
rotated = [keys.authority.issue(name, "serverAuth", Keys.LOCAL)
           for name in ("rotated", "rotated-again")]
renewed = other.issue("renewed", "serverAuth", Keys.LOCAL)
stranger = other.issue("stranger", "clientAuth")
expired = keys.authority.issue("expired", "clientAuth", (), -3, -1)


def url(port):
    return f"https://127.0.0.1:{port}/v1/metrics"


@together
def a_receiver_that_is_killed_again_and_again_misses_nothing():
    port = free_port()
    receivers = [Receiver(keys, port)]
    with receivers[0], Warm(Pair(url(port), keys), *receivers) as warm:
        for down in (1, 4, 0.2, 7):
            receivers[-1].crash()
            time.sleep(down)
            receivers.append(Receiver(keys, port).__enter__())
            warm.story.receivers = receivers
            before = len(receivers[-1].requests)
            receivers[-1].wait(before + 3, 60)
        warm.end()
        receivers[-1].__exit__()


@together
def a_receiver_that_ends_each_connection_costs_no_memory():
    with Receiver(keys) as receiver:
        receiver.default = Answer(headers={"Connection": "close"})
        with Warm(Pair(receiver.url, keys), receiver) as warm:
            receiver.wait(WARM + 45, 60)
            check_equal(len({r.port for r in receiver.requests}),
                        len(receiver.requests), "connections")
            warm.end()


@together
def answers_that_drip_or_never_come_are_cut_at_the_deadline():
    with Receiver(keys) as receiver, Warm(
            Pair(receiver.url, keys, settings={"ship": {"timeout": "2s"}}),
            receiver) as warm:
        receiver.answer_next(
            Answer(503, drip=0.3), Answer(503, drip=0.01),
            Answer(503, delay=30), Answer(503, hang_up="before"),
            Answer(503, hang_up="within", body=b"x" * 100))
        until(lambda: not receiver.more(), 60, "all bad answers are given")
        warm.end()
        waits = [e for e in warm.pair.events if e.name == "delivery_failed"]
        check("timeout_reply" in {e.fields["reason"] for e in waits},
              "no deadline was met")


def later(seconds):
    """A Retry-After in its other form."""
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


def storm(*answers):
    """Returns when each was given; all must be for the same bytes."""
    with Receiver(keys) as receiver, \
            Warm(Pair(receiver.url, keys), receiver) as warm:
        receiver.answer_next(*answers)
        until(lambda: not receiver.more(), 90, "the storm is over")
        warm.end()
        asked = [r for r in receiver.requests if not is_taken(r)]
        check_equal(len(asked), len(answers), "bad answers")
        check_equal(len({r.body for r in asked}), 1, "bodies in the storm")
        return [r.time for r in asked]


@together
def storms_of_429_and_503_are_waited_out_as_they_ask():
    at = storm(Answer(429, {"Retry-After": "2"}),
               Answer(503, {"Retry-After": later(5)}), Answer(503),
               Answer(502, {"Retry-After": "0"}), Answer(504))
    check(2 < at[1] - at[0] < 4, f"2 seconds: {at[1] - at[0]} s")
    check(at[2] - at[1] < 9, f"5 seconds' date: {at[2] - at[1]} s")


@together
def a_retry_after_that_makes_no_sense_changes_nothing():
    at = storm(Answer(429, {"Retry-After": "-7"}),
               Answer(429, {"Retry-After": "soon"}),
               Answer(503, {"Retry-After": later(-600)}), Answer(429))
    for failures, (before, after) in enumerate(zip(at, at[1:])):
        check(after - before < 2 ** failures + 1,
              f"it waited {after - before} s")


@together
def an_absurd_retry_after_is_cut_and_the_next_endpoint_has_it_all():
    with Receiver(keys) as first, \
            Receiver(keys, server=second, address="127.0.0.2") as backup, \
            Warm(Pair(first.url, keys, settings={"ship": {
                "endpoints": [first.url, backup.url]}}),
                 first, backup) as warm:
        first.answer_next(Answer(429, {"Retry-After": "99999999999999"}))
        said = warm.pair.wait_event("delivery_failed", reason="http_429")
        wait = int(said.fields["retry_in_ms"])
        check(900000 < wait <= 901000, f"it waits {wait} ms")
        backup.wait(5)
        count = len(first.requests)
        warm.end(left={"127.0.0.1"})
        check_equal(len(first.requests), count, "requests to the first")


def refused_until_they_renew(client, renew, **options):
    """client is refused at first; renew() is what the server's side does."""
    if os.environ.get("SLUICE_QUICK"):
        raise Skip("takes more than a minute: left out by --quick")
    started = time.time()
    with Receiver(keys, **options) as receiver, \
            Pair(receiver.url, keys, client=client) as pair:
        pair.wait_event("delivery_failed", reason="client_refused")
        check_equal(len(receiver.requests), 0, "requests")
        memory = Memory([pair.collector, pair.shipper])
        renew(receiver)
        receiver.wait(1, 90)
        story = Story(receiver)
        story.wait_live()
        check(len(story.check(started)) > 55, "the queue was not kept")
        # the first of all requests is within
        check(max(memory.grown().values()) < 4096, f"{memory.grown()} kB")
        check_troubles(pair.events)


@together
def a_client_whose_authority_the_server_learns_late_delivers_everything():
    refused_until_they_renew(
        stranger, lambda receiver:
        receiver.context.load_verify_locations(other.cert))


@together
def an_expired_client_that_is_taken_again_delivers_everything():
    def forgive(receiver):
        receiver.context.verify_flags |= NO_CHECK_TIME
    refused_until_they_renew(expired, forgive)


@together
def a_server_certificate_is_rotated_without_a_word():
    with Receiver(keys) as receiver, \
            Warm(Pair(receiver.url, keys), receiver) as warm:
        for made in rotated:
            receiver.context.load_cert_chain(made.cert, made.key)
            receiver.hang_up_all()
            receiver.wait(len(receiver.requests) + 3)
        warm.end()
        check_equal([e.line for e in warm.pair.events
                     if e.process == "shipperd" and
                     e.name != "first_delivery"], [])


@together
def a_new_authority_takes_a_restart_and_loses_nothing():
    need_root()
    started = time.time()
    with Receiver(keys) as receiver, \
            Supervisor(Pair(receiver.url, keys)) as manager:
        receiver.wait(WARM)
        receiver.context.load_cert_chain(renewed.cert, renewed.key)
        receiver.hang_up_all()
        manager.wait_event("delivery_failed", reason="server_refused")
        time.sleep(5)
        ca = manager.pair.folder / "ca.pem"
        os.chmod(ca, 0o600)
        ca.write_bytes(other.cert.read_bytes())
        os.chmod(ca, 0o400)
        manager.restart(collector=True)
        story = Story(receiver)
        story.wait_live()
        story.check(started)


@together
def one_400_and_one_partial_success_cost_what_they_say():
    with Receiver(keys) as receiver, Warm(
            Pair(receiver.url, keys, encoding="http/json"),
            receiver) as warm:
        receiver.answer_next(
            Answer(400, body=b'{"code":3,"message":"no \\"such\\""}'),
            Answer(), Answer(),
            Answer(body=b'{"partialSuccess":{"rejectedDataPoints":"3"}}'))
        until(lambda: not receiver.more(), 20, "both are given")
        receiver.wait(len(receiver.requests) + 8)
        refused = next(r for r in receiver.requests if r.status == 400)
        records = max(p.value for p in receiver.points(
            "sluice.records.lost", sluice_cause="rejected"))
        check(10 < records < 20, f"{records} records in a step")
        warm.end(dropped=1, lost={"rejected": records})
        check_equal(len({r.body for r in receiver.requests}),
                    len(receiver.requests), "each was sent once")
        for what, count in (("refused", len(refused.points)),
                            ("rejected", 3)):
            check_equal(max(p.value for p in receiver.points(
                "otel.sdk.exporter.metric_data_point.exported",
                error_type=what)), count, what)


@together
def endpoints_die_and_come_back_and_each_step_arrives_once():
    backup_port, port = free_port(), free_port()

    def backup_receiver():
        return Receiver(keys, backup_port, server=second,
                        address="127.0.0.2").__enter__()
    backup = backup_receiver()
    urls = [url(port), backup.url]
    with Warm(Pair(urls[0], keys, settings={"ship": {"endpoints": urls}}),
              backup) as warm:
        receivers = warm.story.receivers = [backup]
        # the first comes up: it is found within its breaker's rest
        receivers.append(Receiver(keys, port).__enter__())
        receivers[-1].wait(4, 70)
        count = len(backup.requests)
        receivers[-1].wait(8)
        check_equal(len(backup.requests), count, "requests to the second")
        # both are away
        receivers[1].__exit__()
        backup.__exit__()
        time.sleep(6)
        receivers += [backup_receiver(), Receiver(keys, port).__enter__()]
        until(lambda: len(receivers[-1].requests) > 3, 70,
              "the first is used again")
        # nobody has needed the second since
        warm.end(left={"127.0.0.2"})
        for receiver in receivers[-2:]:
            receiver.__exit__()


@together
def a_full_disk_behind_the_receiver_costs_nothing_once_there_is_room():
    place = tempfile.mkdtemp(prefix="sluice-disk-")
    mount("tmpfs", place, "tmpfs", data="size=48m")
    try:
        with VictoriaMetrics(place) as database, \
                Nginx(keys, database.url) as front, \
                Pair(f"https://127.0.0.1:{front.port}{PATH}", keys) as pair:
            fill_and_empty(place, front, pair)
            check_stored_once(database)
            check_troubles(pair.events)
    finally:
        detach(place)
        shutil.rmtree(place, ignore_errors=True)


def fill_and_empty(place, front, pair):
    def statuses():
        return [r[0] for r in front.requests()]
    until(lambda: len(statuses()) >= WARM, 20, "the first requests")
    memory = Memory([pair.collector, pair.shipper])
    filler = os.path.join(place, "filler")
    room = os.statvfs(place)
    with open(filler, "wb") as file:
        # full to the database below 10 MB; what it still has to write down
        # needs a little, without which it may end
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize -
                           (4 << 20))
    until(lambda: statuses()[-1] in (500, 502, 503, 504), 60,
          "the full disk is noticed")
    time.sleep(5)
    os.unlink(filler)
    until(lambda: statuses()[-5:] == [200] * 5, 90, "there is room again")
    time.sleep(2)
    memory.check_back()
    check_equal(set(statuses()) - {200, 503}, set(), "answers")


def check_stored_once(database):
    rows = database.series("system.uptime")
    check_equal(len(rows), 1, "series of system.uptime")
    times = [t for t, _ in rows[0][1]]
    check_equal(len(times), len(set(times)), "each step once")
    check_spacing(times)
    for row in database.series("sluice.records.lost"):
        check_equal({value for _, value in row[1]}, {0}, str(row[0]))


try:
    need_root()
    enter_namespace()
    run_together()
except Skip as reason:
    print(f"1..0 # SKIP {reason}")
