"""Images of discs that Windows opens as drives: the files in FAT and UDF, which libarchive does not read."""

from __future__ import annotations

from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, analyser
from safecare.formats.discs import DiscError, files, joined


@analyser("disc", wants={"disc", "iso"})
class Discs:
    """Cuts out the files."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield them with their paths."""
        try:
            for number, (name, pieces, size) in enumerate(files(part.raw)):
                if number >= context.budget.limits.members:
                    raise LimitError("members", part.path)
                there = min(size, sum(count for _, count in pieces), len(part.raw))
                context.budget.take(there, name)
                yield part.child(name, joined(part.raw, pieces, there), origin="archive.member")
        except DiscError as error:
            raise UnreadableError(str(error)) from error
