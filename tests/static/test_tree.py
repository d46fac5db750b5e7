# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The tree keeps its own rules: size, width, which process a
# file runs in, which library may be included where.
import collections
import os
import pathlib
import re

from tap import check_equal, main, test

root = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
HOUSE = ("collectord", "shipperd", "libproto", "libconfine", "tools", "tests")

FILE_LINES = 500
FUNCTION_LINES = 100
COLUMNS = 80

# The only files that may include a library beside libc.
LIBRARIES = {
    r"openssl/": {f"shipperd/tls{part}.c" for part in (
        "", "_context", "_inside", "_judge", "_memory", "_pins", "_policy",
        "_staple", "_trust")},
    r"seccomp\.h": {"libconfine/seccomp_table.c"},
    r"sys/capability\.h": {"libconfine/privilege.c"},
    r"json(-c/|\.h|_)": {"collectord/config.c", "shipperd/reply_json.c"},
}
# Signs requests, over no connection.
LIBRARIES[r"openssl/"].add("shipperd/sign.c")
# Checks them: public keys, in the operator's command.
LIBRARIES[r"openssl/"].add("tools/verify_key.c")

# What a folder's files may include from the others.
SEES = {
    "collectord": {"collectord", "libproto", "libconfine"},
    "shipperd": {"shipperd", "libproto", "libconfine"},
    "libproto": {"libproto"},
    "libconfine": {"libconfine", "libproto"},
}

# No source file names the machine that it was written on.
FOREIGN = re.compile("/" + "work/|/" + "farm/|[.]" + "library|(?<![a-z])"
                     "facts" + "/|" + "drafts" + "/|[.][.]/" + "shared")


def files(*suffixes):
    found = [p for top in HOUSE for p in sorted((root / top).rglob("*"))
             if p.suffix in suffixes and p.is_file()]
    assert found
    return found


def sources():
    return files(".c", ".h", ".def")


def name(path):
    return str(path.relative_to(root))


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def functions(path):
    """(name, lines) of each: from a brace in column 1 to its end."""
    start = 0
    text = lines(path)
    for number, line in enumerate(text):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield text[start - 1], number - start + 1
            start = 0


@test
def no_file_has_more_than_500_lines():
    long = [(name(p), len(lines(p))) for p in files(".c", ".h", ".def", ".py")
            if len(lines(p)) > FILE_LINES and p.suffix != ".def"]
    check_equal(long, [])


@test
def no_function_has_more_than_100_lines():
    long = [(name(p), title, count) for p in files(".c")
            for title, count in functions(p) if count > FUNCTION_LINES]
    check_equal(long, [])


@test
def no_line_of_c_is_wider_than_80_columns():
    wide = [f"{name(p)}:{n}" for p in sources()
            for n, line in enumerate(lines(p), 1)
            if len(line.expandtabs(8)) > COLUMNS]
    check_equal(wide, [])


@test
def each_file_says_its_licence_and_where_it_runs():
    silent = []
    for path in files(".c", ".h", ".def", ".py"):
        head = "\n".join(lines(path)[:6])
        if "SPDX-License-Identifier: Apache-2.0" not in head or \
                "Runs in:" not in head:
            silent.append(name(path))
    check_equal(silent, [])


@test
def the_folder_and_the_line_agree_on_the_process():
    wrong = []
    for folder, other in (("collectord", "shipperd"),
                          ("shipperd", "collectord")):
        for path in sorted((root / folder).rglob("*.[ch]")):
            said = re.search(r"Runs in: ([^.]*)", path.read_text())[1]
            if not said.startswith(folder):
                wrong.append((name(path), said))
    check_equal(wrong, [])


@test
def each_library_is_included_by_the_files_that_own_it_and_no_other():
    for header, owners in LIBRARIES.items():
        pattern = re.compile(r"^\s*#\s*include\s*[<\"]" + header, re.MULTILINE)
        found = {name(p) for p in files(".c", ".h")
                 if pattern.search(p.read_text()) and
                 not name(p).startswith("tests/")}
        check_equal(found - owners, set(), f"includes of {header}")


@test
def no_folder_includes_a_header_of_a_process_that_is_not_its_own():
    homes = collections.defaultdict(set)
    for path in files(".h"):
        homes[path.name].add(path.relative_to(root).parts[0])
    stray = []
    for folder, seen in SEES.items():
        for path in sorted((root / folder).rglob("*.[ch]")):
            for header in re.findall(r'#include "(?:.*/)?(\w+\.h)"',
                                     path.read_text()):
                if homes[header] and not homes[header] & seen:
                    stray.append((name(path), header))
    check_equal(stray, [])


@test
def nothing_in_the_tree_names_the_machine_it_was_written_on():
    skipped = {".git", ".cache"}
    named = []
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if not path.is_file() or parts[0] in skipped or \
                parts[0].startswith("build") or "__pycache__" in parts:
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        named += [f"{name(path)}: {m[0]}" for m in FOREIGN.finditer(text)]
    check_equal(named, [])


main()
