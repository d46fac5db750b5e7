# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  The ring as collectord/ring_format.h lays it out, read from
# outside by the one who keeps it: what was committed, without asking the
# daemons.  Never writes.
import collections
import mmap
import os
import struct

MAGIC = 0x33676e6952656c53
VERSION = 3
LOST = ("queue_full", "rejected", "oversize", "unreadable")
MISSED = ("late", "suspended", "clock_step", "restart", "source_timeout",
          "unreadable")

# sources: of each record; last: its last one ends the time step
Step = collections.namedtuple("Step", "wall boottime records sources last")
State = collections.namedtuple(
    "State", "tail acked_seq acked lost_ahead unnumbered lost missed")

_PAGE = 4096
_FACTS = struct.Struct("<QIIII16s16sQQQ")
FACTS_SIZE = _FACTS.size
_STATE = struct.Struct(f"<6Q{len(LOST)}Q{len(MISSED)}QQQQ")
_COMPLETE = 2 * _FACTS.size
_STATES = _COMPLETE + 8
_NUMBER = (_STATES + 2 * _STATE.size + 63) // 64 * 64
_SEGMENT = struct.Struct("<4Q")
_STEP = struct.Struct("<QQQIIII")
_LAST = 1                           # enum record_flag
_ITEM_START, _ITEM_DELTA = 0x40, 0x80


def crc32c(data):
    """CRC-32C (RFC 3720, appendix B.4), slowly."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _u64(memory, at):
    return struct.unpack_from("<Q", memory, at)[0]


def _varint(memory, at):
    value = 0
    for shift in range(0, 70, 7):
        byte = memory[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("varint longer than 10 bytes")


class RingView:
    """with RingView(fd) as ring: …; the descriptor stays the caller's."""

    def __init__(self, fd):
        self.memory = mmap.mmap(fd, os.fstat(fd).st_size, mmap.MAP_SHARED,
                                mmap.PROT_READ)
        magic, version, _, self.segment, self.nsegments, self.id, _, \
            self.start, self.boot, _ = _FACTS.unpack_from(self.memory)
        if (magic, version) != (MAGIC, VERSION):
            raise ValueError(f"no ring of version {VERSION}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.memory.close()

    def state(self):
        at = _STATES + _STATE.size * (_u64(self.memory, _NUMBER) & 1)
        words = _STATE.unpack_from(self.memory, at)
        lost, missed = words[6:6 + len(LOST)], words[6 + len(LOST):-3]
        return State(*words[1:6], dict(zip(LOST, lost)),
                     dict(zip(MISSED, missed)))

    def _segments(self):
        """[(generation, offset, first number, bytes, records)] in order."""
        found = []
        for i in range(self.nsegments):
            at = _PAGE + i * self.segment
            generation, first, _, committed = _SEGMENT.unpack_from(
                self.memory, at)
            if generation > 0:
                found.append((generation, at, first, committed & 0xFFFFFF,
                              committed >> 24 & 0xFFFFFF))
        return sorted(found)

    def made(self):
        """The number of the last record."""
        _, _, first, _, records = self._segments()[-1]
        return first + records - 1

    def counts(self):
        """read, acknowledged, queued and lost records, all from here."""
        state, made = self.state(), self.made()
        return (made + state.unnumbered, state.acked,
                made - state.acked_seq - state.lost_ahead,
                sum(state.lost.values()))

    def behind(self):
        """Records without an answer, but for those of the last step: at a
        short interval its answer is taken when the next one is made."""
        generation = self._segments()[-1][0]
        last = self.steps((generation, _SEGMENT.size))[0][-1:]
        return max(0, self.counts()[2] - sum(s.records for s in last))

    def steps(self, after=(0, 0)):
        """([Step], where to go on): what was committed behind `after`, in
        parts where a step lies in two segments."""
        found = []
        for generation, base, _, used, _ in self._segments():
            at = _SEGMENT.size
            if generation < after[0]:
                continue
            if generation == after[0]:
                at = after[1]
            while at < used:
                step, at = self._step(base, at)
                found.append(step)
            after = generation, at
        return found, after

    def _step(self, base, at):
        boottime, wall, _, length, records, _, _ = _STEP.unpack_from(
            self.memory, base + at)
        at += _STEP.size
        end, here = at + length, base + at
        sources, last = [], False
        for _ in range(records):
            source, flags = self.memory[here], self.memory[here + 1]
            here += 2 + (8 if flags & _ITEM_START else 0)
            if flags & _ITEM_DELTA:
                _, here = _varint(self.memory, here)
            size, here = _varint(self.memory, here)
            here += size
            sources.append(source)
            last = bool(flags & _LAST)
        if here != base + end:
            raise ValueError("a step does not end where its head says")
        return Step(wall, boottime, records, sources, last), end
