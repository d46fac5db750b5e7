# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The generated pages are those of today's tables, and the
# tests that a page names are in the tree.
import os
import pathlib
import re
import subprocess

from named import tests_in_tree
from tap import check, check_equal, main, test

root = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
build = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"])


def check_page(page):
    made = subprocess.run([build / "tools/gen_docs", page], text=True,
                          capture_output=True, check=True).stdout
    kept = (root / "docs" / f"{page}.md").read_text()
    check(made == kept, f"docs/{page}.md is old: run tools/gen-docs")


@test
def the_page_of_metrics_is_what_the_registry_says():
    check_page("metrics")


@test
def the_page_of_the_protocol_is_what_the_frame_table_says():
    check_page("protocol")


@test
def the_page_of_privileges_is_what_sluice_prices_prints():
    made = subprocess.run([build / "tools/sluice", "prices"], text=True,
                          capture_output=True, check=True).stdout
    kept = (root / "docs/privileges.md").read_text()
    check(made == kept, "docs/privileges.md is old: run tools/gen-docs")


@test
def every_row_about_device_defender_names_a_test_that_exists():
    rows = [line.split(" | ")[-1] for line in
            (root / "docs/device-defender.md").read_text().splitlines()
            if line.startswith("| ") and not line.endswith("| test |")]
    check(len(rows) > 20, rows)
    there = tests_in_tree(root)
    for row in rows:
        named = set(re.findall(r"`(\w+)`", row))
        check(named or "by construction" in row, row)
        check_equal(sorted(named - there), [], row)


main()
