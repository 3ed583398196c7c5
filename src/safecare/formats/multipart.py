"""Bodies of several files as web services of images and records send them, saved with or without their head.

Source: PS3.18 section 8.6 (multipart/related), RFC 2046 section 5.1.1 (lines of the boundary), RFC 2045 section 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from safecare.formats.embedded import from_base64
from safecare.formats.linear import linear

_BODY = linear(
    rb"(?i)(?:(?:content-[a-z-]+|mime-version):[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*)*(?:\r?\n)*"
    rb"--([^\r\n]{1,70})\r?\n(?:[a-z-]+:[^\r\n]*\r?\n)*"
    rb"content-type:[ \t]*\"?(?:application/(?:dicom|fhir)|multipart/related[^\r\n]*application/dicom)"
)
_MEDIA = re.compile(rb"(?im)^content-type:[ \t]*\"?([\w.+-]{1,60}/[\w.+-]{1,60})")
_BASE64 = re.compile(rb"(?im)^content-transfer-encoding:[ \t]*base64")
MOST = 2000
"""Parts of one body. Chosen: a study of 2,000 images is stored in several requests."""
LONGEST_HEAD = 16_384
"""Bytes of the head of a part. Chosen."""


class Piece(NamedTuple):
    """One part: its media type, its bytes, and where they stand."""

    media: str
    raw: bytes
    start: int
    end: int


def is_store(head: bytes) -> bool:
    """Tell whether bytes begin such a body, of images or resources."""
    return _BODY.match(head) is not None


def pieces(raw: bytes) -> Iterator[Piece]:
    """Yield the parts, and what follows the last one; at most `MOST` and one more."""
    begun = _BODY.match(raw[:LONGEST_HEAD])
    if begun is None:
        return
    mark = re.compile(rb"(?:^|\r?\n)--" + re.escape(begun[1].rstrip()) + rb"(?:--)?[ \t]*(?=\r?\n|$)")
    at = -1
    for count, line in enumerate(mark.finditer(raw)):
        if 0 <= at <= line.start():
            yield _piece(raw, at, line.start())
        at = line.end()
        if count > MOST:
            return
    rest = raw[max(at, 0) :].lstrip(b"\r\n")
    if at >= 0 and rest:
        yield Piece("", rest, len(raw) - len(rest), len(raw))


def _piece(raw: bytes, start: int, end: int) -> Piece:
    blank = re.compile(rb"\r?\n\r?\n").search(raw, start, min(end, start + LONGEST_HEAD))
    if blank is None:
        return Piece("", raw[start:end], start, end)
    head = raw[start : blank.end()]
    media = _MEDIA.search(head)
    inner = raw[blank.end() : end]
    if _BASE64.search(head):
        inner = from_base64(inner)
    return Piece(media[1].decode("ascii").lower() if media else "", inner, blank.end(), end)
