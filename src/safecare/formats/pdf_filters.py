"""Filters of PDF streams that no library of ours has: ASCII85, run length, LZW, and the predictors of tables.

Pure and bounded: what plain Python does byte by byte is bounded in bytes, the rest runs in compiled loops. Source: ISO
32000-1:2008, 7.4.3 to 7.4.5.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

EACH_LINE = 16
"""Bytes read one by one in the time that a line takes. Measured."""
_POWERS = np.array([85**4, 85**3, 85**2, 85, 1], np.uint64)


class FilterError(ValueError):
    """A stream is not coded as it says."""


def ascii85(data: bytes) -> bytes:
    """Return ASCII85 `data` decoded, up to its end mark. Raises `FilterError`."""
    body = data.split(b"~>")[0].removeprefix(b"<~").translate(None, _NOT_85).replace(b"z", b"!!!!!")
    more = -len(body) % 5
    if more == 4:
        raise FilterError("a group of one letter")
    digits = np.frombuffer(body + b"u" * more, np.uint8).reshape(-1, 5) - 33
    words = digits.astype(np.uint64) @ _POWERS
    if words.size and int(words.max()) >= 1 << 32:
        raise FilterError("a group that is too large")
    out = words.astype(">u4").tobytes()
    return out[: len(out) - more] if more else out


_NOT_85 = bytes(one for one in range(256) if not (33 <= one <= 117 or one == 122))


def run_length(data: bytes, most: int) -> bytes:
    """Return run-length coded `data` decoded, at most `most` bytes."""
    out, place = bytearray(), 0
    while place < len(data) and data[place] != 128 and len(out) < most:
        count = data[place]
        if count < 128:
            out += data[place + 1 : place + 2 + count]
            place += 2 + count
        else:
            out += data[place + 1 : place + 2] * (257 - count)
            place += 2
    return bytes(out)


def lzw(data: bytes, most: int) -> bytes:
    """Return `data` unpacked by LZW with early change (ISO 32000-1, 7.4.4.2), at most `most` bytes."""
    table: list[bytes] = [bytes([one]) for one in range(256)] + [b"", b""]
    out, width, held, count = bytearray(), 9, 0, 0
    before = b""
    for byte in data:
        held = held << 8 | byte
        count += 8
        if count < width:
            continue
        count -= width
        code = held >> count
        held &= (1 << count) - 1
        if code == 257 or len(out) > most:
            break
        if code == 256:
            del table[258:]
            width, before = 9, b""
            continue
        if code < len(table):
            entry = table[code]
        elif before:
            entry = before + before[:1]
        else:
            break
        out += entry
        if before and len(table) < 4096:
            table.append(before + entry[:1])
        before = entry
        width = 9 + (len(table) >= 511) + (len(table) >= 1023) + (len(table) >= 2047)
    return bytes(out[:most])


def predicted(data: bytes, row: int, pixel: int, slowly: Callable[[int], int]) -> bytes:
    """Undo the PNG predictors of tables and streams, whose lines are `row` bytes and whose values `pixel` bytes.

    Where lines differ they are read one by one, and by "average" and "Paeth" byte by byte: `slowly` is told how many
    bytes that is and grants them, or fewer; then the data stays as it is.
    """
    rows = len(data) // (row + 1) if row else 0
    if not rows:
        return data
    lines = np.frombuffer(data, np.uint8, rows * (row + 1)).reshape(rows, row + 1)
    kinds, values = lines[:, 0], lines[:, 1:]
    if (kinds == 2).all():
        return np.add.accumulate(values, axis=0, dtype=np.uint8).tobytes()
    if (kinds == 0).all():
        return values.tobytes()
    needed = int((kinds > 2).sum()) * row + rows * EACH_LINE
    if slowly(needed) < needed:
        return data
    before, out = np.zeros(row, np.uint8), []
    for kind, line in zip(kinds.tolist(), values, strict=True):
        if kind == 1:
            before = _summed(line, pixel)
        elif kind == 2:
            before = line + before
        elif kind in (3, 4):
            before = _by_neighbours(line.tolist(), before.tolist(), pixel, paeth=kind == 4)
        else:
            before = line
        out.append(before.tobytes())
    return b"".join(out)


def turned_off(data: bytes, row: int, pixel: int = 1) -> bytes:
    """Undo the predictor of TIFF (8 bits a value): each value is the difference to the one before it in its line."""
    rows = len(data) // row if row else 0
    lines = np.frombuffer(data, np.uint8, rows * row).reshape(rows, row)
    if row % pixel:
        return data
    return np.add.accumulate(lines.reshape(rows, -1, pixel), axis=1, dtype=np.uint8).tobytes()


def _summed(line: NDArray[np.uint8], pixel: int) -> NDArray[np.uint8]:
    """Return the running sums of a line's values, each part of a value for itself."""
    whole = np.zeros(-(-len(line) // pixel) * pixel, np.uint8)
    whole[: len(line)] = line
    return np.add.accumulate(whole.reshape(-1, pixel), axis=0, dtype=np.uint8).reshape(-1)[: len(line)]


def _by_neighbours(line: list[int], above: list[int], pixel: int, *, paeth: bool) -> NDArray[np.uint8]:
    """Undo "average" or "Paeth" (PNG, 9.2) of one line."""
    for at, value in enumerate(line):
        left = line[at - pixel] if at >= pixel else 0
        up = above[at]
        if not paeth:
            line[at] = (value + (left + up) // 2) & 255
            continue
        corner = above[at - pixel] if at >= pixel else 0
        to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
        near = left if to_left <= min(to_up, to_corner) else up if to_up <= to_corner else corner
        line[at] = (value + near) & 255
    return np.array(line, np.uint8)
