"""Images of discs that open as drives: files in FAT, exFAT, NTFS, UDF and WIM, which libarchive does not read."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.types import UNREAD
from safecare.formats.discs import CrowdedError, DiscError, Packed, files, joined, opened, unread
from safecare.formats.discs.wim import File, Wim
from safecare.model.text import say

FASTER = 3
"""Bytes of these packings that count as one of `Budget.slowly`. Measured: 3 to 9 MB/s, where Deflate64 makes 1."""


@analyser("disc", wants={"disc", "iso", "vhd", "vmdk", "vdi", "qcow"})
class Discs:
    """Cuts out the files."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield them with their paths, and tell what of the disc could not be looked at."""
        number, closed = 0, ""
        try:
            image = opened(part.raw)
            for number, (name, pieces, size) in enumerate(files(part.raw, image), 1):
                if number > context.budget.limits.members:
                    raise LimitError("members", part.path)
                found = _unpacked(pieces, size, context) if isinstance(pieces, Packed) else pieces
                if found is None:
                    closed = closed or name
                    yield part.child(name, b"", origin="archive.member")  # its name can still be judged
                    continue
                held = len(found) if isinstance(found, bytes) else sum(count for _, count in found)
                there = min(size, held, len(part.raw))
                context.budget.take(there, name)
                origin = "disc.stream" if ":" in name else "archive.member"
                yield part.child(name, joined(image, found, there), origin=origin)
        except CrowdedError as error:
            raise LimitError("members", part.path) from error
        except DiscError as error:
            raise UnreadableError(str(error)) from error
        closed = closed or next(unread(image), "")
        if closed or (not number and "iso" not in part.types and "disc" not in part.types):
            yield _closed(part, closed)


@analyser("image-wim", wants={"wim"})
class Wims:
    """Cuts out the files of images of Windows (WIM); of ESD, whose packing (LZMS) is not read, it tells that."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield them with their paths, the smallest first: packed ones are read slowly, and only so many bytes."""
        closed = ""
        try:
            image = Wim(part.raw)
            found = list[File]()
            for tree in image.trees():
                most = context.budget.slowly(tree.size, FASTER) if image.packed(tree) else tree.size
                if image.readable(tree) and most == tree.size:
                    found += image.files(image.read(tree, most))
                else:
                    closed = part.name or "image"
        except CrowdedError as error:
            raise LimitError("members", part.path) from error
        except (DiscError, struct.error) as error:
            raise UnreadableError(str(error)) from error
        found.sort(key=lambda one: one.resource.size if one.resource else 0)
        for number, one in enumerate(found, 1):
            if number > context.budget.limits.members:
                raise LimitError("members", part.path)
            raw = b""
            if one.resource is None or not image.readable(one.resource):
                closed = closed or one.name
            else:
                size = min(one.resource.size, context.budget.room + 1)
                try:
                    raw = image.read(
                        one.resource, context.budget.slowly(size, FASTER) if image.packed(one.resource) else size
                    )
                except DiscError:
                    closed = closed or one.name
                context.budget.take(len(raw), one.name)
            origin = "disc.stream" if ":" in one.name else "archive.member"
            yield part.child(one.name, raw, origin=origin)  # without bytes, its name can still be judged
        if closed:
            yield _closed(part, closed)


@analyser("unread", wants=UNREAD)
class Unread:
    """Tells archives of kinds that are not read here."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the one finding; by mail it weighs, since nobody sends these kinds for an honest reason any more."""
        weight = UNREAD_MAILED if context.mail and part.depth else 0.0
        yield Finding("archive.closed", NOT_READ, weight, kind="carried", unreadable=part.depth == 0)


def _unpacked(packed: Packed, size: int, context: Context) -> bytes | None:
    """Return as much as may be unpacked slowly; None where it is damaged."""
    try:
        return packed.read(context.budget.slowly(min(size, context.budget.room + 1), FASTER))
    except DiscError:
        return None


def _closed(part: Part, name: str) -> Finding:
    return Finding("disc.closed", CLOSED, where=Where(tag=name[:120]), unreadable=part.depth == 0)


CLOSED = say("An image of a disc could not be looked into, or only in part: nothing is known of what it holds.")
NOT_READ = say("An archive is of a kind that is not read here: nothing is known of what it holds.")
UNREAD_MAILED = 0.5
"""Chosen: half of an alarm by itself, and more with anything else."""
