# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Everything that the encoders write is OTLP to the letter,
# and the judge that says so is judged by requests that are not.
import functools
import json
import os
import pathlib
import subprocess
import tempfile
import time

import oracle
import oracle_mutants
import points
from keys import Keys
from oracle import JSON, PROTOBUF
from oracle_tables import METRICS
from pair import Pair
from receiver import Receiver
from tap import check, check_equal, main, test, until

root = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
build = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"])
fixtures = root / "tests/fixtures"
scratch = tempfile.TemporaryDirectory(prefix="sluice-oracle-")
os.chmod(scratch.name, 0o755)

# Rows for what goes by the operator's names: these are never sent.
DECLARED = {"sluice.operator.counter", "sluice.operator.gauge"}

PROTOCOLS = {PROTOBUF: "http/protobuf", JSON: "http/json"}


@functools.cache
def sample(content_type):
    subprocess.run([build / "tests/integration/encode_sample", scratch.name],
                   check=True, stdout=subprocess.DEVNULL, timeout=60)
    name = {PROTOBUF: "sample.pb", JSON: "sample.json"}[content_type]
    return pathlib.Path(scratch.name, name).read_bytes()


def check_faultless(body, content_type, where):
    faults = oracle.faults(body, content_type)
    check(not faults, f"{where}, {content_type}: {len(faults)} faults\n" +
          "\n".join(f"{f.rule}: {f.words}" for f in faults[:20]))


def show(content_type, tree=None, collect=None):
    """The bodies of the next requests; [] where nothing could be read."""
    settings = dict(collect or {})
    if tree is not None:
        (tree / "sys").mkdir(exist_ok=True)
        settings |= {"procfs": str(tree / "proc"), "sysfs": str(tree / "sys")}
    config = pathlib.Path(scratch.name, "sluice.conf")
    config.write_text(json.dumps({
        "collect": settings,
        "ship": {"protocol": PROTOCOLS[content_type], "ca": "/ca",
                 "cert": "/cert", "key": "/key",
                 "endpoints": ["https://localhost/v1/metrics"]}}))
    done = subprocess.run([build / "tools/sluice", "show", "-c", config,
                           "--raw"], capture_output=True, timeout=120,
                          check=False)
    check(done.returncode == (0 if done.stdout else 1),
          f"sluice show: {done.returncode} {done.stderr[-2000:]!r}")
    return oracle.split(done.stdout, content_type)


def streams(request):
    """What there is, without its times and values."""
    return [(metric.name, str(point.attributes))
            for outer in request.resource_metrics
            for inner in outer.scope_metrics for metric in inner.metrics
            for point in (metric.gauge.data_points or
                          metric.sum.data_points)]


def check_host(where, **how):
    """Both encodings, without a fault; how many points there were."""
    said = {}
    for content_type in PROTOCOLS:
        said[content_type] = []
        for body in show(content_type, **how):
            check_faultless(body, content_type, where)
            said[content_type] += streams(
                oracle.message(body, content_type))
    found = said[PROTOBUF]
    if "tree" in how:                   # which stands still
        # a body in JSON is larger, so another request may hold a stream
        check(sorted(said[JSON]) == sorted(found),
              f"{where}: other streams in JSON")
    check_equal(len(set(found)), len(found), f"{where}: different streams")
    return len(found)


def odd(kind):
    """The top of that kind's trees, made once."""
    top = pathlib.Path(scratch.name, kind)
    if not top.exists():
        subprocess.run([str(fixtures / "make_odd_host.py"), kind, str(top)],
                       check=True, timeout=120)
    return top


def captured(name):
    """A copy in which a folder can be made."""
    copy = pathlib.Path(scratch.name, name)
    subprocess.run(["cp", "-r", fixtures / name, copy], check=True)
    return copy


@test
def every_point_of_the_registry_is_encoded_without_a_fault():
    for content_type in PROTOCOLS:
        check_faultless(sample(content_type), content_type, "sample")
        names = {name for name, _ in streams(
            oracle.message(sample(content_type), content_type))}
        check_equal(names, set(METRICS) - DECLARED, "metrics")


@test
def both_encodings_say_the_same_to_the_last_bit():
    check(oracle.message(sample(PROTOBUF), PROTOBUF) ==
          oracle.message(sample(JSON), JSON), "they differ")


@test
def the_receivers_own_decoder_reads_the_same_points_in_both():
    said = points.decode(sample(PROTOBUF), PROTOBUF)
    check_equal(points.decode(sample(JSON), JSON), said, "points of JSON")
    check_equal(len(said), len(streams(
        oracle.message(sample(PROTOBUF), PROTOBUF))), "points")


