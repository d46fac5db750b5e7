# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  `sluice show`: this host's metrics for a person to read,
# and the exact bytes of the next request, over real and odd trees.
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

import points
from command import Lab
from once import ATTR
from pair import Pair, need_root
from receiver import Receiver
from tap import check, check_equal, main, test, until

lab = Lab()
SOURCE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
FIXTURES = sorted((SOURCE / "tests/fixtures").glob("linux-*"))
TYPES = {"http/protobuf": "application/x-protobuf",
         "http/json": "application/json"}
LINE = re.compile(r"([a-z0-9_.]+)(?:\{(.*)\})? (-?\d+(?:\.\d+)?) (\S+)")

trees = tempfile.TemporaryDirectory(prefix="sluice-trees-")
os.chmod(trees.name, 0o755)


def odd(kind):
    """The folders of one kind of odd host, each with proc and sys."""
    place = pathlib.Path(trees.name, kind)
    if not place.exists():
        subprocess.run([sys.executable,
                        SOURCE / "tests/fixtures/make_odd_host.py", kind,
                        place], check=True, stdin=subprocess.DEVNULL)
    return sorted(p.parent for p in place.rglob("proc")
                  if p.parent.name != "sys" and p.is_dir())


def settings(tree=None, encoding="http/protobuf", batch="256KiB", **sources):
    collect = {"sources": sources}
    if tree is not None:
        (tree / "sys").mkdir(exist_ok=True)
        collect |= {"procfs": str(tree / "proc"), "sysfs": str(tree / "sys")}
    return {"collect": collect,
            "ship": {"protocol": encoding, "batch": batch}}


def show(*words, **how):
    done = lab.show(lab.write(settings(**how)), *words)
    check_equal(done.returncode, 0, done.stderr.decode())
    return done.stdout


class Readable:
    """What `sluice show` printed, taken apart; a line of no form fails."""

    def __init__(self, text):
        self.heads = []
        self.points = []
        for line in text.decode().splitlines():
            if line.startswith("#"):
                self.heads.append(line)
            elif line:
                match = LINE.fullmatch(line)
                check(match, f"not a point: {line!r}")
                name, attrs, value, unit = match.groups()
                self.points.append((name, unit, dict(ATTR.findall(
                    attrs or "")), float(value)))

    def value(self, name, **attrs):
        want = {k.replace("__", "."): v for k, v in attrs.items()}
        found = [p[3] for p in self.points if p[0] == name and p[2] == want]
        check_equal(len(found), 1, f"points of {name} {want}")
        return found[0]


def plain(decoded):
    """Decoded points as Readable has them."""
    return [(p.name, p.unit, {k: str(v) for k, v in p.attributes.items()},
             float(p.value)) for p in decoded]


def live(point):
    """Read from the running host, whatever the tree says."""
    return point[0].startswith(("linux.clock.", "system.filesystem.",
                                "linux.filesystem."))


def check_same(found, wanted, what):
    """Point by point; what is live is left out."""
    found = [p for p in found if not live(p)]
    wanted = [p for p in wanted if not live(p)]
    for one, other in zip(found, wanted):
        check_equal(one, other, what)
    check_equal(len(found), len(wanted), f"points of {what}")


@test
def the_readable_form_holds_this_hosts_metrics_with_units():
    seen = Readable(show())
    check_equal(seen.value("system.cpu.logical.count"), os.cpu_count())
    total = re.search(r"MemTotal: +(\d+) kB",
                      pathlib.Path("/proc/meminfo").read_text())[1]
    check_equal(seen.value("system.memory.limit"), int(total) * 1024)
    now = float(pathlib.Path("/proc/uptime").read_text().split()[0])
    check(0 <= now - seen.value("system.uptime") < 30, "uptime")
    units = {name: unit for name, unit, _, _ in seen.points}
    check_equal({name: units[name] for name in (
        "system.cpu.time", "system.memory.limit", "system.uptime",
        "system.process.count")}, {
            "system.cpu.time": "s", "system.memory.limit": "By",
            "system.uptime": "s", "system.process.count": "{process}"})


@test
def the_head_says_where_it_would_go_and_how_large_it_is():
    for encoding, content_type in TYPES.items():
        seen = Readable(show(encoding=encoding, tree=FIXTURES[0]))
        raw = show("--raw", encoding=encoding, tree=FIXTURES[0])
        check_equal(seen.heads[0], "# POST https://127.0.0.1:1/")
        check_equal(seen.heads[1], f"# Content-Type: {content_type}")
        size = int(seen.heads[2].removeprefix("# Content-Length: "))
        # the clock of the host stands in both, and may gain a digit
        check(abs(size - len(raw)) < 200, f"{size} and {len(raw)}")
        check(seen.heads[3].startswith(f"# {len(seen.points)} points of "),
              seen.heads[3])
        check("without the agent's own metrics" in seen.heads[4], seen.heads)
        check(seen.heads[5].startswith("# resource {service.name=\"sluice\""),
              seen.heads[5])


@test
def nothing_of_the_agent_itself_is_made_up():
    names = {name for name, *_ in Readable(show()).points}
    check(names and not any(n.startswith("sluice.") for n in names), names)


@test
def raw_is_the_exact_body_and_both_encodings_and_forms_agree():
    for tree in FIXTURES:
        seen = Readable(show(tree=tree)).points
        check(len(seen) > 50, f"{tree.name}: {len(seen)} points")
        for encoding, content_type in TYPES.items():
            body = show("--raw", tree=tree, encoding=encoding)
            check_same(plain(points.decode(body, content_type)), seen,
                       f"{tree.name} in {encoding}")


