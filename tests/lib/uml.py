# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/vm.  User-mode Linux as a machine for machine.py: a
# kernel of its own, with SELinux and without Landlock.
import os
import shutil
import subprocess

import debs
from owned import start
from tap import Skip

# The trees as one image: labelled where a policy is in them (plain extended
# attributes, which any kernel stores), with nothing mounted in it.  The kernel
# runs inside the trees, because it needs the C library of its own suite.
_BOOT = """
root=$1/root
mount -t tmpfs tmpfs "$1/scratch"
mount -t tmpfs tmpfs "$root"
# a copy: setfiles does not go through an overlay, which is many devices
IFS=:
for tree in $2; do cp -a "$tree/." "$root/"; done
unset IFS
if [ -d "$root/etc/selinux/default" ]; then
    mount -t proc proc "$root/proc"
    chroot "$root" setfiles -m -F -e /proc \
        /etc/selinux/default/contexts/files/file_contexts /
    umount "$root/proc"
fi
truncate -s 1G "$1/scratch/image"
mke2fs -q -F -t ext4 -O ^has_journal -E lazy_itable_init=1 -m 0 \
    -d "$root" "$1/scratch/image"
mount -t tmpfs tmpfs "$root/mnt"
mkdir "$root/mnt/share"
touch "$root/mnt/image" "$root/mnt/linux"
mount --bind "$1/share" "$root/mnt/share"
mount --bind "$1/scratch/image" "$root/mnt/image"
mount --bind "$3" "$root/mnt/linux"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec 3<>"$1/share/tty"
shift 3
[ ! -d "$root/etc/selinux/default" ] ||
    set -- "$@" security=selinux enforcing=1
exec chroot "$root" env -i HOME=/mnt TMPDIR=/dev/shm /mnt/linux \
    ubd0=/mnt/image con=null con0=null,fd:1 con1=null,fd:3 ssl=null "$@"
"""

# quiet: the console is slow.  No rate limit, or denials would be missing.
_KERNEL = ("mem=1024M root=/dev/ubda rootfstype=ext4 rw "
           "panic=-1 quiet loglevel=4 sysctl.kernel.printk_ratelimit=0 "
           "systemd.show_status=0 systemd.log_target=kmsg")


def need():
    if os.geteuid() != 0:
        raise Skip("needs root, to make an image of a machine")
    if shutil.which("mke2fs") is None:
        raise Skip("no mke2fs here (tools/setup vm)")


def boot(folder, layers, suite, log):
    """The process that ends when the machine is off."""
    package = debs.fetch("user-mode-linux", suite)
    words = ["unshare", "--mount", "--propagation=private", "sh", "-ec",
             _BOOT, "-", folder, ":".join(map(str, reversed(layers))),
             package / "usr/bin/linux.uml", *_KERNEL.split()]
    return start(words, stdout=log, stderr=subprocess.STDOUT)


def clean(folder):
    """Nothing is left outside of the folder."""
