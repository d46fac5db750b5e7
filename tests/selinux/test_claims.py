# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The claims of claims.py hold in the whole policy of Debian
# 13 with the package installed.
import functools
import re

import claims
import judge
import policy
from tap import Failed, check, check_equal, main, test

SHOWN = 12      # offences of one claim


@functools.lru_cache(maxsize=None)
def installed(*more):
    """The policy, and its folder inside the tree."""
    access, inside = policy.installed(*more)
    return judge.Policy(access), inside


def words(name):
    return name.lower().replace(" ", "_")


def hold(claim, where):
    found = sorted(judge.offences(where, claim))
    if found:
        raise Failed(f"{len(found)} against: {claim.name}\n" + "\n".join(
            " ".join(f) for f in found[:SHOWN]))


def add(name, function):
    function.__name__ = words(name)
    test(function)


for row in claims.NEVER:
    add(row.name, lambda row=row: hold(row, installed()[0]))

for row in claims.UNTOUCHABLE:
    add(row.name, lambda row=row: hold(row, installed(
        policy.module("sluice_untouchable.cil"))[0]))

for row in claims.MUST:
    add(row.name, lambda row=row: check_equal(
        judge.missing(installed()[0], row), set(), "what is missing"))


@test
def each_type_comes_about_by_itself():
    found = installed()[0].access["transitions"]
    for row, _ in claims.TRANSITIONS:
        check(row in found, f"no type_transition {' '.join(row)}")
    check_equal(len(found), len(claims.TRANSITIONS), "transitions of ours")


def conditional(name):
    """What a boolean grants: {(source, class, target)}."""
    return {(source, tclass, target)
            for source, target, tclass, when, _ in
            installed()[0].access["allowed"] if when == f"{name} True"}


@test
def the_booleans_are_five_and_off():
    check_equal(installed()[0].access["booleans"],
                {name: False for name in claims.BOOLEANS}, "booleans")


@test
def each_boolean_grants_what_it_says():
    for name, wanted in claims.BOOLEANS.items():
        check_equal(wanted - conditional(name), set(), name + " lacks")


@test
def each_boolean_is_about_one_domain_and_its_classes_alone():
    for name, wanted in claims.BOOLEANS.items():
        kinds = {(source, tclass) for source, tclass, _ in conditional(name)}
        allowed = {(source, tclass) for source, tclass, _ in wanted}
        # the way to a file: directories
        allowed |= {(source, "dir") for source, tclass, _ in wanted
                    if tclass == "file"}
        check_equal(kinds - allowed, set(), name + " also grants")


@test
def the_port_of_otlp_is_ours_and_no_other_is():
    ours = [row for row in installed()[0].access["ports"]
            if row[3].startswith("sluice_")]
    check_equal(ours, [["tcp", 4318, 4318, "sluice_port_t"]], "ports")


@test
def the_ring_is_no_file_that_others_have_a_rule_for():
    check_equal(installed()[0].access["attributes"]["sluice_ring_t"], [],
                "attributes of sluice_ring_t")


@test
def no_domain_of_ours_is_permissive():
    check_equal([name for name in installed()[0].access["permissive"]
                 if name.startswith("sluice_")], [], "permissive domains")


@test
def each_file_gets_its_label():
    _, inside = installed()
    for path, wanted in claims.CONTEXTS.items():
        kind = "dir" if path.rsplit("/", 1)[1] in (
            "sluice", "credentials", "sluice.service") and \
            not path.startswith("/usr") else "file"
        label = policy.run("selabel_lookup", "-b", "file", "-f",
                           inside + "/file_contexts", "-k", path, "-t", kind)
        check(f":{wanted}:" in label, f"{path}: {label.strip()}, not {wanted}")


@test
def what_sluice_prices_names_is_what_the_collector_may_read():
    page = (policy.ROOT / "docs/privileges.md").read_text(encoding="utf-8")
    types = {name for line in page.splitlines() if line.startswith("| ")
             for name in re.findall(r"\b[a-z_]+_t\b(?!; sluice_)",
                                  line.split("|")[-2])}
    check(len(types) > 5, types)
    for name in sorted(types):
        must = claims.Must(name, claims.COLLECTOR, name, "file",
                           {"getattr", "open", "read"})
        check_equal(judge.missing(installed()[0], must), set(), name)


main()
