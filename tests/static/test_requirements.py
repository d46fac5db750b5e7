# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  docs/requirements.md claims nothing that the tree lacks.
import os
import pathlib
import re

from named import tests_in_tree
from tap import check_equal, main, test

root = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
WANTED = [f"{letter}{n}" for letter, last in
          (("D", 10), ("A", 11), ("T", 25), ("B", 4))
          for n in range(1, last + 1)]


def rows():
    """id: (where, tests)"""
    found = {}
    text = (root / "docs/requirements.md").read_text()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[DATB]\d+", cells[0]):
            assert len(cells) == 4, line
            assert cells[0] not in found, cells[0]
            found[cells[0]] = cells[2:]
    return found


@test
def every_id_has_one_row():
    check_equal(sorted(rows()), sorted(WANTED))


@test
def every_test_that_is_named_exists():
    there = tests_in_tree(root)
    named = {(row, name) for row, (_, tests) in rows().items()
             for name in re.findall(r"`(\w+)`", tests)}
    missing = sorted(pair for pair in named if pair[1] not in there)
    check_equal(missing, [])


@test
def every_file_that_is_named_exists():
    missing = []
    for row, (where, _) in rows().items():
        missing += [(row, path) for path in
                    re.findall(r"\b[a-z]+(?:/\w+)+\.(?:c|h|def|py)\b", where)
                    if not (root / path).exists()]
    check_equal(missing, [])


@test
def no_row_claims_anything_without_showing_it():
    bare = [row for row, (where, tests) in rows().items()
            if not re.search(r"`\w+`", tests) and
            "not built yet" not in where and "by construction" not in where]
    check_equal(bare, [])


main()
