# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  SipHash-2-4 once more, after the paper by Aumasson and
# Bernstein, so that a mistake of the collector's is not repeated.
MASK = (1 << 64) - 1


def _turn(x, n):
    return (x << n | x >> (64 - n)) & MASK


def _round(v):
    v[0] = (v[0] + v[1]) & MASK
    v[2] = (v[2] + v[3]) & MASK
    v[1] = _turn(v[1], 13) ^ v[0]
    v[3] = _turn(v[3], 16) ^ v[2]
    v[0] = _turn(v[0], 32)
    v[2] = (v[2] + v[1]) & MASK
    v[0] = (v[0] + v[3]) & MASK
    v[1] = _turn(v[1], 17) ^ v[2]
    v[3] = _turn(v[3], 21) ^ v[0]
    v[2] = _turn(v[2], 32)


def siphash(key, text):
    """16 digits; the key is 32."""
    secret = bytes.fromhex(key)
    k0 = int.from_bytes(secret[:8], "little")
    k1 = int.from_bytes(secret[8:], "little")
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
         k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]
    data = text.encode()
    whole = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) & 255])
    for i in range(0, len(whole), 8):
        word = int.from_bytes(whole[i:i + 8], "little")
        v[3] ^= word
        _round(v)
        _round(v)
        v[0] ^= word
    v[2] ^= 0xff
    for _ in range(4):
        _round(v)
    return f"{v[0] ^ v[1] ^ v[2] ^ v[3]:016x}"
