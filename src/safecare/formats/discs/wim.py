"""Files in images of Windows (WIM): stored, XPRESS and LZX ones are read, of LZMS ones (ESD) nothing is. Pure, bounded.

A table of blobs says where contents lie by their SHA-1; each image has a tree of names that says which blob is whose.
Source: [MS-WIM] (Microsoft, 2007 and 2012); wimlib's notes on dentries and solid resources.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from safecare.formats.discs.image import MOST_DEPTH, MOST_ENTRIES, CrowdedError, DiscError
from safecare.formats.packed import LZX, XPRESS, PackedError, chunks

MAGIC = b"MSWIM\0\0\0"
_PACKED, _XPRESS, _LZX = 0x2, 0x20000, 0x40000
"""Flags of the head: something is packed, and by what."""
_METADATA, _COMPRESSED, _SPANNED, _SOLID = 0x02, 0x04, 0x08, 0x10
"""Flags of a resource."""
_FOLDER = 0x10
_NOTHING = bytes(20)
_MOST_IMAGES, _MOST_TREE = 16, 8 * 1024 * 1024
"""Images whose names are read, and bytes of the names of one. Chosen: a whole Windows has 20 MB, a carrier 1 kB."""


class Resource(NamedTuple):
    """Where bytes lie: place, size there and unpacked, and flags."""

    at: int
    stored: int
    size: int
    flags: int


class File(NamedTuple):
    """One file (or stream of it) in an image; None where its contents can't be read here."""

    name: str
    resource: Resource | None


class Wim:
    """One image file."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) < 208 or not raw.startswith(MAGIC):
            raise DiscError("its head is cut off")
        self._raw = raw
        flags, self._chunk = struct.unpack_from("<II", raw, 16)
        self._left = MOST_ENTRIES
        this = raw[40:42]
        self._method = XPRESS if flags & _XPRESS else LZX if flags & _LZX else "" if flags & _PACKED else "none"
        self._images = list[Resource]()
        self._blobs = dict[bytes, Resource]()
        table = self.read(_resource(raw, 48), MOST_ENTRIES * 50)
        for at in range(0, len(table) // 50 * 50, 50):
            one = _resource(table, at)
            if one.flags & _METADATA:
                self._images.append(one)
            if table[at + 24 : at + 26] == this:  # the others lie in further files
                self._blobs.setdefault(table[at + 30 : at + 50], one)

    def read(self, one: Resource, most: int) -> bytes:
        """Return at most `most` bytes of a resource. Raises `DiscError`."""
        data = self._raw[one.at : one.at + one.stored]
        if not one.flags & _COMPRESSED:
            return data[: min(one.size, most)]
        try:
            return chunks(data, one.size, self._chunk, self._method, min(one.size, most))
        except PackedError as error:
            raise DiscError(str(error)) from error

    def readable(self, one: Resource) -> bool:
        """Tell whether this packing is read here, and all of it lies in this file."""
        return not one.flags & (_SOLID | _SPANNED) and (not self.packed(one) or self._method in (XPRESS, LZX))

    def packed(self, one: Resource) -> bool:
        """Tell whether plain Python has to unpack it."""
        return bool(one.flags & _COMPRESSED)

    def trees(self) -> list[Resource]:
        """Return the resources that hold names, one for each image. Raises `CrowdedError`."""
        if len(self._images) > _MOST_IMAGES or any(one.size > _MOST_TREE for one in self._images):
            raise CrowdedError
        return self._images

    def files(self, tree: bytes) -> Iterator[File]:
        """Yield the files that the tree of names `tree` tells. Raises `DiscError`, `CrowdedError`."""
        root = -(-int.from_bytes(tree[:4], "little") // 8) * 8
        left, met = [(root, "", 0)], set[int]()
        while left:
            at, above, depth = left.pop()
            if at in met or depth > MOST_DEPTH:
                continue
            met.add(at)
            while (size := int.from_bytes(tree[at : at + 8], "little")) > 8:
                self._left -= 1
                if self._left < 0:
                    raise CrowdedError
                if size < 102 or at + size > len(tree):
                    raise DiscError("its tree of names is damaged")
                length = int.from_bytes(tree[at + 100 : at + 102], "little")
                name = tree[at + 102 : at + 102 + length].decode("utf-16-le", "replace")
                path = f"{above}/{name}" if above else name
                below = int.from_bytes(tree[at + 16 : at + 24], "little")
                folder = bool(tree[at + 8] & _FOLDER)
                main = tree[at + 64 : at + 84]
                streams = int.from_bytes(tree[at + 96 : at + 98], "little")
                if folder and below:
                    left.append((below, path, depth + 1))
                at = -(-(at + size) // 8) * 8
                if not folder and main != _NOTHING:
                    yield self._file(path, main)
                for _ in range(streams):
                    at, found = self._stream(tree, at, path, folder=folder)
                    yield from found

    def _stream(self, tree: bytes, at: int, path: str, *, folder: bool) -> tuple[int, list[File]]:
        size = int.from_bytes(tree[at : at + 8], "little")
        if size < 38 or at + size > len(tree):
            raise DiscError("its tree of names is damaged")
        length = int.from_bytes(tree[at + 36 : at + 38], "little")
        stream = tree[at + 38 : at + 38 + length].decode("utf-16-le", "replace")
        digest = tree[at + 16 : at + 36]
        found = (
            []
            if digest == _NOTHING or (folder and not stream)
            else [self._file(path + f":{stream}" * bool(stream), digest)]
        )
        return -(-(at + size) // 8) * 8, found

    def _file(self, path: str, digest: bytes) -> File:
        return File(path, self._blobs.get(digest))


def _resource(raw: bytes, at: int) -> Resource:
    low, place, size = struct.unpack_from("<QQQ", raw, at)
    return Resource(place, low & (1 << 56) - 1, size, low >> 56)
