"""Encapsulated frames: how an image of a transfer syntax must begin, where it ends, and the comments within.

Source: PS3.5 annexes A.4 (encapsulation), G (RLE); ISO 10918-1 annex B (JPEG markers), ISO 15444-1 annex A.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

_JPEG, _J2K, _RLE, _VIDEO, _JXL = "jpeg", "jpeg-2000", "rle", "video", "jpeg-xl"
_KINDS = (
    ("1.2.840.10008.1.2.4.5", _JPEG),  # .50 to .57
    ("1.2.840.10008.1.2.4.6", _JPEG),
    ("1.2.840.10008.1.2.4.7", _JPEG),
    ("1.2.840.10008.1.2.4.8", _JPEG),  # .80, .81: JPEG-LS has JPEG's markers
    ("1.2.840.10008.1.2.4.90", _J2K),
    ("1.2.840.10008.1.2.4.91", _J2K),
    ("1.2.840.10008.1.2.4.92", _J2K),
    ("1.2.840.10008.1.2.4.93", _J2K),
    ("1.2.840.10008.1.2.4.10", _VIDEO),  # .100 to .108
    ("1.2.840.10008.1.2.4.11", _JXL),  # .110 to .112
    ("1.2.840.10008.1.2.4.20", _J2K),  # .201 to .203: high throughput
    ("1.2.840.10008.1.2.5", _RLE),
)
_STARTS: dict[str, tuple[bytes, ...]] = {
    _JPEG: (b"\xff\xd8\xff",),
    _J2K: (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  "),
    _JXL: (b"\xff\x0a", b"\0\0\0\x0cJXL ", b"\xff\xd8\xff"),
    _VIDEO: (b"\0\0\1", b"\0\0\0\1", b"\x47"),
}
_SCAN = 0xDA
_FRAME_HEADS = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
"""Markers that state the size of an image: ISO 10918-1 table B.1, ISO 14495-1 (0xF7)."""
MOST_TILES = 20_000
"""Markers and tile-parts of one codestream that are followed. Chosen: a slide's level has some hundred."""
MOST_MARKERS = 200
"""Markers of one frame that are looked at. Chosen: a JPEG has about 10, with colour profiles up to 60."""


def codec(uid: str) -> str:
    """Return the kind of frames of a transfer syntax; empty if it is none that is known here."""
    return next((kind for start, kind in _KINDS if uid.startswith(start)), "")


def begins(kind: str, frame: bytes) -> bool:
    """Tell whether `frame` (its first bytes) begins as a frame of `kind` must; True where that is not known."""
    if kind == _RLE:
        return len(frame) >= 64 and 1 <= int.from_bytes(frame[:4], "little") <= 15 and frame[4:8] == b"\x40\0\0\0"
    if kind == _VIDEO and frame[4:8] == b"ftyp":
        return True
    return kind not in _STARTS or frame.startswith(_STARTS[kind])


Segment = tuple[int, int, int]
"""Marker, start of the content, end of it."""


def ends(kind: str, data: bytes, start: int, stop: int, segments: Sequence[Segment]) -> int:
    """Return the offset after the image that begins at `start`; `stop` where that can't be told or it is cut off."""
    if kind == _J2K and data[start : start + 2] == b"\xff\x4f":
        return _codestream_end(data, start, stop)
    if kind != _JPEG or not segments or segments[-1][0] != _SCAN:
        return stop
    found = data.find(b"\xff\xd9", segments[-1][2], stop)
    return found + 2 if found >= 0 else stop


def _codestream_end(data: bytes, start: int, stop: int) -> int:
    """Return the offset after a JPEG 2000 codestream: tile-parts say their lengths (ISO 15444-1 A.4.2)."""
    at = start + 2
    for _ in range(MOST_TILES):
        marker = data[at : min(at + 2, stop)]
        if marker == b"\xff\xd9":
            return at + 2
        if at + 12 > stop or marker[:1] != b"\xff":
            return stop
        if marker == b"\xff\x90":
            length = int.from_bytes(data[at + 6 : at + 10], "big")
            if not length:  # up to the end of the codestream
                found = data.find(b"\xff\xd9", at + 12, stop)
                return found + 2 if found >= 0 else stop
            at += max(length, 12)
        else:
            at += 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
    return stop


def notes(kind: str, segments: Iterable[Segment]) -> Iterator[tuple[int, int]]:
    """Yield start and end of what a frame holds besides the image: comments, application segments."""
    for marker, first, last in segments:
        if marker == (0x64 if kind == _J2K else 0xFE) or (kind == _JPEG and 0xE0 <= marker <= 0xEF):
            yield first + 2 * (kind == _J2K), last  # the first two bytes of a comment of JPEG 2000 are its registration


def size(kind: str, data: bytes, segments: Iterable[Segment]) -> int:
    """Return the pixels that the head of a frame claims; 0 where it does not say."""
    for marker, first, last in segments:
        if kind == _J2K and marker == 0x51 and first + 10 <= last and data[first] < 0x80:
            return _number(data, first + 2, 4) * _number(data, first + 6, 4)
        if kind == _JPEG and marker in _FRAME_HEADS and first + 5 <= last:
            return _number(data, first + 1, 2) * _number(data, first + 3, 2)
    return 0


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "big")


def markers(kind: str, data: bytes, start: int, stop: int) -> Iterator[Segment]:
    """Yield (marker, start of its segment's content, end of it) of a JPEG or JPEG 2000 up to its first scan or tile."""
    at = start + 2
    for _ in range(MOST_MARKERS if kind in (_JPEG, _J2K) else 0):
        if at + 4 > stop or data[at] != 0xFF:
            return
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xFF:  # fill byte (B.1.1.2)
            at += 1
            continue
        end = min(at + 2 + length, stop)
        yield marker, at + 4, end
        if marker in (_SCAN, 0x90, 0xD9) or length < 2:
            return
        at = end
