# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What docs/operations.md says of alerts and of incidents is
# about things that there are: events, metrics, commands, settings, tests.
import os
import pathlib
import re

from named import tests_in_tree
from tap import check, check_equal, main, test

root = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
PAGE = (root / "docs/operations.md").read_text()
ALERTS, INCIDENTS = re.search(
    r"\n## What to alert on\n(.*)\n## When something was taken\n(.*)",
    PAGE, re.DOTALL).groups()
BOTH = ALERTS + INCIDENTS
QUOTED = re.findall(r"`([^`\n]+)`", BOTH)


def first_cells(title):
    part = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return set(re.findall(r"`([a-z0-9_]+)`", " ".join(
        line.split("|")[1] for line in part.splitlines()
        if line.startswith("| "))))


@test
def every_word_of_a_log_line_is_one_that_the_page_explains():
    known = first_cells("Events") | first_cells("When nothing arrives")
    named = {word for word in QUOTED if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)"
             r"{1,2}", word)}
    check(len(named) > 8, f"only {sorted(named)}")
    check_equal(sorted(named - known), [])


@test
def every_metric_is_in_the_registry():
    there = set(re.findall(r'"(sluice\.[a-z_.]+)"', (
        root / "libproto/metrics.def").read_text()))
    named = {word for word in QUOTED
             if re.fullmatch(r"sluice\.[a-z_.]+", word)}
    check(len(named) > 9, f"only {sorted(named)}")
    check_equal(sorted(named - there), [])
    layers = {name for name in there if ".confinement." in name}
    check_equal(sorted(layers - named), [], "layers without an alert")


@test
def every_command_of_ours_and_every_setting_is_one_that_there_is():
    manual = (root / "docs/man/sluice.1.in").read_text()
    commands = set(re.findall(r"^\.It Cm (\w+)", manual, re.MULTILINE))
    lines = [line for line in BOTH.splitlines() if line.startswith("    ")]
    named = set(re.findall(r"\bsluice ([a-z]+)\b", "\n".join(
        [*lines, *QUOTED]))) - {"o"}
    check({"verify", "check", "doctor"} <= named, sorted(named))
    check_equal(sorted(named - commands), [])
    page = (root / "docs/man/sluice.conf.5.in").read_text()
    settings = {word for word in QUOTED if re.fullmatch(r"ship\.\w+", word)}
    check_equal(sorted(s for s in settings
                       if not re.search(rf"^\.It Ic {s}$", page,
                                        re.MULTILINE)), [])


@test
def each_thing_that_can_be_taken_has_signs_steps_and_a_test_that_there_is():
    there = tests_in_tree(root)
    parts = re.split(r"^### (.*)$", INCIDENTS, flags=re.MULTILINE)[1:]
    taken = dict(zip(parts[::2], parts[1::2]))
    check_equal(len(taken), 5)
    for name, text in taken.items():
        for row in ("how it shows", "what to do"):
            check(f"\n| {row} | " in text, f"{name}: no {row}")
        tests = {word for word in re.findall(r"`(\w+)`", text)
                 if word.count("_") > 2}
        check(tests, f"{name}: no test")
        check_equal(sorted(tests - there), [], name)


main()
