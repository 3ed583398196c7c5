"""Dictionaries of PDF files: their keys and values, one level at a time. Source: ISO 32000-1:2008, 7.3.7."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.pdf.strings import string_end

MOST_TOKENS = 20_000
"""Tokens of one object that are followed. Chosen: a list of 5,000 pages has 15,000."""
_COMMENT = ord("%")
_TOKEN = re.compile(
    rb"<<|>>|\((?:[^()\\]|\\.){0,500}\)|[\[\](]|<[^<>]{0,40000}>|%[^\r\n]{0,20000}|"
    rb"/[^\s\x00/<>\[\]()%]{0,200}|[^\s\x00/<>\[\]()%]{1,200}",
    re.DOTALL,
)
_OPENS = {b"<<": b">>", b"[": b"]"}


def tokens(text: bytes, at: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Yield the tokens of `text` with start and end, strings whole; comments are left out."""
    left = MOST_TOKENS
    while left > 0:
        for found in _TOKEN.finditer(text, at):
            left -= 1
            token = found.group()
            if token == b"(":
                start = found.start()
                at = string_end(text, start)
                if at < 0:
                    return
                yield text[start:at], start, at
                break
            if token[0] != _COMMENT:
                yield token, *found.span()
            if not left:
                return
        else:
            return


def members(text: bytes, at: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value, as it stands, of the dictionary that begins at `at`, white space apart."""
    depth, key, start, last = 0, b"", -1, 0
    for token, begin, end in tokens(text, at):
        if token == b">>" and depth == 1:
            if key and start >= 0:
                yield key, text[start:last]
            return
        if token in _OPENS:
            depth += 1
        elif token in (b">>", b"]"):
            depth -= 1
        if depth == 1 and token.startswith(b"/") and start >= 0:  # what came before was a number or a reference
            yield key, text[start:last]
            key, start = token[1:], -1
        elif depth == 1 and not key:
            key = token[1:] if token.startswith(b"/") else b""
        elif key and start < 0:
            start = begin
        last = end
        if depth == 1 and start >= 0 and token.startswith((b"/", b"(", b"<", b">>", b"]")):
            yield key, text[start:end]
            key, start = b"", -1
        if depth <= 0:
            return


def twice(text: bytes, keys: frozenset[bytes]) -> bytes:
    """Return the first of `keys` that one dictionary of `text`, at whatever depth, gives two values; empty if none."""
    stack: list[tuple[bool, set[bytes]]] = []
    value = False
    for token, _, _ in tokens(text):
        if token in _OPENS:
            stack.append((token == b"<<", set()))
            value = False
        elif token in (b">>", b"]"):
            if not stack:
                return b""
            stack.pop()
            value = False
        elif stack and stack[-1][0]:
            if value or not token.startswith(b"/"):
                value = False
            else:
                value = True
                if token[1:] in keys and token[1:] in stack[-1][1]:
                    return token[1:]
                stack[-1][1].add(token[1:])
    return b""
