# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The list of events is closed: what the daemons can say and
# what docs/operations.md explains are the same.
import os
import pathlib
import re

from tap import check, check_equal, main, test

ROOT = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
_CALL = re.compile(r"\b(?:log_begin|log_event|log_event_int|log_event_errno|"
                   r"say_trouble)\((.*?)\);", re.DOTALL)
_NAME = re.compile(r'"([a-z_]+)"')


def name_of(arguments):
    """The event is the last argument before a key: the first literal, and
    with a choice of two both."""
    head = arguments.split(", ")
    found = []
    for part in head:
        names = _NAME.findall(part)
        if names:
            found = names
            break
    return found


def said():
    names = {}
    for folder in ("collectord", "shipperd", "libconfine"):
        for path in sorted((ROOT / folder).rglob("*.c")):
            for arguments in _CALL.findall(path.read_text()):
                for name in name_of(" ".join(arguments.split())):
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
    r'(?:end\(c, CONN_\w+,(?: c->heard \? "\w+" :)?|give_up\(r,|fail\(d,|'
    r'reason =|VERDICT_\w+,|\] =)\s*"([a-z0-9_]+)"')


@test
def every_reason_for_a_failed_delivery_is_explained():
    page = (ROOT / "docs/operations.md").read_text()
    table = page.split("## When nothing arrives")[1]
    found = set()
    for name in ("conn", "dial", "resolve", "otlp_reply"):
        found |= set(_REASONS.findall(
            (ROOT / f"shipperd/{name}.c").read_text()))
    check(len(found) > 30, f"only {sorted(found)}")
    explained = set(re.findall(r"`([a-z0-9_]+)`", table))
    check(found - {"answered", "timeout"} <= explained,
          f"not explained: {sorted(found - explained)}")


main()
