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
from safecare.examine.types import recognise
from safecare.formats.dicom import Dicom, DicomError, DicomLimitError, Element, read_dicom, shown
from safecare.formats.dicom.model import PIXEL_DATA
from safecare.formats.dicom.read import MAX_INFLATED
from safecare.model.text import say

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_CHANCE = frozenset({"bmp", "lzma", "cpio", "arj", "mp3", "text", "dicom", "tiff", "compress"})
"""Types that two or three bytes decide: what else begins a preamble tells nothing."""
_CODE = (
    *(b"<html", b"<!doctype", b"<!--", b"<?", b"<svg", b"<script", b"<body", b"/*", b"//", b"#!", b"var ", b"let "),
    *(b"const ", b"function", b"import ", b"@echo", b"echo ", b"rem ", b"set ", b"<xml", b"<hta", b"%!ps", b"eval("),
    *(b'"""', b"'''", b"=begin", b"=pod", b"from:", b"subject:", b"mime-version", b"=cmd", b"+cmd", b"'", b"--[["),
)
"""How pages and scripts begin, lower-case; comment signs hide the rest of the file from their interpreter."""
_FOREIGN = (
    *(b"fLaC", b"OggS", b"RIFF", b"ID3", b"\x1aE\xdf\xa3", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\n\r\r\n"),
    *(
        b"\0\0\1\0",
        b"IWAD",
        b"PWAD",
        b"NES\x1a",
        b"\x04\x22\x4d\x18",
        b"\x50\x2a\x4d\x18",
        b"LZIP",
        b"QFI\xfb",
        b"MThd",
        b"BPG\xfb",
        b"wOF",
    ),
    *(
        b"GGUF",
        b"\x80\x02",
        b"\x80\x03",
        b"\x80\x04",
        b"zPQ",
        b"7kSt",
        b"EMF",
        b"FORM",
        b"!<arch>",
        b"icns",
        b"SIMPLE  =",
    ),
    *(
        b"BM",
        b"\x27\x05\x19\x56",
        b"hsqs",
        b"\x1bLua",
        b"\xed\xab\xee\xdb",
        b"070701",
        b"\x60\xea",
        b"\xc7\x71",
        b"\0\0\0\x20f",
    ),
)
"""First bytes of other formats that tolerate a DICOM file behind them, as known polyglots show."""
_SORTS = {
    **dict.fromkeys(("pe", "elf", "macho", "lnk", "dex", "wasm", "swf", "chm", "class"), payload.PROGRAM),
    **dict.fromkeys(("script", "html", "svg", "batch", "php", "hta"), payload.SCRIPT),
    **dict.fromkeys(("pdf", "ole", "rtf", "onenote"), payload.DOCUMENT),
}
_SUSPECT = 512
"""Bytes of no known kind behind the data set that are a finding: more than any device pads with. Chosen."""
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
        yield from _displaced(part, found)
        yield from values(part, found)
        yield from pixels(part, found)
        yield from _appended(part, found)
        if found.problem:
            yield _problem(found)
        if found.syntax.deflated:
            context.budget.take(len(found.body), "data set")


def _preamble(part: Part, found: Dicom) -> Iterator[Finding]:
    others = [kind for kind in part.types if kind not in _CHANCE and not _enclosed(kind, found)]
    raw = found.preamble
    start = payload.begins(raw) if raw else None
    if start:
        others.insert(0, start[0])
    elif raw.startswith(b"MZ"):  # its second head may lie anywhere in the file
        others.insert(0, "pe")
    elif raw.strip(b"\0"):
        head = raw.lstrip(b"\0 \t\r\n").lower()
        if any(payload.scripted(raw)) or head.startswith(_CODE):
            others.insert(0, "script")
        elif raw.startswith(_FOREIGN) and not others:
            others.insert(0, raw[:4].hex(" "))
    if others:
        sort = start[1] if start else _SORTS.get(others[0], "file")
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


def _displaced(part: Part, found: Dicom) -> Iterator[Finding]:
    """Tell of elements in front of the meta information: no writer puts them there, tools for polyglots do."""
    if found.preamble and not found.meta and any(one.tag >> 16 == 2 for one in found.elements):
        first = found.elements[0]
        why = say("An element stands in front of the meta information, where none may be.")
        yield Finding("dicom.meta.displaced", why, 0.7, Where(part.path, shown(first.tag), (first.start, first.end)))


def _enclosed(kind: str, found: Dicom) -> bool:
    """Tell whether the other file that was recognised by its mark within lies in a value: it is judged as that."""
    if kind == "pdf":
        one = found.top.get(DOCUMENT)
        return one is not None and one.start < found.data.find(b"%PDF-") < one.end
    return kind == "zip" and not found.preamble.startswith(b"PK") and found.data.rfind(b"PK\x05\x06") < found.end


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
        known = [kind for kind in recognise(Part(tail)) if kind not in _CHANCE]
        if known or tail.startswith(_FOREIGN):
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
