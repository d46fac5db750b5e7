# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The operator's own metrics, from a file to the receiver.
import contextlib
import os
import pathlib
import tempfile
import threading

import operatorview
from command import Lab
from keys import Keys
from once import once
from pair import Pair, need_root
from receiver import Receiver
from tap import Failed, check, check_equal, main, test, until

_scratch = tempfile.TemporaryDirectory()
keys = Keys(_scratch.name)

DECLARED = {"backup_age_seconds": "gauge s", "backup_bytes": "counter By",
            "rpc_seconds_sum": "counter s nano", "jobs": "gauge {job}"}
LABELS = ("job", "host")

TEXT = """# HELP backup_age_seconds Since the last one.
# TYPE backup_age_seconds gauge
backup_age_seconds{job="etc"} 1.7321e+04
backup_age_seconds{job="home",host="a.b-c_1"} 0.25
backup_bytes 123456789012
rpc_seconds_sum{job=""} 1e-9
jobs -3
"""


@contextlib.contextmanager
def directory():
    need_root()
    with tempfile.TemporaryDirectory(prefix="sluice-operator-") as top:
        os.chmod(top, 0o755)
        yield pathlib.Path(top)


def put(top, name, text):
    """As the manual says: written elsewhere, then renamed into place."""
    aside = top / f".{name}.tmp"
    aside.write_text(text)
    aside.chmod(0o644)
    aside.rename(top / name)


def read(top, *options):
    words = [f"{name}={how}" for name, how in DECLARED.items()]
    return once("operator", "-o", str(top), "-A", "3600", *options,
                *(x for word in (*LABELS, *words) for x in ("-m", word)))


def samples(reading):
    return {where: value for where, value in reading.points.items()
            if not where[0].startswith("sluice.")}


@test
def what_is_in_the_files_is_said_to_the_last_digit():
    with directory() as top:
        put(top, "a.prom", TEXT)
        put(top, "b.prom", "backup_bytes{job=\"b\"} 7\n"
            "backup_bytes{job=\"c\"}\t9.0e+0\nundeclared 1\n")
        reading = read(top)
        want = operatorview.expected(top, DECLARED, LABELS)
        check_equal(len(want), 7, "of the second reader")
        check_equal(samples(reading), want)
        check_equal(reading.failed, [("b.prom:3", "denied")])
        check_equal(reading.lost, 0)


@test
def a_directory_that_is_not_roots_alone_is_not_opened():
    with directory() as top:
        for mode in (0o775, 0o757):
            top.chmod(mode)
            try:
                read(top)
            except Failed as error:
                check("Operation not permitted" in str(error), str(error))
            else:
                check(False, f"{mode:o} was opened")


@test
def files_that_are_renamed_while_they_are_read_are_one_or_the_other():
    with directory() as top:
        put(top, "a.prom", "jobs 0\n")
        done = threading.Event()

        def write():
            for n in range(1, 1000000):
                if done.is_set():
                    return
                put(top, "a.prom", "jobs 1\n" + "# filler\n" * (n % 7000))
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(30):
                reading = read(top)
                check(set(samples(reading).values()) <= {0, 1}, "half a file")
                check({r for _, r in reading.failed} <= {"other"},
                      f"{reading.failed}")
        finally:
            done.set()
            writer.join()


def settings(top, **more):
    return {"collect": {"sources": {"operator": {
        "enabled": True, "directory": str(top), "metrics": DECLARED,
        "labels": list(LABELS), "max_age": "1h", **more}}}}


def arrived(receiver, name):
    return {(frozenset(p.attributes.items()), p.value, p.unit)
            for r in list(receiver.requests) for p in r.points
            if p.name == name}


def check_arrival(encoding):
    with directory() as top, Receiver(keys) as receiver:
        put(top, "a.prom", TEXT)
        with Pair(receiver.url, keys, encoding=encoding,
                  settings=settings(top)) as pair:
            until(lambda: arrived(receiver, "backup_age_seconds"), 30, "it")
            put(top, "late.prom", "backup_bytes{job=\"late\"} 5\n"
                "a_surprise 1\n")
            until(lambda: len(arrived(receiver, "backup_bytes")) == 2, 30,
                  "a file that came later")
            check_equal(arrived(receiver, "backup_age_seconds"), {
                (frozenset({("job", "etc")}), 17321.0, "s"),
                (frozenset({("job", "home"), ("host", "a.b-c_1")}), 0.25,
                 "s")})
            check_equal(arrived(receiver, "rpc_seconds_sum"),
                        {(frozenset(), 1e-9, "s")})
            check_equal(arrived(receiver, "jobs"),
                        {(frozenset(), -3, "{job}")})
            pair.wait_event("source_failed", source="operator",
                            path="late.prom:2", reason="denied")
        names = {p.name for r in receiver.requests for p in r.points}
        check("a_surprise" not in names, "what was not declared arrived")
        check(not {n for n in names if n.startswith("sluice.operator.")} -
              {"sluice.operator.files", "sluice.operator.samples.refused"},
              "a name of ours in the place of a declared one")


@test
def they_arrive_under_the_names_that_were_declared_in_protobuf():
    check_arrival("http/protobuf")


@test
def they_arrive_under_the_names_that_were_declared_in_json():
    check_arrival("http/json")


@test
def a_directory_that_others_may_write_is_fatal_at_the_start_and_to_check():
    with directory() as top:
        top.chmod(0o777)
        with Pair("https://127.0.0.1:9/", keys,
                  settings=settings(top)) as pair:
            pair.wait_event("fatal",
                            what="collect.sources.operator.directory")
            check_equal(pair.wait_exit(), 1)
        lab = Lab()
        done = lab.check(lab.write(settings(top)))
        check_equal(done.returncode, 1)
        check(b"collect.sources.operator.directory" in done.stderr,
              done.stderr.decode())
        top.chmod(0o755)
        put(top, "a.prom", TEXT)
        shown = lab.show(lab.write(settings(top)), user=0).stdout.decode()
        check("backup_age_seconds" in shown, shown[:2000])


@test
def a_name_of_ours_cannot_be_declared():
    need_root()
    lab = Lab()
    for name in ("system_cpu_time", "linux_aslr", "sluice_records_read"):
        done = lab.check(lab.write(settings("/tmp", metrics={
            name: "gauge s"})))
        check_equal(done.returncode, 1, name)
        check(b"Sluice's own" in done.stderr, done.stderr.decode())


main()
