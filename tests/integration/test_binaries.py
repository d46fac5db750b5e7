# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The programs as they were built and as `meson install`
# lays them down: hardened, and where the daemons and their pages expect them.
import contextlib
import json
import os
import pathlib
import re
import stat
import subprocess
import tempfile

from tap import Skip, check, check_equal, main, test

BUILD = pathlib.Path(os.environ["SLUICE_BUILD_ROOT"])
ROOT = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
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
        # to check signatures: sluice verify
        "sluice": {"libc", "libjson-c", "libseccomp", "libcap", "libcrypto"},
    }
    if instrumented():
        raise Skip("a sanitized build links its runtime too")
    for path in PROGRAMS:
        needed = set(re.findall(r"Shared library: \[(\S+?)\.so",
                                readelf("-d", path)))
        extra = needed - allowed[path.name] - {"ld-linux-x86-64"}
        check(not extra, f"{path} links {extra}")


def options():
    found = json.loads(subprocess.run(
        ["meson", "introspect", "--buildoptions", BUILD], check=True,
        capture_output=True, text=True).stdout)
    return {o["name"]: o["value"] for o in found}


POLICY = {"sluice.if", "sluice.pp.bz2", "sluice_lockdown.cil",
          "sluice_port.cil", "sluice_untouchable.cil"}


def folders():
    """What is installed where, of this build: folder to names."""
    o = options()
    top = pathlib.Path(o["prefix"])
    return {
        top / o["bindir"]: ["sluice"],
        top / o["libexecdir"] / "sluice": ["collectord", "shipperd"],
        top / o["mandir"] / "man1": ["sluice.1"],
        top / o["mandir"] / "man5": ["sluice.conf.5"],
        top / o["mandir"] / "man8": ["collectord.8", "shipperd.8"],
        top / o["datadir"] / "doc/sluice": [
            "device-defender.md", "metrics.md", "operations.md",
            "privileges.md", "signing.md", "sluice.conf.example",
            "tls-cases.md", "unit.md"],
        top / o["datadir"] / "doc/sluice/systemd": [
            p.name for p in (ROOT / "systemd/examples").glob("*.conf")],
        pathlib.Path(o["systemd_unit_dir"] or
                     top / "lib/systemd/system"): ["sluice.service"],
        top / "lib/sysusers.d": ["sluice.conf"],
    }


@contextlib.contextmanager
def installed():
    with tempfile.TemporaryDirectory() as dest:
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild",
                        "--destdir", dest], check=True,
                       stdout=subprocess.DEVNULL)
        yield pathlib.Path(dest)


@test
def meson_install_lays_down_the_programs_and_their_pages():
    want = {str(folder / name) for folder, names in folders().items()
            for name in names}
    with installed() as dest:
        found = {"/" + str(p.relative_to(dest)) for p in dest.rglob("*")
                 if not p.is_dir()}
    # all of the policy, or none where it cannot be built
    policy = {path for path in found if "/selinux/" in path}
    check(not policy or {path.rsplit("/", 1)[1] for path in policy} ==
          POLICY, policy)
    check_equal(found - policy, want, "installed files")


@test
def programs_can_be_run_and_pages_read_by_all_and_written_by_one():
    with installed() as dest:
        for path in dest.rglob("*"):
            if path.is_dir():
                continue
            want = 0o755 if path.name in ("collectord", "shipperd",
                                          "sluice") else 0o644
            check_equal(oct(stat.S_IMODE(path.stat().st_mode)), oct(want),
                        str(path))
            check("security.capability" not in os.listxattr(path),
                  f"{path} has file capabilities")


@test
def every_path_that_a_page_names_is_where_the_install_puts_it():
    homes = {name: str(folder) for folder, names in folders().items()
             for name in names}
    with installed() as dest:
        pages = list(dest.rglob("man/man?/*"))
        check_equal(len(pages), 4, "pages")
        for page in pages:
            for path in re.findall(r"^\.(?:It )?(?:Pa|Nm) (/\S*sluice\S*)",
                                   page.read_text(), re.MULTILINE):
                folder, name = path.rsplit("/", 1)
                if name == "sluice.conf":
                    continue
                if name.startswith("sluice.service"):
                    check_equal(folder, "/run/credentials", page.name)
                    continue
                check_equal(homes.get(name), folder, f"{page.name}: {path}")


@test
def what_is_installed_starts_and_names_the_same_defaults():
    with installed() as dest:
        home = next(dest.rglob("libexec/sluice"))
        said = subprocess.run([home / "collectord", "--help"], check=True,
                              capture_output=True, text=True).stdout
        shipper = "/" + str((home / "shipperd").relative_to(dest))
        check(f"({shipper})" in said, said)
        page = next(dest.rglob("sluice.conf.5")).read_text()
        config = re.search(r"-c FILE +configuration \((\S+)\)", said)[1]
        check(f".Nm {config}" in page, f"{config} is not that of the page")
        subprocess.run([next(dest.rglob("bin/sluice")), "--version"],
                       check=True, stdout=subprocess.DEVNULL)


main()
