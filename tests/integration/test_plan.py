# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  `sluice plan`: how long an outage this host's ring survives.
import collections
import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import re
import tempfile

import oddhosts
from busyhost import BusyHost
from command import Lab
from pair import COLLECTOR, Pair, status_of
from receiver import Receiver
from tap import check, check_equal, main, test, until

lab = Lab()
NUMBERS = itertools.count()
SOURCE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])


def plan(settings, status=0, name="sluice.conf"):
    done = lab.run(lab.sluice, "plan", "-c", lab.write(settings, name))
    check_equal(done.returncode, status, done.stderr.decode())
    return done.stdout.decode(), done.stderr.decode()


@contextlib.contextmanager
def still_host():
    """A tree in which nothing moves; the settings that name it."""
    with tempfile.TemporaryDirectory(prefix="sluice-busy-") as top:
        os.chmod(top, 0o755)
        BusyHost(top, SOURCE / "tests/fixtures/linux-6.18").advance(10)
        yield {"procfs": f"{top}/proc", "sysfs": f"{top}/sys"}


Source = collections.namedtuple("Source", "most now stored sent")


def amount(text):
    return int(text[:-3]) << {"KiB": 10, "MiB": 20, "GiB": 30}[text[-3:]]


class Plan:
    """What it said, as numbers; a line of no known form fails."""

    def __init__(self, settings, name="sluice.conf"):
        text, _ = plan(settings, name=name)
        lines = {}
        for line in text.splitlines():
            name, _, rest = line.partition(": ")
            lines.setdefault(name, []).append(rest)
        check_equal(list(lines), ["series", "collection", "stored", "sent",
                                  "ring", "outage", "egress", "memory",
                                  "source"])
        most, now, self.allowed = re.fullmatch(
            r"(\d+) at most on this host, (\d+) now, (no ceiling|\d+ "
            r"allowed)", lines["series"][0]).groups()
        self.most, self.now = int(most), int(now)
        self.sent, self.sent_a_point = map(int, re.fullmatch(
            r"(\d+) bytes for each, (\d+) a point", lines["sent"][0]).groups())
        self.memory = {
            name: amount(size) for name, size in re.findall(
                r"(collector|shipper|ring) (\d+[KMG]iB)", lines["memory"][0])}
        self.used = amount(re.search(r"\((\S+) in use here\)",
                                     lines["memory"][0])[1])
        self.sources = {}
        for row in lines["source"]:
            name, *numbers = re.fullmatch(
                r"(\w+): (\d+) series at most, (\d+) now, (\d+) bytes "
                r"stored, (\d+) bytes sent", row).groups()
            check(name not in self.sources, row)
            self.sources[name] = Source(*map(int, numbers))
        self.points, self.records, self.interval = re.fullmatch(
            r"(\d+) points in (\d+) records, every (\S+)",
            lines["collection"][0]).groups()
        self.first, self.following = map(int, re.fullmatch(
            r"(\d+) bytes for the first of a segment, (\d+) for each one that "
            r"follows", lines["stored"][0]).groups())
        self.a_point = float(re.fullmatch(
            r"(\d+\.\d\d) bytes a point on average", lines["stored"][1])[1])
        self.ring = lines["ring"][0]
        kept, hours, minutes = map(int, re.fullmatch(
            r"(\d+) collections are kept, (\d+):(\d\d) hours",
            lines["outage"][0]).groups())
        self.kept, self.minutes = kept, hours * 60 + minutes


def plans(*settings):
    """Each waits for two seconds: all at once."""
    with concurrent.futures.ThreadPoolExecutor(len(settings)) as pool:
        return list(pool.map(lambda s: Plan(s, f"{next(NUMBERS)}.conf"),
                             settings))


THIS, FULL = plans({}, {"collect": {"profile": "full"}})


