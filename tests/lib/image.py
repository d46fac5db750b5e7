# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/vm.  Trees as the disk of a machine with a kernel of
# its own: a step of the shell scripts of uml.py and qemu.py, which run it in
# a mount namespace of theirs.
import os
import shutil

from tap import Skip

# $1: the machine's folder, $2: trees, the last on top.  Labelled where a
# policy is in them (plain extended attributes, which any kernel stores), with
# nothing mounted in it.  The trees stay in $root, the disk is $image.
MAKE = """
root=$1/root
image=$1/scratch/image
mount -t tmpfs tmpfs "$1/scratch"
mount -t tmpfs tmpfs "$root"
# a copy: setfiles does not go through an overlay, which is many devices
IFS=:
for tree in $2; do cp -a "$tree/." "$root/"; done
unset IFS
selinux=
if [ -d "$root/etc/selinux/default" ]; then
    selinux="security=selinux enforcing=1"
    mount -t proc proc "$root/proc"
    chroot "$root" setfiles -m -F -e /proc \
        /etc/selinux/default/contexts/files/file_contexts /
    umount "$root/proc"
fi
truncate -s 1G "$image"
mke2fs -q -F -t ext4 -O ^has_journal -E lazy_itable_init=1 -m 0 \
    -d "$root" "$image"
"""

# quiet: the console is slow.  No rate limit, or denials would be missing.
KERNEL = ("rootfstype=ext4 rw panic=-1 quiet loglevel=4 "
          "sysctl.kernel.printk_ratelimit=0 systemd.show_status=0 "
          "systemd.log_target=kmsg")


def need():
    if os.geteuid() != 0:
        raise Skip("needs root, to make an image of a machine")
    if shutil.which("mke2fs") is None:
        raise Skip("no mke2fs here (tools/setup vm)")
