"""Writes small DICOM files byte by byte, broken ones too: a library would refuse to.

Source: PS3.5 sections 7.1 (elements), 7.5 (nesting), A.4 (fragments), A.5 (deflated); PS3.10 section 7.1.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from safecare.formats.dicom.walk import LONG

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED, JPEG, JPEG_LS = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.80"
JPEG_2000, JPIP, RLE = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.5"
HTJ2K, MPEG4 = "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.102"
"""Transfer syntaxes: PS3.6 annex A."""
ROOT = "2.25.329800735698586629295641978511506172918"
"""A UID of our own, derived from a UUID (PS3.5 section B.2)."""
CT_IMAGE, ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.104.1"
ENCAPSULATED_CDA, ENCAPSULATED_STL = "1.2.840.10008.5.1.4.1.1.104.2", "1.2.840.10008.5.1.4.1.1.104.3"
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"

Value = bytes | str | int | list["Items"]
Items = dict[tuple[int, str], "Value"]
"""A data set: value by (tag, VR). A list of data sets is a sequence."""


@dataclass
class Writer:
    """Writes data sets in one transfer syntax. `undefined` writes sequences with delimiters instead of lengths."""

    syntax: str = EXPLICIT
    undefined: bool = False

    @property
    def _order(self) -> str:
        return ">" if self.syntax == BIG else "<"

    def element(self, tag: int, vr: str, value: Value, *, length: int | None = None) -> bytes:
        """Return one element; `length` writes another length than the true one."""
        raw = self._value(vr, value)
        told = len(raw) if length is None else length
        if isinstance(value, list) and self.undefined and length is None:
            told, raw = 0xFFFFFFFF, raw + self._delimiter(0xFFFEE0DD)
        return self._head(tag, vr, told) + raw

    def dataset(self, items: Items) -> bytes:
        """Return the elements in the order of their tags."""
        return b"".join(self.element(tag, vr, value) for (tag, vr), value in sorted(items.items()))

    def fragments(self, parts: Iterable[bytes], table: bytes = b"") -> bytes:
        """Return encapsulated pixel data: the offset table, then each fragment as an item."""
        inner = b"".join(self._delimiter(0xFFFEE000, len(part)) + part for part in (table, *map(padded, parts)))
        return self._head(0x7FE00010, "OB", 0xFFFFFFFF) + inner + self._delimiter(0xFFFEE0DD)

    def _value(self, vr: str, value: Value) -> bytes:
        if isinstance(value, list):
            return b"".join(self._item(one) for one in value)
        if isinstance(value, int):
            return struct.pack(self._order + {"US": "H", "UL": "I", "SS": "h"}[vr], value)
        if isinstance(value, str):
            return padded(value.encode("utf-8"), b"\0" if vr == "UI" else b" ")
        return padded(value)

    def _item(self, items: Items) -> bytes:
        raw = self.dataset(items)
        if self.undefined:
            return self._delimiter(0xFFFEE000, 0xFFFFFFFF) + raw + self._delimiter(0xFFFEE00D)
        return self._delimiter(0xFFFEE000, len(raw)) + raw

    def _delimiter(self, tag: int, length: int = 0) -> bytes:
        return struct.pack(self._order + "HHI", tag >> 16, tag & 0xFFFF, length)

    def _head(self, tag: int, vr: str, length: int) -> bytes:
        place = struct.pack(self._order + "HH", tag >> 16, tag & 0xFFFF)
        if self.syntax == IMPLICIT and tag >> 16 != 2:
            return place + struct.pack("<I", length)
        if vr.encode() in LONG:
            return place + vr.encode() + b"\0\0" + struct.pack(self._order + "I", length)
        return place + vr.encode() + struct.pack(self._order + "H", length & 0xFFFF)


@dataclass
class Image:
    """A file to be: change the fields, then `write`. As made, it is a valid CT image of 16 x 16 random voxels."""

    syntax: str = EXPLICIT
    preamble: bytes = b""
    sop_class: str = CT_IMAGE
    instance: str = ROOT + ".1"
    items: Items = field(default_factory=dict)
    pixels: bytes | None = None
    """Native pixel data."""
    fragments: tuple[bytes, ...] = ()
    """Encapsulated pixel data, instead of `pixels`."""
    table: bytes = b""
    """Basic offset table of `fragments`."""
    raw: bytes = b""
    """Bytes put behind the last element as they are (of the inflated data set, where it is deflated)."""
    after: bytes = b""
    """Bytes put behind the whole."""
    undefined: bool = False
    meta: Mapping[tuple[int, str], Value] = field(default_factory=dict)

    def write(self) -> bytes:
        """Return the file."""
        return self.head() + self.body() + self.after

    def head(self) -> bytes:
        """Return preamble, prefix and meta information."""
        told: Items = {
            (0x00020001, "OB"): b"\0\1",
            (0x00020002, "UI"): self.sop_class,
            (0x00020003, "UI"): self.instance,
            (0x00020010, "UI"): self.syntax,
            (0x00020012, "UI"): ROOT,
            (0x00020013, "SH"): "SAFECARE_TEST",
            **self.meta,
        }
        writer = Writer(EXPLICIT)
        meta = writer.dataset(told)
        return self.preamble.ljust(128, b"\0") + b"DICM" + writer.element(0x00020000, "UL", len(meta)) + meta

    def body(self) -> bytes:
        """Return the data set as the transfer syntax wants it."""
        plain = EXPLICIT if self.syntax not in (IMPLICIT, BIG) else self.syntax
        writer = Writer(plain, self.undefined)
        items = {(0x00080016, "UI"): self.sop_class, (0x00080018, "UI"): self.instance, **self.items}
        if self.pixels is not None:
            items[0x7FE00010, "OW"] = self.pixels
        raw = writer.dataset(items)
        if self.fragments:
            raw += writer.fragments(self.fragments, self.table)
        raw += self.raw
        if self.syntax == DEFLATED:
            deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
            raw = padded(deflater.compress(raw) + deflater.flush())
        return raw


def padded(raw: bytes, filler: bytes = b"\0") -> bytes:
    """Return `raw` with an even number of bytes (PS3.5 section 7.1.1)."""
    return raw + filler if len(raw) % 2 else raw
