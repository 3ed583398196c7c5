"""A file inside a health record: where it stands, what its carrier calls it, and its bytes."""

from __future__ import annotations

import binascii
import re
from typing import NamedTuple

_OTHER = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_"))
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_PADS = re.compile(rb"=+")


class Embedded(NamedTuple):
    """One file; `start` and `end` are the bytes of the carrier in which it is coded."""

    place: str
    media: str
    raw: bytes
    start: int
    end: int
    compression: str = ""
    """As CDA names it: DF, GZ, ZL, Z, BZ, Z7; empty for none."""


def from_base64(letters: bytes) -> bytes:
    """Return what Base64 says, as tolerant readers take it: other letters are passed over, pads may stand within."""
    plain = letters.translate(_URL_SAFE, _OTHER).rstrip(b"=")
    out = []
    for piece in _PADS.split(plain) if b"=" in plain else (plain,):
        whole = piece[:-1] if len(piece) % 4 == 1 else piece
        out.append(binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)))
    return b"".join(out)
