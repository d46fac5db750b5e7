#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Which macros of a policy's headers our module calls, and
# which trees of headers have them.  As a program it makes interfaces.txt, from
# folders that `make install-headers` of each tree filled:
#
#   interfaces.py 'fedora-2024-10-24=FOLDER' ... >interfaces.txt
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = ("sluice.te", "sluice.if")
# m4's own
NOT_THEIRS = {"ifdef"}

_DEFINED = re.compile(r"^\s*(?:interface|template|define)\(`(\w+)'",
                      re.MULTILINE)
_CALL = re.compile(r"\b(\w+)\(|\b(\w+_perms)\b")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_IFDEF = re.compile(r"\bifdef\(")


def source(name):
    text = (HERE.parents[1] / "selinux" / name).read_text(encoding="utf-8")
    return _COMMENT.sub("", text)


def calls(text):
    """Names of what is not ours."""
    found = {a or b for a, b in _CALL.findall(text)}
    return {n for n in found if not n.startswith("sluice_")} - NOT_THEIRS


def _arguments(text):
    """Of a call whose bracket is open, without their quotes, and the rest."""
    found, depth, start = [], 0, None
    for at, letter in enumerate(text):
        if letter == "`":
            if depth == 0:
                start = at + 1
            depth += 1
        elif letter == "'":
            depth -= 1
            if depth == 0:
                found.append(text[start:at])
        elif letter == ")" and depth == 0:
            return found, text[at + 1:]
    raise ValueError("a call that does not end")


def seen_by(text, has):
    """The text as m4 leaves it where has(name) is defined."""
    match = _IFDEF.search(text)
    if match is None:
        return text
    (name, then, *other), rest = _arguments(text[match.end():])
    chosen = then if has(name) else "".join(other)
    return text[:match.start()] + seen_by(chosen, has) + seen_by(rest, has)


def asked():
    """Every name that is called anywhere, or asked for by an ifdef."""
    found = set()
    for each in SOURCES:
        text = source(each)
        found |= calls(text) | set(re.findall(r"ifdef\(`(\w+)'", text))
    return sorted(found)


def defined(folder):
    found = set()
    for suffix in ("*.if", "*.spt"):
        for path in pathlib.Path(folder).rglob(suffix):
            found |= set(_DEFINED.findall(path.read_text(errors="replace")))
    return found


def table(trees):
    """The lines of interfaces.txt for {name of the tree: folder}."""
    yield "# Made by interfaces.py: what our module calls, and which tree lacks it."
    yield "# trees: " + " ".join(trees)
    there = {tree: defined(folder) for tree, folder in trees.items()}
    for name in asked():
        yield " ".join([name, *(f"-{tree}" for tree in trees
                                if name not in there[tree])])


def read():
    """{tree: names that it has} of interfaces.txt."""
    lines = (HERE / "interfaces.txt").read_text().splitlines()
    trees = lines[1].split()[2:]
    rows = [line.split() for line in lines[2:]]
    return {tree: {name for name, *lacks in rows if f"-{tree}" not in lacks}
            for tree in trees}


if __name__ == "__main__":
    print("\n".join(table(dict(word.split("=", 1) for word in sys.argv[1:]))))
