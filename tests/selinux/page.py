# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What docs/selinux.md says, for the tests to hold it to.
import re

import claims
import policy

PAGE = (policy.ROOT / "docs/selinux.md").read_text(encoding="utf-8")
# Labelled networking, in one row; and questions that nobody hears.
_WORDS = {"send and receive": {"egress", "ingress", "recv", "recvfrom", "send",
                               "sendto", "tcp_recv", "tcp_send"}}


def section(title):
    return PAGE.split(f"## {title}")[1].split("\n## ")[0]


def shipper():
    """{(class, permission): types that the cells name, "" for any}"""
    said = {}
    for line in section("Why there are deny rules").splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) != 3 or not cells[0].startswith("`"):
            continue
        may = _WORDS.get(cells[1]) or re.findall(r"\w+", cells[1])
        for tclass in re.findall(r"`(\w+)`", cells[0]):
            for each in may:
                said.setdefault((tclass, each), set()).update(
                    re.findall(r"`(\w+_t)`", cells[2]) or {""})
    return said


def unsaid(where):
    """What that policy allows the shipper on the network beside the table."""
    said = shipper()
    return sorted(
        f"{target} {tclass} {each}"
        for tclass, rules in where.rules.items()
        for source, target, permissions in rules
        if source == claims.SHIPPER
        for each in permissions
        if not said.get((tclass, each), set()) & {"", target})


def lonely():
    """Of a domain with no rule on RHEL 9: types that it may open, append to,
    run; domains that trace it, that signal it."""
    found = re.search(r"may open (\d+) types of file, append to (\d+), run "
                      r"(\d+), be traced\s+by (\d+) domains and signalled "
                      r"by (\d+)", section("Why there are deny rules"))
    return [int(n) for n in found.groups()]
