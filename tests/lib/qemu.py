# SPDX-License-Identifier: Apache-2.0
# Runs in: tests, tools/vm.  QEMU with a CPU in software as a machine for
# machine.py: the suite's own kernel, with SELinux and Landlock, on any host.
# What the cloud kernel has built in is all there is: a disk behind NVMe, two
# serial lines, no network, no module, no initial RAM disk.
import shutil
import subprocess

import debs
import image
from owned import start
from tap import Skip

# The disk takes the place of a folder that both sides see: the words go in
# with it, and what is in out/ comes back from it.
_BOOT = """
mkdir -p "$1/words/srv/vm/out"
cp "$1/share/words" "$1/words/srv/vm/"
""" + image.MAKE + """
machine=$1
kernel=$3
append=$4
shift 4
qemu-system-x86_64 -kernel "$kernel" -append "$append $selinux" \
    -serial stdio -serial "file:$machine/share/tty" \
    -drive "if=none,id=disk,format=raw,cache=unsafe,file=$image" "$@" &
qemu=$!
trap 'kill "$qemu"' TERM
wait "$qemu"
rmdir "$machine/share/out"
debugfs -R "rdump /srv/vm/out $machine/share" "$image"
"""

# One CPU: a second one makes each wake-up of another process much slower.
# No cmpxchg16b: QEMU 7.2 loses the flags at an interrupt behind one, and the
# kernel, which allocates memory with it, panics once in a few boots.
# Its clock goes by what it executes: on a busy host it has no less time.
_MACHINE = ("-accel tcg,tb-size=512 -icount shift=1 -rtc clock=vm "
            "-cpu qemu64,-cx16,+rdrand,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes,"
            "+pclmulqdq -machine q35 -m 1024 -smp 1 -nodefaults "
            "-no-user-config -display none -no-reboot -nic none "
            "-device nvme,serial=vm,drive=disk")

_KERNEL = ("console=ttyS0 mitigations=off root=/dev/nvme0n1 rootwait "
           f"{image.KERNEL}")


def need():
    image.need()
    for program in ("qemu-system-x86_64", "debugfs"):
        if shutil.which(program) is None:
            raise Skip(f"no {program} here (tools/setup vm)")


def _kernel(suite):
    package = debs.fetch("linux-image-cloud-amd64", suite, "linux-image-")
    return next((package / "boot").glob("vmlinuz-*"))


def boot(folder, layers, suite, log):
    """The process that ends when the machine is off."""
    trees = [*reversed(layers), folder / "words"]
    words = ["unshare", "--mount", "--propagation=private", "sh", "-ec",
             _BOOT, "-", folder, ":".join(map(str, trees)), _kernel(suite),
             _KERNEL, *_MACHINE.split()]
    return start(words, stdout=log, stderr=subprocess.STDOUT)


def clean(folder):
    """Nothing is left outside of the folder."""
