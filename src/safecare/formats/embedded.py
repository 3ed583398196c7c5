"""A file inside a health record: where it stands, what its carrier calls it, and its bytes."""

from __future__ import annotations

import binascii
import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_OTHER = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_"))
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_DIGITS = b"0123456789abcdefABCDEF"
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


def from_url(address: str) -> tuple[str, bytes]:
    """Return media type and bytes of a ``data:`` address (RFC 2397)."""
    head, _, body = address[5:].partition(",")
    media = head.partition(";")[0].strip().lower()
    if head.lower().endswith("base64"):
        return media, from_base64(body.encode("ascii", "ignore"))
    return media, unquote_to_bytes(body)


def from_letters(letters: bytes) -> bytes:
    """Return what letters that stand for bytes say: hexadecimal digits where nothing else is there, else Base64."""
    digits = letters.translate(None, b" \t\r\n")
    if len(digits) >= 64 and len(digits) % 2 == 0 and not digits.translate(None, _DIGITS):
        return bytes.fromhex(digits.decode("ascii"))
    return from_base64(letters)


def from_base64(letters: bytes) -> bytes:
    """Return what Base64 says, as tolerant readers take it: other letters are passed over, pads may stand within."""
    plain = letters.translate(_URL_SAFE, _OTHER).rstrip(b"=")
    out = []
    for piece in _PADS.split(plain) if b"=" in plain else (plain,):
        whole = piece[:-1] if len(piece) % 4 == 1 else piece
        out.append(binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)))
    return b"".join(out)
