# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/vm.  User-mode Linux as a machine for machine.py: a
# kernel of its own, with SELinux and without Landlock.
import subprocess

import debs
import image
from owned import start

# The kernel runs inside the trees, because it needs the C library of its own
# suite.
_BOOT = image.MAKE + """
mount -t tmpfs tmpfs "$root/mnt"
mkdir "$root/mnt/share"
touch "$root/mnt/image" "$root/mnt/linux"
mount --bind "$1/share" "$root/mnt/share"
mount --bind "$image" "$root/mnt/image"
mount --bind "$3" "$root/mnt/linux"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec 3<>"$1/share/tty"
shift 3
exec chroot "$root" env -i HOME=/mnt TMPDIR=/dev/shm /mnt/linux \
    ubd0=/mnt/image con=null con0=null,fd:1 con1=null,fd:3 ssl=null \
    $selinux "$@"
"""

_KERNEL = f"mem=1024M root=/dev/ubda {image.KERNEL}"

need = image.need


def boot(folder, layers, suite, log):
    """The process that ends when the machine is off."""
    package = debs.fetch("user-mode-linux", suite)
    words = ["unshare", "--mount", "--propagation=private", "sh", "-ec",
             _BOOT, "-", folder, ":".join(map(str, reversed(layers))),
             package / "usr/bin/linux.uml", *_KERNEL.split()]
    return start(words, stdout=log, stderr=subprocess.STDOUT)


def clean(folder):
    """Nothing is left outside of the folder."""
