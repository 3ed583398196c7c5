"""Taking elements out of a file without touching any other byte: what stays, stays bit for bit.

Only lengths of the sequences and items around what went are written anew (PS3.5 section 7.5), and the group length of
the meta information (PS3.10 section 7.1).
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence

from safecare.formats.dicom.model import Dicom, Element

_META_LENGTH = 0x00020000
"""File Meta Information Group Length: PS3.10 section 7.1."""
_UNDEFINED = b"\xff\xff\xff\xff"


def without(found: Dicom, drop: Collection[int], drop_meta: Collection[int], preamble: bytes) -> bytes:
    """Return the file with another `preamble`, without the elements at the indexes `drop`, and nothing appended.

    `found` must have been read to its end without a problem.
    """
    meta = bytearray(_cut(found.data, 132 if found.preamble else 0, found.start, found.meta, drop_meta, big=False))
    if drop_meta and found.meta and found.meta[0].tag == _META_LENGTH:
        meta[8:12] = (len(meta) - 12).to_bytes(4, "little")
    first = 0 if found.syntax.deflated else found.start
    stop = len(found.body) if found.syntax.deflated else found.end
    body = _cut(found.body, first, stop, found.elements, drop, big=found.syntax.big)
    if found.syntax.deflated:
        if not drop:
            body = found.data[found.start : found.end]
        else:
            deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
            body = deflater.compress(body) + deflater.flush()
        body += b"\0" * (len(body) % 2)
    return (preamble.ljust(128, b"\0") + b"DICM" if found.preamble else b"") + bytes(meta) + body


def _cut(data: bytes, start: int, stop: int, elements: Sequence[Element], drop: Collection[int], *, big: bool) -> bytes:
    """Return ``data[start:stop]`` without the elements `drop`, the lengths around them made right."""
    gone = sorted(place for place in drop if not _within(elements, place, drop))
    shorter: dict[int, int] = {}
    pieces, at = [], start
    for place in gone:
        one = elements[place]
        end = one.end + (8 if _undefined(data, one) else 0)
        parent = one.parent
        while parent >= 0:
            shorter[parent] = shorter.get(parent, 0) + end - one.start
            parent = elements[parent].parent
        pieces.append((at, one.start))
        at = end
    pieces.append((at, stop))
    patched = bytearray(data[start:stop])
    for place, less in shorter.items():
        one = elements[place]
        if not _undefined(data, one):
            field = one.value - 4 - start
            patched[field : field + 4] = (one.length - less).to_bytes(4, "big" if big else "little")
    return b"".join(bytes(patched[low - start : high - start]) for low, high in pieces)


def _undefined(data: bytes, one: Element) -> bool:
    """Tell whether the element's length is written as undefined: then a delimiter of 8 bytes follows."""
    return one.value - one.start in (8, 12) and data[one.value - 4 : one.value] == _UNDEFINED


def _within(elements: Sequence[Element], place: int, drop: Collection[int]) -> bool:
    parent = elements[place].parent
    while parent >= 0:
        if parent in drop:
            return True
        parent = elements[parent].parent
    return False
