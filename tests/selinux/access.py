# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside the unpacked Debian 13, by its own Python and setools.
# Reads a policy once and prints, as JSON, all that it says of our domains.
#
#   access.py POLICY
import collections
import json
import sys

import setools

OURS = "sluice_"
# Not rules about what a domain may do.
QUIET = {setools.TERuletype.dontaudit, setools.TERuletype.auditallow,
         setools.TERuletype.neverallow}


def types_of(thing):
    """The types behind a type or an attribute."""
    if isinstance(thing, setools.TypeAttribute):
        return [str(t) for t in thing.expand()]
    return [str(thing)]


class Expander:
    """Each attribute is expanded once; the policy has tens of thousands of
    rules on a few hundred of them."""

    def __init__(self):
        self._known = {}

    def __call__(self, thing):
        name = str(thing)
        if name not in self._known:
            self._known[name] = types_of(thing)
        return self._known[name]


def condition(rule):
    """The boolean expression that a rule hangs on, "" where on none."""
    try:
        return f"{rule.conditional} {rule.conditional_block}"
    except setools.exception.RuleNotConditional:
        return ""


def allowed(policy):
    """{(source, target, class, condition): permissions} of every pair that
    has a type of ours on either side."""
    expand = Expander()
    found = collections.defaultdict(set)
    for rule in policy.terules():
        if rule.ruletype != setools.TERuletype.allow:
            continue
        sources, targets = expand(rule.source), expand(rule.target)
        ours = [s for s in sources if s.startswith(OURS)]
        theirs = [t for t in targets if t.startswith(OURS)]
        if not ours and not theirs:
            continue
        pairs = {(s, t) for s in ours for t in targets}
        pairs |= {(s, t) for s in sources for t in theirs}
        when = condition(rule)
        for source, target in pairs:
            found[source, target, str(rule.tclass), when] |= set(rule.perms)
    return found


def transitions(policy):
    """[source, target, class, new type] of each type_transition of ours."""
    expand = Expander()
    for rule in policy.terules():
        if rule.ruletype == setools.TERuletype.type_transition and \
                str(rule.default).startswith(OURS):
            for source in expand(rule.source):
                yield [source, str(rule.target), str(rule.tclass),
                       str(rule.default)]


def ports(policy):
    """[protocol, low, high, type]."""
    for p in policy.portcons():
        yield [str(p.protocol), p.ports.low, p.ports.high,
               str(p.context.type_)]


def attributes(policy):
    return {str(t): sorted(str(a) for a in t.attributes())
            for t in policy.types() if str(t).startswith(OURS)}


def main():
    policy = setools.SELinuxPolicy(sys.argv[1])
    json.dump({
        "allowed": [[*key, sorted(perms)]
                    for key, perms in allowed(policy).items()],
        "transitions": list(transitions(policy)),
        "ports": list(ports(policy)),
        "attributes": attributes(policy),
        "booleans": {str(b): b.state for b in policy.bools()
                     if str(b).startswith(OURS)},
        "classes": {str(c): sorted(set(c.perms) | (
                        set(c.common.perms) if has_common(c) else set()))
                    for c in policy.classes()},
        "permissive": sorted(str(t) for t in policy.types()
                             if t.ispermissive),
    }, sys.stdout)


def has_common(tclass):
    try:
        return tclass.common is not None
    except setools.exception.NoCommon:
        return False


main()
