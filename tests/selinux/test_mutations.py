# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The claims can fail: each is broken on purpose, by a base
# policy that grants everything against it, and says so.  With the lockdown in
# place the same grants break none.  And each permission that the lockdown
# takes away is one that some claim is about.
import functools
import re

import claims
import judge
import policy
from tap import Failed, check, check_equal, main, test

ALL = (*claims.NEVER, *claims.UNTOUCHABLE)
PORT = policy.module("sluice_port.cil")
LOCKDOWN = policy.module("sluice_lockdown.cil")
UNTOUCHABLE = policy.module("sluice_untouchable.cil")
SAMPLE = {*judge.VICTIMS.values(), *claims.PAIR, claims.RING, "cert_t",
          "http_port_t", "smtp_port_t", "urandom_device_t"} - {"self"}


@functools.lru_cache(maxsize=None)
def good():
    return judge.Policy(policy.installed()[0])


@functools.lru_cache(maxsize=None)
def hostile():
    """Rules against all claims at once, and what each claim must then say:
    {name: accesses}."""
    against = {claim.name: set(judge.breakings(good(), claim))
               for claim in ALL}
    return judge.as_rules(set().union(*against.values())), against


def linked(*texts, te=None):
    cil = policy.compile_module(te or policy.module("sluice.te"))
    return judge.Policy(policy.link(cil, *texts)[0])


@test
def no_two_claims_have_one_name_and_there_are_more_than_45():
    names = [row.name for row in (*ALL, *claims.MUST)]
    check_equal(len(set(names)), len(names), "names")
    check(len(names) >= 45, f"{len(names)} claims")


@test
def each_claim_can_be_broken():
    _, against = hostile()
    check_equal([name for name, accesses in against.items() if not accesses],
                [], "claims that nothing is against")


@test
def each_claim_fails_and_names_every_rule_that_breaks_it():
    rules, against = hostile()
    broken = linked(PORT, rules)
    silent = []
    for claim in ALL:
        unseen = against[claim.name] - judge.offences(broken, claim)
        silent += [f"{claim.name}: {' '.join(a)}" for a in sorted(unseen)]
    if silent:
        raise Failed("not seen:\n" + "\n".join(silent[:20]))


@test
def with_the_lockdown_no_rule_of_a_base_policy_breaks_a_sealed_claim():
    stormed = linked(PORT, hostile()[0], LOCKDOWN, UNTOUCHABLE)
    broken = [f"{claim.name}: {' '.join(a)}" for claim in ALL if claim.sealed
              for a in sorted(judge.offences(stormed, claim))]
    if broken:
        raise Failed("\n".join(broken[:20]))


@test
def without_the_lockdown_the_base_policy_alone_breaks_many_a_claim():
    bare = linked(PORT)
    broken = {claim.name for claim in ALL if judge.offences(bare, claim)}
    # what no domain of this base policy has is not the lockdown's doing
    check(len(broken) >= 30, f"only {len(broken)} claims")


@test
def each_needed_rule_is_missed_when_it_is_gone():
    wanted = [(m.source, m.target, m.tclass, p) for m in claims.MUST
              for p in m.permissions]
    starved = linked(PORT, LOCKDOWN, judge.as_rules(wanted, "deny"))
    for must in claims.MUST:
        check_equal(judge.missing(starved, must), must.permissions,
                    must.name)


@test
def each_transition_is_missed_when_it_is_gone():
    te = policy.module("sluice.te")
    for row, text in claims.TRANSITIONS:
        check(te.count(text) == 1, f"not once in sluice.te: {text}")
        te = te.replace(text, "")
    found = linked(PORT, te=te).access["transitions"]
    check_equal([row for row, _ in claims.TRANSITIONS if row in found], [],
                "transitions that are still there")


def expressions(text):
    """The s-expressions of a CIL file, as nested lists of words."""
    stack = [[]]
    for word in re.findall(r"[()]|[^\s()]+", re.sub(r";.*", "", text)):
        if word == "(":
            stack.append([])
        elif word == ")":
            last = stack.pop()
            stack[-1].append(last)
        else:
            stack[-1].append(word)
    return stack[0]


def statements(tree, keyword):
    for item in tree:
        if isinstance(item, list):
            if item and item[0] == keyword:
                yield item[1:]
            yield from statements(item, keyword)


def taken_away():
    """(source, class, permission) of each deny rule of the package."""
    tree = expressions(LOCKDOWN + UNTOUCHABLE)
    named = {}
    for name, (tclass, permissions) in statements(tree,
                                                  "classpermissionset"):
        named.setdefault(name, []).append((tclass, permissions))
    for source, _, what in statements(tree, "deny"):
        for tclass, permissions in (named[what] if isinstance(what, str)
                                    else [what]):
            for permission in permissions:
                yield source, tclass, permission


def turned_round(text):
    """Each deny an allow; "all" and "all but" of a sample of types, for
    rules on each of thousands would be slow to read."""
    some = " ".join(sorted(SAMPLE))
    text = text.replace("(deny ", "(allow ").replace("(all)", f"({some})")
    return re.sub(r"(\(typeattributeset \w+ )(\(not \([^()]*\)\))",
                  rf"\1(and ({some}) \2)", text)


@test
def each_permission_that_the_lockdown_takes_is_one_that_a_claim_is_about():
    opened = linked(PORT, turned_round(LOCKDOWN), turned_round(UNTOUCHABLE))
    said = set().union(*(judge.offences(opened, c) for c in ALL))
    ours = {"sluice_domain": claims.PAIR,
            "sluice_shippers": (claims.INIT, claims.SHIPPER)}
    by_source = {(s, c, p) for s, _, c, p in said}
    by_anybody = {(c, p) for s, _, c, p in said if s not in claims.PAIR}
    unsaid = set()
    for source, tclass, permission in taken_away():
        if not opened.has(tclass, permission):
            continue
        for one in ours.get(source, (source,)):
            if one in claims.PAIR:
                good_ = (one, tclass, permission) in by_source
            else:
                good_ = (tclass, permission) in by_anybody
            if not good_:
                unsaid.add(f"{one} {tclass} {permission}")
    check_equal(sorted(unsaid), [], "taken away without a claim")


@test
def a_deny_rule_that_says_all_is_nowhere():
    for text in (LOCKDOWN, UNTOUCHABLE):
        for rule in statements(expressions(text), "deny"):
            what = rule[2]
            check(isinstance(what, str) or "all" not in str(what[1]),
                  f"up to 3.8 this does nothing: {rule}")


main()
