"""Images of discs that open as drives: the files in FAT, exFAT, NTFS and UDF, which libarchive does not read."""

from __future__ import annotations

from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.formats.discs import CrowdedError, DiscError, files, joined, opened
from safecare.model.text import say


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
                if pieces is None:
                    closed = closed or name
                    yield part.child(name, b"", origin="archive.member")  # its name can still be judged
                    continue
                held = len(pieces) if isinstance(pieces, bytes) else sum(count for _, count in pieces)
                there = min(size, held, len(part.raw))
                context.budget.take(there, name)
                origin = "disc.stream" if ":" in name else "archive.member"
                yield part.child(name, joined(image, pieces, there), origin=origin)
        except CrowdedError as error:
            raise LimitError("members", part.path) from error
        except DiscError as error:
            raise UnreadableError(str(error)) from error
        if closed or (not number and "iso" not in part.types and "disc" not in part.types):
            yield Finding("disc.closed", CLOSED, where=Where(tag=closed[:120]))


@analyser("image-wim", wants={"wim"})
class Wims:
    """Tells that images of Windows (WIM, ESD) are not read: their packings have no library that we may use."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the one finding."""
        yield Finding("disc.closed", CLOSED)


CLOSED = say("An image of a disc could not be looked into, or only in part: nothing is known of what it holds.")
