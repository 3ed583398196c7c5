"""Text of 16 or 32 bits a letter, and of IBM's hosts (EBCDIC), as bytes that the other readers take.

With a mark at its start or without one. Source: XML 1.0, appendix F (how readers guess); Unicode 15, 3.10; IBM code
pages 037 and 500, which Java's and .NET's readers of XML know.
"""

from __future__ import annotations

_HEAD = 64
"""Bytes that are looked at. Chosen."""
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_EBCDIC = b"\x4c\xc0\xd4"
"""Less-than sign, brace and M: how documents, resources and messages begin there."""
_HIGH = 0.5
"""Share of bytes above 127 from which text may be EBCDIC, whose letters and digits all are. Chosen."""


def narrowed(raw: bytes) -> bytes:
    """Return `raw` as UTF-8 without a mark; what is of 8 bits comes back as it is, without UTF-8's mark."""
    name = is_wide(raw)
    return raw.decode(name, "replace").encode("utf-8") if name else raw.removeprefix(b"\xef\xbb\xbf")


def is_wide(raw: bytes) -> str:
    """Return the codec of text that is not one of 8 bits like ASCII; empty if it is."""
    return next((name for mark, name in _MARKS if raw.startswith(mark)), "") or unmarked(raw)


def unmarked(raw: bytes) -> str:
    """Return the codec by the zeros between the letters, or by the letters of EBCDIC; empty if it is none of them."""
    head = raw[: _HEAD - _HEAD % 4]
    if len(head) < 8:
        return ""
    if head[0] in _EBCDIC:
        return _host(head)
    places = [head[at::4] for at in range(4)]
    empty = [not one.strip(b"\0") for one in places]
    full = [b"\0" not in one for one in places]
    if empty == [False, True, True, True] and full[0]:
        return "utf-32-le"
    if empty == [True, True, True, False] and full[3]:
        return "utf-32-be"
    if empty == [False, True, False, True] and full[0] and full[2]:
        return "utf-16-le"
    return "utf-16-be" if empty == [True, False, True, False] and full[1] and full[3] else ""


def _host(head: bytes) -> str:
    """Return the code page of EBCDIC by which all of `head` is plain text, if one makes it that."""
    if sum(one > 127 for one in head) < _HIGH * len(head):
        return ""
    for name in ("cp037", "cp500"):
        text = head.decode(name)
        plain = text.isascii() and all(one.isprintable() or one in "\r\n\t" for one in text)
        if plain and text.startswith(("<", "{", "MSH|")):
            return name
    return ""
