"""What was handed over as a record and is none in any form that is read: not judged, and so never clean.

A door that only observes passes such a body on; its verdict says that nobody looked into it. Source: FHIR R4 section
3.1.6 (media types); RFC 9110 section 8.4 (codings of a body, of which some are not read here).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from safecare.examine.api import ANY, Context, Finding, Part, analyser
from safecare.model.text import say

_RECORDS = ("application/fhir+json", "application/fhir+xml", "application/json+fhir", "application/xml+fhir")
"""Media types of FHIR resources, the older spelling (DSTU2) too."""


@analyser("declared", wants={ANY})
class Declared:
    """Judges what a submitted file was said to be against what it is."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding]:
        """Yield that a file said to be a record was not read as one."""
        if part.depth == 0 and part.media in _RECORDS and part.types == ("data",) and not _opens(part.raw):
            why = say("It was sent as a patient's record, and is none in any coding that is read: not judged.")
            yield Finding("record.not-read", why, unreadable=True)


def _opens(raw: bytes) -> bool:
    """Tell whether `raw` is in the coding ``deflate`` (RFC 1950): what unpacks streams judges it then."""
    try:
        return bool(zlib.decompressobj().decompress(raw, 1))
    except zlib.error:
        return False
