# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A booted machine's life as part of a test: what is
# installed into it, and its lines of TAP among those of other machines.
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

import machine
from keys import Keys
from tap import Failed, Skip
from vmroot import root_of

SOURCE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
BUILD = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"])
PROGRAMS = ("collectord/collectord", "shipperd/shipperd")
ATTACKS = ("test_landlock", "test_layers", "test_seccomp_collector",
           "test_seccomp_shipper")


def prefix():
    options = json.loads(subprocess.run(
        ["meson", "introspect", "--buildoptions", str(BUILD)], check=True,
        capture_output=True, text=True).stdout)
    found = next(o["value"] for o in options if o["name"] == "prefix")
    if found not in ("/usr", "/usr/local"):
        raise Skip(f"systemd looks for no unit below the prefix {found}")
    return found


def config_file():
    text = (BUILD / "build_config.h").read_text()
    return re.search(r'CONFIG_FILE "(.*)"', text)[1]


def install(tree):
    """What the machines have beside Debian."""
    prefix()
    subprocess.run(["meson", "install", "-C", str(BUILD), "--no-rebuild",
                    "--quiet"], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(tree)})
    if (tree / "lib").exists():
        # a link in every tree
        shutil.copytree(tree / "lib", tree / "usr/lib", dirs_exist_ok=True)
        shutil.rmtree(tree / "lib")
    ours = tree / "opt/sluice"
    for folder in ("lib", "vm"):
        shutil.copytree(SOURCE / "tests" / folder, ours / folder,
                        ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(BUILD / "tests/vm/intruder", ours)
    (ours / "attacks").mkdir()
    for name in ATTACKS:
        shutil.copy(BUILD / "tests/confinement" / name, ours / "attacks")
    shutil.copy(SOURCE / "docs/selinux.md", ours)
    Keys(ours / "keys")


def need_programs(suite):
    """They are this machine's: another suite may lack what they link to."""
    for name in PROGRAMS:
        done = subprocess.run(
            ["unshare", "--mount", "--propagation=private", "sh", "-ec",
             'mount --bind "$2" "$1/srv"; exec chroot "$1" ldd "/srv/$3"',
             "-", str(root_of(suite)), str(BUILD), name],
            capture_output=True, text=True)
        wrong = [line.strip() for line in done.stdout.splitlines()
                 if "not found" in line]
        if done.returncode != 0 or wrong:
            raise Skip(f"{suite} cannot run programs that were built here: "
                       f"{(wrong or [done.stderr.strip()])[0]}")


class Tap:
    """The lines of all machines as one stream, numbered anew."""

    def __init__(self):
        self.lock = threading.Lock()
        self.number = 0
        self.good = True

    def result(self, good, words):
        self.number += 1
        self.good = self.good and good
        print(f"{'ok' if good else 'not ok'} {self.number} - {words}")

    def take(self, suite, seen, line):
        match = re.fullmatch(r"(not )?ok \d+ - (.*)", line)
        plan = re.fullmatch(r"1\.\.(\d+)", line)
        with self.lock:
            seen["booted"] = True
            if match:
                seen["done"] += 1
                self.result(not match[1], f"{suite}: {match[2]}")
            elif plan:
                seen["plan"] = int(plan[1])
            else:
                print("# " + line.removeprefix("# "))
            sys.stdout.flush()


def words(script, environment, only):
    return ["env", *environment, "PYTHONPATH=/opt/sluice/lib:/opt/sluice/vm",
            "PYTHONDONTWRITEBYTECODE=1", f"SLUICE_PREFIX={prefix()}",
            f"SLUICE_CONFIG={config_file()}", "sh", "-c",
            'echo "# booted: $(uname -r)"; exec python3 "$@"', "sh",
            f"/opt/sluice/vm/{script}", *only]


def boots(name, kind, limit):
    """Whether it does with nothing of ours in it."""
    lines = []
    machine.run(name, ["echo", "booted"], (), kind, limit, lines.append)
    return "booted" in lines


def refuse_to_boot(name, kind, limit, done):
    """Raises: this machine cannot boot one, or it is our doing."""
    last = (done.console.strip().splitlines() or ["nothing"])[-1]
    if boots(name, kind, limit):
        raise Failed("boots, but not with what is ours in it: "
                     f"{done.why}: {last}")
    raise Skip(f"does not boot here: {done.why}: {last}")


def live(name, script, overlay, tap, kind="nspawn", limit=240,
         environment=()):
    """Boots the tree of that name with those laid over it for that script;
    its lines are the tap's."""
    title = name if kind == "nspawn" else f"{name}, {kind}"
    seen = {"booted": False, "done": 0, "plan": None}
    try:
        need_programs(name)
        done = machine.run(name, words(script, environment, sys.argv[1:]),
                           overlay, kind, limit,
                           lambda line: tap.take(title, seen, line))
        if not seen["booted"]:
            refuse_to_boot(name, kind, limit, done)
    except Skip as reason:
        with tap.lock:
            tap.result(True, f"{title} # SKIP {reason}")
        return
    except Failed as reason:
        with tap.lock:
            tap.result(False, f"{title}: {reason}")
        return
    journal = BUILD / f"journal-{name}-{kind}.txt"
    journal.write_text(done.journal)
    with tap.lock:
        tap.result(seen["done"] == seen["plan"] and done.code in (0, 1),
                   f"{title}: all tests were run, and the machine went down")
        if done.code is None:
            print(f"# {done.why}")
            print("\n".join("# " + line
                            for line in done.console.splitlines()[-20:]))
        if done.code != 0:
            print(f"# the journal: {journal}")
