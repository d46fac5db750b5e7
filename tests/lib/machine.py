# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/vm.  A Debian machine with systemd as its first
# process, for one command: booted, run, switched off.  What it changes is in
# memory and gone afterwards.
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

import qemu
import uml
from owned import end, start
from tap import Skip
from vmroot import TREES, configure, root_of

# An overlay in a mount namespace of ours, so that nothing stays behind; and a
# control group of its own, or two machines at once would share their units.
_NSPAWN = """
echo $$ >"$3/cgroup.procs"
mount -t tmpfs tmpfs "$1/scratch"
mkdir "$1/scratch/up" "$1/scratch/work"
mount -t overlay overlay "$1/root" \
    -o "lowerdir=$2,upperdir=$1/scratch/up,workdir=$1/scratch/work"
machine=$1
shift 3
exec systemd-nspawn --quiet --directory="$machine/root" --boot \
    --register=no --keep-unit --private-network --console=pipe \
    --bind="$machine/share:/srv/vm" "$@"
"""

# What nspawn's own filter lacks and our programs use, or our unit (bpf).
_CALLS = ("adjtimex bpf landlock_create_ruleset landlock_add_rule "
          "landlock_restrict_self")


def _control_group(name):
    """Our own one's new child, in the hierarchy that is named 0."""
    mounts = [line.split() for line in
              pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    where = [m[1] for m in mounts if m[2] == "cgroup2"]
    if not where or not os.access(where[0], os.W_OK):
        raise Skip("no cgroup v2 is mounted here")
    ours, = [line[3:] for line in
             pathlib.Path("/proc/self/cgroup").read_text().splitlines()
             if line.startswith("0::")]
    return pathlib.Path(where[0] + ours) / name


def _remove(group):
    """With all that the machine's systemd made below it."""
    for folder, _, _ in os.walk(group, topdown=False):
        os.rmdir(folder)


class Nspawn:
    """A container: the host's kernel, a systemd of its own."""

    @staticmethod
    def need():
        if os.geteuid() != 0:
            raise Skip("needs root, to boot a container")
        if shutil.which("systemd-nspawn") is None:
            raise Skip("no systemd-nspawn here (tools/setup vm)")

    @staticmethod
    def boot(folder, layers, _suite, log):
        """The process that ends when the machine is off."""
        group = _control_group(folder.name)
        group.mkdir()
        words = ["unshare", "--mount", "--propagation=private", "sh", "-ec",
                 _NSPAWN, "-", folder, ":".join(map(str, layers)), group,
                 f"--system-call-filter={_CALLS}"]
        # a host with cgroup v1 makes a v2 tree for it
        env = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        return start(words, stdout=log, stderr=subprocess.STDOUT, env=env)

    @staticmethod
    def clean(folder):
        """What the machine leaves outside of its folder."""
        _remove(_control_group(folder.name))


# need(), boot(), clean() each.
KINDS = {"nspawn": Nspawn, "uml": uml, "qemu": qemu}


class Result:
    """code: of the command; None where the machine ended without one."""

    def __init__(self, folder, why):
        rc = folder / "share/out/rc"
        self.code = int(rc.read_text()) if rc.exists() else None
        self.why = why
        self.journal = self._text(folder / "share/out/journal.txt")
        self.console = self._text(folder / "console")

    @staticmethod
    def _text(path):
        return path.read_text(errors="replace") if path.exists() else ""


def _prepare(folder, words):
    for name in ("scratch", "root", "share/out"):
        (folder / name).mkdir(parents=True)
    (folder / "share/words").write_bytes(
        b"".join(os.fsencode(str(word)) + b"\0" for word in words))
    os.mkfifo(folder / "share/tty")


def _read_lines(fd, on_line):
    """Until the empty line that run() ends it with."""
    with open(fd, "rb", buffering=0) as tty:
        buffered = b""
        while not buffered.endswith(b"\0"):
            buffered += tty.read(65536)
            *lines, buffered = buffered.split(b"\n")
            for line in lines:
                # a terminal of user-mode Linux ends lines with two
                on_line(line.rstrip(b"\r").decode(errors="replace"))


def _wait(process, limit):
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        end(process)
        return f"not done within {limit} s"
    return f"the machine ended with status {process.returncode}"


def run(tree, words, overlay=(), kind="nspawn", limit=300, on_line=print):
    """Boots that tree with those of overlay laid over it, runs the words as
    root in /srv/vm and gives each line they say to on_line()."""
    machine = KINDS[kind]
    machine.need()
    root = root_of(tree)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-machine-"))
    layers = [*overlay, folder / "config", root]
    try:
        _prepare(folder, words)
        configure(folder / "config")
        # both ends: the machine may open and close it as often as it likes
        tty = os.open(folder / "share/tty", os.O_RDWR)
        reader = threading.Thread(target=_read_lines, args=(tty, on_line))
        reader.start()
        try:
            with open(folder / "console", "wb") as log:
                why = _wait(machine.boot(folder, layers, TREES[tree][0],
                                         log), limit)
        finally:
            os.write(tty, b"\0")
            reader.join()
        return Result(folder, why)
    finally:
        machine.clean(folder)
        shutil.rmtree(folder, ignore_errors=True)
