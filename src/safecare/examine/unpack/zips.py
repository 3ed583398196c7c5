"""ZIP archives, read as different programs read them: by the directory at the end and by the headers on the way.

What an archive says of itself is never believed: sizes are those that come out, and a member that only the
local headers know, or that the two name differently, is what one program sees and another does not.
Source: PKWARE APPNOTE 6.3.10; zip tricks after Wagner 2013, Fifield 2019 (overlapping members).
"""

from __future__ import annotations

import bisect
import bz2
import contextlib
import io
import itertools
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.unpack.archives import encrypted, is_traversal, traversal, words
from safecare.examine.unpack.inflate64 import explode, inflate64
from safecare.formats.zip_aes import opened, told
from safecare.model.text import say

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_HEAD = struct.Struct("<4xHHHHHIIIHH")
_CENTRAL_HEAD = struct.Struct("<4xHHHHHHIIIHHHHHII")
_TAIL = 65_557
AES = 99
"""Packing method that says AES encryption: APPNOTE appendix E."""
KEY_COST = 500
"""Bytes of slow work (`Budget.slowly`) for which one password counts. Measured: a key of AES takes 0.5 ms."""
_SHOWN = (".png", ".jpg", ".jpeg", ".gif", ".bmp")
"""Pictures of documents, which are opened where they came by mail: codes in them are read."""
_METHODS = frozenset({*range(11), 12, 14, 16, 18, 19, 20, *range(93, 100)})
"""Packing methods that there are (APPNOTE 4.4.5). Android reads any other as not packed at all."""
_LINK = 0o12
"""Type of a symbolic link in the upper bits of a Unix mode."""
_MOST_UNLISTED = 200
"""Members that no directory lists which are looked at. Chosen."""
_FALSE_LOCK = say("A member of an archive says to be encrypted and is not: it keeps scanners out, and no reader.")
_FALSE_METHOD = say("A member of an archive names a packing method that does not exist.")
_UNSEEN = ("xml", "rels", "png", "jpg", "jpeg", "gif", "emf", "wmf", "svg", "tif", "tiff", "vml")
"""Endings of members of Office documents that the office analyser reads itself, or that only draw."""


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


@analyser("zip", wants={"zip"})
class Zips:
    """Unpacks ZIP archives and tells the tricks."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the members."""
        listed, shift = directory(part.raw)
        members = listed or headers(part.raw)
        if not members:
            raise UnreadableError("it has neither a directory nor members")
        if len(members) > context.budget.limits.members:
            raise LimitError("members", part.path)
        if listed:
            yield from _tricks(part.raw, listed, shift)
            yield from _through_links(listed)
            members = [*listed, *_unlisted(part.raw, listed, shift)]
        office = "ooxml" in part.types or "odf" in part.types
        locked = False
        for one in members:
            if one.name.endswith("/") and not one.size:
                continue
            if is_traversal(one.name):
                yield traversal(one.name)
            if (
                office
                and one.name.lower().endswith(_UNSEEN)
                and not (context.mail and one.name.lower().endswith(_SHOWN))
            ):
                continue
            try:
                if one.flags & 1 and (plain := _never_locked(part.raw, one, shift, context)) is not None:
                    yield Finding("archive.false-lock", _FALSE_LOCK, 0.6, Where(tag=one.name[:120]))
                    raw: bytes | None = plain
                elif one.flags & 1:
                    raw = unlocked(part.raw, one, shift, context)
                else:
                    raw = read(part.raw, one, shift, context)
                if one.method not in _METHODS:
                    yield Finding("archive.false-method", _FALSE_METHOD, 0.5, Where(tag=one.name[:120]))
                if raw is None:
                    locked = True
                    yield part.child(one.name, b"", origin="zip.member")  # its name can still be judged
                    continue
            except UnreadableError as error:
                yield Finding(
                    "archive.partly",
                    say("An archive could be opened only in part ({reason}).", reason=error.reason),
                    where=Where(tag=one.name[:120]),
                )
                continue
            yield part.child(one.name, raw, origin="zip.member")
        if locked:
            yield encrypted()


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
        linked = values[14] >> 28 == _LINK
        members.append(Member(_text(name, flags), at, method, flags, packed, whole, values[6], linked))
        place += 46 + name_size + extra + comment
    del count
    return members, shift


