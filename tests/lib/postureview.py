# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A second reader of what a host says of its own hardness,
# written apart from the collector's: see hostview.py.
import pathlib
import re

_EFI = "sys/firmware/efi/efivars/{}-8be4df61-93ca-11d2-aa0d-00e098032b8c"
_HIDEPID = {"off": 0, "noaccess": 1, "invisible": 2, "ptraceable": 4}

# A file that is one number, and the metric that it is.
_NUMBERS = {
    "linux.selinux.policy.version": "sys/fs/selinux/policyvers",
    "linux.selinux.deny_unknown": "sys/fs/selinux/deny_unknown",
    "linux.fips": "proc/sys/crypto/fips_enabled",
    "linux.tainted": "proc/sys/kernel/tainted",
    "linux.modules.locked": "proc/sys/kernel/modules_disabled",
    "linux.kexec.locked": "proc/sys/kernel/kexec_load_disabled",
    "linux.aslr": "proc/sys/kernel/randomize_va_space",
    "linux.ptrace_scope": "proc/sys/kernel/yama/ptrace_scope",
    "linux.bpf.unprivileged_disabled":
        "proc/sys/kernel/unprivileged_bpf_disabled",
    "linux.user_namespaces.limit": "proc/sys/user/max_user_namespaces",
    "linux.user_namespaces.unprivileged":
        "proc/sys/kernel/unprivileged_userns_clone",
    "linux.user_namespaces.apparmor":
        "proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "linux.kptr_restrict": "proc/sys/kernel/kptr_restrict",
    "linux.dmesg_restrict": "proc/sys/kernel/dmesg_restrict",
    "linux.perf_event_paranoid": "proc/sys/kernel/perf_event_paranoid",
    "linux.io_uring_disabled": "proc/sys/kernel/io_uring_disabled",
    "linux.cpu.smt": "sys/devices/system/cpu/smt/active",
}


def weakness(text):
    """0 not affected, 1 mitigated, 2 in part, 3 vulnerable, 4 unknown."""
    text = text.removeprefix("KVM: ")
    if re.match("Mitigation", text):
        return 2 if re.search("[vV]ulnerable", text) else 1
    return {"Not": 0, "Vulnerable": 3, "Processor": 3, "Unknown": 4}[
        re.match("[A-Z][a-z]+", text)[0]]


def _path(view, name):
    root, _, rest = name.partition("/")
    return pathlib.Path(view.proc if root == "proc" else view.sys, rest)


def _selinux(view):
    enforce = _path(view, "sys/fs/selinux/enforce")
    mode = 1 + int(enforce.read_text()) if enforce.exists() else 0
    view.say("linux.selinux.mode", mode)
    if not mode:
        return
    text = _path(view, "sys/fs/selinux/avc/hash_stats").read_text()
    view.say("linux.selinux.avc.entries", re.search(r"\d+", text)[0])
    names, *rows = (line.split() for line in _path(
        view, "sys/fs/selinux/avc/cache_stats").read_text().splitlines())
    for name, column in zip(names, zip(*rows)):
        view.say("linux.selinux.avc.operations", sum(map(int, column)),
                 linux__selinux__avc__operation={"misses": "miss"}.get(
                     name, name.rstrip("s")))


def _hidepid(view):
    value = None
    for line in view.lines("self/mountinfo"):
        mount, _, how = line.partition(" - ")
        kind, _, options = how.split(" ", 2)
        if mount.split()[4] == "/proc" and kind == "proc":
            found = re.search(r"(?:^|,)hidepid=(\w+)", options)
            word = found[1] if found else "off"
            value = _HIDEPID.get(word) if word in _HIDEPID else int(word)
    if value is not None:
        view.say("linux.proc.hidepid", value)


def say(view):
    _selinux(view)
    for name, path in _NUMBERS.items():
        if _path(view, path).exists():
            view.say(name, _path(view, path).read_text().strip())
    lockdown = _path(view, "sys/kernel/security/lockdown")
    if lockdown.exists():
        level = re.search(r"\[(\w+)\]", lockdown.read_text())[1]
        view.say("linux.lockdown", ("none", "integrity",
                                    "confidentiality").index(level))
    for name, variable in (("linux.secure_boot", "SecureBoot"),
                           ("linux.secure_boot.setup_mode", "SetupMode")):
        path = _path(view, _EFI.format(variable))
        if path.exists():
            view.say(name, path.read_bytes()[4])
    _hidepid(view)
    folder = _path(view, "sys/devices/system/cpu/vulnerabilities")
    for path in sorted(folder.iterdir()) if folder.exists() else ():
        view.say("linux.cpu.vulnerability", weakness(path.read_text()),
                 linux__cpu__vulnerability__name=path.name)
    if {name for name, _ in view.points} == {"linux.selinux.mode"}:
        view.points.clear()     # nothing at all is no host without SELinux
    else:
        view.say("linux.posture.changes", 0)
