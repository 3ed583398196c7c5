"""Archives other than ZIP, opened by libarchive: 7z, RAR, CAB, ISO, LZH, ar, xar.

Members are read up to the room that the budget has; what libarchive can't open (encrypted, solid RAR of
version 3, further volumes) is told, and what was read before stays.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.late import late
from safecare.examine.unpack.libarchive import FILTERS, ArchiveError, members, names
from safecare.formats.rar_lock import RAR3, RarLockError, names_3
from safecare.formats.rar_lock import opened as rar_opened
from safecare.formats.seven_zip import SevenZipError, memory_of_ppmd
from safecare.formats.seven_zip import members as seven_zip
from safecare.model.text import Text, say

_LATE = frozenset({"7z", "rar", "cab"})
CUSTOM = ("infected", "malware", "virus", "password", "1234")
"""Passwords that senders of samples and of malware use by custom."""
KEY_COST = 15_000
"""Bytes of slow work (`Budget.slowly`) for which one password counts. Measured: keys of 7z and RAR take 10 to 20 ms."""
ALONE = frozenset(kind for kind, (_, inside) in FILTERS.items() if inside == "raw")
"""Packings of one file."""
MOST_PPMD = 64 * 1024 * 1024
"""Bytes of memory that PPMd may ask for. Chosen: 7-Zip asks for 16 MiB, at its slowest for 192: we took 418 MiB."""
PPMD_FASTER = 12
"""Bytes of PPMd that count as one of `Budget.slowly`. Measured: libarchive unpacks 14 MB/s of text."""
NO_MORE = re.compile(r"encrypt|passphrase|password", re.IGNORECASE)
"""Words by which libarchive says that a member is encrypted."""

_RAR5_CRYPT = re.compile(rb"^Rar!\x1a\x07\x01\x00.{4}.\x04", re.DOTALL)
"""RAR 5 archive whose first block is the encryption header (type 4), RAR 5.0 archive format note."""


def encrypted(weight: float = 0.0, member: str = "") -> Finding:
    """Return the finding that a container is encrypted; by itself no alarm."""
    return Finding("archive.encrypted", ENCRYPTED, weight, Where(tag=member))


ENCRYPTED: Text = say("An archive is encrypted: nothing inside can be judged.")


@analyser("archive", wants={"7z", "rar", "cab", "iso", "lzh", "ar", "xar", *FILTERS}, needs=("archi",))
class Archives:
    """Unpacks with libarchive, member by member."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the members, and why the archive could not be read to its end.

        One that begins late in another file is a part of its own (`safecare.examine.code.polyglots`).
        """
        if part.raw[0x8001:0x8006] == b"BEA01" and part.types[:1] == ("iso",):
            return  # UDF alone, which libarchive does not read (`safecare.examine.unpack.discs`)
        if "iso" not in part.types and any(at for kind, at in late(part.raw, part.types) if kind in _LATE):
            return
        kind = next(one for one in part.types if one in self.wants)  # type: ignore[attr-defined]
        budget, ppmd = context.budget, _ppmd(part, context) if kind == "7z" else 0
        if ppmd > MOST_PPMD:
            yield _partly(part, "it needs too much memory")
            yield from _named(part, context)
            return
        room = budget.slowly(budget.room, PPMD_FASTER) if ppmd else budget.room
        try:
            before = budget.used
            yield from _members(part, members(part.raw, room, kind), context, room if ppmd else budget.limits.total)
            if ppmd:
                budget.returned(room, budget.used - before, PPMD_FASTER)
        except ArchiveError as error:
            if NO_MORE.search(str(error)) or _RAR5_CRYPT.match(part.raw):
                yield from _unlocked(part, context)
            elif part.types[:1] in (("rar",), ("7z",)):
                yield _partly(part, str(error)[:120])
                if part.raw.startswith(RAR3):
                    for name in names_3(part.raw):  # what is solid stays closed, its names can still be judged
                        yield part.child(name, b"", origin="archive.member")
            else:
                raise UnreadableError(str(error)[:120]) from error


def _partly(part: Part, reason: str) -> Finding:
    why = say("An archive could be opened only in part ({reason}).", reason=reason)
    return Finding("archive.partly", why, unreadable=part.depth == 0)


def _ppmd(part: Part, context: Context) -> int:
    """Return the bytes of memory that an archive's PPMd asks for; 0 where it has none, or nothing can be said."""
    try:
        return memory_of_ppmd(part.raw, lambda step, raw: context.budget.unpack(step, raw, part.path))
    except (SevenZipError, UnreadableError):
        return 0


