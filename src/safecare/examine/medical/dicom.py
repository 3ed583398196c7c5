"""DICOM files: the checklist of PS3.10 section 7.5, and what programs hide where a viewer does not look.

Source: PS3.10 section 7.5 (sanitise the preamble, look for executable content anywhere, validate), CVE-2019-11687
(preamble), PS3.5 section 6.2 (values). What was found in a value is handed on as a part of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.medical import commands, payload
from safecare.examine.medical.dicom_directory import directory
from safecare.examine.medical.dicom_pixels import pixels
from safecare.examine.medical.dicom_preamble import CHANCE, FOREIGN, preamble
from safecare.examine.medical.dicom_signed import signed
from safecare.examine.medical.dicom_values import values
from safecare.examine.medical.subjects import Subject, about, subject
from safecare.examine.types import recognise
from safecare.formats.dicom import Dicom, DicomError, DicomLimitError, Element, read_dicom, shown
from safecare.formats.dicom.model import PIXEL_DATA
from safecare.formats.dicom.read import MAX_INFLATED
from safecare.model.text import say

_SUSPECT = 512
"""Bytes of no known kind behind the data set that are a finding: more than any device pads with. Chosen."""
_META_LENGTH, _NUMBER = 0x00020000, 4
"""File Meta Information Group Length, and the bytes of its number: PS3.10 section 7.1."""
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
        yield from preamble(part, found)
        yield from _displaced(part, found)
        yield from _overlong(part, found)
        yield from _twice(part, found)
        yield from about(part, [_patient(found)], context)
        yield from directory(part, found)
        yield from signed(part, found)
        yield from values(part, found)
        yield from pixels(part, found, context)
        yield from _appended(part, found)
        if found.problem:
            yield _problem(found)
        if found.syntax.deflated:
            context.budget.take(len(found.body), "data set")


def _patient(found: Dicom) -> Subject:
    """Return whom the file is about: Patient's Name, ID with its issuer, birth date (PS3.3 C.7.1.1)."""
    name, number, issuer, birth = (found.text(tag) for tag in (0x00100010, 0x00100020, 0x00100021, 0x00100030))
    return subject([(issuer, number)], [name.partition("=")[0]], birth)


def _displaced(part: Part, found: Dicom) -> Iterator[Finding]:
    """Tell of elements in front of the meta information: no writer puts them there, tools for polyglots do."""
    if found.preamble and not found.meta and any(one.tag >> 16 == 2 for one in found.elements):
        first = found.elements[0]
        why = say("An element stands in front of the meta information, where none may be.")
        yield Finding("dicom.meta.displaced", why, 0.7, Where(part.path, shown(first.tag), (first.start, first.end)))


def _overlong(part: Part, found: Dicom) -> Iterator[Finding]:
    """Tell of meta information that claims more bytes than the file has (CVE-2026-5437)."""
    one = found.meta[0] if found.meta else None
    if one is not None and one.tag == _META_LENGTH and one.length == _NUMBER:
        claimed = int.from_bytes(found.data[one.value : one.end], "little")
        if claimed > len(found.data):
            why = say("A value claims {count} bytes in a file of {size}.", count=claimed, size=len(found.data))
            yield Finding("dicom.bomb.length", why, 0.6, Where(part.path, shown(one.tag), (one.start, one.end)))


def _twice(part: Part, found: Dicom) -> Iterator[Finding]:
    """Tell of an element that stands twice with two values: PS3.5 section 7.1 forbids it, and readers differ."""
    known: dict[int, bytes] = {}
    for source, one in (*((found.data, one) for one in found.meta), *((found.body, one) for one in found.elements)):
        if one.parent >= 0 or one.tag >> 16 == 0xFFFE or not one.tag & 0xFFFF or one.length < 0:
            continue
        value = source[one.value : one.value + min(one.length, 4096)].strip(b"\0 ")
        if known.setdefault(one.tag, value) != value:
            why = say("{tag} stands twice with two values: readers differ on which one counts.", tag=shown(one.tag))
            yield Finding("dicom.twice", why, 0.55, Where(part.path, shown(one.tag), (one.start, one.end)))
            return


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
    elif any(commands.scripted(tail)) or next(payload.coded(tail), None):
        yield Finding("dicom.appended.script", say("A script follows the data set."), 0.9, where)
    elif not found.problem:
        known = [kind for kind in recognise(Part(tail)) if kind not in CHANCE]
        if known or tail.startswith(FOREIGN):
            why = say("A file of kind {kind} follows the data set.", kind=(*known, tail[:4].hex(" "))[0])
            yield Finding("dicom.appended.file", why, 0.7, where)
        else:
            why = say("{count} bytes that belong to nothing follow the data set.", count=len(tail))
            large = len(tail) >= _SUSPECT and tail.count(tail[:1]) < len(tail) // 2
            yield Finding("dicom.appended.unknown", why, 0.5 if large else 0.3, where)
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
