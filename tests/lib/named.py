# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The names of all tests, for pages that lead to them.
import re


def tests_in_tree(root):
    names = set()
    for path in (root / "tests").rglob("*"):
        if path.suffix == ".c":
            names.update(re.findall(r"^TEST\((\w+)\)", path.read_text(),
                                    re.MULTILINE))
        elif path.suffix == ".py":
            names.update(re.findall(r"^@test\ndef (\w+)\(",
                                    path.read_text(), re.MULTILINE))
    return names