@test
def raw_json_is_one_object_and_ends_with_it():
    body = show("--raw", encoding="http/json", tree=FIXTURES[0])
    check_equal(list(json.loads(body)), ["resourceMetrics"])
    check_equal(body[:1] + body[-1:], b"{}")


@test
def several_requests_of_one_step_are_apart_and_whole():
    tree = odd("big")[0]
    options = {"tree": tree, "batch": "32KiB", "cpu": {"per_cpu": True},
               "encoding": "http/json"}
    bodies = show("--raw", **options).split(b"\n")
    check(len(bodies) > 1, "one request only")
    seen = Readable(show(**options))
    check_equal(sum(h.startswith("# POST") for h in seen.heads), len(bodies))
    found = [p for body in bodies
             for p in plain(points.decode(body, "application/json"))]
    check_same(found, seen.points, "the big host")
    cpus = {p[2]["cpu.logical_number"] for p in found
            if "cpu.logical_number" in p[2]}
    check_equal(len(cpus), 256, "CPUs")


@test
def odd_and_hostile_hosts_are_shown_as_far_as_they_can_be_read():
    good = 0
    for tree in [t for kind in ("big", "bare", "wrapping", "hostile")
                 for t in odd(kind)]:
        path = lab.write(settings(tree))
        done, raw = lab.show(path), lab.show(path, "--raw")
        check_equal(raw.returncode, done.returncode, str(tree))
        names = {p[0] for p in Readable(done.stdout).points}
        if done.returncode == 1:
            check("hostile" in str(tree), f"{tree}: {done.stderr}")
            check_equal(done.stdout + raw.stdout, b"", str(tree))
            check(b"nothing could be read" in done.stderr, done.stderr)
            continue
        check_equal(done.returncode, 0, done.stderr.decode())
        check_equal({p.name for p in points.decode(
            raw.stdout, TYPES["http/protobuf"])}, names, str(tree))
        good += "system.memory.limit" in names
    check(good >= 4, f"memory of {good} hosts only")


@test
def what_cannot_be_read_is_said_on_standard_error_alone():
    tree = pathlib.Path(trees.name, "empty")
    (tree / "proc").mkdir(parents=True)
    done = lab.show(lab.write(settings(tree, process={"enabled": False})))
    check_equal((done.returncode, done.stdout), (1, b""))
    check(b"nothing could be read" in done.stderr, done.stderr)
    check(b"event=source_failed source=memory" in done.stderr, done.stderr)


@test
def a_source_that_is_switched_off_is_not_shown():
    def names(**sources):
        return {p[0] for p in Readable(show(**sources)).points}
    check("system.process.count" in names(), "no processes")
    check("system.process.count" not in names(process={"enabled": False}),
          "processes all the same")


@test
def the_last_of_several_collections_is_shown():
    path = lab.write({"collect": {"interval": "1s"}})
    first = Readable(lab.show(path).stdout).value("system.uptime")
    later = Readable(lab.show(path, "--cycles", "3").stdout)
    check(1.9 <= later.value("system.uptime") - first < 20, "not two later")
    check_equal(sum(h.startswith("# POST") for h in later.heads), 1)


@test
def protobuf_is_not_written_to_a_terminal():
    leader, terminal = pty.openpty()
    try:
        done = lab.show(lab.write(settings()), "--raw", stdout=terminal)
        check_equal(done.returncode, 2, "status")
        check(b"no text for a terminal" in done.stderr, done.stderr)
    finally:
        os.close(leader)
        os.close(terminal)


@test
def a_wrong_configuration_shows_nothing():
    path = lab.write({"ship": {"timeout": "1h"}})
    done = lab.show(path)
    check_equal((done.returncode, done.stdout), (1, b""))
    check(b"ship.timeout" in done.stderr, done.stderr)


@test
def nothing_is_sent_and_no_file_that_is_named_is_opened():
    with Receiver(lab.keys) as receiver:
        done = lab.show(lab.write({"ship": {
            "endpoints": [receiver.url], "ca": "/absent", "cert": "/absent",
            "key": "/absent"}}))
        check_equal(done.returncode, 0, done.stderr.decode())
        check_equal(len(receiver.requests) + len(receiver.refused), 0)


@test
def what_is_shown_is_what_the_pair_then_sends():
    need_root()
    tree = FIXTURES[-1]
    how = settings(tree)
    how["ship"].pop("batch")
    with Receiver(lab.keys) as receiver, \
            Pair(receiver.url, lab.keys, settings=how):
        until(lambda: receiver.requests, 20, "a request")
        sent = [p for request in list(receiver.requests)
                for p in plain(request.points)]
    sent = [p for p in sent
            if not p[0].startswith(("sluice.", "otel.")) and not live(p)]
    seen = [p for p in Readable(show(tree=tree)).points if not live(p)]
    check_same(sent[:len(seen)], seen, "the first step")


@test
def only_what_the_profile_and_the_file_say_is_read():
    def names(**collect):
        done = lab.show(lab.write({"collect": collect}))
        check_equal(done.returncode, 0, done.stderr.decode())
        return {name for name, *_ in Readable(done.stdout).points}
    minimal = names(profile="minimal")
    check("system.cpu.time" in minimal, minimal)
    check("system.process.count" not in minimal, minimal)
    changed = names(profile="minimal", sources={
        "cpu": {"enabled": False}, "process": {"enabled": True}})
    check("system.cpu.time" not in changed, changed)
    check("system.process.count" in changed, changed)
    standard = names()
    check(minimal < standard, minimal - standard)


main()
