"""Files coded as text: uuencode, BinHex, and blocks of base64.

Source: POSIX uuencode; RFC 1741 (BinHex 4.0).
"""

from __future__ import annotations

import binascii
import re
import struct
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, Part, analyser
from safecare.examine.code.pages import unbase64

MOST_BLOCKS = 100
"""Blocks of one text that are opened. Chosen: far more than honest mails hold."""
_BEGIN = re.compile(rb"(?m)^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,200})\r?\n")
_BINHEX = b"(This file must be converted with BinHex"
_ALPHABET = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_BLOCK = re.compile(rb"(?:[A-Za-z0-9+/]{60,76}\r?\n){4,}[A-Za-z0-9+/=]{0,76}|[A-Za-z0-9+/]{400,}={0,2}")
_HEADS = (
    b"MZ",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"%PDF-",
    b"{\\rt",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"\x7fELF",
    b"<html",
    b"<script",
    b"X5O!P%@AP",
)


@analyser("text", wants={"text", "uue", "mail", "script"})
class Texts:
    """Decodes what stands in a text as a file."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the files."""
        if "mail" in part.types and not (b"begin" in part.raw and _BEGIN.search(part.raw)):
            return
        for number, found in enumerate(_BEGIN.finditer(part.raw), 1):
            if number > MOST_BLOCKS:
                return
            raw = uudecoded(part.raw, found)
            context.budget.take(len(raw), found[1].decode("utf-8", "replace"))
            yield part.child(found[1].decode("utf-8", "replace").strip(), raw, origin="text.coded")
        at = part.raw[:65536].find(_BINHEX)
        if at >= 0:
            name, raw = unbinhex(part.raw, at)
            context.budget.take(len(raw), name)
            yield part.child(name, raw, origin="text.coded")
        if "mail" not in part.types:
            yield from _base64(part, context)


def _base64(part: Part, context: Context) -> Iterator[Part]:
    for number, found in enumerate(_BLOCK.finditer(part.raw), 1):
        if number > MOST_BLOCKS:
            return
        raw = unbase64(found.group().decode("ascii"))
        if raw.startswith(_HEADS):
            context.budget.take(len(raw), f"block {number}")
            yield part.child(f"block-{number}", raw, origin="text.coded")


def uudecoded(raw: bytes, found: re.Match[bytes]) -> bytes:
    """Return what a uuencoded block holds, up to its end or the first line that is none."""
    out = bytearray()
    coded = found.group().startswith(b"begin-base64")
    for line in raw[found.end() :].splitlines():
        if line.strip() in (b"end", b"====", b"`", b""):
            if line.strip() in (b"`", b"") and not coded:
                continue
            break
        try:
            out += binascii.a2b_base64(line) if coded else binascii.a2b_uu(line)
        except binascii.Error:
            try:  # some writers count one letter too few
                out += binascii.a2b_uu(line[: ((line[0] - 32 & 63) * 4 + 5) // 3])
            except (binascii.Error, IndexError):
                break
    return bytes(out)


def unbinhex(raw: bytes, at: int) -> tuple[str, bytes]:
    """Return name and data fork of a BinHex 4.0 file; empty for what is damaged."""
    start = raw.find(b":", at)
    body = re.sub(rb"\s", b"", raw[start + 1 : raw.find(b":", start + 1)])
    values = {letter: value for value, letter in enumerate(_ALPHABET)}
    bits, held, packed = 0, 0, bytearray()
    for letter in body:
        held = held << 6 | values.get(letter, 0)
        bits += 6
        if bits >= 8:
            bits -= 8
            packed.append(held >> bits & 255)
            held &= (1 << bits) - 1
    out = bytearray()
    place = 0
    while place < len(packed) and len(out) < 1 << 26:
        if packed[place] == 0x90 and place + 1 < len(packed):
            count = packed[place + 1]
            out += out[-1:] * (count - 1) if count else b"\x90"
            place += 2
        else:
            out.append(packed[place])
            place += 1
    if len(out) < 22:
        return "", b""
    size = out[0]
    name = bytes(out[1 : 1 + size]).decode("mac-roman", "replace")
    length = struct.unpack_from(">I", out, 1 + size + 11)[0] if len(out) >= size + 16 else 0
    head = size + 22
    return name, bytes(out[head : head + length])
