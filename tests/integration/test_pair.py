# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The real pair as a whole: what arrives, who the two
# processes are, how they start and how they end.
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import pair as pairs
from keys import Keys
from pair import Pair, need_root, status_of
from receiver import Receiver
from tap import Skip, check, check_equal, main, test, until

folder = tempfile.TemporaryDirectory()
keys = Keys(folder.name)

# One metric of each source that every Linux host has.
EXPECTED = {
    "system.cpu.time", "linux.context_switches", "system.cpu.load_average.1m",
    "system.memory.usage", "system.memory.limit", "system.paging.faults",
    "system.network.io", "linux.tcp.segments", "linux.sockets.used",
    "system.process.count", "system.uptime", "linux.file_handles",
    "linux.clock.synchronized", "sluice.process.cpu.time",
    "sluice.records.read",
}
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


def arrived(receiver):
    """Every expected metric, seen in whichever request."""
    def all_there():
        names = {p.name for r in list(receiver.requests) for p in r.points}
        return EXPECTED <= names
    until(all_there, 30, "every expected metric arrives")


def end_of(pid):
    until(lambda: status_of(pid).get("State", "Z")[0] == "Z", 10,
          f"process {pid} ends")


def check_encoding(encoding, content_type):
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, encoding=encoding):
        arrived(receiver)
        for request in receiver.requests:
            check_equal(request.headers["Content-Type"], content_type)
            check_equal(request.path, "/v1/metrics")
            check_equal(request.subject, {"commonName": "client"})
            check_equal(len({p.time for p in request.points}), 1,
                        "time steps in one request")
        resource = receiver.requests[0].points[0].resource
        check_equal(resource["deployment.environment.name"], "test")
        check("service.name" in resource, f"no service.name in {resource}")


@test
def metrics_arrive_in_protobuf():
    check_encoding("http/protobuf", "application/x-protobuf")


@test
def metrics_arrive_in_json():
    check_encoding("http/json", "application/json")


@test
def one_connection_is_kept_for_all_requests():
    with Receiver(keys) as receiver, Pair(receiver.url, keys):
        requests = receiver.wait(8)
        check_equal(len({r.port for r in requests}), 1, "connections")


@test
def the_two_run_as_different_users_and_groups_and_neither_is_root():
    need_root()
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.wait(1)
        for pid, user in ((pair.collector, pairs.COLLECTOR),
                          (pair.shipper, pairs.SHIPPER)):
            status = status_of(pid)
            check_equal(status["Uid"].split(), [str(user)] * 4, "Uid")
            check_equal(status["Gid"].split(), [str(user)] * 4, "Gid")
            check_equal(status["Groups"].strip(), "", "Groups")


@test
def all_five_capability_sets_of_both_are_empty_once_metrics_flow():
    need_root()
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.wait(1)
        for pid in (pair.collector, pair.shipper):
            for name in CAPABILITY_SETS:
                check_equal(int(status_of(pid)[name], 16), 0, name)


@test
def both_are_locked_by_seccomp_and_no_new_privs():
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.wait(1)
        for pid in (pair.collector, pair.shipper):
            status = status_of(pid)
            check_equal(status["Seccomp"], "2", "Seccomp")
            check_equal(status["NoNewPrivs"], "1", "NoNewPrivs")


@test
def what_the_pair_says_of_its_confinement_is_what_the_kernel_says():
    need_root()
    want = {"sluice.confinement.seccomp": 2,
            "sluice.confinement.no_new_privs": 1,
            "sluice.confinement.capabilities": 0}
    with Receiver(keys) as receiver, Pair(receiver.url, keys):
        arrived(receiver)
        for name, value in want.items():
            for process in ("collectord", "shipperd"):
                points = receiver.points(name, sluice_process=process)
                check(points, f"no {name} of {process}")
                check_equal({p.value for p in points}, {value}, name)
        split = receiver.points("sluice.confinement.split")
        check_equal({p.value for p in split}, {1}, "split")


def descriptors(pid):
    found = {}
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[int(entry.name)] = os.readlink(entry)
        except FileNotFoundError:
            pass
    return found


