"""Filters of PDF streams that no library of ours has: ASCII85, run length, LZW, and the predictors of tables.

Pure and bounded: what plain Python does byte by byte is bounded in bytes, the rest runs in compiled loops. Source: ISO
32000-1:2008, 7.4.3 to 7.4.5.
"""

from __future__ import annotations

import numpy as np

MOST_PIECES = 20_000
"""Lines of a table that start anew. Chosen: writers start one."""
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


def predicted(data: bytes, columns: int) -> bytes:
    """Undo the PNG predictors "up" and "none" of tables, whose lines are `columns` bytes; others stay as they are."""
    rows = len(data) // (columns + 1) if columns else 0
    if not rows or columns > 64:
        return data
    lines = np.frombuffer(data, np.uint8, rows * (columns + 1)).reshape(rows, columns + 1)
    kinds, values = lines[:, 0], lines[:, 1:]
    if (kinds == 2).all():
        return np.add.accumulate(values, axis=0, dtype=np.uint8).tobytes()
    if (kinds == 0).all():
        return values.tobytes()
    starts = np.flatnonzero(kinds != 2)  # a line of another kind starts anew
    if starts.size > MOST_PIECES:
        return data
    pieces = np.split(values, starts)
    return b"".join(np.add.accumulate(one, axis=0, dtype=np.uint8).tobytes() for one in pieces if len(one))
