"""LZX as WIM images have it: each chunk for itself, sizes of blocks in one or sixteen bits, addresses of calls undone.

Source: [MS-PATCH] 2 (LZX DELTA, which shares codes and blocks), wimlib's notes on how WIM differs from cabinets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from safecare.formats.packed.words import PackedError, Words, repeat, table_of

_VERBATIM, _ALIGNED, _PLAIN = 1, 2, 3
_SLOTS = {15: 30, 16: 32, 17: 34, 18: 36, 19: 38, 20: 42, 21: 50}
"""Slots of distances for windows of 2^15 to 2^21 bytes ([MS-PATCH] 2.5)."""
_EXTRA = [0, 0, 0, 0, *(min(17, (slot >> 1) - 1) for slot in range(4, 50))]
_BASE = [sum(1 << bits for bits in _EXTRA[:slot]) for slot in range(50)]
"""Further bits of a distance, and where a slot begins: each begins where the one before it ends."""
_MAIN, _LENGTH, _ALIGN, _PRE = 16, 16, 7, 15
"""Bits of the longest codes."""
_LENGTHS = 249
_DEFAULT = 32_768
"""Bytes of a block whose size is told by one bit."""
_FEW_BLOCKS, _BLOCK = 8, 4096
"""Blocks of a chunk that are read, and bytes for each further one. Chosen: a block costs 1 ms, writers fill 10 kB."""
_CALLS = 12_000_000
"""Size of the file that addresses of calls are turned by: WIM has it fixed."""


@dataclass
class _Chunk:
    """What goes on from block to block: the last three distances, and the lengths of codes."""

    slots: int
    main: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=lambda: [0] * _LENGTHS)
    last: list[int] = field(default_factory=lambda: [1, 1, 1])

    def __post_init__(self) -> None:
        self.main = [0] * (256 + 8 * self.slots)


def lzx(raw: bytes, size: int, whole: int = _DEFAULT) -> bytes:
    """Return the chunk `raw` unpacked to exactly `size` bytes, where all but the last chunk have `whole` bytes.

    Raises `PackedError`.
    """
    order = max(15, (whole - 1).bit_length())
    if order not in _SLOTS:
        raise PackedError("its window is of a size that does not exist")
    chunk, out, words = _Chunk(_SLOTS[order]), bytearray(), Words(raw)
    for _ in range(_FEW_BLOCKS + size // _BLOCK):
        kind = words.take(3)
        count = _DEFAULT if words.take(1) else words.take(16) if order == 15 else words.take(24)
        if not 0 < count <= size - len(out):
            raise PackedError("a block of packed data is too long")
        if kind == _PLAIN:
            _plain(words, chunk, out, count)
        elif kind in (_VERBATIM, _ALIGNED):
            _block(words, chunk, out, len(out) + count, aligned=kind == _ALIGNED)
        else:
            raise PackedError("a block of packed data is of no kind")
        if len(out) == size:
            return _calls(out)
    raise PackedError("packed data has more blocks than any writer makes")


def _plain(words: Words, chunk: _Chunk, out: bytearray, count: int) -> None:
    """Copy a block that is not packed: it begins at the next whole word, with the three distances."""
    if not words.count:
        words.take(16)
        words.count = 16
    at = words.at - 2 * ((words.count - 1) // 16)  # the word at hand is passed over, also where all of it is left
    words.held, words.count = 0, 0
    data = words.raw[at + 12 : at + 12 + count]
    if len(data) < count:
        raise PackedError("packed data ends too early")
    chunk.last = [int.from_bytes(words.raw[at + step : at + step + 4], "little") for step in (0, 4, 8)]
    out += data
    words.at = at + 12 + count + count % 2


def _codes(words: Words, lengths: list[int], start: int, end: int) -> None:
    """Read the lengths of codes, each told by how it differs from the block before."""
    table = table_of([words.take(4) for _ in range(20)], _PRE)
    at = start
    while at < end:
        symbol, run, value = words.symbol(table, _PRE), 1, 0
        if symbol < 17:
            value = (lengths[at] - symbol) % 17
        elif symbol == 17:
            run = 4 + words.take(4)
        elif symbol == 18:
            run = 20 + words.take(5)
        else:
            run = 4 + words.take(1)
            symbol = words.symbol(table, _PRE)
            if symbol > 17:
                raise PackedError("packed data holds a code that can't be")
            value = (lengths[at] - symbol) % 17
        run = min(run, end - at)
        lengths[at : at + run] = [value] * run
        at += run


def _block(words: Words, chunk: _Chunk, out: bytearray, end: int, *, aligned: bool) -> None:
    aligns = table_of([words.take(3) for _ in range(8)], _ALIGN) if aligned else []
    _codes(words, chunk.main, 0, 256)
    _codes(words, chunk.main, 256, len(chunk.main))
    _codes(words, chunk.lengths, 0, _LENGTHS)
    main, lengths = table_of(chunk.main, _MAIN), table_of(chunk.lengths, _LENGTH)
    raw, beyond = words.raw, len(words.raw) + 4
    while len(out) < end:
        while words.count < _MAIN:  # `Words.symbol` without its calls: most of the time goes here
            words.held = words.held << 16 | int.from_bytes(raw[words.at : words.at + 2], "little")
            words.at += 2
            words.count += 16
        if words.at > beyond:
            raise PackedError("packed data ends too early")
        entry = main[words.held >> words.count - _MAIN]
        if not entry:
            raise PackedError("packed data holds a code that does not exist")
        words.count -= entry & 31
        words.held &= (1 << words.count) - 1
        symbol = entry >> 5
        if symbol < 256:
            out.append(symbol)
            continue
        symbol -= 256
        length = 2 + (symbol & 7)
        if symbol & 7 == 7:
            length += words.symbol(lengths, _LENGTH)
        distance = _distance(words, chunk, symbol >> 3, aligns)
        if length > end - len(out):
            raise PackedError("a block of packed data is too long")
        repeat(out, distance, length)


def _distance(words: Words, chunk: _Chunk, slot: int, aligns: list[int]) -> int:
    last = chunk.last
    if slot < 3:  # one of the last three, which changes places with the newest
        last[0], last[slot] = last[slot], last[0]
        return last[0]
    extra = _EXTRA[slot]
    if aligns and extra >= 3:
        more = words.take(extra - 3) << 3
        more |= words.symbol(aligns, _ALIGN)
    else:
        more = words.take(extra)
    chunk.last = [_BASE[slot] + more - 2, last[0], last[1]]
    return chunk.last[0]


def _calls(out: bytearray) -> bytes:
    """Undo what packing does to calls in programs: places from the file's begin back to distances ([MS-PATCH] 2.2)."""
    at, end = out.find(b"\xe8"), len(out) - 10
    while 0 <= at < end:
        place = int.from_bytes(out[at + 1 : at + 5], "little", signed=True)
        if 0 <= place < _CALLS:
            out[at + 1 : at + 5] = (place - at).to_bytes(4, "little", signed=True)
        elif -at <= place < 0:
            out[at + 1 : at + 5] = (place + _CALLS).to_bytes(4, "little", signed=True)
        at = out.find(b"\xe8", at + 5)
    return bytes(out)
