# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  File systems of the test's own over /dev/fuse, spoken by
# hand (<linux/fuse.h>): one whose daemon stops answering, one whose reads fail.
import errno
import os
import select
import stat
import struct
import threading

from mounts import mount
from tap import Skip

LOOKUP, FORGET, GETATTR, OPEN, READ = 1, 2, 3, 14, 15
RELEASE, FLUSH, INIT = 18, 25, 26
ROOT_INODE, BELOW_INODE = 1, 2
DIRECT_IO = 1

HEAD = struct.Struct("<IIQQ")
REPLY = struct.Struct("<IiQ")


def attributes(inode, mode):
    return struct.pack("<6Q10I", inode, *[0] * 8, mode, 2, 0, 0, 0, 4096, 0)


class Fuse:
    """A mount at `at`: its root is what mode says, and so is all below it."""

    def __init__(self, at, mode):
        self.mode = mode
        try:
            self.fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
            mount("sluice-test", at, "fuse.sluice", 0,
                  f"fd={self.fd},rootmode={mode:o},user_id=0,group_id=0,"
                  "allow_other")
        except OSError as error:
            raise Skip(f"no FUSE here: {error}") from error
        self._woken, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            ready, _, _ = select.select([self.fd, self._woken], [], [])
            if self._woken in ready:
                return
            try:
                request = os.read(self.fd, 1 << 17)
            except OSError:
                return              # no longer mounted
            _, opcode, unique, inode = HEAD.unpack_from(request)
            if opcode != FORGET:
                self._reply(unique, *self.answer(opcode, inode))

    def _reply(self, unique, error, body):
        os.write(self.fd, REPLY.pack(REPLY.size + len(body), -error, unique) +
                 body)

    def answer(self, opcode, inode):
        """errno and body of the answer."""
        if opcode == INIT:
            return 0, struct.pack("<IIIIHHIIHHI7I", 7, 31, 0, 0, 0, 0, 4096,
                                  0, 0, 0, 0, *[0] * 7)
        if opcode == LOOKUP:
            # good for no time at all: each path walk asks again
            return 0, struct.pack("<4QII", BELOW_INODE, *[0] * 5) + \
                attributes(BELOW_INODE, self.mode)
        if opcode == GETATTR:
            return 0, struct.pack("<QII", 0, 0, 0) + \
                attributes(inode, self.mode)
        return errno.ENOSYS, b""

    def stop(self):
        """From here on nothing is taken, so nothing is ever answered; who
        waits can still be killed."""
        if self._thread.is_alive():
            os.write(self._wake, b"x")
        self._thread.join()

    def end(self):
        """Whoever waits gets an error."""
        self.stop()
        for fd in (self.fd, self._wake, self._woken):
            os.close(fd)


class Directory(Fuse):
    def __init__(self, at):
        super().__init__(at, stat.S_IFDIR | 0o755)


class BadFile(Fuse):
    """A file that can be opened and never be read: EIO."""

    def __init__(self, at):
        super().__init__(at, stat.S_IFREG | 0o444)

    def answer(self, opcode, inode):
        if opcode == OPEN:
            return 0, struct.pack("<QII", 0, DIRECT_IO, 0)
        if opcode == READ:
            return errno.EIO, b""
        if opcode in (RELEASE, FLUSH):
            return 0, b""
        return super().answer(opcode, inode)
