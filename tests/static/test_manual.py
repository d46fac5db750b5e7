# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The manual says what the programs do: every key, range,
# default and example of sluice.conf.5 against the collector's table, every
# option against the option tables, every event against operations.md.
import collections
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from tap import Skip, check, check_equal, main, test

ROOT = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
BUILD = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"])
MAN = ROOT / "docs/man"
KEYS = BUILD / "tests/static/config_keys"
PAGES = ("collectord.8", "shipperd.8", "sluice.1", "sluice.conf.5")
EXAMPLE = ROOT / "docs/sluice.conf.example"
ANY_SOURCE = [f"collect.sources.SOURCE.{leaf}" for leaf in (
    "enabled", "include", "exclude", "max_series")]

Key = collections.namedtuple(
    "Key", "path kind least most preset words required")

# What the least configuration needs; an example is laid beside it.
SHIP = {"endpoints": '["https://a.example"]', "ca": '"/ca"',
        "cert": '"/cert"', "key": '"/key"'}
# And what ship.defender needs beside it.
DEFENDER = {"protocol": '"device-defender"',
            "endpoints": '["https://a.example:8443"]'}


def source(page):
    return (MAN / f"{page}.in").read_text()


def keys():
    out = subprocess.run([KEYS], check=True, capture_output=True, text=True)
    rows = [Key(*line.split("\t")) for line in out.stdout.splitlines()]
    check(len(rows) > 20, rows)
    return rows


def judge(text):
    """What is wrong with that configuration; "" if nothing is."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(
            [KEYS, file.name], check=False, capture_output=True, text=True,
            env={**os.environ, "CREDENTIALS_DIRECTORY": "/run/credentials/x"})
    return done.stdout.strip()


def plain(text):
    return text.replace(r"\(dq", '"').replace(r"\e", "\\")


def entries():
    """path: the lines below its .It, up to the next."""
    found = {}
    for part in re.split(r"^\.It ", source("sluice.conf.5"),
                         flags=re.MULTILINE)[1:]:
        head, *lines = part.split("\n")
        if head.startswith("Ic "):
            check(head[3:] not in found, f"{head} twice")
            found[head[3:]] = lines
    return found


def some(key):
    """The number of items, in words."""
    if key.path == "ship.endpoints":
        return f"List of {key.least} to {key.most} different URLs"
    if key.path == "ship.pins":
        return f"List of {key.least} to {key.most} different pins"
    if key.path == "require":
        return "List of " + " or ".join(key.words.split())
    if key.path in ("collect.sources.operator.metrics",
                    "ship.defender.custom_metrics"):
        return f"Object of at most {key.most} metrics"
    if key.kind == "map":
        return f"Object of at most {key.most} attributes"
    return f"List of at most {key.most} different names"


def sentence(key):
    """How the page must say it."""
    what = {
        "section": lambda: "Object",
        "word": lambda: "Word, " + " or ".join(key.words.split()),
        "bool": lambda: "true or false",
        "number": lambda: f"Number, {key.least} to {key.most}",
        "duration": lambda: f"Duration, {key.least} to {key.most}",
        "size": lambda: f"Size, {key.least} to {key.most}",
        "path": lambda: "Absolute path",
        "name": lambda: "Name",
        "url": lambda: "URL",
        "secret": lambda: "Absolute path or credential",
        "list": lambda: some(key),
        "map": lambda: some(key),
    }[key.kind]()
    if key.kind == "section":
        return what + "."
    if key.required:
        return what + "; required."
    return f"{what}; default {key.preset or 'none'}."


def wrapped(path, text):
    """A configuration with that one member in its place."""
    *sections, _ = path.split(".")
    ship = dict(SHIP)
    inner = text
    if sections == ["ship"]:
        ship.pop(path.split(".")[1], None)
    if path.startswith("ship.defender"):
        ship |= DEFENDER
        if path.count(".") == 2 and not path.endswith(".thing"):
            inner = f'"thing": "a", {text}'
    for name in reversed(sections):
        if name != "ship":
            inner = f'"{name}": {{ {inner} }}'
    members = ", ".join(f'"{k}": {v}' for k, v in ship.items())
    if sections[:1] == ["ship"]:
        return f'{{ "ship": {{ {members}, {inner} }} }}'
    return f'{{ "ship": {{ {members} }}, {inner} }}'


@test
def every_key_of_the_table_has_an_entry_and_no_other_has():
    want = [k.path for k in keys() if k.kind != "source"]
    want += ANY_SOURCE
    check_equal(sorted(entries()), sorted(want), "entries")


@test
def type_range_and_default_are_those_of_the_table():
    page = entries()
    for key in keys():
        if key.kind != "source":
            check_equal(page[key.path][0], sentence(key), key.path)


@test
def each_source_stands_in_the_page_with_its_smallest_profile():
    named = re.findall(r"^\.It (\w+) Ta (\w+) Ta", source("sluice.conf.5"),
                       re.MULTILINE)
    want = [(k.path.split(".")[2], k.preset) for k in keys()
            if k.kind == "source" and k.path.endswith(".enabled")]
    check(len(want) > 10, want)
    check_equal(named, want, "sources")


@test
def the_example_of_each_key_is_taken_by_the_collector():
    for path, lines in entries().items():
        examples = [plain(x[4:]) for x in lines if x.startswith(".Dl ")]
        check_equal(len(examples), 1, f"{path}: examples")
        if path == "ship":
            continue
        path = path.replace("SOURCE", "cpu")
        leaf = path.split(".")[-1]
        check(examples[0].startswith(f'"{leaf}": '), examples[0])
        check_equal(judge(wrapped(path, examples[0])), "", path)


@test
def a_wrong_example_would_be_seen():
    check("collect.interval" in
          judge(wrapped("collect.interval", '"interval": "30"')), "taken")
    check("ship.timeout" in
          judge(wrapped("ship.timeout", '"timeout": "1h"')), "taken")


@test
def the_whole_examples_are_taken_by_the_collector():
    blocks = re.findall(r"^\.Bd -literal.*?\n(\{.*?)^\.Ed",
                        source("sluice.conf.5"), re.DOTALL | re.MULTILINE)
    check_equal(len(blocks), 2, "whole examples")
    for block in [*blocks, EXAMPLE.read_text()]:
        check_equal(judge(plain(block)), "", block)


@test
def every_key_stands_in_the_example_with_its_default_and_range():
    text = EXAMPLE.read_text()
    for key in keys():
        leaf = key.path.split(".")[-1]
        if key.kind == "source":
            continue
        lines = [x for x in text.splitlines() if f'"{leaf}"' in x]
        # a word that several sections have stands in a line with its own
        section = f'"{key.path.split(".")[-2:][0]}"'
        line = next((x for x in lines if section in x),
                    lines[0] if lines else None)
        check(line is not None, f"{key.path}: not in the example")
        if key.preset:
            quote = "" if key.kind in ("bool", "number") else '"'
            value = f'"{leaf}": {quote}{key.preset}{quote}'
            check(value in line, f"{line}: default is {key.preset}")
        if key.kind in ("duration", "size"):
            check(f"{key.least} to {key.most}" in line,
                  f"{line}: no range {key.least} to {key.most}")


def options_of(path):
    """Long and short options in a program's own tables."""
    text = (ROOT / path).read_text()
    long = set(re.findall(r'\{ "([a-z-]+)", (?:no|required)_argument', text))
    short = re.search(r'getopt_long\(argc, argv, "([a-z:]+)"', text)[1]
    return {f"-{c}" for c in short if c != ":"} | {f"--{n}" for n in long}