@test
def the_shipper_holds_no_file_and_the_collector_none_outside_proc_and_sys():
    need_root()
    allowed = {"shipper": r"socket:|pipe:|/dev/null$",
               "collector": r"socket:|pipe:|/dev/null$|/proc(/|$)|/sys(/|$)|"
                            r"/memfd:|anon_inode:"}
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.wait(2)
        for name, pattern in allowed.items():
            for fd, target in descriptors(getattr(pair, name)).items():
                check(re.match(pattern, target),
                      f"the {name}'s descriptor {fd} is {target}")


@test
def neither_process_listens_on_any_socket():
    need_root()
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.wait(2)
        own = {target[8:-1] for pid in (pair.collector, pair.shipper)
               for target in descriptors(pid).values()
               if target.startswith("socket:[")}
        listening = set()
        for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
            path = pathlib.Path("/proc/net") / table
            for line in path.read_text().splitlines()[1:] \
                    if path.exists() else ():
                words = line.split()
                # 0A: LISTEN; any UDP or raw socket can be sent to
                if words[3] == "0A" or not table.startswith("tcp"):
                    listening.add(words[9])
        check(own, "the pair has no socket at all")
        check_equal(own & listening, set(), "listening sockets")
        for line in pathlib.Path("/proc/net/unix").read_text().splitlines():
            words = line.split()
            if len(words) > 6 and words[6] in own:
                # bit 16: SO_ACCEPTCON
                check_equal(int(words[3], 16) & 0x10000, 0, "unix listener")


@test
def started_as_root_it_refuses_and_says_what_to_do():
    need_root()
    with Pair("https://127.0.0.1:1/", keys, user=0) as pair:
        check(pair.wait_exit() != 0, "it ended with success")
        said = " ".join(pair.lines)
        check("root" in said and "CAP_SETUID" in said, said)


@test
def without_capabilities_both_run_as_the_one_user_and_say_so():
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, split=False) as pair:
        receiver.wait(2)
        check_equal(status_of(pair.collector)["Uid"],
                    status_of(pair.shipper)["Uid"])
        pair.wait_line("split=none")
        check_equal({p.value for p in
                     receiver.points("sluice.confinement.split")}, {0})
        for pid in (pair.collector, pair.shipper):
            for name in CAPABILITY_SETS[:3] + CAPABILITY_SETS[4:]:
                check_equal(int(status_of(pid)[name], 16), 0, name)


@test
def without_capabilities_a_required_split_is_fatal():
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, split=False,
                 settings={"require": ["split"]}) as pair:
        check(pair.wait_exit() != 0, "it ended with success")
        pair.wait_line("split", 0)
        check_equal(len(receiver.requests), 0, "requests")


@test
def with_capabilities_a_required_split_is_given():
    need_root()
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, settings={"require": ["split"]}):
        receiver.wait(1)


@test
def a_dead_shipper_ends_the_collector_with_an_error():
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.wait(1)
        os.kill(pair.shipper, signal.SIGKILL)
        check(pair.wait_exit() > 0, "a positive exit status")
        pair.wait_event("shipper_ended", 0, signal=int(signal.SIGKILL))


@test
def a_dead_collector_ends_the_shipper():
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.wait(1)
        shipper = pair.shipper
        pair.process.kill()
        end_of(shipper)


def wakes(pid):
    return int(status_of(pid)["voluntary_ctxt_switches"])


@test
def at_a_short_interval_the_collector_wakes_for_its_steps_alone():
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.wait(3)
        before, requests = wakes(pair.collector), len(receiver.requests)
        receiver.wait(requests + 8, 20)
        steps = len(receiver.requests) - requests
        # a read that waits for another process is one, too
        check(wakes(pair.collector) - before <= steps + 3,
              f"{wakes(pair.collector) - before} in {steps} steps")


@test
def at_a_longer_one_an_answer_is_taken_when_it_comes():
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, interval="3s") as pair:
        receiver.wait(1)
        before = wakes(pair.collector)
        receiver.wait(2)
        time.sleep(1)
        check(wakes(pair.collector) - before >= 2, "it did not wake")


