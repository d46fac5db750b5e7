# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Each macro that our module calls is there in the policy
# headers of Fedora, CentOS Stream 9 and 10 and refpolicy, as interfaces.txt
# lists them, and in those of Debian 12 and 13, which can be had here.
import debs
import interfaces
import policy
from tap import Failed, check, check_equal, main, test


def check_calls(tree, there):
    for name in interfaces.SOURCES:
        text = interfaces.seen_by(interfaces.source(name), there.__contains__)
        lacks = interfaces.calls(text) - there
        if lacks:
            raise Failed(f"{name} calls what {tree} lacks: {sorted(lacks)}")


@test
def the_list_has_all_that_the_module_calls_and_nothing_else():
    listed = set.union(*interfaces.read().values())
    asked = set(interfaces.asked())
    check(listed == asked, f"interfaces.txt lacks {sorted(asked - listed)}, "
          f"{sorted(listed - asked)} is not called: interfaces.py makes it")
    check(len(listed) > 50, f"only {len(listed)} names")


@test
def each_call_is_one_that_fedora_and_centos_stream_have():
    trees = {name: there for name, there in interfaces.read().items()
             if name.startswith(("fedora", "centos"))}
    check_equal(len(trees), 3, "trees")
    for name, there in trees.items():
        check_calls(name, there)
        check("systemd_unit_file" in there, f"{name} looks like refpolicy")


@test
def each_call_is_one_that_the_reference_policy_has():
    (name, there), = [(name, there) for name, there in
                      interfaces.read().items() if "refpolicy" in name]
    check_calls(name, there)
    check("init_unit_file" in there, f"{name} looks like Fedora's")


@test
def each_call_is_one_that_debian_12_and_13_have():
    old = debs.fetch("selinux-policy-dev", "bookworm")
    for name, folder in (("Debian 12", old / "usr/share/selinux/devel"),
                         ("Debian 13", f"{policy.tree()}{policy.HEADERS}")):
        check_calls(name, interfaces.defined(folder))


@test
def a_call_that_one_tree_lacks_is_found():
    there = set(interfaces.read()["fedora-rawhide-2024-10-24"])
    there.discard("corecmd_search_bin")
    try:
        check_calls("a tree", there)
    except Failed as said:
        check("corecmd_search_bin" in str(said), str(said))
        return
    raise Failed("nothing was found")


main()
