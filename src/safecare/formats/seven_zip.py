"""Encrypted 7z archives, opened with a password: what libarchive does not read. Pure and bounded.

Chains of one coder after the other: AES, then LZMA, LZMA2, deflate, bzip2 or nothing, with the filters for programs.
Source: 7zFormat.txt of the LZMA SDK (public domain), Methods.txt; the key is SHA-256 over salt, password and a counter.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

MOST_NUMBER = 5000
"""Folders, coders, streams or files that are read. Chosen: more is a limit of the whole submission already."""
MOST_POWER = 20
"""Power of two of the turns of the key. Chosen: 7-Zip writes 19; each further one doubles 20 ms."""
_AES, _COPY, _LZMA, _LZMA2, _DEFLATE, _BZIP2 = (
    *(b"\x06\xf1\x07\x01", b"\x00", b"\x03\x01\x01", b"\x21", b"\x04\x01\x08", b"\x04\x02\x02"),
)
_FILTERS = {b"\x03\x03\x01\x03": lzma.FILTER_X86, b"\x04": lzma.FILTER_X86, b"\x03": lzma.FILTER_DELTA}


_PPMD = re.compile(rb"(?s)[\x03\x13\x23\x33]\x03\x04\x01\x05.(.{4})")
"""A coder: size and letters of its name (Methods.txt: PPMd, version H), its properties: order, and bytes of memory."""


class SevenZipError(ValueError):
    """The archive can't be read: damaged, packed in a way that is not known, or another password."""


@dataclass
class Folder:
    """Coders in the order in which they are undone: method, properties, size of what they give."""

    coders: list[tuple[bytes, bytes, int]]
    crc: int | None = None
    files: list[int] = field(default_factory=list)
    """Sizes of the files that lie in it one after the other."""


class _Reader:
    """Numbers and bytes of a header, one after the other."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def bytes(self, count: int) -> bytes:
        if count > len(self._raw) - self._at:
            raise SevenZipError("its directory is cut off")
        self._at += count
        return self._raw[self._at - count : self._at]

    def byte(self) -> int:
        return self.bytes(1)[0]

    def number(self) -> int:
        first, value = self.byte(), 0
        for place in range(8):
            if not first & 0x80 >> place:
                return value | (first & (0x80 >> place) - 1) << 8 * place
            value |= self.byte() << 8 * place
        return value

    def count(self) -> int:
        value = self.number()
        if value > MOST_NUMBER:
            raise SevenZipError("its directory claims too much")
        return value

    def bits(self, count: int) -> list[bool]:
        raw = self.bytes(-(-count // 8))
        return [bool(raw[place // 8] & 0x80 >> place % 8) for place in range(count)]

    def digests(self, count: int) -> list[int | None]:
        there = [True] * count if self.byte() else self.bits(count)
        return [int.from_bytes(self.bytes(4), "little") if one else None for one in there]


Unpack = Callable[[Callable[..., bytes], bytes], bytes]
"""Unpacks by `step(data, max_length)` within the budget of whoever asks."""


def members(raw: bytes, word: str, unpack: Unpack) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file. Raises `SevenZipError`, for a wrong password too, and what `unpack` raises."""
    keys: dict[bytes, bytes] = {}
    reader = _Reader(_directory(raw, word, unpack, keys))
    reader.byte()
    yield from _files(raw, reader, word, unpack, keys)


def memory_of_ppmd(raw: bytes, unpack: Unpack) -> int:
    """Return the bytes of memory that PPMd asks for in an archive; 0 where it is not used.

    Raises `SevenZipError` for a directory that is damaged or encrypted, and what `unpack` raises.
    """
    found = _PPMD.findall(_directory(raw, "", unpack, {}))
    return max((int.from_bytes(one, "little") for one in found), default=0)


def _directory(raw: bytes, word: str, unpack: Unpack, keys: dict[bytes, bytes]) -> bytes:
    """Return the directory as it is before it is packed, which it may be several times."""
    start, size = int.from_bytes(raw[12:20], "little"), int.from_bytes(raw[20:28], "little")
    head = raw[32 + start : 32 + start + size]
    for _ in range(4):
        reader = _Reader(head)
        kind = reader.byte()
        if kind == 0x01:
            return head
        if kind != 0x17:
            break
        packed, folders = _streams(reader)
        if not folders or not packed:
            break
        head = _decoded(raw, packed[0], folders[0], word, unpack, keys)
    raise SevenZipError("its directory is damaged")


