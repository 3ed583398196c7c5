"""What a ZIP archive says of itself: its directory, the headers before members, and where the two differ.

Source: PKWARE APPNOTE 6.3.10 (4.3.7, 4.3.12, 4.3.16, 4.5.3 for ZIP64, 4.6.9 for names in Unicode).
"""

from __future__ import annotations

import contextlib
import itertools
import struct
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from safecare.examine.api import Finding, Part, Where
from safecare.examine.types import ending
from safecare.examine.unpack.archives import traversal
from safecare.model.text import say

LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
LOCAL_HEAD = struct.Struct("<4xHHHHHIIIHH")
_CENTRAL_HEAD = struct.Struct("<4xHHHHHHIIIHHHHHII")
_TAIL = 65_557
_LINK = 0o12
"""Type of a symbolic link in the upper bits of a Unix mode."""
_ZIP64, _UNICODE = 0x0001, 0x7075
"""Extra fields: sizes and places of 64 bits, and the name in UTF-8 of programs by Info-ZIP."""
_WIDE = 0xFFFFFFFF
"""A size or place that stands in the extra field."""
LEAST_NOTE, MOST_NOTES = 64, 50
"""Bytes from which a comment or extra field is looked at, and how many are. Chosen: times and owners take less."""


class Member(NamedTuple):
    """One member: where its local header stands, and what the directory says (-1: nothing)."""

    name: str
    at: int
    method: int
    flags: int
    packed: int
    size: int
    crc: int = 0
    linked: bool = False
    also: str = ""
    """Another name that some programs give it."""


def directory(raw: bytes) -> tuple[list[Member], int]:
    """Return the members of the last directory in `raw`, and by how many bytes its offsets are wrong."""
    end = raw.rfind(_END, max(0, len(raw) - _TAIL))
    if end < 0 or end + 22 > len(raw):
        return [], 0
    count, size, start = struct.unpack_from("<HII", raw, end + 10)
    place = end - size
    if place < 0 or raw[place : place + 4] != _CENTRAL:
        place = raw.rfind(_CENTRAL, 0, end) if start == 0xFFFFFFFF else start
        if raw[place : place + 4] != _CENTRAL:
            return [], 0
        first = raw.find(_CENTRAL) if start == 0xFFFFFFFF else place
        place, shift = first, 0
    else:
        shift = 0 if start == 0xFFFFFFFF else place - start
    members: list[Member] = []
    while raw[place : place + 4] == _CENTRAL and place + 46 <= len(raw) and len(members) <= 5000:
        values = _CENTRAL_HEAD.unpack_from(raw, place)
        flags, method, packed, whole = values[2], values[3], values[7], values[8]
        name_size, extra, comment, at = values[9], values[10], values[11], values[15]
        name = raw[place + 46 : place + 46 + name_size]
        fields = dict(extra_fields(raw[place + 46 + name_size : place + 46 + name_size + extra]))
        wide = iter(struct.unpack_from(f"<{len(fields.get(_ZIP64, b'')) // 8}Q", fields.get(_ZIP64, b"")))
        whole, packed, at = (next(wide, one) if one == _WIDE else one for one in (whole, packed, at))
        also = _other_name(name, flags, fields.get(_UNICODE, b""))
        linked = values[14] >> 28 == _LINK
        members.append(Member(_text(name, flags), at, method, flags, packed, whole, values[6], linked, also))
        place += 46 + name_size + extra + comment
    del count
    return members, shift


def headers(raw: bytes) -> list[Member]:
    """Return the members that the local headers tell, for archives whose directory is missing."""
    members: list[Member] = []
    place = raw.find(LOCAL)
    while 0 <= place <= len(raw) - 30 and len(members) <= 5000:
        values = LOCAL_HEAD.unpack_from(raw, place)
        flags, method, packed, whole, name_size, extra = (values[1], values[2], *values[6:10])
        name = raw[place + 30 : place + 30 + name_size]
        data = place + 30 + name_size + extra
        if flags & 8 and not packed:
            following = raw.find(b"PK", data)
            packed = (following if following > 0 else len(raw)) - data
        members.append(Member(_text(name, flags), place, method, flags, packed, whole))
        place = raw.find(LOCAL, data + packed)
    return members


