"""The walk over a data set's elements: one loop with its own stack, so that nesting costs no recursion.

Source: PS3.5 sections 7.1 (elements), 7.5 (nesting), A.4 (encapsulated pixel data), 6.2.2 note 2 (UN of undefined
length is implicit little endian).
"""

from __future__ import annotations

import struct

from safecare.formats.dicom.model import ITEM, ITEM_END, PIXEL_DATA, SEQUENCE_END, DicomError, DicomLimitError, Element

MAX_ELEMENTS = 400_000
"""Elements of one file. Chosen: enhanced multi-frame images of 5,000 frames have about 300,000."""
FEW_ELEMENTS = 100_000
BYTES_EACH = 512
"""Elements that any file may have, and bytes for each further one. Chosen: reports and plans stay below the first, and
what has more are frames, thousands of bytes each; elements alone take a microsecond each to read and judge."""
MAX_DEPTH = 32
"""Sequences within sequences. Chosen: structured reports of real devices stay below 12."""
UNDEFINED = 0xFFFFFFFF
LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
"""VRs whose length has 32 bits: PS3.5 table 7.1-1."""
SHORT = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS"}
    | {b"ST", b"TM", b"UI", b"UL", b"US"}
)
"""VRs whose length has 16 bits: PS3.5 table 7.1-2."""
_NAMES = {raw: raw.decode("ascii") for raw in LONG | SHORT}
_OPAQUE = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV"})
"""VRs whose undefined length means fragments: PS3.5 section A.4."""

_DATASET, _SEQUENCE, _FRAGMENTS = range(3)


def walk(
    data: bytes, at: int, stop: int, elements: list[Element], *, implicit: bool, big: bool, group: int | None = None
) -> int:
    """Append the elements of ``data[at:stop]`` to `elements` and return the offset after the last.

    Ends early, without an error, before an element outside `group` (if given), and at the top before a delimiter.
    Raises `DicomError` with everything until then appended.
    """
    front = struct.Struct(">HH2sH" if big else "<HH2sH").unpack_from
    whole = struct.Struct(">I" if big else "<I").unpack_from
    most = min(MAX_ELEMENTS, FEW_ELEMENTS + len(data) // BYTES_EACH)
    stack: list[tuple[int, int, int, bool]] = []  # kind, stop, parent, implicit of what is around
    kind, parent, add, make = _DATASET, -1, elements.append, tuple.__new__
    padded = False
    while True:
        while at >= stop:
            if at > stop:
                raise DicomError("an element reaches beyond what holds it", at)
            if not stack:
                return at
            if stop == len(data) and parent >= 0 and elements[parent].length == -1:
                raise DicomError("the file ends within a sequence", at)
            _close(elements, parent, at)
            kind, stop, parent, implicit = stack.pop()
        if at + 8 > stop:
            raise DicomError("an element is cut off in its head", at)
        high, low, raw, short = front(data, at)
        tag = high << 16 | low
        if not tag and not padded and not stack:  # looked at once: zeros up to the end are padding, no elements
            padded = True
            if not data[at:stop].strip(b"\0"):
                return at
        if high == 0xFFFE:
            length = whole(data, at + 4)[0]
            if tag == ITEM and kind != _DATASET:
                if length != UNDEFINED and at + 8 + length > stop:
                    raise DicomError(f"an item of {length} bytes reaches beyond its sequence", at)
                if kind == _FRAGMENTS:
                    if length == UNDEFINED:
                        raise DicomError("a fragment of undefined length", at)
                    add(make(Element, (tag, "", at, at + 8, length, parent)))
                    at += 8 + length
                else:
                    add(make(Element, (tag, "", at, at + 8, -1 if length == UNDEFINED else length, parent)))
                    stack.append((kind, stop, parent, implicit))
                    kind, parent = _DATASET, len(elements) - 1
                    at += 8
                    stop = stop if length == UNDEFINED else at + length
                if len(elements) > most:
                    raise DicomLimitError(f"more than {most} elements", at)
                continue
            if not stack:
                return at
            if tag == (ITEM_END if kind == _DATASET else SEQUENCE_END) and elements[parent].length == -1:
                _close(elements, parent, at)
                kind, stop, parent, implicit = stack.pop()
                at += 8
                continue
            raise DicomError("a delimiter where none belongs", at)
        if kind != _DATASET:
            raise DicomError("a sequence holds something that is no item", at)
        if group is not None and high != group and not stack:
            return at
        if implicit:
            raw, vr, value, length = b"", "", at + 8, whole(data, at + 4)[0]
        elif raw in SHORT:
            vr, value, length = _NAMES[raw], at + 8, short
        elif raw in LONG:
            if at + 12 > stop:
                raise DicomError("an element is cut off in its head", at)
            vr, value, length = _NAMES[raw], at + 12, whole(data, at + 8)[0]
        elif raw.isalpha() and raw.isupper():  # unknown: later editions use 32 bits (PS3.5 7.1.2), devices' own 16
            vr, value, length = raw.decode("ascii"), at + 8, short
            if not length and at + 12 <= stop:
                value, length = at + 12, whole(data, at + 8)[0]
        else:
            vr, value, length = "", at + 8, whole(data, at + 4)[0]
            raw = b""
        if length == UNDEFINED:
            inner = _SEQUENCE
            if raw in _OPAQUE or (tag == PIXEL_DATA and raw != b"SQ"):
                inner = _FRAGMENTS
            elif raw not in (b"SQ", b"UN", b""):
                raise DicomError("an element of undefined length that is no sequence", at)
            add(make(Element, (tag, vr, at, value, -1, parent)))
            if len(stack) >= 2 * MAX_DEPTH:
                raise DicomLimitError(f"more than {MAX_DEPTH} sequences within each other", at)
            stack.append((kind, stop, parent, implicit))
            kind, parent, at = inner, len(elements) - 1, value
            if raw == b"UN":
                implicit = True
        else:
            end = value + length
            if end > stop:
                add(make(Element, (tag, vr, at, value, stop - value, parent)))
                raise DicomError(f"a value of {length} bytes reaches {end - stop} bytes beyond the end", at)
            add(make(Element, (tag, vr, at, value, length, parent)))
            if length >= 8 and (raw == b"SQ" or (not raw and _opens(data, value, length, big=big))):
                if len(stack) >= 2 * MAX_DEPTH:
                    raise DicomLimitError(f"more than {MAX_DEPTH} sequences within each other", at)
                stack.append((kind, stop, parent, implicit))
                kind, parent, at, stop = _SEQUENCE, len(elements) - 1, value, end
            else:
                at = end
        if len(elements) > most:
            raise DicomLimitError(f"more than {most} elements", at)


def _opens(data: bytes, value: int, length: int, *, big: bool) -> bool:
    """Tell whether a value whose VR is not written begins with an item that fits in: then it is a sequence."""
    if data[value : value + 4] != (b"\xff\xfe\xe0\x00" if big else b"\xfe\xff\x00\xe0"):
        return False
    inner = int.from_bytes(data[value + 4 : value + 8], "big" if big else "little")
    return inner == UNDEFINED or inner <= length - 8


def _close(elements: list[Element], index: int, at: int) -> None:
    """Give an element of undefined length, which ends at `at`, its length."""
    one = elements[index]
    if one.length == -1:
        elements[index] = tuple.__new__(Element, (*one[:4], at - one.value, one.parent))
