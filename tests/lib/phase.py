# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  When a host collects and when it first sends after a start:
# both follow from its identity (collectord/resource.c, shipperd/retry.c), so
# that a test can be a host that need not wait.
import itertools

_MASK = (1 << 64) - 1


def _mix(h):
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9 & _MASK
    h = (h ^ h >> 27) * 0x94d049bb133111eb & _MASK
    return h ^ h >> 31


def seed(host_id):
    h = 0xcbf29ce484222325
    for byte in host_id.encode():
        h = (h ^ byte) * 0x100000001b3 & _MASK
    return _mix(h)


def first_send_ms(host_id, interval_ms=1000):
    """How long it waits before its first request."""
    return (_mix(seed(host_id)) >> 32) * interval_ms >> 32


def collects_ms(host_id, interval_ms=1000):
    """When it collects, counted from each whole interval since boot."""
    return seed(host_id) % interval_ms


def hasty_host(name="host", interval_ms=1000, at_most_ms=20, skip=0):
    """An identity that first sends at once."""
    names = (f"{name}-{i}" for i in itertools.count())
    return next(itertools.islice(
        (n for n in names if first_send_ms(n, interval_ms) < at_most_ms),
        skip, None))
