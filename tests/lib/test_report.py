# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The reporter, fed with logs of programs that went wrong.
import json

from report import Report, rows_of, worth_another
from tap import check, check_equal, main, test

GOOD = "1..2\nok 1 - one\nok 2 - two\n"


def report(*programs):
    made = Report(show=lambda line: shown.append(line))
    shown = made.shown = []
    for name, text, status in programs:
        made.add_program(name, text, status)
    made.status = made.finish()
    return made


def counts(made):
    return made.passed, len(made.failures), len(made.skips)


@test
def every_subtest_is_counted_and_the_last_line_stands_alone():
    made = report(("a", GOOD, 0), ("b", GOOD, 0))
    check_equal(counts(made), (4, 0, 0))
    check_equal(made.shown[-1], "4 passed, 0 failed, 0 skipped")
    check_equal(made.status, 0)


@test
def a_failure_is_listed_with_its_own_words():
    made = report(("a", "1..2\nok 1 - one\nnot ok 2 - two\n# x is 3\n", 1))
    check_equal(counts(made), (1, 1, 0))
    check_equal(made.failures, [("a: two", "x is 3")])
    check_equal(made.status, 1)


@test
def a_skip_is_listed_with_its_reason():
    made = report(("a", "1..2\nok 1 - one\nok 2 - two # SKIP no IPv6\n", 0))
    check_equal(counts(made), (1, 0, 1))
    check("skipped: a: two: no IPv6" in made.shown, "the reason is missing")


@test
def a_whole_program_may_be_skipped_by_its_plan():
    made = report(("a", "1..0 # SKIP no kernel\n", 0), ("b", GOOD, 0))
    check_equal(counts(made), (2, 0, 1))
    check_equal(made.skips, [("a: all of it", "no kernel")])


@test
def a_crash_after_good_results_is_a_failure():
    check_equal(counts(report(("a", GOOD, -11))), (2, 1, 0))
    check_equal(counts(report(("a", "1..3\n" + GOOD[5:], -11))), (2, 1, 0))


@test
def a_program_that_says_nothing_is_a_failure():
    check_equal(counts(report(("a", "", 0))), (0, 1, 0))
    check_equal(counts(report(("a", "Segmentation fault\n", 139))), (0, 1, 0))


@test
def too_many_too_few_results_and_a_missing_plan_are_failures():
    for text in ("1..3\nok 1\nok 2\n", "1..1\nok 1\nok 2\n", "ok 1\nok 2\n",
                 "1..0\nok 1\nok 2\n"):
        check_equal(len(report(("a", text, 0)).failures), 1, text)


@test
def a_program_that_ran_out_of_time_is_a_failure():
    log = json.dumps({"name": "a", "stdout": GOOD, "returncode": 0,
                      "result": "TIMEOUT"})
    made = Report(show=lambda line: None)
    made.add_rows(rows_of(log + "\n"))
    check_equal(counts(made), (2, 1, 0))


@test
def a_log_without_any_test_and_a_run_without_any_pass_are_failures():
    made = Report(show=lambda line: None)
    made.add_rows(rows_of(""))
    check_equal(len(made.failures), 1)
    check_equal(report().status, 1)
    check_equal(report(("a", "1..1\nok 1 # SKIP no\n", 0)).status, 1)


@test
def a_failing_status_beside_a_named_failure_is_counted_once():
    check_equal(counts(report(("a", "1..1\nnot ok 1 - x\n", 1))), (0, 1, 0))


def row(name, text, status=0, result="OK"):
    return {"name": name, "stdout": text, "returncode": status,
            "result": result}


@test
def one_that_passes_alone_is_said_to_be_unsteady():
    first = row("s:chaos / a", "1..2\nok 1 - one\nnot ok 2 - two\n# x\n", 1,
                "FAIL")
    made = Report(show=lambda line: shown.append(line))
    shown = []
    made.add_second(first, row("s:chaos / a", GOOD))
    check_equal(made.finish(), 0)
    check_equal(counts(made), (2, 0, 0))
    check(any(line.startswith("unsteady: s:chaos / a: two: failed beside "
                              "others (x)") for line in shown), shown)


@test
def one_that_fails_alone_as_well_has_failed():
    first = row("s:chaos / a", "1..1\nnot ok 1 - two\n# x\n", 1, "FAIL")
    made = Report(show=lambda line: None)
    made.add_second(first, first)
    check_equal(counts(made), (0, 1, 0))
    check_equal(made.finish(), 1)


@test
def only_a_few_of_those_suites_are_worth_another_run():
    def names(rows, most=2):
        return [r["name"] for r in worth_another(rows, {"chaos"}, {"kill"},
                                                 most)]
    bad = [row(f"s:{name}", "", 1, "ERROR") for name in
           ("chaos / a", "chaos / kill", "unit / a")]
    good = [row("s:chaos / b", GOOD), row("s:chaos / c", "", 0, "SKIP")]
    check_equal(names(good), [])
    check_equal(names(bad[:1] + good), ["s:chaos / a"])
    check_equal(names(bad[1:] + good), [])
    check_equal(names(bad + good, most=3), ["s:chaos / a"])
    check_equal(names(bad + good, most=2), [])


main()