def _named(part: Part, context: Context) -> Iterator[Part]:
    """Yield the members of what stays closed: their names can still be judged."""
    for name in islice(names(part.raw), context.budget.limits.members):
        yield part.child(name, b"", origin="archive.member")


def _members(
    part: Part, found: Iterable[tuple[str, bytes]], context: Context, most: int = 1 << 62
) -> Iterator[Finding | Part]:
    """Yield the members up to the one that takes the rest of `most` bytes."""
    for number, (name, raw) in enumerate(found):
        if number >= context.budget.limits.members:
            raise LimitError("members", part.path)
        context.budget.take(len(raw), name)
        if is_traversal(name):
            yield traversal(name)
        if set(part.types) & ALONE:  # one file, which is called as the whole without its last ending
            yield part.child(part.name.rpartition(".")[0], raw, origin="stream.member")
        else:
            yield part.child(name, raw, origin="archive.member")
        most -= len(raw)
        if most < 0:
            return


def _unlocked(part: Part, context: Context) -> Iterator[Finding | Part]:
    """Yield the members of an encrypted archive, if a password that was told or is custom opens it."""
    for word in words(context):
        if not context.budget.slowly(KEY_COST):
            break
        try:
            inside = list(_members(part, _opened(part, word, context), context))
        except (ArchiveError, RarLockError, SevenZipError, UnreadableError):
            continue
        context.passwords[:] = dict.fromkeys([word, *context.passwords])
        yield from inside
        return
    yield from _named(part, context)
    yield encrypted()


def _opened(part: Part, word: str, context: Context) -> Iterable[tuple[str, bytes]]:
    if "7z" not in part.types:
        return members(rar_opened(part.raw, word), context.budget.room)

    def unpack(step: Callable[..., bytes], raw: bytes) -> bytes:
        return context.budget.unpack(step, raw, part.path)

    return seven_zip(part.raw, word, unpack)


def words(context: Context) -> Iterable[str]:
    """Return the passwords to be tried: those told beside the file first, then those of custom."""
    return dict.fromkeys([*context.passwords, *CUSTOM])


def is_traversal(name: str) -> bool:
    """Tell whether a member's name leaves the folder that it is unpacked to."""
    clean = name.replace("\\", "/")
    return clean.startswith("/etc/") or "../" in clean or bool(re.match(r"[A-Za-z]:/", clean))


def traversal(name: str) -> Finding:
    """Return the finding for a member whose name leaves the folder."""
    why = say("A member of an archive would be written outside of the folder that it is unpacked to.")
    return Finding("archive.traversal", why, 0.6, Where(tag=name[:120]))


@analyser("archive-szdd", wants={"szdd"})
class Szdd:
    """Unpacks what COMPRESS.EXE of MS-DOS packed (LZSS with a window of 4,096)."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the unpacked file."""
        if len(part.raw) < 16 or not part.raw.startswith(b"SZDD"):
            return
        size = struct.unpack_from("<I", part.raw, 10)[0]
        if size > context.budget.room:
            raise LimitError("size", "length")
        out = lzss(part.raw[14:], size)
        context.budget.take(len(out))
        yield part.child(part.name, out, origin="archive.member")


def lzss(raw: bytes, size: int) -> bytes:
    """Return `raw` unpacked by LZSS as SZDD writes it: at most `size` bytes."""
    window, place = bytearray(b" " * 4096), 4096 - 16
    out, at = bytearray(), 0
    while at < len(raw) and len(out) < size:
        flags = raw[at]
        at += 1
        for bit in range(8):
            if at >= len(raw) or len(out) >= size:
                break
            if flags >> bit & 1:
                out.append(raw[at])
                window[place] = raw[at]
                place = (place + 1) & 4095
                at += 1
                continue
            if at + 1 >= len(raw):
                break
            start, count = raw[at] | (raw[at + 1] & 0xF0) << 4, (raw[at + 1] & 15) + 3
            at += 2
            for step in range(count):
                byte = window[(start + step) & 4095]
                out.append(byte)
                window[place] = byte
                place = (place + 1) & 4095
    return bytes(out[:size])
