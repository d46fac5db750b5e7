# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A pair with tests/integration/hurry.c inside both daemons:
# a turn every few milliseconds, each of a whole interval of their own time,
# and everything counted that they ask malloc(3) for.
import mmap
import os
import pathlib
import re
import shutil
import struct
import time

from pair import Pair, build_root
from tap import until

_SEEN = struct.Struct("<qQQQQQ")


def memory_of(pid):
    """KiB: (private to the process, not of a file)."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    private = sum(int(n) for n in re.findall(r"^Private_\w+: +(\d+)", text,
                                             re.MULTILINE))
    return private, int(re.search(r"^Anonymous: +(\d+)", text,
                                  re.MULTILINE)[1])


class HurriedPair(Pair):
    """milliseconds: what a turn takes."""

    def __init__(self, url, keys, milliseconds, **more):
        super().__init__(url, keys, **more)
        library = self.folder / "hurry.so"
        shutil.copy(build_root() / "tests/integration/libhurry.so", library)
        control = self.folder / "hurry"
        control.write_bytes(bytes(4096))
        os.chmod(control, 0o666)
        with open(control, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), 4096)
        words = [f"LD_PRELOAD={library}", f"HURRY={control}",
                 f"HURRY_MS={milliseconds}"]
        self.prefix += ["env", *words]
        real = self.folder / "real"
        real.mkdir(mode=0o711)
        shutil.move(self.folder / "shipperd", real / "shipperd")
        wrapper = self.folder / "shipperd"
        wrapper.write_text(f"#!/bin/sh\nexport {' '.join(words)}\n"
                           f"exec {real}/shipperd\n")
        os.chmod(wrapper, 0o755)

    @property
    def virtual(self):
        """Seconds by which its clocks are ahead."""
        return _SEEN.unpack_from(self._map)[0] / 1e9

    @property
    def turns(self):
        return _SEEN.unpack_from(self._map)[1]

    def asked(self):
        """How often each asked for memory: itself, and OpenSSL in it."""
        return dict(zip(("collectord", "shipperd", "openssl/collectord",
                         "openssl"), _SEEN.unpack_from(self._map)[2:]))

    def memory(self):
        return {"collectord": memory_of(self.collector),
                "shipperd": memory_of(self.shipper)}

    def run(self, turns, seconds):
        """So many more; the time that it took."""
        began, end = time.monotonic(), self.turns + turns
        until(lambda: self.turns >= end, seconds, f"{turns} turns")
        return time.monotonic() - began