@test
def sigterm_ends_both_with_success():
    with Receiver(keys) as receiver, Pair(receiver.url, keys) as pair:
        receiver.wait(1)
        shipper = pair.shipper
        pair.process.send_signal(signal.SIGTERM)
        check_equal(pair.wait_exit(), 0, "exit status")
        end_of(shipper)


@test
def a_log_that_nobody_reads_does_not_stop_the_metrics():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        pass
    # the flag belongs to the pipe's end, which the pair shares
    os.set_blocking(writing, True)
    try:
        with Receiver(keys) as receiver, \
                Pair(receiver.url, keys, stderr=writing):
            receiver.wait(3)
    finally:
        os.close(reading)
        os.close(writing)


@test
def a_log_whose_reader_has_gone_does_not_stop_the_metrics():
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with Receiver(keys) as receiver, \
                Pair(receiver.url, keys, stderr=writing):
            receiver.wait(3)
    finally:
        os.close(writing)


@test
def a_log_in_a_regular_file_is_refused_because_the_lock_would_cut_it():
    with tempfile.TemporaryFile() as log, \
            Pair("https://127.0.0.1:1/", keys, stderr=log) as pair:
        check(pair.wait_exit() > 0, "it ended with success")
        log.seek(0)
        check(b"stderr" in log.read(), "the reason is not in the log")


@test
def started_without_standard_descriptors_it_makes_none_of_its_own_one_of_them():
    need_root()
    closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, prefix=closed) as pair:
        arrived(receiver)
        for pid in (pair.collector, pair.shipper):
            found = descriptors(pid)
            check_equal({fd: found[fd] for fd in range(3)},
                        dict.fromkeys(range(3), "/dev/null"), pid)


@test
def a_check_of_a_good_configuration_starts_nothing():
    with Receiver(keys) as receiver:
        made = Pair(receiver.url, keys)
        try:
            check_equal(made.start("-n").wait_exit(), 0, "exit status")
            check_equal(len(receiver.requests) + len(receiver.refused), 0)
        finally:
            made.__exit__(None, None, None)


@test
def a_wrong_configuration_is_refused_with_file_and_key():
    wrong = {"unknown key": ({"ship": {"colour": "red"}}, "ship.colour"),
             "wrong type": ({"ship": {"timeout": 5}}, "ship.timeout"),
             "out of range": ({"collect": {"interval": "1ms"}},
                              "collect.interval")}
    for what, (settings, path) in wrong.items():
        with Pair("https://127.0.0.1:1/", keys, settings=settings) as pair:
            check(pair.wait_exit() > 0, f"{what}: it ended with success")
            said = " ".join(pair.lines)
            check(str(pair.config_file) in said and path in said,
                  f"{what}: {said}")


@test
def a_shipper_started_by_hand_says_that_it_never_is():
    shipperd = pairs.build_root() / "shipperd" / "shipperd"
    done = subprocess.run([shipperd], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=10)
    check(done.returncode > 0, "it ended with success")
    check("collectord" in done.stderr, done.stderr)


@test
def a_broken_openssl_configuration_is_fatal():
    need_root()
    said = subprocess.run(["openssl", "version", "-d"], capture_output=True,
                          text=True, check=True).stdout
    real = os.path.realpath(json.loads(said.split(":", 1)[1]) +
                            "/openssl.cnf")
    broken = pathlib.Path(folder.name) / "broken.cnf"
    broken.write_text("[broken\n")
    os.chmod(folder.name, 0o711)
    os.chmod(broken, 0o644)
    over = ["unshare", "--mount", "sh", "-c",
            f'mount --bind {broken} {real} || exit 99; exec "$@"', "sh"]
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, prefix=over) as pair:
        code = pair.wait_exit()
        if code == 99:
            raise Skip("no right to mount in a namespace of our own")
        check(code > 0, "it ended with success")
        pair.wait_line("OpenSSL", 0)
        check_equal(len(receiver.requests), 0, "requests")


main()
