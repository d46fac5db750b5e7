# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The list of events is closed: what the daemons can say and
# what docs/operations.md explains are the same.
import os
import pathlib
import re

from tap import check, check_equal, main, test

ROOT = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
# Who says an event, and which of the arguments names it.
_PLACE = {"log_begin": 2, "log_event": 1, "log_event_int": 1,
          "log_event_errno": 1, "say_trouble": 1}
# A table of them, by its name.
_TABLE = re.compile(r"\*const event\[\w*\] = \{(.*?)\};", re.DOTALL)
_CALL = re.compile(rf"\b({'|'.join(_PLACE)})\((.*?)\);", re.DOTALL)
_NAME = re.compile(r'"([a-z_]+)"')


def names_of(function, arguments):
    """None where a variable names it; with a choice of two both."""
    return _NAME.findall(" ".join(arguments.split()).split(", ")[
        _PLACE[function]])


def said():
    names = {}
    for folder in ("collectord", "shipperd", "libconfine"):
        for path in sorted((ROOT / folder).rglob("*.c")):
            text = path.read_text()
            for call in _CALL.findall(text):
                for name in names_of(*call):
                    names.setdefault(name, path.name)
            for table in _TABLE.findall(text):
                for name in _NAME.findall(table):
                    names.setdefault(name, path.name)
    return names


@test
def every_event_that_can_be_logged_is_explained_and_no_other():
    page = (ROOT / "docs/operations.md").read_text()
    table = page.split("## Events")[1].split("\n## ")[0]
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE))
    names = said()
    check_equal(sorted(explained), sorted(names), "events explained")


# How the network half says why something failed.
_REASONS = re.compile(
    r'(?:CONN_\w+,|TUNNEL_\w+,|give_up\(r,|fail\(d,|reason =|VERDICT_\w+,|\] =|'
    r'"points_rejected",|heard \?|(?<=") :)\s*"([a-z0-9_]+)"')

# What conn.c says where nothing failed, or where nothing is under way.
_NO_FAILURE = {"answered", "timeout"}


def reasons_said():
    found = set()
    for name in ("conn", "conn_end", "defender_reply", "delivery", "dial", "resolve",
                 "otlp_reply", "tunnel"):
        found |= set(_REASONS.findall(
            (ROOT / f"shipperd/{name}.c").read_text()))
    check(len(found) > 40, f"only {sorted(found)}")
    return found


@test
def every_reason_for_a_failed_delivery_is_explained():
    page = (ROOT / "docs/operations.md").read_text()
    table = page.split("## When nothing arrives")[1].split("\n## ")[0]
    rows = table.split("|---|---|---|\n")[1].splitlines()
    explained = {word for row in rows
                 for word in re.findall(r"`([a-z0-9_]+)`", row.split("|")[1])}
    check_equal(sorted(explained), sorted(reasons_said() - _NO_FAILURE),
                "reasons explained")


@test
def every_reason_has_a_number_on_the_channel_and_no_other_word_has():
    text = (ROOT / "libproto/reason.c").read_text()
    table = text.split("reasons[] = {")[1].split("};")[0]
    numbered = re.findall(r'"([a-z0-9_]+)"', table)
    check_equal(sorted(numbered), sorted(set(numbered)), "each once")
    check_equal(sorted(numbered), sorted(reasons_said()), "reasons numbered")


# The causes of a gap: gap.h's enums, the points of the registry, the page.
def causes(array):
    text = (ROOT / "collectord/gap.h").read_text()
    return [name.lower() for name in
            re.findall(rf"^\t{array}_(\w+),", text, re.MULTILINE)]


def explained_causes(metric):
    page = (ROOT / "docs/operations.md").read_text()
    section = page.split("## Gaps and their causes")[1].split("\n## ")[0]
    table = section.split(f"`{metric}`", 1)[1].split("\n\n| ", 1)[1]
    return re.findall(r"^\| `([a-z_]+)` \|", table.split("\n\n")[0],
                      re.MULTILINE)


def sent_causes(metric):
    text = (ROOT / "libproto/metrics.def").read_text()
    return re.findall(rf'POINT\({metric}, \d+, \w+, "sluice\.cause", '
                      r'"([a-z_]+)"', " ".join(text.split()))


@test
def every_cause_of_a_loss_is_sent_and_explained_and_no_other():
    for array, metric, name in (
            ("LOST", "RECORDS_LOST", "sluice.records.lost"),
            ("MISSED", "INTERVALS_MISSED", "sluice.intervals.missed")):
        check(len(causes(array)) > 3, f"only {causes(array)}")
        check_equal(explained_causes(name), causes(array), f"{name}: page")
        check_equal(sent_causes(metric), causes(array), f"{name}: registry")


main()