def headers(raw: bytes) -> list[Member]:
    """Return the members that the local headers tell, for archives whose directory is missing."""
    members: list[Member] = []
    place = raw.find(_LOCAL)
    while 0 <= place <= len(raw) - 30 and len(members) <= 5000:
        values = _LOCAL_HEAD.unpack_from(raw, place)
        flags, method, packed, whole, name_size, extra = (values[1], values[2], *values[6:10])
        name = raw[place + 30 : place + 30 + name_size]
        data = place + 30 + name_size + extra
        if flags & 8 and not packed:
            following = raw.find(b"PK", data)
            packed = (following if following > 0 else len(raw)) - data
        members.append(Member(_text(name, flags), place, method, flags, packed, whole))
        place = raw.find(_LOCAL, data + packed)
    return members


def read(raw: bytes, member: Member, shift: int, context: Context) -> bytes:
    """Return the bytes of `member`. Raises `LimitError`, `UnreadableError`."""
    data, _, flags = _placed(raw, member, shift)
    return _unpacked(data, member.method, flags, member, context)


def _placed(raw: bytes, member: Member, shift: int) -> tuple[memoryview, bytes, int]:
    """Return packed data, extra fields and flags of `member`. Raises `UnreadableError`."""
    at = member.at + shift
    if raw[at : at + 4] != _LOCAL:
        at = member.at
    if raw[at : at + 4] != _LOCAL or at + 30 > len(raw):
        raise UnreadableError("a member is not where the directory says", member.name)
    values = _LOCAL_HEAD.unpack_from(raw, at)
    start = at + 30 + values[8] + values[9]
    told_size = member.packed not in (0, 0xFFFFFFFF) or member.method == 0  # what is packed takes a byte at least
    packed = member.packed if told_size and member.packed != 0xFFFFFFFF else len(raw) - start
    return memoryview(raw)[start : start + packed], raw[start - values[9] : start], values[1]


def _unpacked(data: memoryview, method: int, flags: int, member: Member, context: Context) -> bytes:
    budget, name = context.budget, member.name
    match method:
        case other if other == 0 or other not in _METHODS:
            budget.take(len(data), name)
            return bytes(data)
        case 8:
            return budget.inflate(data, name)
        case 12:
            return budget.unpack(bz2.BZ2Decompressor().decompress, data, name)
        case 14:
            return budget.unpack(_lzma(data).decompress, data[4 + int.from_bytes(data[2:4], "little") :], name)
        case 95:
            return budget.unpack(lzma.LZMADecompressor(memlimit=1 << 27).decompress, data, name)
        case 9 | 6:
            room = budget.slowly(min(budget.room, max(member.size, 4 * len(data) if method == 9 else 0)))
            out = inflate64(bytes(data), room) if method == 9 else explode(bytes(data), room, flags)
            budget.slow -= room - len(out)
            budget.take(len(out), name)
            return out
    raise UnreadableError(f"its packing method {method} is not known", member.name)


def _never_locked(raw: bytes, member: Member, shift: int, context: Context) -> bytes | None:
    """Return the bytes of a member that only says to be encrypted: what comes out has the checksum that is told."""
    if member.method not in (0, 8) or member.size > context.budget.room:
        return None
    data = _placed(raw, member, shift)[0]
    try:
        plain = bytes(data) if member.method == 0 else zlib.decompressobj(-15).decompress(data, member.size + 1)
    except zlib.error:
        return None
    if not plain or len(plain) != member.size or zlib.crc32(plain) != member.crc:
        return None
    context.budget.take(len(plain), member.name)
    return plain


def _unlisted(raw: bytes, listed: list[Member], shift: int) -> list[Member]:
    """Return the members that only their local headers know, within no member of the directory.

    Readers that go from the front unpack them: what stands before the archive that is read from its end, or was left
    out of its directory.
    """
    places = (
        (one.at + shift if raw[one.at + shift : one.at + shift + 4] == _LOCAL else one.at, one.packed) for one in listed
    )
    spans = sorted((at, at + 30 + packed) for at, packed in places)
    starts = [start for start, _ in spans]
    found: list[Member] = []
    for one in headers(raw):
        before = bisect.bisect_right(starts, one.at) - 1
        if before < 0 or one.at >= spans[before][1]:
            found.append(one._replace(at=one.at - shift))  # as the directory would tell it
    return found[:_MOST_UNLISTED]


