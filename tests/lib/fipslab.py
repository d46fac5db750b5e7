# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A host in FIPS mode, as its processes see it: OpenSSL's own
# FIPS provider (this machine's, else that of Debian 13, which ships it), the
# configuration that fipsinstall makes for it, and a kernel that says so.
import os
import pathlib
import shutil
import subprocess

import debs
from tap import Skip

CONFIGURATION = """
openssl_conf = init
[init]
providers = providers
alg_section = evp
[evp]
{properties}
[providers]
fips = fips_sect
base = base_sect
[base_sect]
activate = 1
"""

# In a mount namespace: $1 takes the place of OpenSSL's configuration, and the
# kernel's own word is made up, also where the kernel has none: all of
# /proc/sys as it was, and crypto/fips_enabled.
HOST = """
target=$(readlink -f "$(openssl version -d | cut -d '"' -f 2)/openssl.cnf")
mount --bind "$1" "$target"
mount --bind /proc/sys "$2"
mount -t tmpfs -o mode=755 tmpfs /proc/sys
mkdir /proc/sys/crypto
for each in "$2"/*; do
    name=${each##*/}
    [ "$name" != crypto ] || continue
    mkdir "/proc/sys/$name"
    mount --bind "$each" "/proc/sys/$name"
done
echo 1 >/proc/sys/crypto/fips_enabled
shift 2
exec "$@"
"""


def _module():
    for top in ("/usr/lib", "/usr/lib64"):
        found = sorted(pathlib.Path(top).glob("**/ossl-modules/fips.so"))
        if found:
            return found[0]
    folder = debs.fetch("openssl-provider-fips", "trixie")
    return next(folder.glob("usr/lib/*/ossl-modules/fips.so"))


class Fips:
    """A folder with a copy of the module, which any user can read."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.module = self.folder / "fips.so"
        shutil.copy(_module(), self.module)
        self.module.chmod(0o644)
        done = subprocess.run(
            ["openssl", "fipsinstall", "-quiet", "-module", self.module,
             "-out", self.folder / "installed.cnf"],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Skip("openssl fipsinstall: " +
                       done.stderr.strip().splitlines()[-1])
        (self.folder / "nothing").mkdir()

    def configuration(self, properties="default_properties = fips=yes",
                      module=None):
        """A file of that; the installed section with the module's path."""
        lines = (self.folder / "installed.cnf").read_text().replace(
            "[fips_sect]\n",
            f"[fips_sect]\nmodule = {module or self.module}\n")
        path = self.folder / "openssl.cnf"
        path.write_text(CONFIGURATION.format(properties=properties) + lines)
        path.chmod(0o644)
        return path

    def host(self, **more):
        """Words in front of a command, which run it on such a host."""
        return ["unshare", "--mount", "--propagation=private", "sh", "-ec",
                HOST, "sh", str(self.configuration(**more)),
                str(self.folder / "nothing")]

    def damaged(self):
        """A copy with one bit changed, in the middle of its code."""
        path = self.folder / "damaged.so"
        content = bytearray(self.module.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        os.chmod(path, 0o644)
        return path