def _files(
    raw: bytes, reader: _Reader, word: str, unpack: Unpack, keys: dict[bytes, bytes]
) -> Iterator[tuple[str, bytes]]:
    packed, folders, names, empty = list[tuple[int, int]](), list[Folder](), list[str](), list[bool]()
    while (kind := reader.byte()) != 0x00:
        if kind == 0x02:  # archive properties
            while reader.byte():
                reader.bytes(reader.number())
        elif kind == 0x04:
            packed, folders = _streams(reader)
        elif kind == 0x05:
            names, empty = _names(reader)
        else:
            raise SevenZipError("its directory is damaged")
    given = iter([name for name, none in zip(names, empty, strict=True) if not none])
    for place, one in zip(packed, folders, strict=False):
        data, at = _decoded(raw, place, one, word, unpack, keys), 0
        for size in one.files or [len(data)]:
            yield next(given, "member"), data[at : at + size]
            at += size


def _names(reader: _Reader) -> tuple[list[str], list[bool]]:
    count = reader.count()
    names, empty = [""] * count, [False] * count
    while (kind := reader.byte()) != 0x00:
        data = _Reader(reader.bytes(reader.number()))
        if kind == 0x0E:
            empty = data.bits(count)
        elif kind == 0x11 and not data.byte():
            for place in range(count):
                letters = bytearray()
                while (letter := data.bytes(2)) != b"\0\0":
                    letters += letter
                names[place] = letters.decode("utf-16-le", "replace")
    return names, empty


def _streams(reader: _Reader) -> tuple[list[tuple[int, int]], list[Folder]]:
    """Return place and size of each packed stream, and the folders."""
    packed, folders = list[tuple[int, int]](), list[Folder]()
    while (kind := reader.byte()) != 0x00:
        if kind == 0x06:
            packed = _packed(reader)
        elif kind == 0x07:
            folders = _folders(reader)
        elif kind == 0x08:
            _substreams(reader, folders)
        else:
            raise SevenZipError("its directory is damaged")
    return packed, folders


def _packed(reader: _Reader) -> list[tuple[int, int]]:
    at, count, sizes = 32 + reader.number(), reader.count(), list[int]()
    while (kind := reader.byte()) != 0x00:
        if kind == 0x09:
            sizes = [reader.number() for _ in range(count)]
        elif kind == 0x0A:
            reader.digests(count)
    places = []
    for size in sizes:
        places.append((at, size))
        at += size
    return places


def _folders(reader: _Reader) -> list[Folder]:
    if reader.byte() != 0x0B:
        raise SevenZipError("its directory is damaged")
    count = reader.count()
    if reader.byte():
        raise SevenZipError("its directory lies elsewhere")
    chains = [_chain(reader) for _ in range(count)]
    if reader.byte() != 0x0C:
        raise SevenZipError("its directory is damaged")
    folders = []
    for coders, order in chains:
        sizes = [reader.number() for _ in coders]
        folders.append(Folder([(*coders[place], sizes[place]) for place in order]))
    while (kind := reader.byte()) != 0x00:
        if kind == 0x0A:
            for one, crc in zip(folders, reader.digests(count), strict=True):
                one.crc = crc
    return folders


def _chain(reader: _Reader) -> tuple[list[tuple[bytes, bytes]], list[int]]:
    """Return the coders of a folder, and the order in which they are undone."""
    coders = []
    for _ in range(reader.count()):
        flags = reader.byte()
        method = reader.bytes(flags & 15)
        if flags & 0x10:
            raise SevenZipError("it is packed in a way that is not known here")
        coders.append((method, reader.bytes(reader.number()) if flags & 0x20 else b""))
    feeds = {}
    for _ in range(len(coders) - 1):
        into, out = reader.count(), reader.count()
        feeds[out] = into
    order = [place for place in range(len(coders)) if place not in feeds.values()][:1]
    while order and order[-1] in feeds and len(order) < len(coders):
        order.append(feeds[order[-1]])
    if sorted(order) != list(range(len(coders))):
        raise SevenZipError("its directory is damaged")
    return coders, order


def _substreams(reader: _Reader, folders: list[Folder]) -> None:
    counts, digests = [1] * len(folders), 0
    kind = reader.byte()
    if kind == 0x0D:
        counts = [reader.count() for _ in folders]
        kind = reader.byte()
    for one, count in zip(folders, counts, strict=True):
        sizes = [reader.number() for _ in range(count - 1)] if kind == 0x09 else []
        one.files = [*sizes, one.coders[-1][2] - sum(sizes)] if count else []
        digests += count if count != 1 or one.crc is None else 0
    if kind == 0x09:
        kind = reader.byte()
    while kind != 0x00:
        if kind == 0x0A:
            known = iter(reader.digests(digests))
            for one, count in zip(folders, counts, strict=True):
                if count == 1 and one.crc is None:
                    one.crc = next(known, None)
                else:
                    for _ in range(count if count != 1 else 0):
                        next(known, None)
        kind = reader.byte()


