# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/run.  The real pair of daemons, started as its unit
# starts it: a user that is not root, three ambient capabilities, a clean
# environment.  Ends only what it started.
import collections
import copy
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from owned import TOGETHER, start
from tap import Failed, Skip, until

# Numbers without an entry in passwd: nobody else can be running as them.
COLLECTOR = 61001
SHIPPER = 61002

_CAPABILITIES = "-all,+setuid,+setgid,+setpcap"
_SPLIT = ["--inh-caps=" + _CAPABILITIES, "--ambient-caps=" + _CAPABILITIES,
          "--bounding-set=" + _CAPABILITIES]
_BARE = ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]

Event = collections.namedtuple("Event", "level process name fields line")

_LINE = re.compile(r"<(\d)>(\w+): event=(\S+)(.*)")
_FIELD = re.compile(r' (\S+?)=("(?:[^"\\]|\\.)*"|\S*)')


def parse_event(line):
    """None where the line is not one of the daemons' own."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    level, process, name, rest = match.groups()
    fields = {k: v.strip('"') for k, v in _FIELD.findall(rest)}
    return Event(int(level), process, name, fields, line)


def can_split():
    return os.geteuid() == 0


def need_root():
    if not can_split():
        raise Skip("needs root, to give the pair its users")


def status_of(pid):
    """/proc/PID/status as a dictionary; empty where there is no such one."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return dict(line.split(":\t", 1) for line in text.splitlines()
                if ":\t" in line)


def children_of(pid):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and \
                status_of(entry.name).get("PPid") == str(pid):
            found.append(int(entry.name))
    return found


def build_root():
    root = os.environ.get("SLUICE_BUILD_ROOT")
    if root is None:
        raise Failed("SLUICE_BUILD_ROOT does not name the build directory")
    return pathlib.Path(root)


def merge(base, more):
    """The configuration `base` with the keys of `more` laid over it."""
    result = copy.deepcopy(base)
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


class Pair:
    """with Pair(url, keys) as pair: …

    split: with the three capabilities.  settings: laid over the configuration.
    on_line: called with each log line.  stderr: a descriptor in place of the
    pipe that is read here.  prefix: words in front of the command."""

    def __init__(self, url, keys, build=None, encoding="http/protobuf",
                 interval="1s", client=None, ca=None, split=None, user=None,
                 settings=None, on_line=None, stderr=None, prefix=()):
        self.build = pathlib.Path(build) if build else build_root()
        self.split = can_split() if split is None else split
        self.user = COLLECTOR if user is None else user
        self.on_line = on_line
        self.stderr = stderr
        self.prefix = list(prefix)
        self.events = []
        self.lines = []
        self.process = None
        self._shipper = None
        # Below /tmp and copied: the users of the pair need not be able to
        # reach the developer's tree.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-pair-"))
        os.chmod(self.folder, 0o711)
        for name in ("collectord", "shipperd"):
            shutil.copy(self.build / name / name, self.folder / name)
        client = client or keys.client
        self.config = merge({
            "collect": {"interval": interval},
            "ring": {"size": "4MiB"},
            "ship": {"protocol": encoding, "endpoints": [url],
                     "ca": self._give(ca or keys.ca, "ca.pem"),
                     "cert": self._give(client.cert, "client.pem"),
                     "key": self._give(client.key, "client.key"),
                     "timeout": "5s"},
            "resource": {"deployment.environment.name": "test"},
        }, settings or {})
        self.config_file = self.folder / "sluice.conf"
        self.config_file.write_text(json.dumps(self.config, indent=2))
        os.chmod(self.config_file, 0o444)

    def _give(self, source, name):
        """A copy that the collector's user can read, and no other."""
        path = self.folder / name
        shutil.copy(source, path)
        os.chmod(path, 0o400)
        if can_split():
            os.chown(path, self.user, self.user)
        return str(path)

    def command(self, *more):
        words = [str(self.folder / "collectord"), "-c", str(self.config_file),
                 "--shipper", str(self.folder / "shipperd"),
                 "--shipper-user", str(SHIPPER), *more]
        if not can_split() or self.user == 0:
            return words
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}",
                "--clear-groups", *(_SPLIT if self.split else _BARE),
                "--no-new-privs", *TOGETHER[1:], *words]

    def start(self, *more):
        self.process = start(
            self.prefix + self.command(*more), stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if self.stderr is None else self.stderr,
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}, cwd="/")
        if self.stderr is None:
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()
        return self

    def _read(self):
        for raw in self.process.stderr:
            line = raw.decode(errors="backslashreplace").rstrip("\n")
            self.lines.append(line)
            event = parse_event(line)
            if event is not None:
                self.events.append(event)
            if self.on_line is not None:
                self.on_line(line)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, _):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if isinstance(error, Failed):
            error.evidence = "\n".join(self.lines)

    @property
    def collector(self):
        return self.process.pid

    @property
    def shipper(self):
        """Its process id, once it runs."""
        if self._shipper is None:
            def running():
                if self.process.poll() is not None:
                    raise Failed("the collector ended with status "
                                 f"{self.process.returncode}")
                return [pid for pid in children_of(self.collector)
                        if status_of(pid).get("Name") == "shipperd"]
            self._shipper = until(running, 10, "a shipper runs")[0]
        return self._shipper

    def wait_event(self, name, seconds=20, **fields):
        """The first event of that name with those fields."""
        want = {key: str(value) for key, value in fields.items()}

        def seen():
            return next((e for e in list(self.events) if e.name == name and
                         want.items() <= e.fields.items()), None)
        return until(seen, seconds, f"event={name} {want}")

    def wait_line(self, word, seconds=20):
        return until(lambda: next((line for line in list(self.lines)
                                   if word in line), None),
                     seconds, f"a log line with {word!r}")

    def wait_exit(self, seconds=10):
        """The collector's exit status, as Popen says it."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"still running after {seconds} s") from None
        if self.stderr is None:
            self._reader.join(5)
        return code

    def stop(self):
        """Ends both and returns the collector's exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.wait_exit()
        except Failed:
            self.process.kill()
            return self.process.wait()
