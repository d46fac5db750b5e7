# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Builds policies without an SELinux kernel: our module,
# compiled against a distribution's headers, linked into the whole policy of
# Debian 13, and read by setools.  All of it runs in an unpacked Debian 13,
# whose userspace has deny rules.  What was built from the same text before is
# taken from there again.
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil

import debs
import debtree

ROOT = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
MODULE = ROOT / "selinux"
PACKAGES = ["checkpolicy", "m4", "make", "policycoreutils", "python3-setools",
            "secilc", "selinux-policy-default", "selinux-policy-dev",
            "selinux-utils", "semodule-utils", "setools"]
HEADERS = "/usr/share/selinux/devel/include"
KERNEL_VERSION = "33"       # of the policy's format: what Linux 6.12 takes

# What is installed on a host whose userspace is 3.6 or later.
INSTALLED = ("sluice_lockdown.cil", "sluice_port.cil")


class Broken(Exception):
    """A step that should have worked; its text is the tool's output."""


def module(name):
    return (MODULE / name).read_text(encoding="utf-8")


def tree():
    return debtree.tree("selinux", PACKAGES, "trixie")


def run(*command, cwd="/"):
    code, output = debtree.inside(tree(), command, cwd)
    if code != 0:
        raise Broken(f"{' '.join(command[:4])} …: {code}\n{output[-3000:]}")
    return output


def old_headers():
    """Those of Debian 12, in the tree."""
    package = debs.fetch("selinux-policy-dev", "bookworm")
    target = tree() / "headers-bookworm"
    if not target.is_dir():
        shutil.copytree(package / "usr/share/selinux/devel", target)
    return "/headers-bookworm/include"


@contextlib.contextmanager
def kept(kind, *texts):
    """A folder below /build of the tree for what these texts make: its two
    names, and whether it is there already.  One test at a time makes it."""
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:24]
    inside = f"/build/{kind}-{digest}"
    folder = pathlib.Path(f"{tree()}{inside}")
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield inside, folder, (folder / "done").exists()
        (folder / "done").touch()


def compile_module(te, headers=HEADERS, name="default"):
    """The text of a .te, with our .fc and .if, as CIL; for a policy of that
    name."""
    fc, interfaces = module("sluice.fc"), module("sluice.if")
    with kept("module", te, fc, interfaces, headers) as (inside, folder, old):
        if not old:
            for suffix, text in (("te", te), ("fc", fc), ("if", interfaces)):
                (folder / f"sluice.{suffix}").write_text(text)
            run("make", "-s", "-f", headers + "/Makefile",
                "HEADERDIR=" + headers, "TYPE=mcs", "NAME=" + name,
                "sluice.pp", cwd=inside)
            run("/usr/libexec/selinux/hll/pp", "sluice.pp", "sluice.cil",
                cwd=inside)
    return (folder / "sluice.cil").read_text()


def beside(names):
    """A folder, inside, with copies of these files of the module."""
    texts = [module(name) for name in names]
    with kept("copy", *names, *texts) as (inside, folder, _):
        for name, text in zip(names, texts):
            (folder / name).write_text(text)
    return inside


def _base():
    """All modules of Debian's policy as CIL; the folder, inside."""
    with kept("base") as (inside, _, old):
        if not old:
            run("sh", "-ec", "for bz2 in /usr/share/selinux/default/*.bz2; do"
                " name=$(basename $bz2 .pp.bz2); bunzip2 -c $bz2 > $name.pp;"
                " /usr/libexec/selinux/hll/pp $name.pp $name.cil 2>&1;"
                " rm $name.pp; done", cwd=inside)
    return inside


def link(*texts, base=None):
    """What a policy of Debian's, or of the CIL files in that folder, and
    these CIL texts allows; see access.py."""
    base = base or _base()
    reader = (ROOT / "tests/selinux/access.py").read_text()
    with kept("policy", base, reader, *texts) as (inside, folder, old):
        if not old:
            for number, text in enumerate(texts):
                (folder / f"{number}.cil").write_text(text)
            (folder / "access.py").write_text(reader)
            # -N: what was broken on purpose is judged by our claims alone
            run("sh", "-ec", f"secilc -N -m -M true -c {KERNEL_VERSION} -o"
                f" policy -f file_contexts {base}/*.cil *.cil", cwd=inside)
            run("sh", "-ec", "python3 access.py policy > access.json",
                cwd=inside)
    return json.loads((folder / "access.json").read_text()), inside


def installed(*more):
    """The policy of a Debian 13 on which the package is installed."""
    return link(compile_module(module("sluice.te")),
                *(module(name) for name in INSTALLED), *more)
