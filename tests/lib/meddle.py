# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A pair with tests/chaos/meddle.c inside both daemons: their
# clocks are set and their system calls fail while they run.
import mmap
import os
import shutil
import struct
import time

from pair import Pair, build_root

# In the order of `enum call` in meddle.c.
CALLS = ("none", "openat", "pread", "read", "getdents", "close", "statfs",
         "adjtimex", "ppoll", "sendto", "recvmsg", "write", "socket",
         "connect", "getsockopt", "setsockopt", "malloc", "getentropy")

_CLOCKS = struct.Struct("<qq")
_FAULT = struct.Struct("<IiIIIII")
_SEEN = struct.Struct(f"<{len(CALLS)}I")
_FAULT_AT = _CLOCKS.size
_SEEN_AT = _FAULT_AT + _FAULT.size
_BYTES = 4096
_NO_FAULT = (0, 0, 0, 1, 0, 0, 0)


class Meddle:
    """What is done to one process, by the file that it maps."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(_BYTES))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), _BYTES)
        self._wall = self._slept = 0
        self.stop()

    def _clocks(self):
        _CLOCKS.pack_into(self._map, 0, self._wall, self._slept)

    def step(self, seconds):
        """The wall clock is set forward, or back, by so much more."""
        self._wall += int(seconds * 1e9)
        self._clocks()

    def sleep(self, seconds):
        """The machine was suspended; whole intervals."""
        self._slept += int(seconds * 1e9)
        self._clocks()

    @property
    def ahead(self):
        """Nanoseconds between this process's wall clock and ours."""
        return self._wall + self._slept

    def fail(self, call, error=0, bytes_=0, every=1, phase=0, most=1 << 31):
        """error 0: cut to bytes_.  One of `every` calls, `most` in all."""
        # nothing fails while the rest is written
        self.stop()
        _FAULT.pack_into(self._map, _FAULT_AT, 0, error, bytes_, every,
                         phase, most, 0)
        self._map[_FAULT_AT:_FAULT_AT + 4] = struct.pack(
            "<I", CALLS.index(call))

    def stop(self):
        """Nothing fails any more; returns how often something did."""
        self._map[_FAULT_AT:_FAULT_AT + 4] = bytes(4)
        failed = self.failed
        _FAULT.pack_into(self._map, _FAULT_AT, *_NO_FAULT)
        return failed

    @property
    def failed(self):
        return _FAULT.unpack_from(self._map, _FAULT_AT)[-1]

    def seen(self):
        """How often each call was made so far."""
        return dict(zip(CALLS, _SEEN.unpack_from(self._map, _SEEN_AT)))


class MeddledPair(Pair):
    """pair.in_collector and pair.in_shipper are a Meddle each."""

    def __init__(self, url, keys, **more):
        super().__init__(url, keys, **more)
        library = self.folder / "meddle.so"
        shutil.copy(build_root() / "tests/chaos/libmeddle.so", library)
        self.in_collector = Meddle(self.folder / "in-collector")
        self.in_shipper = Meddle(self.folder / "in-shipper")
        self.prefix += ["env", f"LD_PRELOAD={library}",
                        f"MEDDLE={self.in_collector.path}"]
        real = self.folder / "real"
        real.mkdir(mode=0o711)
        shutil.move(self.folder / "shipperd", real / "shipperd")
        wrapper = self.folder / "shipperd"
        wrapper.write_text(
            f"#!/bin/sh\nexport LD_PRELOAD={library} "
            f"MEDDLE={self.in_shipper.path}\nexec {real}/shipperd\n")
        os.chmod(wrapper, 0o755)


def wait_calls(meddle, call, more, seconds):
    """Waits until so many more of them were made; False: it did not."""
    before = meddle.seen()[call]
    end = time.monotonic() + seconds
    while meddle.seen()[call] < before + more:
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
