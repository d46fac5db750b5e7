# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  docs/compared.md has the tables by which
# tests/integration/test_node_exporter.py measures, and no other.
import os
import pathlib
import re

import nodegaps
import nodetable
from tap import check, check_equal, main, test

docs = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"], "docs")
units = nodetable.units((docs / "metrics.md").read_text())
page = (docs / "compared.md").read_text()


@test
def each_row_is_of_a_metric_that_there_is():
    check_equal({row.ours for row in nodetable.ROWS} - units.keys(), set())


@test
def no_series_is_compared_twice():
    rows = [(row.ours, frozenset(row.fixed.items())) for row in
            nodetable.ROWS]
    check_equal([row for row in rows if rows.count(row) > 1], [])


@test
def the_page_has_the_tables_of_the_test():
    tables = nodetable.page(units)
    check(tables in page, "docs/compared.md is old: see the head of "
          "tests/lib/nodetable.py")
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    check_equal(len(lines), len(nodetable.ROWS) + len(nodegaps.GAPS))


@test
def what_is_explained_is_not_compared():
    names = {name for row in nodetable.ROWS for _, name, *_ in
             nodetable.TERM.findall(row.theirs)}
    both = {name for name in names if nodegaps.gap(name)}
    # its queued bytes are, by their label
    check_equal(both, {"node_tcp_connection_states"})


@test
def each_reason_names_metrics_that_there_are():
    for *_, why in nodegaps.GAPS:
        for name in re.findall(r"`((?:system|linux|process)\.[a-z_.]+)`",
                               why):
            check(name in units or name == "system.filesystem.mode", name)


main()
