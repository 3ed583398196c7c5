"""What lies within a medical file at any depth: in a packed value, in an archive of a record, behind a document.

A program, a script or a page that acts has no place in an image or a record, however it is packed. Source: PS3.10
section 7.5 (executable content anywhere in the data set), HL7 CDA R2 4.3.1, FHIR R4 Binary (security note).
"""

from __future__ import annotations

from collections.abc import Iterator

from safecare.examine.api import ANY, Context, Finding, Part, Where, analyser
from safecare.examine.medical import payload
from safecare.examine.medical.carried import coded
from safecare.examine.medical.commands import scripted
from safecare.examine.medical.masked import masked
from safecare.formats.embedded import from_letters
from safecare.model.text import say

_RUNS = {"pe", "elf", "macho", "dex", "wasm", "lnk", "chm", "swf", "jar", "script", "url", "desktop"}
"""Types that run or lead away."""
_OWN = frozenset({"dicom", "hl7", "cda", "fhir", "pdf", "ole", "ooxml", "zip", "mail"})
"""Types whose analysers look for scripts where they may stand."""
_LEAST_CODED = 64
"""Letters from which a text that is nothing else is read as coded bytes. Chosen: longer than any identifier."""
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n"
_DISCS = frozenset({"iso", "vhd", "vmdk", "vdi", "qcow", "wim", "disc"})
MOST_TEXT = 1 << 20
"""Bytes of a text that are read. Chosen."""


@analyser("within", wants={ANY})
class Within:
    """Judges what was unpacked from a medical file."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what is found, and what is coded once more."""
        if not part.carrier:
            return
        begun = payload.begins(part.raw)
        kind = begun[0] if begun and begun[1] in (payload.PROGRAM, payload.SCRIPT) else ""
        kind = kind or next((one for one in part.types if one in _RUNS and not _chance(one, part)), "")
        if kind:
            why = say(
                "The record carries a file that runs ({kind}), declared as {media}.", kind=kind, media=_named(part)
            )
            yield Finding("record.carries.program", why, 0.95, Where(part.path), kind="record.carries")
        elif not _DISCS.isdisjoint(part.types):
            why = say("The record carries the image of a disc, which a system opens as a drive.")
            yield Finding("record.carries.disc", why, 0.6, Where(part.path), kind="record.carries")
        elif _OWN.isdisjoint(part.types):
            place = next(scripted(part.raw[:MOST_TEXT]), None)
            if place:
                why = say("The record carries a text that acts: {text}.", text=_shown(part.raw, place))
                yield Finding("record.carries.script", why, 0.85, Where(part.path, "", place), kind="record.carries")
            yield from _again(part)
        elif "pdf" in part.types:
            yield from _behind(part)


def _again(part: Part) -> Iterator[Finding | Part]:
    """Yield files that are coded once more, and tell of one under a mask."""
    if "text" in part.types:
        for low, high, inner in coded(part.raw[:MOST_TEXT]):
            why = say("The record carries a file that is coded twice.")
            where = Where(part.path, "", (low, high))
            yield Finding("record.carries.coded", why, 0.6, where, kind="record.carries")
            yield part.child("coded", inner, origin="record.document")
        if len(part.raw) >= _LEAST_CODED and not part.raw.translate(None, _LETTERS):
            yield part.child("decoded", from_letters(part.raw), origin="record.document")
    hit = masked(part.raw)
    if hit:
        why = say("A file of kind {kind} stands here under a key that hides it ({key}).", kind=hit[0], key=hit[3].hex())
        where = Where(part.path, "", (hit[2], len(part.raw)))
        yield Finding("record.carries.masked", why, 0.9, where, kind="record.carries")


def _chance(kind: str, part: Part) -> bool:
    """Tell whether a type rests on two bytes that may stand there by chance."""
    return kind == "pe" and payload.begins(part.raw) is None


def _behind(part: Part) -> Iterator[Finding]:
    """Tell of a program behind the end of a PDF."""
    end = part.raw.rfind(b"%%EOF")
    hit = next(payload.hidden(part.raw, end + 5, len(part.raw)), None) if 0 <= end < len(part.raw) - 64 else None
    if hit:
        why = say("A file of kind {kind} follows the document.", kind=hit[0])
        where = Where(part.path, "", (hit[2], len(part.raw)))
        yield Finding("record.carries.behind", why, 0.9, where, kind="record.carries")


def _named(part: Part) -> str:
    return part.media or "-"


def _shown(raw: bytes, place: tuple[int, int]) -> str:
    return raw[place[0] : min(place[1], place[0] + 40)].decode("latin-1")
