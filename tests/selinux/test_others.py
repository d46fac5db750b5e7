# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The module in the whole policies of Fedora and CentOS
# Stream, where their sources are at hand (others.py): each claim of claims.py
# holds there too.
import functools

import claims
import judge
import others
import page
import policy
from tap import Failed, Skip, check, check_equal, main, test

LOCKDOWN = policy.module("sluice_lockdown.cil")
PORT = policy.module("sluice_port.cil")
UNTOUCHABLE = policy.module("sluice_untouchable.cil")
TE = policy.module("sluice.te")
# With no rule of its own.
LONELY = TE + "type sluice_lonely_t;\ndomain_type(sluice_lonely_t)\n"


@functools.lru_cache(maxsize=None)
def other(source):
    return others.Other(source)


@functools.lru_cache(maxsize=None)
def linked(source, *more):
    where = other(source)
    cil = where.compile(TE)
    return judge.Policy(where.link(cil, PORT, *more))


def check_claims(source):
    where = linked(source, LOCKDOWN)
    broken = [c.name for c in claims.NEVER if judge.offences(where, c)]
    broken += [m.name for m in claims.MUST if judge.missing(where, m)]
    broken += [" ".join(row) for row, _ in claims.TRANSITIONS
               if row not in where.access["transitions"]]
    check_equal(broken, [], "claims that do not hold")


def check_untouchable(source):
    where = linked(source, LOCKDOWN, UNTOUCHABLE)
    check_equal([c.name for c in claims.UNTOUCHABLE
                 if judge.offences(where, c)], [], "broken")


def check_table(source):
    check_equal(page.unsaid(linked(source, LOCKDOWN)), [],
                "allowed, and not on the page")


def check_needed(source):
    """The claims do not hold there by themselves."""
    bare = linked(source)
    broken = [c.name for c in claims.NEVER if judge.offences(bare, c)]
    check(len(broken) >= 50, f"{len(broken)} break")
    print(f"# {source.name}: without the lockdown {len(broken)} of "
          f"{len(claims.NEVER)} claims are broken")


def check_lonely(source):
    """What the page says of RHEL 9."""
    where = judge.Policy(other(source).link(other(source).compile(LONELY)))

    def targets(tclass, permission):
        return {t for s, t, p in where.rules[tclass]
                if s == "sluice_lonely_t" and permission in p}

    def sources(*any_of):
        return {s for s, t, p in where.rules["process"]
                if t == "sluice_lonely_t" and p & set(any_of)} - {
                    "sluice_lonely_t"}
    found = [len(targets("file", "open")), len(targets("file", "append")),
             len(targets("file", "execute_no_trans")), len(sources("ptrace")),
             len(sources(*claims.SIGNALS))]
    print(f"# {source.name}: opens, appends to, runs, is traced by, is "
          f"signalled by: {found}")
    if source.name == "c9s":
        check_equal(found, page.lonely(), "a domain without a rule")


TESTS = {"the_module_compiles_and_each_claim_holds": check_claims,
         "each_claim_of_the_untouchable_module_holds": check_untouchable,
         "the_shipper_may_do_what_the_page_says_and_no_more": check_table,
         "without_the_lockdown_most_claims_do_not_hold": check_needed,
         "a_domain_without_a_rule_may_do_much": check_lonely}


def add(name, function):
    function.__name__ = name
    test(function)


for folder in others.folders():
    for words, function in TESTS.items():
        add(f"{folder.name}_{words}", functools.partial(function, folder))


if not others.folders():
    @test
    def each_claim_holds_in_the_policies_of_fedora_and_centos_stream():
        raise Skip("SLUICE_POLICIES names no source of one: see others.py")


main()
