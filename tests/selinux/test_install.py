# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  `meson install` puts the policy where Fedora and RHEL look
# for it, as its option says.
import bz2
import os
import pathlib
import subprocess
import tempfile

from tap import Skip, check, check_equal, main, test

SOURCE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
MAKEFILE = pathlib.Path("/usr/share/selinux/devel/Makefile")
PACKAGES = "usr/share/selinux/packages/targeted/"
INTERFACES = "usr/share/selinux/devel/include/distributed/"


def run(*words, **more):
    return subprocess.run([str(w) for w in words], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, **more})


def setup(folder, *options):
    return run("meson", "setup", "--prefix=/usr", "-Dtests=false", *options,
               folder, SOURCE)


def installed(folder):
    """The policy's files below DESTDIR, without building the rest."""
    target = pathlib.Path(folder) / "destination"
    done = run("meson", "install", "-C", folder, "--no-rebuild",
               "--tags=selinux", DESTDIR=target)
    check_equal(done.returncode, 0, done.stdout + done.stderr)
    return {str(path.relative_to(target)): path.read_bytes()
            for path in target.rglob("*") if path.is_file()}


@test
def enabled_the_module_and_its_interfaces_go_to_the_usual_places():
    if not MAKEFILE.exists():
        raise Skip(f"no {MAKEFILE} here (tools/setup vm)")
    with tempfile.TemporaryDirectory() as folder:
        done = setup(folder, "-Dselinux=enabled")
        check_equal(done.returncode, 0, done.stdout)
        done = run("ninja", "-C", folder, "selinux/sluice.pp.bz2")
        check_equal(done.returncode, 0, done.stdout)
        files = installed(folder)
    check_equal(sorted(files), sorted(
        [INTERFACES + "sluice.if"] + [PACKAGES + name for name in (
            "sluice.pp.bz2", "sluice_lockdown.cil", "sluice_port.cil",
            "sluice_untouchable.cil")]))
    module = bz2.decompress(files[PACKAGES + "sluice.pp.bz2"])
    for word in (b"sluice_shipper_t", b"/usr/libexec/sluice/shipperd"):
        check(word in module, f"no {word} in the module")


@test
def enabled_where_there_are_no_headers_it_says_which_package():
    with tempfile.TemporaryDirectory() as folder:
        done = setup(folder, "-Dselinux=enabled",
                     "-Dselinux_makefile=/nowhere/Makefile")
        check(done.returncode != 0, "it was taken")
        check("selinux-policy-dev" in done.stdout or "not found" in
              done.stdout, done.stdout)


@test
def auto_or_disabled_where_there_is_nothing_to_build_nothing_is_installed():
    for option in ("-Dselinux=disabled",
                   "-Dselinux_makefile=/nowhere/Makefile"):
        with tempfile.TemporaryDirectory() as folder:
            done = setup(folder, option)
            check_equal(done.returncode, 0, done.stdout)
            check_equal(installed(folder), {}, option)


main()
