# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The commands of docs/selinux.md print what the page says
# they print, on the whole policy of Debian 13 with the package installed.
import functools
import re

import claims
import judge
import page
import policy
from tap import Failed, check, check_equal, main, test



def rows():
    """(claim, commands, prints) of the table of claims."""
    table = page.section("Check each claim")
    for line in table.splitlines():
        cells = [cell.strip() for cell in
                 re.split(r"(?<!\\)\|", line.strip("|"))]
        if len(cells) == 4 and "sesearch" in cells[2]:
            yield cells[0], re.findall(r"`(sesearch [^`]*)`", cells[2]), \
                cells[3]


def known(command, classes):
    """The command without classes that this policy lacks."""
    def keep(match):
        names = [c for c in match[1].split(",") if c in classes]
        return "-c " + ",".join(names)
    return re.sub(r"-c ([\w,]+)", keep, command)


@functools.lru_cache(maxsize=None)
def outputs():
    """{command: its lines}; rules that wait for a boolean of ours left out."""
    access, inside = policy.installed()
    commands = [c for _, found, _ in rows() for c in found]
    script = "".join(f"echo '== {c}'; {known(c, access['classes'])} policy\n"
                     for c in commands)
    text = policy.run("sh", "-ec", script, cwd=inside)
    blocks = re.split(r"^== (.*)$", text, flags=re.MULTILINE)[1:]
    return {command: [line for line in lines.splitlines() if line.strip() and
                      not re.search(r"\[ sluice_\w+ \]:True", line)]
            for command, lines in zip(blocks[::2], blocks[1::2])}


@test
def the_page_has_a_command_for_each_claim():
    check(len(list(rows())) >= 28, f"{len(list(rows()))} rows")


@test
def the_number_of_the_claims_is_the_one_of_the_table():
    said = re.search(r"the same claims, (\d+) in all", page.PAGE)
    check_equal(int(said[1]), sum(map(len, (
        claims.NEVER, claims.UNTOUCHABLE, claims.MUST, claims.TRANSITIONS))))


@test
def what_should_print_nothing_prints_nothing():
    printed, wrong, seen = outputs(), [], 0
    for claim, commands, prints in rows():
        for command, wanted in zip(commands, prints.split("; ")):
            if re.match(r"nothing\b", wanted):
                seen += 1
                wrong += [f"{command}: {line}" for line in printed[command]]
    check(seen >= 12, f"only {seen} such commands")
    if wrong:
        raise Failed("\n".join(wrong[:20]))


RULE = re.compile(r"allow (\w+) (\w+):(\w+) ")


def named(wanted):
    return set(re.findall(r"`(\w+)`", wanted.split("; nothing with")[0]))


@test
def what_prints_something_prints_all_that_the_page_names():
    printed = outputs()
    for claim, commands, prints in rows():
        for command, wanted in zip(commands, prints.split("; ")):
            text = "\n".join(printed[command])
            check(named(wanted) or wanted.startswith("nothing"),
                  f"the page does not say what this prints: {command}")
            for name in named(wanted):
                check(name in text, f"{command} does not print {name}:\n"
                      f"{text[:600]}")


@test
def what_prints_something_prints_no_other_type_and_nothing_else_of_its_own():
    """A name without _t is an attribute, or a class of the domain's own."""
    for claim, commands, prints in rows():
        for command, wanted in zip(commands, prints.split("; ")):
            for line in outputs()[command]:
                source, target, tclass = RULE.match(line).groups()
                other = source if " -t " in command else target
                if other.endswith("_t"):
                    check(named(wanted) & {other} or (
                        source == target and tclass in named(wanted)),
                        f"{command} prints what the page lacks: {line}")


@test
def the_shipper_may_do_what_the_page_says_and_no_more():
    check_equal(page.unsaid(judge.Policy(policy.installed()[0])), [],
                "allowed, and not on the page")
    said = page.shipper()
    check(len(said) > 20, f"the table has {sorted(said)} alone")


@test
def the_booleans_of_the_page_are_those_of_the_module():
    table = page.section("Booleans")
    check_equal(set(re.findall(r"^\| `(sluice_\w+)`", table, re.MULTILINE)),
                set(claims.BOOLEANS), "booleans")


main()
