"""What readers of discs share: bytes of an image, the places of a file in it, bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

MOST_ENTRIES, MOST_DEPTH = 5000, 16
"""Entries that are looked at in all, and folders within folders. Chosen: drives of malware hold a few files."""
_MOST_STEPS = 200_000
"""Links of chains that are followed in one volume. Chosen: 100 MB in clusters of 512 bytes; 0.3 s."""


@dataclass(frozen=True)
class Packed:
    """Contents that the file system keeps packed, and that plain Python unpacks."""

    read: Callable[[int], bytes]
    """Returns at most so many bytes of it. Raises `DiscError`."""


Found = tuple[str, "list[tuple[int, int]] | bytes | Packed | None", int]
"""Path, pieces (first byte, number of bytes) or the bytes themselves, and size of a file; None: it can't be read."""


class DiscError(ValueError):
    """The image is damaged: its structures lead outside of it, or in a circle."""


class CrowdedError(DiscError):
    """The disc holds more than `MOST_ENTRIES`: what comes after them was not looked at."""

    def __init__(self) -> None:
        super().__init__("more entries than are looked at")


class Image(Protocol):
    """The bytes of a disc: those of the file, or those that a virtual disc says to have."""

    def __len__(self) -> int:
        """Return the size in bytes."""
        ...

    def __getitem__(self, span: slice, /) -> bytes:
        """Return the bytes of a piece."""
        ...


def joined(raw: Image, pieces: list[tuple[int, int]] | bytes, size: int) -> bytes:
    """Return the first `size` bytes of what lies in `pieces`."""
    if isinstance(pieces, bytes):
        return pieces[:size]
    out = bytearray()
    for start, count in pieces:
        if len(out) >= size:
            break
        out += raw[start : start + min(count, size - len(out))]
    return bytes(out)


def number(raw: Image, at: int, size: int) -> int:
    """Return the number of `size` bytes at `at`, lowest byte first. Raises `DiscError` where the image ends before."""
    piece = raw[at : at + size] if at >= 0 else b""
    if len(piece) < size:
        raise DiscError("a structure leads outside of the image")
    return int.from_bytes(piece, "little")


def most_steps(raw: Image, cluster: int) -> int:
    """Return how many links of chains are followed in `raw`: twice its clusters, as none belongs to two files."""
    return min(2 * (len(raw) // max(1, cluster)), _MOST_STEPS) + MOST_ENTRIES