def check_mutants(mutants, content_type, at_least):
    missed, names = [], set()
    for name, rule, body in mutants:
        check((name, rule) not in names, f"two mutants are {name!r}")
        names.add((name, rule))
        rules = {fault.rule for fault in oracle.faults(body, content_type)}
        if rule not in rules:
            missed.append(f"{name}: not {rule} but {sorted(rules)}")
    check(not missed, f"{len(missed)} mutants are not caught:\n" +
          "\n".join(missed))
    check(len(names) >= at_least, f"only {len(names)} mutants")


@test
def the_judge_catches_each_mutant_of_a_good_request_in_protobuf():
    good = oracle.message(sample(PROTOBUF), PROTOBUF)
    check_mutants(oracle_mutants.protobuf(good), PROTOBUF, 100)


@test
def the_judge_catches_each_mutant_of_a_good_request_in_json():
    good = oracle.message(sample(PROTOBUF), PROTOBUF)
    check_faultless(json.dumps(oracle_mutants.plain_json(good)).encode(),
                    JSON, "not spoilt")
    check_mutants(oracle_mutants.as_json(good), JSON, 120)


@test
def this_host_is_said_without_a_fault():
    check(check_host("here") > 100, "too few points")
    check(check_host("here", collect={"sources": {
        "cpu": {"per_cpu": True}, "filesystem": {"mountpoints": "all"}}}) >
          100, "too few points")


@test
def the_times_of_this_host_are_those_of_its_clock_and_its_boot():
    before = time.time_ns()
    said = oracle.message(show(PROTOBUF)[0], PROTOBUF)
    after = time.time_ns()
    booted = before - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    for metric in said.resource_metrics[0].scope_metrics[0].metrics:
        for point in metric.sum.data_points:
            check(before <= point.time_unix_nano <= after, metric.name)
            start = point.start_time_unix_nano
            check(start >= booted - 2 * 10 ** 9, f"{metric.name}: {start}")


@test
def captured_hosts_are_said_without_a_fault():
    names = [p.name for p in sorted(fixtures.glob("linux-*"))]
    check(len(names) >= 4, str(names))
    for name in names:
        check(check_host(name, tree=captured(name)) > 20, name)


@test
def a_big_host_is_said_without_a_fault_each_stream_once():
    count = check_host("big", tree=odd("big"),
                       collect={"sources": {"cpu": {"per_cpu": True}}})
    # CPUs and their modes, interfaces, disks
    check(count > 257 * 8 + 500 * 8 + 64 * 11, f"{count} points")


@test
def services_and_containers_are_said_without_a_fault_each_stream_once():
    tree = pathlib.Path(scratch.name, "groups")
    for kind in ("rhel10", "rhel8"):
        subprocess.run([str(fixtures / "make_cgroups.py"), kind,
                        str(tree / kind)], check=True, timeout=120)
        count = check_host(kind, tree=tree / kind, collect={
            "sources": {"cgroup": {"enabled": True}}})
        check(count > 700, f"{kind}: {count} points")


@test
def a_bare_host_is_said_without_a_fault():
    check(check_host("bare", tree=odd("bare")) > 20, "too few points")


@test
def hosts_whose_counters_wrapped_are_said_without_a_fault():
    for tree in sorted(odd("wrapping").iterdir()):
        check(check_host(tree.name, tree=tree) > 100, "too few points")


@test
def hostile_hosts_are_said_without_a_fault_or_not_at_all():
    trees = sorted(odd("hostile").iterdir())
    check(len(trees) > 10, "trees")
    for tree in trees:
        check_host(tree.name, tree=tree)


def check_delivered(content_type):
    keys = Keys(scratch.name)
    # all that the agent says about itself; where nothing was lost, no losses
    own = {name for name in METRICS if name.startswith(("sluice.", "otel."))}
    own -= {"sluice.records.lost", "sluice.intervals.missed"}
    own -= {name for name in own if name.startswith("sluice.operator.")}
    os.chmod(scratch.name, 0o711)       # the pair's user reads the list
    crl = keys.authority.revocations(f"{scratch.name}/crl.pem")
    with Receiver(keys) as receiver, \
            Pair(receiver.url, keys, encoding=PROTOCOLS[content_type],
                 settings={"ship": {"crl": crl}}):
        until(lambda: own <= {p.name for r in list(receiver.requests)
                              for p in r.points}, 30,
              "every metric about the agent arrives")
        for request in receiver.requests:
            check_equal(request.headers["Content-Type"], content_type)
            check_faultless(request.body, content_type, "delivered")


@test
def what_the_pair_delivers_in_protobuf_has_no_fault():
    check_delivered(PROTOBUF)


@test
def what_the_pair_delivers_in_json_has_no_fault():
    check_delivered(JSON)


main()
