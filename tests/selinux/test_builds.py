# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The module compiles unchanged against the headers of more
# than one distribution, and installs as an administrator would install it.
import pathlib
import re
import shutil
import subprocess
import tempfile

import debs
import debtree
import policy
from tap import Skip, check, main, test

OWN = pathlib.Path("/usr/share/selinux/devel/Makefile")
SOURCES = ("sluice.te", "sluice.fc", "sluice.if")
CIL = ("sluice_lockdown.cil", "sluice_port.cil", "sluice_untouchable.cil")


@test
def it_compiles_against_the_headers_of_debian_13():
    cil = policy.compile_module(policy.module("sluice.te"))
    check("(type sluice_shipper_t)" in cil, "no sluice_shipper_t")


@test
def it_compiles_against_the_headers_of_debian_12():
    cil = policy.compile_module(policy.module("sluice.te"),
                                policy.old_headers())
    check("(type sluice_shipper_t)" in cil, "no sluice_shipper_t")


@test
def it_compiles_against_the_headers_of_this_machine():
    """Fedora, RHEL, CentOS Stream: selinux-policy-devel."""
    if not OWN.exists():
        raise Skip(f"no {OWN} here (selinux-policy-devel on Fedora and RHEL,"
                   " selinux-policy-dev on Debian)")
    with tempfile.TemporaryDirectory() as folder:
        for name in SOURCES:
            shutil.copy(policy.MODULE / name, folder)
        done = subprocess.run(["make", "-f", OWN, "sluice.pp"], cwd=folder,
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0, done.stdout + done.stderr)


@test
def no_interface_of_ours_or_theirs_is_one_that_they_call_deprecated():
    text = policy.run("sh", "-ec", """
        mkdir -p /build/warn && cd /build/warn && cp "$1"/sluice.* .
        make -f "$2/Makefile" HEADERDIR="$2" TYPE=mcs NAME=default sluice.pp
        cd / && rm -r /build/warn""", "sh",
                      *(policy.beside(SOURCES), policy.HEADERS))
    check("deprecated" not in text and "WARNING" not in text, text)


@test
def semodule_takes_all_four_and_finds_that_the_neverallow_rules_hold():
    where = policy.beside((*SOURCES, *CIL))
    listed = policy.run("sh", "-ec", """
        cd "$1" && rm -rf store && mkdir -p store/etc/selinux/default \\
            store/var/lib/selinux/default/active/modules
        sed s/expand-check=0/expand-check=1/ /etc/selinux/semanage.conf \\
            > store/etc/selinux/semanage.conf
        echo policy-version=33 >> store/etc/selinux/semanage.conf
        make -s -f "$2/Makefile" HEADERDIR="$2" TYPE=mcs NAME=default sluice.pp
        semodule -p store -s default -n -X 100 \\
            -i /usr/share/selinux/default/*.pp.bz2
        semodule -p store -s default -n -X 200 -i sluice.pp \\
            sluice_lockdown.cil sluice_port.cil sluice_untouchable.cil
        semodule -p store -s default -l
        rm -r store""", "sh", where, policy.HEADERS)
    names = set(listed.split())
    check({"sluice", "sluice_lockdown", "sluice_port",
           "sluice_untouchable"} <= names, listed[-2000:])


@test
def an_older_userspace_says_that_it_knows_no_deny_rules():
    """That of Debian 12, 3.4."""
    old = policy.tree() / "build/secilc-bookworm"
    old.mkdir(parents=True, exist_ok=True)
    for package, name in (("secilc", "bin/secilc"),
                          ("libsepol2", "libsepol.so.2")):
        found, = debs.fetch(package, "bookworm").rglob(name)
        shutil.copy(found, old)

    def says(name):
        where = policy.beside([name])
        return debtree.inside(policy.tree(), [
            "env", "LD_LIBRARY_PATH=/build/secilc-bookworm",
            "/build/secilc-bookworm/secilc", "-o", "/dev/null", name], where)
    for name in ("sluice_lockdown.cil", "sluice_untouchable.cil"):
        code, said = says(name)
        check(code != 0 and "Unknown keyword deny" in said, said)
    check("Unknown keyword" not in says("sluice_port.cil")[1], "the port")


@test
def the_daemons_ask_for_the_domains_that_the_module_declares():
    header = (policy.ROOT / "libconfine/selinux.h").read_text()
    asked = re.findall(r'#define SELINUX_\w+ "(\w+)"', header)
    check(len(asked) == 3, f"in selinux.h: {asked}")
    for name in asked:
        check(f"\ntype {name}, sluice_domain;" in
              policy.module("sluice.te"), f"{name} is not in sluice.te")


@test
def each_file_of_the_module_says_its_licence():
    for path in sorted(policy.MODULE.glob("*.cil")) + \
            [policy.MODULE / "sluice.te"]:
        check("SPDX-License-Identifier: Apache-2.0" in path.read_text(),
              f"{path.name} does not")


main()