def extra_fields(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each extra field."""
    at = 0
    while at + 4 <= len(raw):
        kind, size = struct.unpack_from("<HH", raw, at)
        yield kind, raw[at + 4 : at + 4 + size]
        at += 4 + size


def _other_name(name: bytes, flags: int, unicode: bytes) -> str:
    """Return the name that programs show which read behind a zero, or the name in Unicode, if its ending is another."""
    plain = _text(name, flags)
    other = name.replace(b"\0", b"").decode("utf-8", "replace") if b"\0" in name.rstrip(b"\0") else ""
    if unicode[:1] == b"\1" and int.from_bytes(unicode[1:5], "little") == zlib.crc32(name):
        other = unicode[5:].decode("utf-8", "replace")
    return other if other and ending(other) != ending(plain) else ""


def _text(name: bytes, flags: int) -> str:
    text = name.decode("utf-8", "replace") if flags & 0x800 else name.decode("cp437")
    if not flags & 0x800:
        with contextlib.suppress(UnicodeDecodeError):
            text = name.decode("utf-8")
    return text.split("\x00")[0]


def tricks(raw: bytes, listed: list[Member], shift: int) -> Iterator[Finding]:
    """Tell members that overlap, and what the directory and the headers before members say differently."""
    places = sorted((one.at, one.packed) for one in listed if one.packed != 0xFFFFFFFF)
    if any(after[0] < before[0] + 30 + before[1] for before, after in itertools.pairwise(places)):
        yield Finding(
            "archive.overlap", say("Members of an archive overlap, as only bombs and disguised archives do."), 0.6
        )
    for one in listed:
        if one.also:
            yield _names_differ(one.name)
            return
        at = one.at + shift
        if raw[at : at + 4] != LOCAL or at + 30 > len(raw):
            continue
        method, size = struct.unpack_from("<H", raw, at + 8)[0], struct.unpack_from("<H", raw, at + 26)[0]
        if method != one.method:
            why = say("An archive says in two places how a member is packed, and differently.")
            yield Finding("archive.methods-differ", why, 0.5, Where(tag=one.name[:120]))
            return
        local = _text(raw[at + 30 : at + 30 + size], one.flags)
        if local != one.name and local.replace("\\", "/") != one.name.replace("\\", "/") and "\ufffd" not in local:
            yield _names_differ(one.name)
            return


def through_links(listed: list[Member]) -> Iterator[Finding]:
    """Tell members that are written through a link which the archive brings itself."""
    links = {one.name.rstrip("/") for one in listed if one.linked}
    for one in listed if links else ():
        if any(str(above) in links for above in PurePosixPath(one.name).parents):
            yield traversal(one.name)
            return


def _names_differ(name: str) -> Finding:
    why = say("An archive names a member differently in its directory and before the member itself.")
    return Finding("archive.names-differ", why, 0.5, Where(tag=name[:120]))


def notes(part: Part, listed: list[Member], shift: int) -> Iterator[Part]:
    """Yield what stands beside the members and no program shows: the archive's comment, long extra fields."""
    raw, found = part.raw, list[tuple[str, bytes]]()
    end = raw.rfind(_END, max(0, len(raw) - _TAIL))
    if end >= 0:
        found.append(("comment", raw[end + 22 : end + 22 + int.from_bytes(raw[end + 20 : end + 22], "little")]))
    for one in listed:
        at = one.at + shift
        if len(found) < MOST_NOTES and raw[at : at + 4] == LOCAL and at + 30 <= len(raw):
            name, extra = struct.unpack_from("<HH", raw, at + 26)
            if extra >= LEAST_NOTE:
                fields = extra_fields(raw[at + 30 + name : at + 30 + name + extra])
                found += (("extra", data) for kind, data in itertools.islice(fields, MOST_NOTES))
    for label, data in found[:MOST_NOTES]:
        if len(data) >= LEAST_NOTE and data.strip(b"\0"):
            yield part.child(label, data, origin="note.archive")
