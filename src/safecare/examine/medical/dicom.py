"""DICOM files: the checklist of PS3.10 section 7.5, and what programs hide where a viewer does not look.

Source: PS3.10 section 7.5 (sanitise the preamble, look for executable content anywhere, validate), CVE-2019-11687
(preamble), PS3.5 section 6.2 (values). What was found in a value is handed on as a part of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.medical import payload
from safecare.examine.medical.dicom_pixels import pixels
from safecare.examine.medical.dicom_values import DOCUMENT, values
from safecare.formats.dicom import Dicom, DicomError, DicomLimitError, Element, read_dicom
from safecare.formats.dicom.model import PIXEL_DATA
from safecare.formats.dicom.read import MAX_INFLATED
from safecare.model.text import say

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_CHANCE = frozenset({"bmp", "lzma", "cpio", "arj", "mp3", "text", "dicom", "tiff", "compress"})
"""Types that two or three bytes decide: what else begins a preamble tells nothing."""
_SORTS = {
    **dict.fromkeys(("pe", "elf", "macho", "lnk", "dex", "wasm", "swf", "chm", "class"), payload.PROGRAM),
    **dict.fromkeys(("script", "html", "svg", "batch", "php", "hta"), payload.SCRIPT),
    **dict.fromkeys(("pdf", "ole", "rtf", "onenote"), payload.DOCUMENT),
}
_UNLIKELY = 100
"""A value that claims more than this many times the bytes of the file, and a megabyte, is a bomb. Chosen."""


@analyser("dicom", wants={"dicom"})
class DicomFile:
    """Judges a DICOM file by its structure and hands on what it carries."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what is found; documents, payloads and appended data as parts."""
        room = min(MAX_INFLATED, context.budget.room)
        try:
            found = read_dicom(part.raw, inflated=room)
        except DicomError as error:
            raise UnreadableError(error.reason, f"byte {error.offset}") from error
        yield from _preamble(part, found)
        yield from values(part, found)
        yield from pixels(part, found)
        yield from _appended(part, found)
        if found.problem:
            yield _problem(found)
        if found.syntax.deflated:
            context.budget.take(len(found.body), "data set")


def _preamble(part: Part, found: Dicom) -> Iterator[Finding]:
    others = [kind for kind in part.types if kind not in _CHANCE and not (kind == "pdf" and _enclosed(found))]
    raw = found.preamble
    start = payload.begins(raw) if raw else None
    if start:
        others.insert(0, start[0])
    elif raw.startswith(b"MZ"):  # its second head may lie anywhere in the file
        others.insert(0, "pe")
    elif raw.strip(b"\0") and (any(payload.scripted(raw)) or raw[:4096].lower().startswith((b"<html", b"<!doctype"))):
        others.insert(0, "script")
    if others:
        sort = start[1] if start else _SORTS.get(others[0], payload.ARCHIVE)
        yield Finding(
            f"dicom.preamble.{sort}",
            say(
                "The file is a DICOM file and, for other readers, a {kind} too.", kind=", ".join(dict.fromkeys(others))
            ),
            0.95,
            Where(part.path, "preamble", (0, len(raw))),
        )
    elif raw.strip(b"\0") and not raw.startswith(_TIFF):
        yield Finding(
            "dicom.preamble.used",
            say("The preamble is not empty, and of no use that is known here."),
            where=Where(part.path, "preamble", (0, len(raw))),
        )


def _enclosed(found: Dicom) -> bool:
    """Tell whether the PDF that starts near the front of the file is its own encapsulated document."""
    one = found.top.get(DOCUMENT)
    return one is not None and one.start < found.data.find(b"%PDF-") < one.end


def _appended(part: Part, found: Dicom) -> Iterator[Finding | Part]:
    """Judge what follows the data set; where reading stopped, what stands there."""
    start = found.problem.offset if found.problem and not found.syntax.deflated else found.end
    if found.problem and (isinstance(found.problem, DicomLimitError) or start < found.end):
        return
    tail = part.raw[start:]
    if not tail.strip(b"\0") or (found.syntax.deflated and len(tail) <= 8):  # old writers leave zlib's checksum
        return
    where = Where(part.path, "after the data set", (start, len(part.raw)))
    begun = payload.begins(tail) or next(((kind, sort) for kind, sort, _ in payload.hidden(tail, 0, len(tail))), None)
    if begun:
        why = say("A file of kind {kind} follows the data set.", kind=begun[0])
        yield Finding(f"dicom.appended.{begun[1]}", why, 0.95, where)
    elif any(payload.scripted(tail)) or next(payload.coded(tail), None):
        yield Finding("dicom.appended.script", say("A script follows the data set."), 0.9, where)
    elif not found.problem:
        why = say("{count} bytes that belong to nothing follow the data set.", count=len(tail))
        yield Finding("dicom.appended.unknown", why, 0.3, where)
    if begun or not found.problem:
        yield part.child("after the data set", tail, origin="dicom.appended")


def _problem(found: Dicom) -> Finding:
    problem = found.problem
    where = Where(tag=f"byte {problem.offset}" if problem else "")
    if isinstance(problem, DicomLimitError):
        if "inflates" in problem.reason:
            raise LimitError("size", "data set")
        return Finding(
            "dicom.limit", say("Its structure goes beyond all honest use: {reason}.", reason=problem.reason), 0.6, where
        )
    reason = problem.reason if problem else ""
    claimed = _claimed(found)
    if claimed > max(_UNLIKELY * len(found.data), 1 << 20):
        why = say("A value claims {count} bytes in a file of {size}.", count=claimed, size=len(found.data))
        return Finding("dicom.bomb.length", why, 0.6, where)
    why = say("The file is damaged: {reason}.", reason=reason)
    return Finding("dicom.malformed", why, 0.3, where, unreadable=True)


def _claimed(found: Dicom) -> int:
    """Return the length that the last element claims, pixels apart: those of a broken transfer are honest."""
    last: Element | None = found.elements[-1] if found.elements else None
    if last is None or last.tag == PIXEL_DATA or found.problem is None:
        return 0
    width = last.value - last.start
    at, size = (last.start + 6, 2) if width == 8 and last.vr else (last.value - 4, 4)
    return int.from_bytes(found.body[at : at + size], "big" if found.syntax.big else "little")
