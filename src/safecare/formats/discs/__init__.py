"""Files in images of discs: FAT, exFAT, NTFS, alone, in partitions, or in a virtual disc; and UDF. Pure.

Windows opens such images as drives with a double click, and what lies in them has no mark of the web. Source of the
partitions: UEFI 2.10, chapter 5 (MBR and GPT).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from safecare.formats.discs.exfat import ExFat, is_exfat
from safecare.formats.discs.fat import Fat, is_fat
from safecare.formats.discs.grown import MARKS, VDI, opened
from safecare.formats.discs.image import CrowdedError, DiscError, Found, Image, Packed, joined
from safecare.formats.discs.ntfs import Ntfs, is_ntfs
from safecare.formats.discs.udf import files as udf_files
from safecare.formats.discs.udf import is_udf

_MOST_PARTITIONS = 16
"""Partitions that are looked at. Chosen: a stick has one to three."""
_GPT = 0xEE
"""Type of the one partition of a disc whose partitions stand in a table of their own."""

_UNREAD = (
    ("ext", 1080, b"\x53\xef"),
    ("xfs", 0, b"XFSB"),
    ("btrfs", 0x10040, b"_BHRfS_M"),
    ("hfs", 1024, b"H+\0\4"),
    ("hfs", 1024, b"HX\0\5"),
    ("apfs", 32, b"NXSB"),
    ("refs", 3, b"ReFS\0"),
    ("bitlocker", 3, b"-FVE-FS-"),
    ("luks", 0, b"LUKS\xba\xbe"),
)
"""Volumes that are not read, and what tells them: place and mark (the file systems' own documentation)."""
_BLOCKS = frozenset(one.to_bytes(4, "little") for one in range(7))
"""Sizes of blocks of ext (``s_log_block_size``)."""
Volume = Fat | ExFat | Ntfs


def holds_files(raw: bytes) -> bool:
    """Tell whether `raw` is a plain image of a disc that `files` reads, UDF and virtual discs apart."""
    return (raw[510:512] == b"\x55\xaa" and any(True for _ in _volumes(raw))) or any(True for _ in unread(raw))


def virtual(raw: bytes) -> str:
    """Return the kind of virtual disc that `raw` is; empty for none."""
    if raw[64:68] == VDI:
        return "vdi"
    return MARKS.get(raw[:8], MARKS.get(raw[:4], ""))


def files(raw: bytes, image: Image) -> Iterator[Found]:
    """Yield the files of all that the file `raw` holds, whose disc is `image` (`opened`). Raises `DiscError`."""
    try:
        if image is raw and is_udf(raw):
            yield from udf_files(raw)
        for kind, start in _volumes(image):
            yield from kind(image, start).files()
    except (struct.error, IndexError) as error:
        raise DiscError("a structure leads outside of the image") from error


def _volumes(image: Image) -> Iterator[tuple[type[Volume], int]]:
    """Yield where volumes begin: at the start, or in partitions."""
    head = image[0:512]
    if kind := _kind(head):
        yield kind, 0
    elif head[510:512] == b"\x55\xaa":
        for start in _partitions(image, head):
            if kind := _kind(image[start : start + 512]):
                yield kind, start


def unread(image: Image) -> Iterator[str]:
    """Yield the kinds of volumes in `image` that are not read: those of Linux and Apple, and encrypted ones."""
    head = image[0:512]
    starts = _partitions(image, head) if head[510:512] == b"\x55\xaa" and not _kind(head) else ()
    for start in (0, *starts):
        for kind, at, mark in _UNREAD:
            if image[start + at : start + at + len(mark)] == mark and (kind != "ext" or _is_ext(image, start + 1024)):
                yield kind


def _is_ext(image: Image, at: int) -> bool:
    """Tell whether a superblock of ext2 to ext4 says what it may: a mark of two bytes stands elsewhere by chance."""
    block, state, revision = (image[at + place : at + place + 4] for place in (24, 58, 76))
    return block in _BLOCKS and state[0] in range(1, 8) and revision in (bytes(4), b"\1\0\0\0")


def _partitions(image: Image, head: bytes) -> Iterator[int]:
    for at in range(446, 510, 16):
        if head[at + 4] != _GPT:
            yield int.from_bytes(head[at + 8 : at + 12], "little") * 512
            continue
        table = image[512:1024]
        if table[:8] == b"EFI PART":
            first, _, size = struct.unpack_from("<QII", table, 72)
            for one in range(_MOST_PARTITIONS if 128 <= size <= 4096 else 0):
                entry = image[first * 512 + one * size : first * 512 + one * size + 40]
                if entry[:16].strip(b"\0") and len(entry) == 40:
                    yield int.from_bytes(entry[32:40], "little") * 512


def _kind(head: bytes) -> type[Volume] | None:
    if len(head) < 512:
        return None
    return Fat if is_fat(head) else ExFat if is_exfat(head) else Ntfs if is_ntfs(head) else None


__all__ = [
    "CrowdedError",
    "DiscError",
    "Packed",
    "files",
    "holds_files",
    "is_udf",
    "joined",
    "opened",
    "unread",
    "virtual",
]
