# SPDX-License-Identifier: Apache-2.0
# Runs in: a developer's shell and CI, by tools/test.  Every build, every test,
# then one line that counts them.
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILDS = ROOT / ".cache/test"
sys.path.insert(0, str(ROOT / "tests/lib"))
sys.dont_write_bytecode = True

from report import Report, rows_of, worth_another   # noqa: E402

# So many programs of the suites that look at clocks may fail for what ran
# beside them and are run again alone; not those whose books must balance.
UNSTEADY_MOST = 3
UNSTEADY_SUITES = {"integration", "chaos", "vm", "bench"}
STEADY = {"kill", "injection", "restart", "ring_hammer", "secrets", "memory",
          "tls_cases", "pkits"}

FUZZ_SECONDS = 10           # of one target
FUZZ_BUDGET = 240           # of all of them

SANITIZERS = ["-Db_sanitize=address,undefined", "-Db_lundef=false"]
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}

report = Report()
started = time.monotonic()


def say(words):
    print(f"== {time.monotonic() - started:4.0f} s: {words}", flush=True)


def run(words, **more):
    env = {**os.environ, **more}
    done = subprocess.run([str(word) for word in words], env=env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def build(name, compiler, *options):
    """The build directory, or None where it failed."""
    folder = BUILDS / name
    say(f"build {name}")
    if (folder / "build.ninja").exists():
        code, output = 0, ""
    else:
        shutil.rmtree(folder, ignore_errors=True)
        code, output = run(["meson", "setup", *options, folder, ROOT],
                           CC=compiler)
    if code == 0:
        code, output = run(["ninja", "-C", folder])
    report.add(f"build {name}: {compiler} takes it without a warning",
               "failed" if code else "passed", output[-6000:])
    return None if code else folder


def meson_rows(folder, *names, suites=(), without=(), **more):
    """What all tests of a build say, or those of some suites, or of all but
    some, or those of some names."""
    words = ["meson", "test", "-C", folder, "--no-rebuild", *names]
    for suite in suites:
        words += ["--suite", suite]
    for suite in without:
        words += ["--no-suite", suite]
    name = " ".join([folder.name, *names, *suites, *(f"-{s}" for s in without)])
    say(f"test {name}")
    base = "results" + name.replace(" ", "-")
    log = folder / f"meson-logs/{base}.json"
    log.unlink(missing_ok=True)
    code, output = run(words + ["--logbase", base], **more)
    say(f"tested {name}")
    for line in output.splitlines():
        if re.match(r" *\d+/\d+ ", line):
            print("   " + line)
    if log.exists():
        return rows_of(log.read_text())
    report.add(f"{name}: meson test", "failed", f"{code}: {output}")
    return []


def meson_test(folder, suites, **more):
    report.add_rows(meson_rows(folder, suites=suites, **more),
                    f"{folder.name}: ")


def again(folder, rows, env):
    """Those that are worth it, alone; adds all rows."""
    prefix = f"{folder.name}: "
    worth = worth_another(rows, UNSTEADY_SUITES, STEADY, UNSTEADY_MOST)
    for first in worth:
        program = first["name"].split(" / ")[-1]
        second = [row for row in meson_rows(folder, program, **env)
                  if row["name"] == first["name"]]
        report.add_second(first, second[0] if second else first, prefix)
    report.add_rows([row for row in rows if row not in worth], prefix)


def all_tests(folder, quick):
    """Faults mostly wait for time to pass: the rest runs beside them."""
    env = {"SLUICE_QUICK": "1" if quick else ""}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        halves = [pool.submit(meson_rows, folder, suites=["chaos"], **env),
                  pool.submit(meson_rows, folder, without=["chaos"], **env)]
        again(folder, [row for half in halves for row in half.result()], env)


def install(folder):
    with tempfile.TemporaryDirectory() as destination:
        code, output = run(["meson", "install", "-C", folder, "--no-rebuild"],
                           DESTDIR=destination)
        there = [p for p in pathlib.Path(destination).rglob("*")
                 if p.name in ("collectord", "shipperd")]
    good = code == 0 and len(there) == 2
    report.add("install: both daemons go where DESTDIR says",
               "passed" if good else "failed", output[-2000:])


def fuzz_one(program, seconds):
    """(good, words) of one libFuzzer target, started from its seeds."""
    name = program.name.removeprefix("fuzz_")
    seeds = ROOT / "tests/fuzz/seeds" / name
    with tempfile.TemporaryDirectory() as corpus:
        code, output = run(
            [program, f"-max_total_time={seconds}", "-timeout=10",
             "-rss_limit_mb=2048", "-print_final_stats=1",
             f"-artifact_prefix={BUILDS}/", corpus, seeds], **SANITIZER_ENV)
    runs = re.search(r"number_of_executed_units: (\d+)", output)
    if code or runs is None:
        return False, output[-6000:]
    return True, f"{name}: {runs[1]} inputs"


def fuzz(folder):
    programs = sorted(p for p in (folder / "tests/fuzz").glob("fuzz_*")
                      if p.is_file() and os.access(p, os.X_OK))
    if not programs:
        report.add("fuzz: there are targets", "failed")
        return
    workers = os.cpu_count() or 1
    seconds = max(1, min(FUZZ_SECONDS,
                         FUZZ_BUDGET * workers // len(programs)))
    say(f"fuzz {len(programs)} targets, {seconds} s each")
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(lambda p: fuzz_one(p, seconds), programs))
    for program, (good, words) in zip(programs, results):
        if good:
            print("    " + words)
        report.add(f"{program.name}: no input breaks it",
                   "passed" if good else "failed", words)


def everything(quick):
    folder = build("gcc", "gcc", "--buildtype=release")
    if folder:
        all_tests(folder, quick)
        install(folder)
    if quick:
        return
    folder = build("clang", "clang", "--buildtype=release")
    if folder:
        meson_test(folder, ["unit"])
    folder = build("sanitizers", "gcc", *SANITIZERS)
    if folder:
        meson_test(folder, ["unit", "fuzz"], **SANITIZER_ENV)
    folder = build("fuzzers", "clang", "-Dfuzzing=true", *SANITIZERS,
                   "-Dc_args=-fsanitize=fuzzer-no-link")
    if folder:
        fuzz(folder)


def main():
    parser = argparse.ArgumentParser(prog="tools/test")
    parser.add_argument("--quick", action="store_true",
                        help="one build, no sanitizers, no fuzzing, no test "
                        "that takes more than a minute")
    options = parser.parse_args()
    BUILDS.mkdir(parents=True, exist_ok=True)
    everything(options.quick)
    say("done")
    sys.exit(report.finish())


main()
