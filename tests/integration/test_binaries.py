# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The programs as they were built and as `meson install`
# lays them down: hardened, and where the daemons and their pages expect them.
import os
import pathlib
import re
import subprocess
import tempfile

from tap import Skip, check, check_equal, main, test

BUILD = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"])
PROGRAMS = [BUILD / "collectord/collectord", BUILD / "shipperd/shipperd",
            BUILD / "tools/sluice"]


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], check=True,
                          capture_output=True, text=True).stdout


def instrumented():
    """Sanitizers bring their own runtime, which is not hardened."""
    return "__asan_init" in readelf("--dyn-syms", PROGRAMS[0])


@test
def every_program_is_position_independent():
    for path in PROGRAMS:
        check("DYN (Position-Independent" in readelf("-h", path), path)


@test
def nothing_can_be_relocated_after_the_start():
    for path in PROGRAMS:
        check("GNU_RELRO" in readelf("-l", path), f"{path}: no RELRO")
        check(re.search(r"FLAGS.*BIND_NOW|FLAGS_1.*NOW",
                        readelf("-d", path)), f"{path}: lazy binding")


@test
def no_segment_is_writable_and_executable_and_no_stack_executable():
    for path in PROGRAMS:
        for line in readelf("-l", path).splitlines():
            words = line.split()
            if words and words[0] in ("LOAD", "GNU_STACK"):
                flags = "".join(words[6:-1])
                check(not ("W" in flags and "E" in flags), f"{path}: {line}")


@test
def stack_protector_and_fortified_calls_are_in_use():
    if instrumented():
        raise Skip("a sanitized build has neither")
    for path in PROGRAMS:
        symbols = readelf("--dyn-syms", path)
        check("__stack_chk_fail" in symbols, f"{path}: no stack protector")
        check("_chk@" in symbols, f"{path}: no fortified call")


@test
def each_program_links_what_it_needs_and_no_more():
    allowed = {
        "collectord": {"libc", "libjson-c", "libseccomp", "libcap"},
        "shipperd": {"libc", "libssl", "libcrypto", "libjson-c",
                     "libseccomp", "libcap"},
        "sluice": {"libc", "libjson-c", "libseccomp", "libcap"},
    }
    if instrumented():
        raise Skip("a sanitized build links its runtime too")
    for path in PROGRAMS:
        needed = set(re.findall(r"Shared library: \[(\S+?)\.so",
                                readelf("-d", path)))
        extra = needed - allowed[path.name] - {"ld-linux-x86-64"}
        check(not extra, f"{path} links {extra}")


@test
def meson_install_lays_down_the_programs_and_their_pages():
    with tempfile.TemporaryDirectory() as dest:
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild",
                        "--destdir", dest], check=True,
                       stdout=subprocess.DEVNULL)
        found = {p.name: p for p in pathlib.Path(dest).rglob("*")
                 if p.is_file()}
        for name in ("collectord", "shipperd", "sluice", "collectord.8",
                     "shipperd.8", "sluice.1", "sluice.conf.5"):
            check(name in found, f"{name} is not installed")
        check_equal(found["collectord"].parent.parts[-2:],
                    ("libexec", "sluice"), "folder of collectord")
        check_equal(found["sluice"].parent.name, "bin", "folder of sluice")


main()
