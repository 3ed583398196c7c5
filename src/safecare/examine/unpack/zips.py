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
import lzma
import zipfile
import zlib
from collections.abc import Iterator

from safecare.examine.api import Budget, Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.medical import payload
from safecare.examine.unpack.archives import MOST_PPMD, PPMD_FASTER, encrypted, is_traversal, traversal, words
from safecare.examine.unpack.inflate64 import explode, inflate64
from safecare.examine.unpack.libarchive import ArchiveError
from safecare.examine.unpack.libarchive import members as by_libarchive
from safecare.examine.unpack.zip_heads import (
    LOCAL,
    LOCAL_HEAD,
    Member,
    directory,
    headers,
    notes,
    through_links,
    tricks,
)
from safecare.formats.zip_aes import opened, told
from safecare.model.text import say

AES = 99
"""Packing method that says AES encryption: APPNOTE appendix E."""
KEY_COST = 500
"""Bytes of slow work (`Budget.slowly`) for which one password counts. Measured: a key of AES takes 0.5 ms."""
_METHODS = frozenset({*range(11), 12, 14, 16, 18, 19, 20, *range(93, 100)})
"""Packing methods that there are (APPNOTE 4.4.5). Android reads any other as not packed at all."""
_HEAD = 1024
"""Bytes by which a program is told from markup. Chosen: linkers put the second head within them."""
_MOST_UNLISTED = 200
"""Members that no directory lists which are looked at. Chosen."""
_FALSE_LOCK = say("A member of an archive says to be encrypted and is not: it keeps scanners out, and no reader.")
_FALSE_METHOD = say("A member of an archive names a packing method that does not exist.")
_UNSEEN = (".xml", ".rels", ".vml")
"""Endings of members of Office documents that the office analyser reads itself."""


@analyser("zip", wants={"zip"})
class Zips:
    """Unpacks ZIP archives and tells the tricks."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the members."""
        listed, shift = directory(part.raw)
        if not listed and not part.raw.startswith(b"PK"):
            return  # a program that knows the marks of archives: without a directory nobody opens it as one
        members = listed or headers(part.raw)
        if not members:
            raise UnreadableError("it has neither a directory nor members")
        if len(members) > context.budget.limits.members:
            raise LimitError("members", part.path)
        if listed:
            yield from tricks(part.raw, listed, shift)
            yield from through_links(listed)
            yield from notes(part, listed, shift)
            members = [*listed, *_unlisted(part.raw, listed, shift)]
        office = "ooxml" in part.types or "odf" in part.types
        locked = False
        for one in members:
            if one.name.endswith("/") and not one.size:
                continue
            if is_traversal(one.name):
                yield traversal(one.name)
            if office and one.name.lower().endswith(_UNSEEN) and not _runs(part.raw, one, shift):
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
            if one.also:
                yield part.child(one.also, raw, origin="zip.member")
            yield part.child(one.name, raw, origin="zip.member")
        if locked:
            yield encrypted()


def read(raw: bytes, member: Member, shift: int, context: Context) -> bytes:
    """Return the bytes of `member`. Raises `LimitError`, `UnreadableError`."""
    data, _, flags = _placed(raw, member, shift)
    return _unpacked(data, member.method, flags, member, context)


def _placed(raw: bytes, member: Member, shift: int) -> tuple[memoryview, bytes, int]:
    """Return packed data, extra fields and flags of `member`. Raises `UnreadableError`."""
    at = member.at + shift
    if raw[at : at + 4] != LOCAL:
        at = member.at
    if raw[at : at + 4] != LOCAL or at + 30 > len(raw):
        raise UnreadableError("a member is not where the directory says", member.name)
    values = LOCAL_HEAD.unpack_from(raw, at)
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
            budget.returned(room, len(out))
            budget.take(len(out), name)
            return out
        case 98 | 93 | 20:
            return _by_libarchive(bytes(data), 93 if method == 20 else method, member, budget)
    raise UnreadableError(f"its packing method {method} is not known", member.name)


def _by_libarchive(data: bytes, method: int, member: Member, budget: Budget) -> bytes:
    """Return what PPMd (98) or zstd (93) packed: laid into an archive of its own, which libarchive reads.

    PPMd tells the memory that it asks for in bits 4 to 11 of its first two bytes, in MiB less one (APPNOTE 5.10).
    """
    size = min(member.size, 0xFFFFFFFE)
    head = b"PK\x03\x04" + LOCAL_HEAD.pack(63, 0, method, 0, 33, member.crc, len(data), size, 1, 0)[4:] + b"m" + data
    room = budget.slowly(min(budget.room, max(size, len(data))), PPMD_FASTER)
    if method == 98 and ((int.from_bytes(data[:2], "little") >> 4 & 0xFF) + 1) << 20 > MOST_PPMD:
        raise UnreadableError("it needs too much memory", member.name)
    try:
        out = next((raw for _, raw in by_libarchive(head, room, "zip")), b"")
    except ArchiveError as error:
        raise UnreadableError(str(error)[:120], member.name) from error
    budget.returned(room, len(out), PPMD_FASTER)
    budget.take(len(out[:room]), member.name)
    return out[:room]


def _runs(raw: bytes, member: Member, shift: int) -> bool:
    """Tell whether a member that should be markup begins like a program, archive or script."""
    try:
        data = _placed(raw, member, shift)[0][:_HEAD]
        head = bytes(data) if member.method == 0 else zlib.decompressobj(-15).decompress(data, _HEAD)
    except (UnreadableError, zlib.error):
        return False
    return payload.begins(head) is not None


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
        (one.at + shift if raw[one.at + shift : one.at + shift + 4] == LOCAL else one.at, one.packed) for one in listed
    )
    spans = sorted((at, at + 30 + packed) for at, packed in places)
    starts = [start for start, _ in spans]
    found: list[Member] = []
    for one in headers(raw):
        before = bisect.bisect_right(starts, one.at) - 1
        if before < 0 or one.at >= spans[before][1]:
            found.append(one._replace(at=one.at - shift))  # as the directory would tell it
    if len(found) > _MOST_UNLISTED:
        raise LimitError("members", "what no directory lists")
    return found


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
