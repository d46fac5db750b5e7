# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  systemd takes the unit, its users and every drop-in of
# systemd/examples without a word.  How they do in life: tests/vm.
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from tap import Skip, check, check_equal, main, test

SOURCE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"]) / "systemd"
BUILD = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"])
UNIT = BUILD / "systemd/sluice.service"
EXAMPLES = sorted((SOURCE / "examples").glob("*.conf"))

# systemd 254 brought them; those before say that they ignore them.
FROM_254 = {"FileDescriptorStorePreserve", "RestartSteps",
            "RestartMaxDelaySec"}


def run(*words):
    if shutil.which(words[0]) is None:
        raise Skip(f"no {words[0]} here")
    done = subprocess.run(words, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def version():
    return int(run("systemd-analyze", "--version")[1].split()[1])


def complaints(*drop_ins):
    """What `systemd-analyze verify` says of the unit with these."""
    with tempfile.TemporaryDirectory() as folder:
        unit = pathlib.Path(folder) / "sluice.service"
        # it looks whether the program is there
        unit.write_text(re.sub("(?m)^ExecStart=.*",
                               f"ExecStart={BUILD}/collectord/collectord",
                               UNIT.read_text()))
        (pathlib.Path(folder) / "sluice.service.d").mkdir()
        for path in drop_ins:
            shutil.copy(path, pathlib.Path(folder) / "sluice.service.d")
        code, said = run("systemd-analyze", "verify", "--man=no", str(unit))
    lines = []
    for line in said.splitlines():
        old = re.search(r"Unknown key(?: name)? '(\w+)'", line)
        if old and old[1] in FROM_254 and version() < 254:
            continue
        lines.append(line)
    return lines if lines or code == 0 else [f"status {code}"]


@test
def systemd_has_nothing_to_say_against_the_unit():
    check_equal(complaints(), [])


@test
def systemd_has_nothing_to_say_against_any_example_of_a_drop_in():
    check(EXAMPLES, "no examples")
    for path in EXAMPLES:
        check_equal((path.name, complaints(path)), (path.name, []))


@test
def a_mistake_in_a_drop_in_would_be_seen():
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as wrong:
        wrong.write("[Service]\nMemoryMax=many\n")
        wrong.flush()
        check(complaints(wrong.name), "nothing was said")


@test
def every_example_is_installed_and_explained_to_the_operator():
    page = (SOURCE.parent / "docs/operations.md").read_text()
    rules = (SOURCE / "meson.build").read_text()
    for path in EXAMPLES:
        check(f"`{path.name}`" in page, f"{path.name} is not explained")
        check(f"'examples/{path.name}'" in rules, f"{path.name} stays here")


def table(title):
    """The cells of a table of docs/unit.md, below its head."""
    page = (SOURCE.parent / "docs/unit.md").read_text()
    lines = [line for line in page.split(title)[1].split("\n#")[0]
             .splitlines() if line.startswith("|")]
    return [[c.strip().replace("\\|", "|") for c in
             re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines[2:]]


@test
def what_each_point_of_the_exposure_is_the_price_of_is_said():
    if not 252 <= version() < 254:
        raise Skip("others score differently: as systemd 252 does")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         "--json=short", str(UNIT)], capture_output=True, text=True)
    costs = {row["name"].split("/")[0]: row["exposure"]
             for row in json.loads(done.stdout) if row["exposure"]}
    check_equal({row[0]: row[1] for row in table("## Exposure")}, costs,
                "points on the page")


@test
def ten_peers_are_scored_and_their_table_can_be_made_again():
    script = (SOURCE.parent / "tests/bench/peer_units.py").read_text()
    made = set(re.findall(r'\("[\w-]+", "([\w-]+\.service)"\)', script))
    ours, *peers = table("### The same number for others")
    check_equal({row[0].strip("`") for row in peers}, made, "peers")
    check(len(made) >= 10, f"{len(made)} peers")


@test
def systemd_makes_both_users_and_they_can_log_in_nowhere():
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "etc").mkdir()
        file = pathlib.Path(folder) / "sluice.conf"
        shutil.copy(BUILD / "systemd/sluice.conf", file)
        code, said = run("systemd-sysusers", f"--root={folder}", str(file))
        if os.geteuid() != 0 and "ermission denied" in said:
            raise Skip("systemd-sysusers wants root")
        check_equal(code, 0, said)
        made = (pathlib.Path(folder) / "etc/passwd").read_text().splitlines()
        check_equal(len(made), 2, said)
        for line in made:
            check(line.endswith(":/:/usr/sbin/nologin"), line)


main()
