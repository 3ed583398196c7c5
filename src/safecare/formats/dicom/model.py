"""What the reader gives: elements as places in the bytes, never copies of values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
"""Item, Item Delimitation, Sequence Delimitation: PS3.5 section 7.5."""
PIXEL_DATA = 0x7FE00010
TRAILING_PADDING = 0xFFFCFFFC
TRANSFER_SYNTAX = 0x00020010
"""Pixel Data, Data Set Trailing Padding, Transfer Syntax UID: PS3.6."""


class DicomError(ValueError):
    """Bytes that are no readable DICOM: `reason` in words, `offset` of the byte where reading had to stop."""

    def __init__(self, reason: str, offset: int) -> None:
        """Keep reason and offset (bytes from the start of the file, or of the inflated data set)."""
        super().__init__(f"byte {offset}: {reason}")
        self.reason, self.offset = reason, offset


class DicomLimitError(DicomError):
    """A bound of the reader is reached: number or depth of elements, or inflated size."""


class Element(NamedTuple):
    """A data element, an item, or a fragment, by its place."""

    tag: int
    """Group and element number, 0xGGGGEEEE."""
    vr: str
    """Two letters as written; empty where the file does not write them (implicit VR, items, fragments)."""
    start: int
    """Offset of the tag."""
    value: int
    """Offset of the value."""
    length: int
    """Bytes of the value; of undefined length, up to its delimiter."""
    parent: int
    """Index of the sequence or item that holds it; -1 at the top."""

    @property
    def end(self) -> int:
        """Offset after the value (before the delimiter, if it has one)."""
        return self.value + self.length


@dataclass(frozen=True)
class Syntax:
    """How the data set is written: PS3.5 section 10 and annex A."""

    uid: str
    implicit: bool = False
    big: bool = False
    deflated: bool = False


@dataclass(frozen=True)
class Dicom:
    """A file as far as it could be read: `problem` says where and why reading stopped, None at a proper end."""

    data: bytes
    """The file."""
    body: bytes
    """What `elements` point into: the file, or the inflated data set."""
    preamble: bytes
    """The first 128 bytes; empty where the file has no preamble."""
    meta: list[Element]
    """File meta information (group 0002); points into `data`."""
    elements: list[Element]
    """The data set in the order of the bytes, items and fragments included."""
    syntax: Syntax
    start: int
    """Offset of the data set in `data`."""
    end: int
    """Offset in `data` after the data set: what follows was appended."""
    problem: DicomError | None = None

    @cached_property
    def top(self) -> dict[int, Element]:
        """Elements at the top by tag; the last one where a tag stands twice."""
        return {one.tag: one for one in self.elements if one.parent < 0}

    def bytes_of(self, tag: int, most: int = 1 << 16) -> bytes:
        """Return the value of a top element, cut after `most` bytes; empty if there is none."""
        found = self.top.get(tag)
        return b"" if found is None else self.body[found.value : found.value + min(found.length, most)]

    def text(self, tag: int) -> str:
        """Return a top element's value as ASCII text without padding; empty if there is none."""
        return self.bytes_of(tag).decode("ascii", "replace").strip("\0 ")

    def number(self, tag: int, default: int = 0) -> int:
        """Return a top element's unsigned 16 or 32 bit value, or the integer string that it holds."""
        raw = self.bytes_of(tag, 16)
        found = self.top.get(tag)
        if found is not None and (found.vr == "IS" or tag == 0x00280008):  # Number of Frames is an IS
            word = raw.strip(b"\0 ")
            return int(word) if word.isdigit() else default
        if len(raw) not in (2, 4):
            return default
        return int.from_bytes(raw, "big" if self.syntax.big else "little")

    def path(self, index: int) -> str:
        """Return where element `index` stands, for example ``(0040,A730)[2](0008,0104)``."""
        steps: list[str] = []
        while index >= 0:
            one = self.elements[index]
            if one.tag == ITEM and one.parent >= 0:
                before = sum(
                    1
                    for place in range(one.parent + 1, index)
                    if self.elements[place].parent == one.parent and self.elements[place].tag == ITEM
                )
                steps.append(f"[{before + 1}]")
            else:
                steps.append(shown(one.tag))
            index = one.parent
        return "".join(reversed(steps))

    def at(self, offset: int) -> int:
        """Return the index of the innermost element whose bytes hold `offset` of `body`; -1 if none does."""
        low, high = 0, len(self.elements)
        while low < high:
            middle = (low + high) // 2
            if self.elements[middle].start <= offset:
                low = middle + 1
            else:
                high = middle
        index = low - 1
        while index >= 0 and self.elements[index].end <= offset:
            index = self.elements[index].parent
        return index


def shown(tag: int) -> str:
    """Return a tag as people write it: ``(0010,0010)``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
