# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Our policy as semodule(8) installs it, in a tree to lay over
# a guest's: done on the host, in a chroot of the guest, and kept until the
# policy or the guest changes.
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from tap import Failed
from vmroot import CACHE, TREES, root_of

sys.path.insert(0, os.environ["SLUICE_SOURCE_ROOT"] + "/tests/selinux")
import policy   # noqa: E402

# The stores of the guest, changed in place of its own; and once more without
# the rules that keep a denial out of the log.
_INSTALL = """
for store in etc/selinux var/lib/selinux; do
    mkdir -p "$2/$store"
    cp -a "$1/$store/." "$2/$store/"
    mount --bind "$2/$store" "$1/$store"
done
mount --bind "$3" "$1/mnt"
chroot "$1" sh -ec 'cd /mnt; exec semodule -N -D -X 200 -i *.cil'
mkdir -p "$2/opt/sluice/audited"
cp "$2"/etc/selinux/default/policy/policy.* "$2/opt/sluice/audited/"
exec chroot "$1" semodule -N -B
"""


def _equivalent(prefix):
    """What semanage-fcontext(8) -e writes for another prefix."""
    if prefix == "/usr":
        return ""
    return "".join(f"{prefix}/{path} {usual}\n" for path, usual in (
        ("libexec/sluice", "/usr/libexec/sluice"),
        ("lib/systemd/system/sluice.service",
         "/usr/lib/systemd/system/sluice.service"),
        ("etc/sluice", "/etc/sluice")))


def _make(root, modules, target, prefix):
    folder = CACHE / "policy.modules"
    for path in (folder, target):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    for name, text in modules.items():
        (folder / name).write_text(text)
    done = subprocess.run(
        ["unshare", "--mount", "--propagation=private", "sh", "-ec",
         _INSTALL, "-", root, target, folder], capture_output=True, text=True,
        stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Failed("semodule: " + done.stdout + done.stderr)
    (target / "etc/selinux/default/contexts/files/file_contexts.subs"
     ).write_text(_equivalent(prefix))


def _modules(suite):
    te = policy.module("sluice.te")
    if suite == "bookworm":
        # its semodule knows no deny rule
        return {"sluice.cil": policy.compile_module(te, policy.old_headers()),
                "sluice_port.cil": policy.module("sluice_port.cil")}
    return {"sluice.cil": policy.compile_module(te),
            **{name: policy.module(name) for name in policy.INSTALLED}}


def tree(name, prefix):
    """The tree to lay over the one of that name."""
    modules = _modules(TREES[name][0])
    root = root_of(name)
    recipe = repr((root.name, prefix, _INSTALL, sorted(modules.items())))
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    target = CACHE / f"policy-{name}@{key}"
    with open(CACHE / "policy.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            for old in CACHE.glob(f"policy-{name}@*"):
                shutil.rmtree(old)
            _make(root, modules, CACHE / "policy.new", prefix)
            (CACHE / "policy.new").rename(target)
            shutil.rmtree(CACHE / "policy.modules")
    return target
