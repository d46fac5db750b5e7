# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A tree of another Debian suite, unpacked with all that its
# packages depend on below .cache/debs/ and never installed: no script of a
# package is run.  Its programs are run inside it, by chroot(1), as root here
# or in a user namespace.
import fcntl
import glob
import os
import pathlib
import shutil
import subprocess
import tempfile

import debs
from tap import Skip

# What dpkg would install first, and a tree cannot do without.
ESSENTIAL = ["base-files", "bash", "bzip2", "coreutils", "dash", "diffutils",
             "findutils", "gawk", "grep", "sed"]
# What a package's script would have linked.
ALTERNATIVES = {"usr/bin/awk": "gawk"}


def _unpack(packages, suite, tree):
    options = debs._apt(suite)
    debs._run("apt-get", *options, "-qq", "update")
    with tempfile.TemporaryDirectory(dir=debs.CACHE) as folder:
        for part in ("partial", "whole"):
            (pathlib.Path(folder) / part).mkdir()
        debs._run("apt-get", *options, f"-oDir::Cache::archives={folder}",
                  "-qq", "-y", "--no-install-recommends", "--download-only",
                  "install", *ESSENTIAL, *packages)
        whole = pathlib.Path(folder) / "whole"
        for deb in sorted(glob.glob(folder + "/*.deb")):
            debs._run("dpkg-deb", "-x", deb, str(whole))
        for name, target in ALTERNATIVES.items():
            if not (whole / name).exists():
                (whole / name).symlink_to(target)
        (whole / "dev/null").touch()
        (whole / "packages").write_text(" ".join(packages))
        # last, and at once: a tree that is there is whole
        shutil.rmtree(tree, ignore_errors=True)
        shutil.move(whole, tree)


def _is_whole(tree, packages):
    listed = tree / "packages"
    return listed.is_file() and listed.read_text() == " ".join(packages)


def tree(name, packages, suite):
    """The folder of a tree with those packages; Skip, with apt's words,
    where they cannot be had."""
    if shutil.which("apt-get") is None:
        raise Skip(f"a tree of Debian's {suite} is needed, and this machine "
                   "has no apt-get")
    debs.CACHE.mkdir(parents=True, exist_ok=True)
    target = debs.CACHE / f"{name}-{suite}"
    with open(debs.CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_whole(target, packages):
            _unpack(packages, suite, target)
    return target


def inside(tree, command, cwd="/"):
    """(exit code, output) of a command inside the tree."""
    words = ["unshare", "--mount", "sh", "-c",
             'mount --bind /dev/null "$1/dev/null" && root=$1 && cd "$1$2" && '
             'shift 2 && exec chroot "$root" sh -c \'cd "$1" && shift && '
             'exec "$@"\' sh "$0" "$@"', cwd, str(tree), cwd, *command]
    if os.geteuid() != 0:
        words.insert(1, "--map-root-user")
    done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C"},
                          check=False)
    if done.stdout.startswith("unshare: "):
        raise Skip("no namespace can be made here: " + done.stdout.strip())
    return done.returncode, done.stdout
