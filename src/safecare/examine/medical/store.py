"""Requests and answers of several images or resources in one body: each part is judged, and what stands around them.

Source: PS3.18 sections 8.6 and 10.5 (Store), RFC 2046 section 5.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, analyser
from safecare.examine.medical.carried import carried
from safecare.formats.embedded import Embedded
from safecare.formats.multipart import MOST, pieces


@analyser("store", wants={"dicomweb"})
class Store:
    """Hands on the parts of a body."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what is found in each part, and the part."""
        for count, one in enumerate(pieces(part.raw), 1):
            if count > MOST:
                raise LimitError("members", f"part {count}")
            yield from carried(part, Embedded(f"part {count}", one.media, one.raw, one.start, one.end), context)
