# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Counts what happened: every TAP result of every test program
# is one; a program that crashed, hung, broke its plan or said nothing is one
# failure more.  Ends with "N passed, N failed, N skipped".
import json
import re

_RESULT = re.compile(r"(not )?ok\b\s*(\d+)?\s*(?:-\s*)?([^#]*)(?:#\s*(.*))?")
_PLAN = re.compile(r"1\.\.(\d+)(?:\s*#\s*skip\b\s*(.*))?", re.IGNORECASE)


def parse_tap(text):
    """(results, plan, words): results are [name, verdict, why] each."""
    results, plan, words = [], None, []
    for line in text.splitlines():
        match = _PLAN.fullmatch(line)
        if match:
            plan = int(match[1])
            if plan == 0:
                results.append(["all of it", "skipped", match[2] or "no why"])
            continue
        match = _RESULT.fullmatch(line)
        if match is None:
            words.append(line)
            if results and line.startswith("#"):
                results[-1][2] += line[1:].strip() + "\n"
            continue
        failed, _, name, directive = match.groups()
        skip = (directive or "").lower().startswith("skip")
        verdict = "failed" if failed else "skipped" if skip else "passed"
        why = directive[4:].strip() if skip else ""
        results.append([name.strip(), verdict, why])
    return results, plan, words


def rows_of(text):
    """Of a testlog.json: one JSON object a line."""
    return [json.loads(line) for line in text.splitlines() if line]


def worth_another(rows, suites, never, most):
    """Rows of programs that failed and may show, alone, that it was for what
    ran beside them; none where it is too many to be chance."""
    failed = [row for row in rows if row["result"] not in ("OK", "SKIP")]
    if len(failed) > most:
        return []
    return [row for row in failed if row["name"].split(" / ")[0].split(":")[-1]
            in suites and row["name"].split(" / ")[-1] not in never]


class Report:
    def __init__(self, show=print):
        self.show = show
        self.passed = 0
        self.unsteady = []      # (name, what it said the first time)
        self.failures = []      # (name, output)
        self.skips = []         # (name, reason)

    def add(self, name, verdict, why=""):
        if verdict == "passed":
            self.passed += 1
        elif verdict == "skipped":
            self.skips.append((name, why.strip() or "no reason given"))
        else:
            self.failures.append((name, why.strip() or "no output"))
            self.show(f"not ok: {name}: " + self.failures[-1][1][:300])

    def add_program(self, name, text, status, result="OK"):
        """One TAP program's output and exit status; result as meson has it."""
        results, plan, words = parse_tap(text)
        for title, verdict, why in results:
            self.add(f"{name}: {title}", verdict, why)
        tail = "\n".join(words[-40:])
        if result == "TIMEOUT":
            self.add(name, "failed", f"did not end in its time\n{tail}")
        elif plan is None:
            self.add(name, "failed", f"printed no plan, status {status}\n"
                     f"{tail}")
        elif plan not in (0, len(results)) or plan == 0 and len(results) > 1:
            self.add(name, "failed", f"planned {plan} results, gave "
                     f"{len(results)}, status {status}\n{tail}")
        elif status != 0 and not any(r[1] == "failed" for r in results):
            self.add(name, "failed", f"ended with status {status}\n{tail}")

    def add_rows(self, rows, prefix=""):
        for row in rows:
            output = row.get("stdout", "") + "\n" + row.get("stderr", "")
            self.add_program(prefix + row["name"], output, row["returncode"],
                             row["result"])
        if not rows:
            self.add(prefix + "meson test", "failed", "ran no test")

    def add_second(self, first, second, prefix=""):
        """A program that failed beside others and was run again alone: what
        it says alone counts, what it said before is not kept quiet."""
        before = Report(show=lambda line: None)
        before.add_rows([first], prefix)
        self.unsteady += [(name, why.splitlines()[0])
                          for name, why in before.failures]
        self.add_rows([second], prefix)

    def finish(self):
        """Says it all; returns the exit status."""
        for name, reason in self.skips:
            self.show(f"skipped: {name}: {reason}")
        for name, words in self.unsteady:
            self.show(f"unsteady: {name}: failed beside others ({words}); run "
                      "again alone, what it says then counts")
        for name, output in self.failures:
            self.show(f"\nFAILED: {name}")
            for line in output.splitlines():
                self.show("    " + line)
        if not self.passed and not self.failures:
            self.show("nothing passed: that is a failure")
        self.show("")
        self.show(f"{self.passed} passed, {len(self.failures)} failed, "
                  f"{len(self.skips)} skipped")
        return 0 if self.passed and not self.failures else 1
