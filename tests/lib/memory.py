# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  What stands in the memory of another process, read from
# outside by /proc/PID/mem, as root.
import pathlib
import re

_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)")


def regions(pid):
    """(first, end, name) of what can be read."""
    found = []
    text = pathlib.Path(f"/proc/{pid}/maps").read_text()
    for line in text.splitlines():
        first, end, mode, name = _LINE.fullmatch(line).groups()
        if "r" in mode and name not in ("[vvar]", "[vvar_vclock]",
                                        "[vsyscall]"):
            found.append((int(first, 16), int(end, 16), name))
    return found


def _contents(pid):
    """(first, bytes) of each."""
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for first, end, _ in regions(pid):
            mem.seek(first)
            data = b""
            while len(data) < end - first:
                got = mem.read(end - first - len(data))
                if not got:
                    break
                data += got
            yield first, data


def count(pid, *needles):
    """How often each stands there; and how many bytes were looked at."""
    seen, looked = [0] * len(needles), 0
    for _, data in _contents(pid):
        looked += len(data)
        for i, needle in enumerate(needles):
            seen[i] += data.count(needle)
    return seen, looked


def flags_where(pid, needle):
    """The VmFlags of proc_pid_smaps(5) of each region in which it stands."""
    smaps = pathlib.Path(f"/proc/{pid}/smaps").read_text()
    found = []
    for first, data in _contents(pid):
        if needle in data:
            rest = smaps[smaps.index(f"{first:08x}-"):]
            found.append(re.search(r"VmFlags: (.*)", rest)[1].split())
    return found
