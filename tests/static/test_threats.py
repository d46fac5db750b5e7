# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  docs/threat-model.md leads from each threat to a test that
# the tree has, or says in words why there is none.
import os
import pathlib
import re

from named import tests_in_tree
from tap import check_equal, main, test

root = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
TEXT = (root / "docs/threat-model.md").read_text()
FLOWS, TREES, RESIDUAL = re.fullmatch(
    r".*\n## Threats by flow\n(.*)\n## Attack trees\n(.*)"
    r"\n## Residual risks\n(.*)", TEXT, re.DOTALL).groups()
ID = r"\b[A-Z]\d+\b"


def rows(text):
    """Cells of the lines of each table, without its head."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[-1] != "test":
            yield cells


def flows():
    """name: rows"""
    parts = re.split(r"^### (.*)$", FLOWS, flags=re.MULTILINE)[1:]
    return {name: list(rows(text))
            for name, text in zip(parts[::2], parts[1::2])}


def threats():
    return [row for table in flows().values() for row in table]


def risks():
    return re.findall(r"^### (X\d+)\. ", RESIDUAL, re.MULTILINE)


@test
def every_test_that_the_page_names_exists():
    there = tests_in_tree(root)
    named = {name for row in threats()
             for name in re.findall(r"`(\w+)`", row[-1])}
    named |= {name for name in re.findall(r"`(\w+)`", TEXT)
              if name.count("_") > 2}
    check_equal(len(named) > 150, True, "more than 150 are named")
    check_equal(sorted(named - there), [])


@test
def every_row_names_a_test_or_says_why_there_is_none():
    bare = [row[0] for row in threats()
            if len(row) != 5 or not re.fullmatch(ID, row[0]) or
            not re.search(r"`\w+`|residual: X\d", row[-1]) and
            "by construction" not in row[3]]
    check_equal(bare, [])


@test
def no_row_is_there_twice_and_there_are_twelve_flows():
    ids = [row[0] for row in threats()] + risks()
    check_equal(sorted(ids), sorted(set(ids)))
    check_equal(len(flows()), 12)


@test
def every_flow_is_looked_at_from_all_six_sides():
    lacks = {name: sorted(set("STRIDE") - {row[1] for row in table})
             for name, table in flows().items()}
    check_equal({name: sides for name, sides in lacks.items() if sides}, {})


@test
def every_leaf_of_a_tree_leads_to_a_row_or_a_risk():
    known = {row[0] for row in threats()} | set(risks())
    lines = [line for line in TREES.splitlines()
             if line.lstrip().startswith("- ")]
    inner = {line for line, after in zip(lines, lines[1:])
             if len(after) - len(after.lstrip()) >
             len(line) - len(line.lstrip())}
    check_equal([line for line in lines if line not in inner and
                 not re.search(ID, line)], [])
    check_equal(sorted(set(re.findall(ID, TREES)) - known), [])
    check_equal(TREES.count("\n### "), 5)


@test
def every_risk_is_led_to_and_every_one_that_is_led_to_is_there():
    told = set(re.findall(r"\bX\d+\b", FLOWS + TREES + RESIDUAL))
    check_equal(sorted(told), sorted(risks()))
    without = re.sub(r"^### X\d+\.", "", TEXT, flags=re.MULTILINE)
    check_equal(sorted(set(risks()) -
                       set(re.findall(r"\bX\d+\b", without))), [])


@test
def every_attack_that_one_layer_alone_stops_is_on_the_page():
    code = (root / "tests/confinement/test_layers.c").read_text()
    alone = re.findall(r"^TEST\((only_\w+)\)", code, re.MULTILINE)
    check_equal(sorted(set(re.findall(r"`(only_\w+)`", RESIDUAL))
                       - {"only_"}), sorted(alone))


main()
