# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/run.  Programs and modules from another Debian suite,
# unpacked below .cache/debs/ and never installed.  An apt of our own (state,
# lists, sources) asks the mirror that this machine is configured for, with
# signatures checked; the machine's own apt is not touched.
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from tap import Skip

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("SLUICE_CACHE", ROOT / ".cache")) / "debs"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def _uris(text):
    """The addresses of an apt source file in either of its two forms."""
    yield from re.findall(r"^URIs:\s*(\S+)", text, re.MULTILINE)
    yield from re.findall(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)", text,
                          re.MULTILINE)


def mirror():
    """Where this machine gets Debian from."""
    etc = pathlib.Path("/etc/apt")
    files = [etc / "sources.list", *sorted(etc.glob("sources.list.d/*"))]
    for path in files:
        if not path.is_file():
            continue
        for uri in _uris(path.read_text()):
            if uri.rstrip("/").endswith("/debian"):
                return uri.rstrip("/")
    raise Skip("no Debian mirror in /etc/apt: another suite's packages "
               "cannot be had")


def _apt(suite):
    """A private apt for that suite; returns its options."""
    home = CACHE / suite
    for name in ("etc", "state/lists/partial", "cache/archives/partial"):
        (home / name).mkdir(parents=True, exist_ok=True)
    (home / "etc/sources.list").write_text(
        f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n")
    settings = {
        "Dir::Etc::sourcelist": home / "etc/sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": home / "state",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": home / "cache",
        "APT::Sandbox::User": "root",
        "APT::Get::List-Cleanup": "false",
    }
    return [f"-o{key}={value}" for key, value in settings.items()]


def _run(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise Skip(f"{command[0]}: " + (done.stderr.strip().splitlines() or
                                        ["failed"])[-1])
    return done.stdout


def _unpack(package, suite, target, behind):
    options = _apt(suite)
    _run("apt-get", *options, "-qq", "update")
    if behind:
        said = _run("apt-cache", *options, "depends", package)
        package = re.search(rf"Depends: ({behind}\S+)", said)[1]
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        _run("apt-get", *options, "-qq", "download", package, cwd=folder)
        deb = next(pathlib.Path(folder).glob("*.deb"))
        unpacked = pathlib.Path(folder) / "unpacked"
        _run("dpkg-deb", "-x", str(deb), str(unpacked))
        # last, and at once: a folder that is there is whole
        shutil.move(unpacked, target)


def fetch(package, suite, behind=None):
    """The folder in which that suite's package is unpacked; Skip, with
    apt's words, where it cannot be had.  Of a package that holds nothing
    itself: the first one it depends on with a name that begins so."""
    if shutil.which("apt-get") is None:
        raise Skip(f"{package} comes from Debian's {suite}, and this machine "
                   "has no apt-get")
    CACHE.mkdir(parents=True, exist_ok=True)
    target = CACHE / f"{package}-{suite}"
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            _unpack(package, suite, target, behind)
    return target