def options_in(page):
    """Those of its list of options."""
    heads = re.findall(r"^\.It (Fl .*)$", source(page), re.MULTILINE)
    return {("--" if dashes == "Fl Fl" else "-") + name for head in heads
            for dashes, name in re.findall(r"(Fl Fl|Fl) ([a-z-]+)", head)}


@test
def every_option_of_a_program_stands_in_its_page_and_no_other():
    check_equal(options_in("collectord.8"), options_of("collectord/options.c"),
                "options of collectord")
    check_equal(options_in("sluice.1"),
                options_of("tools/sluice.c") | {"--version"},
                "options of sluice")
    check_equal(options_in("shipperd.8"), set(), "options of shipperd")


@test
def every_command_of_sluice_stands_in_its_page_and_no_other():
    text = (ROOT / "tools/sluice.c").read_text()
    table = re.search(r"commands\[\] = \{(.*?)\};", text, re.DOTALL)[1]
    check_equal(
        set(re.findall(r"^\.It Cm (\w+)", source("sluice.1"), re.MULTILINE)),
        set(re.findall(r'\{ "(\w+)"', table)), "commands")


@test
def the_events_of_each_page_are_those_of_the_operators_table():
    page = (ROOT / "docs/operations.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (collectord|shipperd|both) \|", page,
                      re.MULTILINE)
    for process in ("collectord", "shipperd"):
        text = source(f"{process}.8").split(".Sh DIAGNOSTICS")[1]
        check_equal(
            set(re.findall(r"^\.It Ic (\w+)", text, re.MULTILINE)),
            {name for name, who in rows if who in (process, "both")},
            f"events of {process}")


@test
def the_pages_that_are_built_have_no_placeholder_left():
    for page in PAGES:
        left = re.findall(r"@\w+@", (BUILD / "docs" / page).read_text())
        check_equal(left, [], page)


@test
def mandoc_has_no_warning():
    if shutil.which("mandoc") is None:
        raise Skip("mandoc is not installed")
    done = subprocess.run(
        ["mandoc", "-Tlint", "-Wwarning", *(BUILD / "docs" / page
                                            for page in PAGES)],
        check=False, capture_output=True, text=True)
    check_equal((done.stdout + done.stderr, done.returncode), ("", 0))


@test
def groff_has_no_warning():
    if shutil.which("groff") is None:
        raise Skip("groff is not installed")
    for page in PAGES:
        done = subprocess.run(
            ["groff", "-mandoc", "-Tutf8", "-ww", "-z", BUILD / "docs" / page],
            check=False, capture_output=True, text=True)
        if "mandoc.tmac" in done.stderr or "devutf8" in done.stderr:
            raise Skip("groff came without its macros: " + done.stderr)
        check_equal((done.stderr, done.returncode), ("", 0), page)


main()
