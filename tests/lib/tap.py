# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Test anything protocol for Python tests, as test.h is for C:
#
#   @test
#   def a_sentence_that_says_what_is_shown():
#       check_equal(1 + 1, 2)
#   main()
import sys
import time
import traceback

_tests = []


class Failed(Exception):
    """A check that did not hold; its text is the whole story."""


class Skip(Exception):
    """This test cannot run here; the text says why."""


def test(function):
    _tests.append(function)
    return function


def check(condition, words):
    if not condition:
        raise Failed(words)


def short(value):
    """Its beginning and its end, for a person to read."""
    text = repr(value)
    return text if len(text) < 4000 else f"{text[:2000]} … {text[-2000:]}"


def check_equal(got, want, what="value"):
    if got != want:
        raise Failed(f"{what} is {short(got)}, not {short(want)}")


def until(condition, seconds, what):
    """Polls until condition() is true and returns what it gave."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def _comment(text):
    for line in str(text).splitlines():
        print("# " + line)


def _run(number, function):
    name = function.__name__
    try:
        function()
    except Skip as reason:
        print(f"ok {number} - {name} # SKIP {reason}")
        return True
    except Failed as failure:
        print(f"not ok {number} - {name}")
        _comment(failure)
        _comment(getattr(failure, "evidence", ""))
        return False
    except Exception:
        print(f"not ok {number} - {name}")
        _comment(traceback.format_exc())
        return False
    print(f"ok {number} - {name}")
    return True


def main():
    """Runs all tests, or those whose name holds a word of the arguments;
    with --list only names them."""
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f.__name__ for f in _tests))
        return
    wanted = [f for f in _tests if len(sys.argv) < 2 or
              any(word in f.__name__ for word in sys.argv[1:])]
    print(f"1..{len(wanted)}", flush=True)
    good = True
    for number, function in enumerate(wanted, 1):
        good = _run(number, function) and good
        sys.stdout.flush()
    sys.exit(0 if good else 1)
