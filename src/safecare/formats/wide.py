"""Text of 16 bits a letter, with a mark at its start or without one, as bytes that the other readers take."""

from __future__ import annotations

_HEAD = 64
"""Bytes that are looked at. Chosen."""


def narrowed(raw: bytes) -> bytes:
    """Return `raw` as UTF-8 without a mark; what is not UTF-16 comes back as it is, without UTF-8's mark."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace").encode("utf-8")
    name = unmarked(raw)
    return raw.decode(name, "replace").encode("utf-8") if name else raw.removeprefix(b"\xef\xbb\xbf")


def unmarked(raw: bytes) -> str:
    """Return the codec of UTF-16 without a mark (every other byte of its beginning is zero); empty if it is none."""
    head = raw[:_HEAD]
    if len(head) < 8:
        return ""
    even, odd = head[::2], head[1::2]
    if not odd.strip(b"\0") and b"\0" not in even:
        return "utf-16-le"
    return "utf-16-be" if not even.strip(b"\0") and b"\0" not in odd else ""