def _through_links(listed: list[Member]) -> Iterator[Finding]:
    """Tell members that are written through a link which the archive brings itself."""
    links = {one.name.rstrip("/") for one in listed if one.linked}
    for one in listed if links else ():
        if any(str(above) in links for above in PurePosixPath(one.name).parents):
            yield traversal(one.name)
            return


_WRONG_WORD = (
    RuntimeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, UnicodeEncodeError,
)  # fmt: skip
"""What a wrong password gives: one in 256 passes the check of its last byte, and what comes out can't be unpacked."""


def unlocked(raw: bytes, member: Member, shift: int, context: Context) -> bytes | None:
    """Return an encrypted member, if a password that was told or is custom opens it; else None."""
    if member.size > context.budget.room:
        return None
    if member.method == AES:
        return _under_aes(raw, member, shift, context)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for word in words(context):
                if not context.budget.slowly(KEY_COST):
                    break
                try:
                    with archive.open(member.name, pwd=word.encode()) as stream:
                        out = stream.read(context.budget.slowly(member.size + 1))
                except _WRONG_WORD:
                    continue
                context.budget.take(len(out), member.name)
                context.passwords[:] = dict.fromkeys([word, *context.passwords])
                return out
    except (zipfile.BadZipFile, OSError, KeyError, NotImplementedError, EOFError, ValueError):
        return None
    return None


def _under_aes(raw: bytes, member: Member, shift: int, context: Context) -> bytes | None:
    data, extra, flags = _placed(raw, member, shift)
    lock = told(extra)
    for word in words(context) if lock else ():
        if not lock or not context.budget.slowly(KEY_COST):
            break
        plain = opened(bytes(data), lock[0], word)
        if plain is None:
            continue
        with contextlib.suppress(UnreadableError):
            out = _unpacked(memoryview(plain), lock[1], flags, member, context)
            context.passwords[:] = dict.fromkeys([word, *context.passwords])
            return out
    return None


def _lzma(data: memoryview) -> lzma.LZMADecompressor:
    """Return the unpacker for method 14: APPNOTE 5.8.8, properties as in an lzma file without its size."""
    if len(data) < 9:
        raise UnreadableError("packed data is damaged")
    first, dictionary = data[4], int.from_bytes(data[5:9], "little")
    if first >= 225 or dictionary > 1 << 27:
        raise UnreadableError("packed data is damaged")
    filters = {"id": lzma.FILTER_LZMA1, "lc": first % 9, "lp": first // 9 % 5, "pb": first // 45}
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[{**filters, "dict_size": max(4096, dictionary)}])
    except lzma.LZMAError as error:  # lc and lp together above 4, which the library doesn't take
        raise UnreadableError("packed data is damaged") from error


def _tricks(raw: bytes, listed: list[Member], shift: int) -> Iterator[Finding]:
    places = sorted((one.at, one.packed) for one in listed if one.packed != 0xFFFFFFFF)
    if any(after[0] < before[0] + 30 + before[1] for before, after in itertools.pairwise(places)):
        yield Finding(
            "archive.overlap", say("Members of an archive overlap, as only bombs and disguised archives do."), 0.6
        )
    for one in listed:
        at = one.at + shift
        if raw[at : at + 4] != _LOCAL or at + 30 > len(raw):
            continue
        method, size = struct.unpack_from("<H", raw, at + 8)[0], struct.unpack_from("<H", raw, at + 26)[0]
        if method != one.method:
            why = say("An archive says in two places how a member is packed, and differently.")
            yield Finding("archive.methods-differ", why, 0.5, Where(tag=one.name[:120]))
            return
        local = _text(raw[at + 30 : at + 30 + size], one.flags)
        if local != one.name and local.replace("\\", "/") != one.name.replace("\\", "/") and "\ufffd" not in local:
            yield Finding(
                "archive.names-differ",
                say("An archive names a member differently in its directory and before the member itself."),
                0.5,
                Where(tag=one.name[:120]),
            )
            return


def _text(name: bytes, flags: int) -> str:
    text = name.decode("utf-8", "replace") if flags & 0x800 else name.decode("cp437")
    if not flags & 0x800:
        with contextlib.suppress(UnicodeDecodeError):
            text = name.decode("utf-8")
    return text.split("\x00")[0]
