"""Files coded as text: uuencode, BinHex, and blocks of base64.

Source: POSIX uuencode; RFC 1741 (BinHex 4.0).
"""

from __future__ import annotations

import binascii
import re
import struct
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, analyser

MOST_BLOCKS = 100
"""Blocks of one text that are opened. Chosen: far more than honest mails hold."""
_BEGIN = re.compile(rb"(?m)^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,200})\r?\n")
_BINHEX = b"(This file must be converted with BinHex"
_ALPHABET = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_BASE64 = bytes(_BASE64[max(0, _ALPHABET.find(one))] for one in range(256))
"""Letters of BinHex as those of base64 that mean the same six bits; others as zeros."""
MOST_BINHEX = 16 * 1024 * 1024
"""Bytes of an unpacked BinHex file. Chosen: files of old Macs are far smaller."""
_LINE = 60
"""Letters of a line of coded text at least: MIME writes 76, others 64 or 60."""
_LONG = 400
"""Letters of coded text that stands on one line. Chosen: keys and tokens are shorter."""
_LETTERS = bytes(
    65 if chr(one).isascii() and (chr(one).isalnum() or one in b"+/") else 10 if one in b"\r\n" else 32
    for one in range(256)
)
"""Table that makes of each letter of base64 an A, of each end of line a newline, of all else a space."""
_NO_LETTER = re.compile(rb"[^A]")
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
    *(b"TVqQ", b"TVpQ", b"UEsDB", b"JVBERi", b"0M8R4K", b"f0VMR", b"N3q8r", b"UmFyI", b"WDVPIV"),  # coded once more
)


@analyser("text", wants={"text", "uue", "mail", "script"})
class Texts:
    """Decodes what stands in a text as a file."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the files."""
        if "mail" in part.types and not (b"begin" in part.raw and _BEGIN.search(part.raw)):
            return
        place, number = 0, 0
        while (place := part.raw.find(b"begin", place)) >= 0 and (found := _BEGIN.search(part.raw, max(0, place - 1))):
            number += 1
            if number > MOST_BLOCKS:
                raise LimitError("members", "files in a text")
            raw, place = uudecoded(part.raw, found)
            name = found[1].decode("utf-8", "replace").strip()
            context.budget.take(len(raw), name)
            yield part.child(name, raw, origin="text.coded")
        at = part.raw.find(_BINHEX)
        if at >= 0:
            name, raw = unbinhex(part.raw, at)
            context.budget.take(len(raw), name)
            yield part.child(name, raw, origin="text.coded")
        if "mail" not in part.types:
            yield from _base64(part, context)


def _base64(part: Part, context: Context) -> Iterator[Part]:
    count = 0
    for block in blocks(part.raw):
        if not _decoded(block[:100]).startswith(_HEADS):
            continue
        count += 1
        if count > MOST_BLOCKS:
            raise LimitError("members", "blocks of coded text")
        raw = _decoded(block)
        context.budget.take(len(raw), f"block {count}")
        yield part.child(f"block-{count}", raw, origin="text.coded")


def _decoded(block: bytes) -> bytes:
    letters = block.translate(None, b"\r\n=")
    try:
        return binascii.a2b_base64(letters[: len(letters) // 4 * 4])
    except binascii.Error:
        return b""


def blocks(raw: bytes) -> Iterator[bytes]:
    """Yield the blocks of base64 in a text: at least four lines, or one long one. Linear in the text."""
    flat, at = raw.translate(_LETTERS), 0
    while (start := flat.find(b"A" * _LINE, at)) >= 0:
        lines, at = 0, start
        while flat.startswith(b"A" * _LINE, at):
            end = _line_end(flat, at)
            lines, longest = lines + 1, end - at
            at = end
            while flat[at : at + 1] == b"\n" and at < end + 2:
                at += 1
            if at == end:
                break
        if lines >= 4 or longest >= _LONG:
            yield raw[start : _line_end(flat, at)]  # with the last, short line


def _line_end(flat: bytes, at: int) -> int:
    found = _NO_LETTER.search(flat, at)
    return found.start() if found else len(flat)


def uudecoded(raw: bytes, found: re.Match[bytes]) -> tuple[bytes, int]:
    """Return what a uuencoded block holds, and where it ends: at its end mark or before the first line that is none."""
    out, place = bytearray(), found.end()
    coded = found.group().startswith(b"begin-base64")
    while place < len(raw):
        end = raw.find(b"\n", place)
        end = len(raw) if end < 0 else end
        line = raw[place:end].rstrip(b"\r")
        if line.strip() in (b"end", b"====", b"`", b""):
            if line.strip() in (b"`", b"") and not coded:
                place = end + 1
                continue
            break
        try:
            out += binascii.a2b_base64(line) if coded else binascii.a2b_uu(line)
        except binascii.Error:
            try:  # some writers count one letter too few
                out += binascii.a2b_uu(line[: ((line[0] - 32 & 63) * 4 + 5) // 3])
            except (binascii.Error, IndexError):
                break
        place = end + 1
    return bytes(out), place


def unbinhex(raw: bytes, at: int) -> tuple[str, bytes]:
    """Return name and data fork of a BinHex 4.0 file; empty for what is damaged."""
    start = raw.find(b":", at)
    end = raw.find(b":", start + 1)
    letters = raw[start + 1 : end if end >= 0 else len(raw)].translate(_TO_BASE64, b" \t\r\n\v\f")
    packed = binascii.a2b_base64(letters + b"A" * (-len(letters) % 4))
    out, place = bytearray(), 0
    while (mark := packed.find(b"\x90", place)) >= 0 and mark + 1 < len(packed) and len(out) < MOST_BINHEX:
        out += packed[place:mark]
        count, place = packed[mark + 1], mark + 2
        out += out[-1:] * (count - 1) if count else b"\x90"
    out += packed[place:]
    if len(out) < 22:
        return "", b""
    size = out[0]
    name = bytes(out[1 : 1 + size]).decode("mac-roman", "replace")
    length = struct.unpack_from(">I", out, 1 + size + 11)[0] if len(out) >= size + 16 else 0
    head = size + 22
    return name, bytes(out[head : head + length])
