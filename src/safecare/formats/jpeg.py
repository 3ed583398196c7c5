"""JPEG files of phones: checked, and freed from what they tell beside the picture (place, device, owner).

Source: ITU-T T.81 (JPEG), annex B.
"""

from __future__ import annotations

MOST = 4_000_000
"""Largest file in bytes (chosen: a photo of 12 megapixels at fair quality)."""
SIDE = 8192
"""Most pixels of a side (chosen: twice the phones of today)."""
_KEPT = frozenset({0xDB, 0xC4, 0xDD, 0xDA, 0xEE, 0xE0, *(set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC})})
"""Segments that the picture itself needs: tables, restart interval, frames, scan, and the marks of JFIF and Adobe."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Starts of a frame, which tell the size (ITU-T T.81, table B.1)."""


class JpegError(ValueError):
    """The bytes are no JPEG picture that we take: why, and the byte at which that is seen."""

    def __init__(self, reason: str, place: int) -> None:
        """Keep reason and place."""
        super().__init__(f"{reason} (byte {place})")
        self.reason = reason
        self.place = place


def stripped(raw: bytes) -> bytes:
    """Return the picture without comments, Exif, maker's data and what stands behind its end. Raises `JpegError`."""
    if len(raw) > MOST:
        raise JpegError("too large", MOST)
    if raw[:2] != b"\xff\xd8":
        raise JpegError("no JPEG file", 0)
    out, at, framed = bytearray(b"\xff\xd8"), 2, False
    while True:
        if at + 4 > len(raw) or raw[at] != 0xFF:
            raise JpegError("a segment is broken off", at)
        marker, length = raw[at + 1], int.from_bytes(raw[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(raw):
            raise JpegError("a segment is broken off", at)
        if marker in _FRAMES:
            framed = True
            _check_size(raw, at, length)
        if marker in _KEPT:
            out += raw[at:end]
        at = end
        if marker == 0xDA:
            break
    if not framed:
        raise JpegError("there is no picture in it", at)
    return bytes(out) + _scans(raw, at)


def _check_size(raw: bytes, at: int, length: int) -> None:
    if length < 8:
        raise JpegError("a segment is broken off", at)
    height, width = int.from_bytes(raw[at + 5 : at + 7], "big"), int.from_bytes(raw[at + 7 : at + 9], "big")
    if not 0 < height <= SIDE or not 0 < width <= SIDE:
        raise JpegError("the picture is too large, or empty", at)


def _scans(raw: bytes, at: int) -> bytes:
    """Return the coded picture up to its end mark; what stands behind it is left out."""
    end = raw.find(b"\xff\xd9", at)
    if end < 0:
        raise JpegError("the picture has no end", len(raw))
    return raw[at : end + 2]
