"""Payloads under a mask: every byte combined (XOR) with a key of one, two or four bytes, so that no signature fits.

A byte combined with the one four places before it loses a key of these lengths, whatever it is: one search finds
signatures under all keys. Source: MITRE ATT&CK T1027.013 (encoded file); PE's stub; heads as in `payload`.
"""

from __future__ import annotations

import numpy as np

from safecare.examine.medical import payload
from safecare.formats.linear import linear

LAG = 4
"""Places between two bytes that are combined: a key of 1, 2 or 4 bytes falls out."""
_LETTERS = 0x20
"""The key that only turns small letters into capital ones: no mask, but how somebody writes."""
_BLOCK, _OVERLAP = 1 << 20, 64
"""Bytes that are turned at a time, and those of the next block read with them: more than the longest sign. Chosen."""
_HEAD = 4096
"""Bytes of a payload that are read under its key. Chosen."""


def _turned(raw: bytes) -> bytes:
    """Return each byte combined with the one `LAG` places on."""
    values = np.frombuffer(raw, np.uint8)
    return (values[LAG:] ^ values[:-LAG]).tobytes()


_SIGNS: tuple[tuple[bytes, str, str], ...] = (
    (b"This program cannot be run in DOS mode", "pe", payload.PROGRAM),
    (b"This program must be run under", "pe", payload.PROGRAM),
    (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", "elf", payload.PROGRAM),
    (b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0", "elf", payload.PROGRAM),
    (payload.EICAR, "eicar", payload.TEST),
    (b"WScript.Shell", "script", payload.SCRIPT),
    (b"ActiveXObject", "script", payload.SCRIPT),
    (b"<script>new ", "script", payload.SCRIPT),
    (b"powershell -", "script", payload.SCRIPT),
    (b"powershell.exe", "script", payload.SCRIPT),
)
"""What is searched: a sign, and what it stands for. All are long enough that chance does not write them."""
_BY_TURN = {_turned(sign): (sign, kind, sort) for sign, kind, sort in _SIGNS}
_ANY = linear(b"(?s)" + b"|".join(b"".join(b"\\x%02x" % one for one in turn) for turn in _BY_TURN))


def masked(raw: bytes) -> tuple[str, str, int, bytes] | None:
    """Return (kind, sort, offset, key) of the first payload that stands under a key in `raw`, if one does."""
    if len(raw) < 2 * LAG:
        return None
    begun = _begun(raw)
    if begun:
        return begun
    for start in range(0, len(raw), _BLOCK):
        block = raw[start : start + _BLOCK + _OVERLAP]
        for found in _ANY.finditer(_turned(block)):
            at = found.start()
            sign, kind, sort = _BY_TURN[found.group()]
            key = bytes(one ^ other for one, other in zip(block[at : at + LAG], sign[:LAG], strict=True))
            plain = not key.strip(b"\0") or (sort == payload.SCRIPT and set(key) <= {0, _LETTERS})
            if not plain:
                return kind, sort, start + at, key
    return None


def _begun(raw: bytes) -> tuple[str, str, int, bytes] | None:
    """Return a payload that begins the bytes under a key of one byte: its head is read, not only its letters."""
    head = np.frombuffer(raw[:_HEAD], np.uint8)
    for letters in (b"MZ", b"PK", b"\x7fE"):
        key = raw[0] ^ letters[0]
        if key and raw[1] ^ key == letters[1]:
            found = payload.begins((head ^ np.uint8(key)).tobytes())
            if found:
                return *found, 0, bytes((key,))
    return None
