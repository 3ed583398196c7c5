"""Bits in words of 16, highest first, and Huffman codes as tables: what XPRESS and LZX have in common."""

from __future__ import annotations

from collections.abc import Sequence


class PackedError(ValueError):
    """Packed data is damaged: the message says in which way."""


class Words:
    """Bits of `raw` from the place `at` on. Behind the end come zeros, but only so many as a decoder may look ahead."""

    def __init__(self, raw: bytes, at: int = 0) -> None:
        self.raw, self.at = raw, at
        self.held, self.count = 0, 0

    def take(self, count: int) -> int:
        """Return the next `count` bits as a number. Raises `PackedError` well behind the end."""
        while self.count < count:
            self.held = self.held << 16 | int.from_bytes(self.raw[self.at : self.at + 2], "little")
            self.at += 2
            self.count += 16
        if self.at > len(self.raw) + 4:
            raise PackedError("packed data ends too early")
        self.count -= count
        value = self.held >> self.count
        self.held &= (1 << self.count) - 1
        return value

    def symbol(self, table: Sequence[int], width: int) -> int:
        """Return the next symbol of a code (`table_of`)."""
        while self.count < width:
            self.held = self.held << 16 | int.from_bytes(self.raw[self.at : self.at + 2], "little")
            self.at += 2
            self.count += 16
        entry = table[self.held >> self.count - width]
        self.take(entry & 31)
        if not entry:
            raise PackedError("packed data holds a code that does not exist")
        return entry >> 5


def table_of(lengths: Sequence[int], width: int) -> list[int]:
    """Return the canonical Huffman code for `lengths`: by the next `width` bits, 32 times the symbol plus its length.

    0 stands where no code does. Raises `PackedError` for lengths that no code has.
    """
    table: list[int] = []
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths) if length):
        table += [symbol << 5 | length] * (1 << width - length)
    if len(table) > 1 << width:
        raise PackedError("packed data holds a code that can't be")
    return table + [0] * ((1 << width) - len(table))


def repeat(out: bytearray, distance: int, length: int) -> None:
    """Write `length` bytes again that stand `distance` before the end. Raises `PackedError`."""
    start = len(out) - distance
    if start < 0:
        raise PackedError("packed data points before its begin")
    piece = out[start : start + length]
    out += piece if length <= distance else (piece * (length // distance + 1))[:length]
