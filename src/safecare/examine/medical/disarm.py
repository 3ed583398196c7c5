"""Disarming a DICOM file: what no viewer needs is taken out, everything else stays bit for bit.

Out go: the preamble (unless it is a TIFF's head and nothing else has to go), what was appended, trailing padding,
private attributes that are on no list. Pixels and all kept attributes are not touched, decoded or written anew: a
payload inside them makes the file one that can't be disarmed. Source: PS3.10 section 7.5, PS3.15 section E.3.10.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from safecare.examine.medical.private_safe import safe_private
from safecare.formats.dicom import Dicom, DicomError, read_dicom, shown
from safecare.formats.dicom.model import ITEM, TRAILING_PADDING
from safecare.formats.dicom.rewrite import without
from safecare.model.text import Text, say

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PRIVATE_META = frozenset({0x00020100, 0x00020102})
"""Private Information Creator UID and Private Information: PS3.10 table 7.1-1."""


class DisarmError(ValueError):
    """The file can't be disarmed; `why` in words."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.key.format(**why.args))
        self.why = why


class Disarmed(msgspec.Struct, frozen=True, tag="disarmed"):
    """The file, and what was taken out of it, by place."""

    raw: bytes
    removed: tuple[str, ...] = ()


def disarm(raw: bytes, keep: Iterable[str] = ()) -> Disarmed:
    """Return `raw` disarmed; private blocks of the creators `keep` stay, too. Raises `DisarmError`."""
    try:
        found = read_dicom(raw)
    except DicomError as error:
        raise DisarmError(say("It is no DICOM file: {reason}.", reason=error.reason)) from error
    if found.problem:
        raise DisarmError(
            say("It is damaged, and nobody can say what a reader makes of it: {reason}.", reason=found.problem.reason)
        )
    drop = _private(found, frozenset(keep))
    drop_meta = {place for place, one in enumerate(found.meta) if one.tag in _PRIVATE_META}
    appended = len(raw) > found.end + found.end % 2 or raw[found.end :].strip(b"\0") != b""
    tiff = found.preamble.startswith(_TIFF) and not drop and not drop_meta and not appended
    if not tiff:
        drop |= {place for place, one in enumerate(found.elements) if one.tag == TRAILING_PADDING and one.parent < 0}
    removed = [found.path(place) for place in sorted(drop)]
    removed += [shown(found.meta[place].tag) for place in sorted(drop_meta)]
    if found.preamble.strip(b"\0") and not tiff:
        removed.insert(0, "preamble")
    if appended:
        removed.append("after the data set")
    return Disarmed(without(found, drop, drop_meta, found.preamble if tiff else bytes(128)), tuple(removed))


def _private(found: Dicom, keep: frozenset[str]) -> set[int]:
    """Return the indexes of private elements that are on no list, and of group lengths that no longer hold."""
    safe = safe_private()
    creators = {
        (one.parent, one.tag): found.body[one.value : one.end].decode("latin-1").strip("\0 ")
        for one in found.elements
        if one.tag >> 16 & 1 and 0x10 <= one.tag & 0xFFFF <= 0xFF
    }
    drop, kept_blocks, blocks = set[int](), set[tuple[int, int]](), dict[int, tuple[int, int]]()
    for place, one in enumerate(found.elements):
        group, number = one.tag >> 16, one.tag & 0xFFFF
        if not group & 1 or one.tag == ITEM or group == 0xFFFF:
            continue
        if (one.parent, one.tag) in creators:
            blocks[place] = (one.parent, one.tag)
            continue
        block = (one.parent, group << 16 | number >> 8)
        creator = creators.get(block, "")
        if creator and (creator in keep or (creator, group, number & 0xFF) in safe):
            kept_blocks.add(block)
        else:
            drop.add(place)
    drop |= {place for place, block in blocks.items() if block not in kept_blocks}
    if drop:
        drop |= {place for place, one in enumerate(found.elements) if not one.tag & 0xFFFF}
    return drop