@test
def this_host_survives_a_day_and_every_number_agrees_with_the_others():
    p = THIS
    check_equal((p.interval, p.ring), ("10s", "16MiB"))
    check(int(p.points) > 50 and int(p.records) > 5, p.points)
    check(0 < p.following < p.first, f"{p.first} {p.following}")
    check(0 < p.a_point <= 3, p.a_point)
    check_equal(p.minutes, p.kept * 10 // 60)
    check(p.minutes >= 24 * 60, f"{p.minutes} minutes")


@test
def interval_and_size_of_the_ring_make_the_outage():
    with still_host() as tree:
        base, longer, smaller = plans(
            {"collect": tree}, {"collect": tree | {"interval": "1m"}},
            {"collect": tree, "ring": {"size": "1MiB"}})
    check(5 < longer.minutes / base.minutes < 6.5,
          f"{longer.minutes} {base.minutes}")
    check(14 < base.minutes / smaller.minutes < 22,
          f"{smaller.minutes} {base.minutes}")


@test
def every_cpu_of_its_own_costs_what_it_says():
    with still_host() as tree:
        plain, each = plans({"collect": tree}, {"collect": tree | {
            "sources": {"cpu": {"per_cpu": True}}}})
    check(int(each.points) > int(plain.points) + 50,
          f"{plain.points} {each.points}")
    check(each.first > plain.first, f"{plain.first} {each.first}")
    check(each.sources["cpu"].sent > plain.sources["cpu"].sent, each.sources)


@test
def the_sources_add_up_to_the_whole_and_none_is_above_its_worst_case():
    for p in (THIS, FULL):
        check_equal(sum(s.now for s in p.sources.values()), p.now)
        check_equal(sum(s.most for s in p.sources.values()), p.most)
        check_equal(p.now, int(p.points))
        for name, s in p.sources.items():
            check(s.now <= s.most, f"{name}: {s}")
            check((s.now == 0) == (s.stored == 0) == (s.sent == 0), name)
        # each alone also pays for a beginning of its own
        check(sum(s.stored for s in p.sources.values()) >= p.following,
              p.following)
        check(p.sent > 0 and p.sent_a_point == p.sent // p.now, p.sent)


def whole(tree):
    sys = tree / "sys"
    return {"collect": {
        "procfs": str(tree / "proc"),
        "sysfs": str(sys if sys.is_dir() else tree / "proc"),
        "profile": "full", "sources": {"cpu": {"per_cpu": True}}}}


@test
def no_fixture_or_odd_host_has_more_than_its_sources_declared():
    trees = [*sorted((SOURCE / "tests/fixtures").glob("linux-*")),
             *(p.parent for kind in ("big", "bare", "wrapping") for p in
               sorted(oddhosts.odd(kind).rglob("proc"))
               if p.parent.name != "sys" and p.is_dir())]
    check(len(trees) > 5, trees)
    for tree, p in zip(trees, plans(*map(whole, trees))):
        check_equal({n: s for n, s in p.sources.items() if s.now > s.most},
                    {}, tree)


@test
def a_ceiling_that_could_be_exceeded_stops_plan_check_and_the_collector():
    base = THIS
    low = {"collect": {"max_series": base.most // 2}}
    check_equal(Plan({"collect": {"max_series": base.most * 4}}).allowed,
                f"{base.most * 4} allowed")
    text, errors = plan(low, status=1)
    check_equal(text, "")
    path = lab.write(low)
    said = [errors, lab.check(path).stderr.decode(),
            lab.run(lab.collectord, "-c", path, "--shipper", "/bin/false",
                    user=COLLECTOR).stderr.decode()]
    for words in said:
        check("collect.max_series: " in words and
              "series that this host can come to" in words and
              "right would be a higher ceiling" in words, words)
        check("started" not in words, words)


@test
def a_source_can_be_bounded_so_that_all_fit():
    with still_host() as tree:
        base = Plan({"collect": tree})
        less = Plan({"collect": tree | {
            "max_series": base.most - base.sources["network"].most + 8,
            "sources": {"network": {"max_series": 8}}}})
    check_equal(less.sources["network"].most, 8)
    check(0 < less.sources["network"].now <= 8 <
          base.sources["network"].now, less.sources["network"])


@test
def what_is_excluded_costs_no_series_and_no_byte():
    with still_host() as tree:
        base, none = plans({"collect": tree}, {"collect": tree | {
            "sources": {"network": {"exclude": ["*"]}}}})
    check(base.sources["network"].now > 0, base.sources)
    check_equal((none.sources["network"].now, none.sources["network"].sent),
                (0, 0))


@test
def both_processes_stay_within_the_memory_that_was_said():
    p = THIS
    check(0 < p.used < p.memory["collector"], p.memory)
    with Receiver(lab.keys) as receiver, \
            Pair(receiver.url, lab.keys) as pair:
        until(lambda: receiver.requests, 20, "the first request")
        claimed = {name: int(status_of(pid)["VmData"].split()[0]) * 1024
                   for name, pid in (("collector", pair.collector),
                                     ("shipper", pair.shipper))}
    for name, data in claimed.items():
        check(data <= p.memory[name], f"{name}: {data} {p.memory}")


@test
def a_wrong_configuration_has_no_plan():
    text, errors = plan({"ring": {"size": "1KiB"}}, status=1)
    check_equal(text, "")
    check("ring.size" in errors, errors)


@test
def plan_takes_no_option_of_another_command():
    done = lab.run(lab.sluice, "plan", "--raw")
    check_equal((done.returncode, done.stdout), (2, b""))


main()
