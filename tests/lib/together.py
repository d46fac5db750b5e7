# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Tests that mostly wait, and so wait at the same time:
#
#   @together
#   def a_sentence_that_says_what_is_shown():
#       …
#   run_together()
import concurrent.futures
import sys

import tap

_functions = []


def together(function):
    _functions.append(function)
    return function


def run_together(threads=16):
    """As tap.main(); each is reported in its turn."""
    wanted = [f for f in _functions if len(sys.argv) < 2 or
              any(word in f.__name__ for word in sys.argv[1:])]
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for function in wanted:
            def wait(result=pool.submit(function).result):
                result()
            wait.__name__ = function.__name__
            tap.test(wait)
        tap.main()
