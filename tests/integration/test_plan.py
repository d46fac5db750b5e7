# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  `sluice plan`: how long an outage this host's ring survives.
import contextlib
import os
import pathlib
import re
import tempfile

from busyhost import BusyHost
from command import Lab
from tap import check, check_equal, main, test

lab = Lab()
SOURCE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])


def plan(settings, status=0):
    done = lab.run(lab.sluice, "plan", "-c", lab.write(settings))
    check_equal(done.returncode, status, done.stderr.decode())
    return done.stdout.decode(), done.stderr.decode()


@contextlib.contextmanager
def still_host():
    """A tree in which nothing moves; the settings that name it."""
    with tempfile.TemporaryDirectory(prefix="sluice-busy-") as top:
        os.chmod(top, 0o755)
        BusyHost(top, SOURCE / "tests/fixtures/linux-6.18").advance(10)
        yield {"procfs": f"{top}/proc", "sysfs": f"{top}/sys"}


class Plan:
    """What it said, as numbers; a line of no known form fails."""

    def __init__(self, settings):
        text, _ = plan(settings)
        lines = {}
        for line in text.splitlines():
            name, _, rest = line.partition(": ")
            lines.setdefault(name, []).append(rest)
        check_equal(list(lines), ["collection", "stored", "ring", "outage"])
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


@test
def this_host_survives_a_day_and_every_number_agrees_with_the_others():
    p = Plan({})
    check_equal((p.interval, p.ring), ("10s", "16MiB"))
    check(int(p.points) > 50 and int(p.records) > 5, p.points)
    check(0 < p.following < p.first, f"{p.first} {p.following}")
    check(0 < p.a_point <= 3, p.a_point)
    check_equal(p.minutes, p.kept * 10 // 60)
    check(p.minutes >= 24 * 60, f"{p.minutes} minutes")


@test
def interval_and_size_of_the_ring_make_the_outage():
    with still_host() as tree:
        base = Plan({"collect": tree})
        longer = Plan({"collect": tree | {"interval": "1m"}})
        smaller = Plan({"collect": tree, "ring": {"size": "1MiB"}})
    check(5 < longer.minutes / base.minutes < 6.5,
          f"{longer.minutes} {base.minutes}")
    check(14 < base.minutes / smaller.minutes < 22,
          f"{smaller.minutes} {base.minutes}")


@test
def every_cpu_of_its_own_costs_what_it_says():
    with still_host() as tree:
        plain = Plan({"collect": tree})
        each = Plan({"collect": tree | {
            "sources": {"cpu": {"per_cpu": True}}}})
    check(int(each.points) > int(plain.points) + 50,
          f"{plain.points} {each.points}")
    check(each.first > plain.first and each.minutes < plain.minutes,
          f"{plain.minutes} {each.minutes}")


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
