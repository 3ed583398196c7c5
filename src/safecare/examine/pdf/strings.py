"""Strings of PDF files: literal with escapes, or hexadecimal. Source: ISO 32000-1:2008, 7.3.4."""

from __future__ import annotations

import re

STRING = re.compile(rb"\(((?:[^()\\]|\\.|\([^()]{0,200}\)){0,20000})\)|<([0-9A-Fa-f\s]{2,20000})>", re.DOTALL)
"""A string as writers write it: parentheses within one deep. `string_at` follows any depth."""
MOST_STRING = 200_000
"""Bytes of one string that are followed. Chosen: the longest script of a form measured is 60,000."""
DEEPEST = 50
"""Parentheses within parentheses that are followed. Chosen: scripts have ten; it bounds what hostile text costs."""
_EDGE = re.compile(rb"\\.|[()]", re.DOTALL)
_BEGINS = re.compile(rb"\s*(?:(\()|<([0-9A-Fa-f\s]{2,40000})>)")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|[\s\S])")
"""What a backslash changes: one before a line's end joins the lines, one before any other letter is left out."""
_MEANS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"} | dict.fromkeys((b"\r\n", b"\r", b"\n"), b"")


def string_end(text: bytes, at: int) -> int:
    """Return the place behind the literal string that begins at `at`, however deep; -1 if it never ends."""
    depth = 0
    for edge in _EDGE.finditer(text, at, at + MOST_STRING):
        if edge.group() == b"(":
            depth += 1
            if depth > DEEPEST:
                return -1
        elif edge.group() == b")":
            depth -= 1
            if depth == 0:
                return edge.end()
    return -1


def string_at(text: bytes, at: int) -> bytes | None:
    """Return the bytes of the string that begins at `at`, white space apart; None if none does."""
    found = _BEGINS.match(text, at)
    if not found:
        return None
    if found[2] is not None:
        return unhexed(found[2])
    end = string_end(text, found.start(1))
    inner = text[found.end() : end - 1]
    return None if end < 0 else _ESCAPE.sub(_escape, inner) if b"\\" in inner else inner


def bytes_of(string: re.Match[bytes]) -> bytes:
    """Return the bytes of a string that `STRING` found."""
    if string[2] is not None:
        return unhexed(string[2])
    return _ESCAPE.sub(_escape, string[1]) if b"\\" in string[1] else string[1]


def readable(raw: bytes) -> bytes:
    """Return UTF-16 with its mark as UTF-8 without one, all else as it is."""
    return raw[2:].decode("utf-16-be", "replace").encode() if raw.startswith(b"\xfe\xff") else raw


def unhexed(digits: bytes) -> bytes:
    """Return the bytes of hexadecimal `digits`; a last one alone counts as if a zero followed."""
    clean = digits.translate(None, b" \t\r\n\x0b\x0c")
    return bytes.fromhex((clean + b"0" * (len(clean) % 2)).decode())


def _escape(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if code[0] in b"01234567":
        return bytes([int(code, 8) & 255])
    return _MEANS.get(code, code)
