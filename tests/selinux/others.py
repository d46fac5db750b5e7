# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  Base policies of other distributions, which are in no
# package of Debian's, built from their sources in the unpacked Debian 13.
# SLUICE_POLICIES names folders, with ":" between them, each an unpacked branch
# of fedora-selinux/selinux-policy, to which were added, as its .spec does it,
#   policy/modules/contrib/container.if   of containers/container-selinux
#   dist/                                 of rawhide, where the branch has none
import hashlib
import os
import pathlib
import shutil

import policy

_BUILD = """
options="DISTRO=redhat UBAC=n DIRECT_INITRC=n MONOLITHIC=n MLS_CATS=1024
    MCS_CATS=1024 UNK_PERMS=allow NAME=targeted TYPE=mcs"
cp -RL dist/targeted chosen
make -s $options bare
make -s $options conf
cp -f chosen/booleans.conf chosen/users policy || :
# of the list, what this branch has
while read -r name is what; do
    [ "$is" != = ] || ! ls policy/modules/*/"$name.te" >/dev/null 2>&1 ||
        echo "$name = $what"
done <chosen/modules.conf >policy/modules.conf
make -s -j2 $options base.pp modules
make -s $options DESTDIR="$PWD/../installed" install-headers
mkdir ../cil
for module in *.pp; do
    /usr/libexec/selinux/hll/pp "$module" ../cil/"${module%.pp}.cil"
done
cd ..
rm -r source
"""


def folders():
    named = os.environ.get("SLUICE_POLICIES", "")
    return [pathlib.Path(each) for each in named.split(":") if each]


def _digest(folder):
    told = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".git" not in path.parts:
            told.update(str(path.relative_to(folder)).encode() + b"\0")
            told.update(path.read_bytes())
    return told.hexdigest()


class Other:
    """One of them, built; what is built from it is kept."""

    def __init__(self, source):
        with policy.kept("other", _BUILD, _digest(source)) as (
                inside, folder, old):
            if not old:
                shutil.rmtree(folder / "source", ignore_errors=True)
                shutil.copytree(source, folder / "source", symlinks=True)
                policy.run("sh", "-ec", f"exec 2>&1; {_BUILD}",
                           cwd=inside + "/source")
        self.name = source.name
        self.base = inside + "/cil"
        self.headers = inside + "/installed/usr/share/selinux/targeted/include"

    def compile(self, te):
        return policy.compile_module(te, self.headers, "targeted")

    def link(self, *texts):
        return policy.link(*texts, base=self.base)[0]
