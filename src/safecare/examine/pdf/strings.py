"""Strings of PDF files: literal with escapes, or hexadecimal. Source: ISO 32000-1:2008, 7.3.4."""

from __future__ import annotations

import re

STRING = re.compile(rb"\(((?:[^()\\]|\\.|\([^()]{0,200}\)){0,20000})\)|<([0-9A-Fa-f\s]{2,20000})>", re.DOTALL)
_ESCAPE = re.compile(rb"\\([nrtbf()\\]|[0-7]{1,3}|\r?\n)")
_MEANS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def bytes_of(string: re.Match[bytes]) -> bytes:
    """Return the bytes of a string that `STRING` found."""
    if string[2] is not None:
        return unhexed(string[2])
    return _ESCAPE.sub(_escape, string[1]) if b"\\" in string[1] else string[1]


def text_of(string: re.Match[bytes]) -> bytes:
    """Return the text of a string that `STRING` found, as UTF-8 where it is UTF-16."""
    return readable(bytes_of(string))


def readable(raw: bytes) -> bytes:
    """Return UTF-16 with its mark as UTF-8, all else as it is."""
    return raw.decode("utf-16-be", "replace").encode() if raw.startswith(b"\xfe\xff") else raw


def unhexed(digits: bytes) -> bytes:
    """Return the bytes of hexadecimal `digits`; a last one alone counts as if a zero followed."""
    clean = digits.translate(None, b" \t\r\n\x0b\x0c")
    return bytes.fromhex((clean + b"0" * (len(clean) % 2)).decode())


def _escape(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if code.isdigit():
        return bytes([int(code, 8) & 255])
    return _MEANS.get(code, b"" if code.isspace() else code)