def _decoded(
    raw: bytes, place: tuple[int, int], folder: Folder, word: str, unpack: Unpack, keys: dict[bytes, bytes]
) -> bytes:
    data = raw[place[0] : place[0] + place[1]]
    for method, properties, size in folder.coders:
        if method == _AES:
            data = _decrypted(data, properties, word, keys)[:size]
        elif method in (_LZMA, _LZMA2, _DEFLATE, _BZIP2):
            try:
                data = unpack(_unpacker(method, properties), data)[:size]
            except lzma.LZMAError as error:
                raise SevenZipError("another password, or damaged") from error
        elif method in _FILTERS:
            kind = {"id": _FILTERS[method]}
            whole = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[kind, {"id": lzma.FILTER_LZMA2}])
            data = _filtered(whole, data)
        elif method != _COPY:
            raise SevenZipError("it is packed in a way that is not known here")
        if len(data) < size:
            raise SevenZipError("another password, or damaged")
    if folder.crc is not None and zlib.crc32(data) != folder.crc:
        raise SevenZipError("another password, or damaged")
    return data


def _unpacker(method: bytes, properties: bytes) -> Callable[..., bytes]:
    if method == _DEFLATE:
        return zlib.decompressobj(-15).decompress
    if method == _BZIP2:
        return bz2.BZ2Decompressor().decompress
    if method == _LZMA2 and len(properties) == 1 and properties[0] <= 34:
        size = (2 | properties[0] & 1) << properties[0] // 2 + 11
        chosen = {"id": lzma.FILTER_LZMA2, "dict_size": size}
    elif method == _LZMA and len(properties) == 5 and properties[0] < 225:
        size = max(4096, int.from_bytes(properties[1:], "little"))
        first = properties[0]
        chosen = {"id": lzma.FILTER_LZMA1, "lc": first % 9, "lp": first // 9 % 5, "pb": first // 45, "dict_size": size}
    else:
        raise SevenZipError("its directory is damaged")
    if size > 1 << 27:
        raise SevenZipError("it needs too much memory")
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chosen]).decompress
    except (lzma.LZMAError, ValueError) as error:
        raise SevenZipError("its directory is damaged") from error


def _filtered(whole: lzma.LZMADecompressor, data: bytes) -> bytes:
    """Return `data` through the filter for programs: laid into LZMA2 as plain pieces, the only way in."""
    pieces = [data[at : at + 65536] for at in range(0, len(data), 65536)]
    made = b"".join(
        bytes([1 if not number else 2]) + (len(one) - 1).to_bytes(2, "big") + one for number, one in enumerate(pieces)
    )
    try:
        return whole.decompress(made + b"\0")
    except lzma.LZMAError as error:
        raise SevenZipError("another password, or damaged") from error


def _decrypted(data: bytes, properties: bytes, word: str, keys: dict[bytes, bytes]) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    first, second = (properties + b"\0\0")[:2]
    salt_size = (first >> 7 & 1) + (second >> 4)
    start_size = (first >> 6 & 1) + (second & 15)
    salt, start = properties[2 : 2 + salt_size], properties[2 + salt_size : 2 + salt_size + start_size]
    power = first & 0x3F
    if power > MOST_POWER:
        raise SevenZipError("its key takes too long")
    mark = bytes([power]) + salt
    if mark not in keys:
        keys[mark] = _key(salt, word, power)
    cipher = Cipher(algorithms.AES(keys[mark]), modes.CBC(start.ljust(16, b"\0")))
    return cipher.decryptor().update(data[: len(data) // 16 * 16])


def _key(salt: bytes, word: str, power: int) -> bytes:
    """Return the key: SHA-256 over 2^power pieces of salt, password and counter, laid out 65,536 at a time."""
    piece = salt + word.encode("utf-16-le")
    digest, count = hashlib.sha256(), 1 << power
    block = np.zeros((min(count, 65536), len(piece) + 8), np.uint8)
    block[:, : len(piece)] = np.frombuffer(piece, np.uint8)
    for first in range(0, count, 65536):
        numbers = np.arange(first, first + len(block), dtype="<u8")
        block[:, len(piece) :] = numbers.view(np.uint8).reshape(-1, 8)
        digest.update(block.tobytes())
    return digest.digest()
