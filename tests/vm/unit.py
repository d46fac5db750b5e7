# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, inside a booted machine.  The installed unit as systemctl
# and the journal show it, and the receiver that its records go to.
import json
import os
import pathlib
import shutil
import subprocess
import time
import types

from keys import Certificate
from pair import children_of, parse_event, status_of
from receiver import Answer, Receiver
from tap import check, check_equal, until

KEYS = pathlib.Path("/opt/sluice/keys")
PREFIX = pathlib.Path(os.environ["SLUICE_PREFIX"])
CONFIG = pathlib.Path(os.environ["SLUICE_CONFIG"])
ETC = pathlib.Path("/etc/sluice")
DROP_INS = pathlib.Path("/etc/systemd/system/sluice.service.d")
INTERVAL_S = 1

# So that a test need not wait for a pause that grows.
QUICK = """[Service]
RestartSec=100ms
RestartSteps=0
RestartMaxDelaySec=infinity
"""


def run(*words):
    return subprocess.run(words, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)


def command(*words):
    done = run(*words)
    check_equal(done.returncode, 0, f"status of {words} ({done.stderr})")
    return done.stdout


def systemctl(*words):
    return command("systemctl", "--no-pager", *words)


def show(name):
    return systemctl("show", "--value", f"--property={name}",
                     "sluice").strip()


def version():
    return int(command("systemctl", "--version").split()[1])


def main_pid():
    return int(show("MainPID"))


def shipper_pid():
    """Zero where there is none."""
    found = [pid for pid in children_of(main_pid())
             if status_of(pid).get("Name") == "shipperd"]
    return found[0] if found else 0


def runs():
    return show("ActiveState") == "active" and main_pid() != 0


class Journal:
    """What is said from now on."""

    def __init__(self):
        self.cursor = self._read("--lines=1")[-1]["__CURSOR"]

    @staticmethod
    def _read(*words):
        command("journalctl", "--sync")
        text = command("journalctl", "--output=json", *words)
        return [json.loads(line) for line in text.splitlines()]

    def entries(self):
        return self._read(f"--after-cursor={self.cursor}")

    def events(self, name):
        """Those of the pair's own lines."""
        lines = [f"<{e['PRIORITY']}>{e['MESSAGE']}" for e in self.entries()
                 if e.get("SYSLOG_IDENTIFIER") == "sluice"]
        found = [parse_event(line) for line in lines]
        return [e for e in found if e is not None and e.name == name]

    def has(self, words):
        return any(words in str(e["MESSAGE"]) for e in self.entries())


def _identity(point):
    return (point.name, tuple(sorted(point.attributes.items())), point.start,
            point.time, point.value)


class Arrivals:
    """What the receiver took and what it sent back."""

    def __init__(self, port=0):
        self.receiver = Receiver(types.SimpleNamespace(
            ca=KEYS / "ca.pem", server=Certificate(KEYS, "server")), port)
        self.receiver.__enter__()

    def of_status(self, *status):
        return [r for r in list(self.receiver.requests) if r.status in status]

    def points(self, status):
        return {_identity(p) for r in self.of_status(status)
                for p in r.points}

    def refuse(self):
        """From now on everything waits; returns once something does."""
        self.receiver.default = Answer(503, {"Retry-After": "1"})
        before = len(self.of_status(503))
        until(lambda: len(self.of_status(503)) > before, 10, "a refusal")

    def accept(self):
        self.receiver.default = Answer()

    def more(self, count=3):
        """Once so many more requests were taken."""
        before = len(self.of_status(200))
        until(lambda: len(self.of_status(200)) >= before + count, 30,
              f"{count} more requests")

    def steps(self):
        """When each step that is here was read."""
        return sorted({p.time for p in self.receiver.points("system.uptime")})

    def catch_up(self):
        """Once two steps are here that are read from now on: first in, first
        out, so is all that was read before, and what the first counted."""
        now = time.time_ns()
        until(lambda: sum(t > now for t in self.steps()) >= 2, 30,
              "what waits has come")

    def last(self, name):
        """The points of that name at the last time there is one."""
        points = self.receiver.points(name)
        newest = max(p.time for p in points)
        return [p for p in points if p.time == newest]

    def missing_steps(self):
        """Turns of the interval at which nothing was read."""
        times = self.steps()
        return sum(round((b - a) / 1e9 / INTERVAL_S) - 1
                   for a, b in zip(times, times[1:]))


def configure(url, require):
    """The file that the daemons read."""
    CONFIG.write_text(json.dumps({
        "collect": {"interval": f"{INTERVAL_S}s"},
        "ship": {"endpoints": [url], "ca": str(ETC / "ca.pem"),
                 "cert": "credential:client.crt",
                 "key": "credential:client.key", "timeout": "5s"},
        "require": require}))


def install(url, require=("split", "landlock")):
    """As a package and an administrator do it, up to the start."""
    command("systemd-sysusers", str(PREFIX / "lib/sysusers.d/sluice.conf"))
    for user in ("sluice-collector", "sluice-shipper"):
        command("id", user)
    ETC.mkdir(mode=0o755, exist_ok=True)
    shutil.copy(KEYS / "ca.pem", ETC / "ca.pem")
    (ETC / "ca.pem").chmod(0o444)
    shutil.copy(KEYS / "client.pem", ETC / "client.crt")
    shutil.copy(KEYS / "client.key", ETC / "client.key")
    for name in ("client.crt", "client.key"):
        (ETC / name).chmod(0o600)
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    configure(url, require)
    DROP_INS.mkdir(parents=True, exist_ok=True)
    shutil.copy(PREFIX / "share/doc/sluice/systemd/credentials.conf",
                DROP_INS)
    (DROP_INS / "quick.conf").write_text(QUICK)
    systemctl("daemon-reload")


def check_sums(arrivals):
    """read = acknowledged + waiting + lost, and nothing is lost."""
    at = arrivals.last("sluice.records.read")[0]

    def of(name):
        return sum(p.value for p in arrivals.receiver.points(name)
                   if p.time == at.time)
    check_equal(of("sluice.records.lost"), 0, "records lost")
    check_equal(of("sluice.records.acknowledged") + of("sluice.ring.records"),
                at.value, "acknowledged and waiting, against read")


def check_everything_arrived(arrivals):
    """What was refused once came later, the same to the last digit."""
    want = arrivals.points(503)
    check(want, "nothing was refused: this shows nothing")
    until(lambda: want <= arrivals.points(200), 30,
          "all that was refused arrives")
