# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Holds a claim of claims.py against what a policy allows, and
# knows how to break it.
import re

import claims

# What a claim that names no target is tried on.
VICTIMS = {"capability": "self", "capability2": "self", "cap_userns": "self",
           "cap2_userns": "self", "process": "sshd_t", "fd": "sshd_t",
           "file": "shadow_t", "dir": "etc_t", "lnk_file": "etc_t",
           "chr_file": "null_device_t", "blk_file": "fixed_disk_device_t",
           "fifo_file": "crond_t", "sock_file": "init_runtime_t",
           "filesystem": "fs_t", "unix_stream_socket": "sshd_t",
           "unix_dgram_socket": "sshd_t", "tcp_socket": "smtp_port_t",
           "security": "security_t", "system": "kernel_t"}
SELF = {"create", "fork", "setcurrent", "setexec", "setfscreate",
        "setkeycreate", "setsockcreate", "execmem", "execstack", "execheap"}
RARELY_SELF = {"file", "dir", "lnk_file", "chr_file", "blk_file",
               "fifo_file", "sock_file"}


def is_off(when):
    """A rule that waits for a boolean of ours, which are all off; one that
    waits for a boolean of somebody else may be in force."""
    expression, _, branch = when.rpartition(" ")
    return bool(re.fullmatch(r"sluice_\w+", expression)) and branch == "True"


class Policy:
    def __init__(self, access):
        self.access = access
        self.classes = access["classes"]
        self.rules = {}         # class: [(source, target, permissions)]
        for source, target, tclass, when, permissions in access["allowed"]:
            if not is_off(when):
                self.rules.setdefault(tclass, []).append(
                    (source, target, frozenset(permissions)))

    def has(self, tclass, permission):
        return permission in self.classes.get(tclass, ())

    def permissions(self, claim, tclass):
        wanted = claim.permissions or self.classes.get(tclass, ())
        # audit_access allows nothing: it is about what access(2) logs
        return {p for p in wanted if self.has(tclass, p)} - {"audit_access"}


def _excepted(claim, source, target, permission):
    if claim.who is None:       # anybody but the pair itself
        return source in claim.but or source in claims.PAIR
    return target in claim.but or (source, permission) in claim.but


def offences(policy, claim):
    """All that is allowed against a claim: {(source, target, class,
    permission)}.  None: it holds."""
    found = set()
    for tclass in claim.classes:
        wanted = policy.permissions(claim, tclass)
        for source, target, permissions in policy.rules.get(tclass, ()):
            if claim.who is not None and source not in claim.who:
                continue
            if claim.targets is not None and target not in claim.targets:
                continue
            found |= {(source, target, tclass, p)
                      for p in permissions & wanted
                      if not _excepted(claim, source, target, p)}
    return found


def missing(policy, must):
    """The permissions that a Must asks for and that are not there."""
    there = set()
    for source, target, permissions in policy.rules.get(must.tclass, ()):
        if (source, target) == (must.source, must.target):
            there |= permissions
    return must.permissions - there


def _victim(claim, source, tclass, permission):
    if claim.victim:
        return claim.victim
    if permission in SELF and tclass not in RARELY_SELF:
        return source
    victim = VICTIMS.get(tclass, "self")
    if victim in claim.but:
        victim = "kernel_t"
    return source if victim == "self" else victim


def breakings(policy, claim):
    """Accesses that break a claim: each of its permissions, by each of its
    subjects (of everybody else, by some), on one target."""
    sources = claim.who or [s for s in claims.ANYBODY if s not in claim.but]
    for tclass in claim.classes:
        for permission in sorted(policy.permissions(claim, tclass)):
            for source in sources:
                targets = claim.targets or (
                    _victim(claim, source, tclass, permission),)
                for target in targets:
                    if not _excepted(claim, source, target, permission):
                        yield source, target, tclass, permission


def as_rules(accesses, rule="allow"):
    """CIL for a set of accesses."""
    merged = {}
    for source, target, tclass, permission in accesses:
        merged.setdefault((source, target, tclass), set()).add(permission)
    return "".join(f"({rule} {s} {'self' if s == t else t} ({c} ("
                   f"{' '.join(sorted(p))})))\n"
                   for (s, t, c), p in sorted(merged.items()))
