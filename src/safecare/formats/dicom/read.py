"""Reading a DICOM file's structure: preamble, meta information, data set of any transfer syntax.

Source: PS3.10 section 7.1 (preamble, prefix, meta information), PS3.5 annex A (transfer syntaxes; A.5 deflated).
Files without preamble or meta information, which old devices write, are read as their first bytes look.
"""

from __future__ import annotations

import zlib
from typing import Literal

from safecare.formats.dicom.model import (
    PIXEL_DATA,
    TRANSFER_SYNTAX,
    Dicom,
    DicomError,
    DicomLimitError,
    Element,
    Syntax,
)
from safecare.formats.dicom.walk import LONG, SHORT, UNDEFINED, walk

MAX_INFLATED = 64 * 1024 * 1024
"""Bytes that a deflated data set may inflate to. Chosen: the syntax is used for reports and small images."""
_PREFIX = b"DICM"
_VRS = LONG | SHORT
_FORMS = ((False, False), (False, True), (True, False))
"""Explicit little endian, explicit big endian, implicit little endian (implicit, big): PS3.5 annex A."""
_FIRST_GROUPS = frozenset({2, 4, 8})
"""Groups with which a file begins: meta information, directory, identification (PS3.6)."""
_FIRST_LENGTH = 256
"""Longest first value. Chosen: it is a group's length, a version, a character set or a UID."""
_NO_TAG = 0xFFFD0000
"""From here on no element of a data set has its tag: items, and what bytes of ones look like."""
DELIMITER = 8
"""Bytes of the delimiter that ends encapsulated pixels."""
_LAST_GROUP = 0x7FE0
"""Group of the pixels; padding after it never comes second."""
_IMPLICIT = {"1.2.840.10008.1.2", "1.2.840.113619.5.2"}
"""Implicit little endian, and GE's private one, whose pixels alone are big endian."""
_BIG = "1.2.840.10008.1.2.2"
_DEFLATED = {"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95"}
"""Deflated explicit little endian, JPIP referenced deflate: PS3.5 A.5, A.7."""


def looks_like_dicom(data: bytes) -> bool:
    """Tell whether the bytes are to be read as DICOM: by the prefix, or by two plausible first elements without one."""
    return data[128:132] == _PREFIX or any(_begins(data, implicit, big) for implicit, big in _FORMS)


def _begins(data: bytes, implicit: bool, big: bool) -> bool:  # noqa: FBT001 - one of the rows of a table
    """Tell whether a short element of a first group stands at the start, and one of a higher tag after it."""
    first = _head(data, 0, implicit, big)
    if first is None or first[0] >> 16 not in _FIRST_GROUPS or first[1] > _FIRST_LENGTH:
        return False
    second = _head(data, first[2] + first[1], implicit, big)
    if second is None or not first[0] < second[0] < _LAST_GROUP << 16:
        return False
    return second[1] == UNDEFINED or second[2] + second[1] <= len(data)


def _head(data: bytes, at: int, implicit: bool, big: bool) -> tuple[int, int, int] | None:  # noqa: FBT001 - as above
    """Return tag, length and the offset of the value of the element at `at`; None where none can stand."""
    order: Literal["big", "little"] = "big" if big else "little"
    if at + 8 > len(data):
        return None
    tag = int.from_bytes(data[at : at + 2], order) << 16 | int.from_bytes(data[at + 2 : at + 4], order)
    if implicit:
        return tag, int.from_bytes(data[at + 4 : at + 8], order), at + 8
    name = data[at + 4 : at + 6]
    if name in LONG:
        return tag, int.from_bytes(data[at + 8 : at + 12], order), at + 12
    return (tag, int.from_bytes(data[at + 6 : at + 8], order), at + 8) if name in SHORT else None


