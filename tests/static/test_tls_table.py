# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  docs/tls-cases.md and the suites of servers that misbehave
# are the same: each case has its test, and each test its case.
import collections
import os
import pathlib
import re
import subprocess
import sys

from tap import check, check_equal, main, test

ROOT = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
SUITES = {"C": "chains", "R": "revocation", "H": "tls_cases",
          "A": "reply_cases", "T": "exchange", "P": "proxy"}
Case = collections.namedtuple("Case", "id server happens test")


def cases():
    rows = re.findall(r"^\| ([A-Z])(\d+) \| (.+) \| (.+) \| `(\w+)` \|$",
                      (ROOT / "docs/tls-cases.md").read_text(), re.MULTILINE)
    return [(Case(int(number), *rest), group)
            for group, number, *rest in rows]


def tests_of(suite):
    done = subprocess.run(
        [sys.executable, ROOT / f"tests/integration/test_{suite}.py",
         "--list"], check=True, capture_output=True, text=True)
    return done.stdout.split()


def other_tests():
    """Of delivery: units, and the whole pair."""
    found = set()
    for path in (ROOT / "tests/unit").glob("test_*.c"):
        found |= set(re.findall(r"^TEST\((\w+)\)", path.read_text(),
                                re.MULTILINE))
    text = (ROOT / "tests/integration/test_delivery.py").read_text()
    return found | set(re.findall(r"^@test\ndef (\w+)\(", text,
                                  re.MULTILINE))


@test
def each_group_is_numbered_without_a_gap():
    groups = collections.defaultdict(list)
    for case, group in cases():
        groups[group].append(case.id)
    check_equal(sorted(groups), sorted([*SUITES, "D"]), "groups")
    for group, numbers in groups.items():
        check_equal(numbers, list(range(1, len(numbers) + 1)), group)
    check(len(cases()) >= 120, f"only {len(cases())} cases")


@test
def each_test_of_a_suite_has_its_case_and_each_case_its_test():
    for group, suite in SUITES.items():
        check_equal([case.test for case, of in cases() if of == group],
                    tests_of(suite), suite)


@test
def what_delivery_makes_of_it_is_tested_where_delivery_is():
    known = other_tests()
    for case, group in cases():
        check(group != "D" or case.test in known, f"D{case.id}: {case.test}")


main()