def read_dicom(data: bytes, *, inflated: int = MAX_INFLATED) -> Dicom:
    """Read the structure; a deflated data set to at most `inflated` bytes.

    Raises `DicomError` only where nothing is DICOM; else the result tells its `problem`.
    """
    at = 132 if data[128:132] == _PREFIX else 0
    if not at and not looks_like_dicom(data):
        raise DicomError("neither the prefix DICM nor an element at the start", 0)
    preamble = data[:128] if at else b""
    meta: list[Element] = []
    try:
        start = walk(data, at, len(data), meta, implicit=False, big=False, group=2)
    except DicomError as problem:
        return Dicom(data, data, preamble, meta, [], Syntax(""), at, _end(meta, at), problem)
    syntax = _syntax(data, start, meta)
    elements: list[Element] = []
    body, first, end = data, start, 0
    wrong: DicomError | None = None
    if syntax.deflated:
        body, end, wrong = _inflate(data, start, inflated)
        first = 0
    try:
        last = walk(body, first, len(body), elements, implicit=syntax.implicit, big=syntax.big)
    except DicomError as error:
        wrong = wrong or error
        last = _end(elements, first)
    if not syntax.deflated:
        last, wrong = _settle(elements, last, wrong, implicit=syntax.implicit)
        end = last
    return Dicom(data, body, preamble, meta, elements, syntax, start, end, wrong)


def _settle(
    elements: list[Element], last: int, wrong: DicomError | None, *, implicit: bool
) -> tuple[int, DicomError | None]:
    """Tell what was appended from what is damaged: bytes that are no element, behind the pixels or before an error.

    Takes the elements that were none away; returns where the data set ends, and the error if it is still one.
    """
    if isinstance(wrong, DicomLimitError):
        return last, wrong
    behind = range(len(elements) - 1, -1, -1)
    pixels = next((place for place in behind if elements[place].tag == PIXEL_DATA and elements[place].parent < 0), -1)
    if pixels >= 0 and wrong is not None and wrong.offset <= elements[pixels].start:
        return last, wrong
    stray = len(elements)
    if pixels >= 0:  # the first that is none, and all behind it
        behind = range(pixels + 1, len(elements))
        stray = next((place for place in behind if not _real(elements[place], implicit=implicit)), stray)
    elif wrong is not None and not implicit:  # the last ones
        while stray and (elements[stray - 1].parent >= 0 or not _real(elements[stray - 1], implicit=False)):
            stray -= 1
        stray = next((place for place in range(stray, len(elements)) if elements[place].parent < 0), len(elements))
    if stray < len(elements):
        at = elements[stray].start
        del elements[stray:]
        return at, None
    if wrong is not None and pixels >= 0 and wrong.offset in (_end(elements, 0), _end(elements, 0) + DELIMITER):
        return wrong.offset, None
    return last, wrong


def _real(one: Element, *, implicit: bool) -> bool:
    """Tell whether an element behind the pixels, or at the end, is one: it comes in order, or writes a VR."""
    return one.parent >= 0 or (PIXEL_DATA < one.tag < _NO_TAG if implicit else one.vr.encode("ascii") in _VRS)


def _end(elements: list[Element], start: int) -> int:
    """Return where the last whole element at the top ends."""
    for one in reversed(elements):
        if one.parent < 0:
            return one.end if one.length >= 0 else one.start
    return start


def _syntax(data: bytes, start: int, meta: list[Element]) -> Syntax:
    """Return how the data set is written: as declared, but as the first element looks where that says otherwise."""
    uid = ""
    for one in meta:
        if one.tag == TRANSFER_SYNTAX:
            uid = data[one.value : one.end][:64].decode("ascii", "replace").strip("\0 ")
    if uid in _DEFLATED:
        return Syntax(uid, deflated=True)
    raw = data[start + 4 : start + 6]
    explicit = raw in _VRS
    big = uid == _BIG
    if not uid:
        group = int.from_bytes(data[start : start + 2], "little")
        big = explicit and group >= 0x0400  # a group of 0002 to 0008, turned around
    return Syntax(uid, implicit=not explicit if raw else uid in _IMPLICIT, big=big)


def _inflate(data: bytes, start: int, most: int) -> tuple[bytes, int, DicomError | None]:
    """Return the inflated data set, where the deflated one ends, and what was wrong with it."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = inflater.decompress(memoryview(data)[start:], most)
    except zlib.error as error:
        return b"", start, DicomError(f"its deflated data set is damaged ({error})", start)
    if inflater.unconsumed_tail:
        return body, len(data), DicomLimitError(f"its data set inflates to more than {most} bytes", start)
    if not inflater.eof:
        return body, len(data), DicomError("its deflated data set is cut off", len(data))
    return body, len(data) - len(inflater.unused_data), None
