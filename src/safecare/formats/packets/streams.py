"""One direction of a TCP conversation put together within bounds: gaps, repeats, overlaps, lost beginnings.

Source: RFC 9293, 3.4 (sequence numbers, modulo 2^32). On overlap the bytes that came first stay, as in Zeek; that other
bytes came for the same place is counted: it is how monitors are deceived (Ptacek and Newsham, 1998).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MOST_WAITING = 64
"""Segments kept beyond a gap (chosen: a window of 64 kB in segments of 1 kB); more, and the gap is given up."""
PAST = 512
"""Bytes kept of what a parser has taken (chosen: two Modbus messages): other bytes in their place show there."""
FARTHEST = 1 << 20
"""Bytes beyond a gap that are waited for (chosen: the largest usual TCP window)."""
PROBE = 1
"""Bytes of a keep-alive, which mean nothing (RFC 9293, 3.8.4)."""
HALF = 1 << 31
WHOLE = 1 << 32
"""Half and all of the sequence numbers of TCP, which begin again (RFC 9293, 3.4)."""


@dataclass
class Half:
    """Bytes of one end, in order: `buffer` holds what no parser has taken; `marks` which frame brought what."""

    next: int = -1
    buffer: bytearray = field(default_factory=bytearray)
    marks: list[tuple[int, int]] = field(default_factory=list)
    """(bytes of the buffer up to its end, frame number)."""
    waiting: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    discard: int = 0
    """Bytes still to be thrown away: the rest of a message that is too long to be kept."""
    lost: bool = False
    """Bytes are missing before the buffer's first: the parser must find its beginning again."""
    past: bytes = b""
    """The last bytes that were taken, up to the buffer's first; and the frame that brought the last of them."""
    past_frame: int = 0
    contested: bool = False
    """A segment brought other bytes for a place than the one before; whoever looks at it takes it back."""

    def feed(self, sequence: int, data: bytes, frame: int, counts: Counter[str]) -> bool:
        """Take one segment; tell whether there are new bytes in order."""
        if self.next < 0:
            self.next = sequence
        ahead = (sequence - self.next) % WHOLE
        if ahead >= HALF:  # begins before what we have
            behind = WHOLE - ahead
            if behind >= len(data):
                self._compare(data, behind, counts)
                return False
            self._compare(data[:behind], behind, counts)
            data, sequence = data[behind:], self.next
            ahead = 0
        if ahead:
            self._wait(sequence, data, frame, counts)
            if len(self.waiting) < MOST_WAITING and ahead < FARTHEST:
                return False
            self._give_up(counts)
            return bool(self.buffer)
        self._append(data, frame)
        while self.waiting:
            first = min(self.waiting, key=lambda one: (one - self.next) % WHOLE if one != self.next else 0)
            gap = (first - self.next) % WHOLE
            if 0 < gap < HALF:
                break
            data, frame = self.waiting.pop(first)
            behind = WHOLE - gap if gap else 0
            if behind < len(data):
                self._append(data[behind:], frame)
        return True

    def misses(self, acked: int) -> bool:
        """Tell whether the other end has acknowledged bytes (up to `acked`; -1: none) that we have not seen."""
        return acked >= 0 and self.next >= 0 and 0 < (acked - self.next) % WHOLE < HALF

    def skip(self, acked: int, counts: Counter[str]) -> bool:
        """Go on after a gap that the other end has acknowledged (`acked`; -1: whatever it has): we did not see it.

        Tell whether there are new bytes.
        """
        first = min(self.waiting, key=lambda one: (one - self.next) % WHOLE)
        if acked >= 0 and not (first - self.next) % WHOLE <= (acked - self.next) % WHOLE < HALF:
            return False
        self._give_up(counts)
        return bool(self.buffer)

    def take(self, size: int) -> tuple[bytes, tuple[int, ...]]:
        """Take `size` bytes from the front, and the numbers of the frames that brought them."""
        taken = bytes(self.buffer[:size])
        self.past = taken[-PAST:] if size >= PAST else (self.past + taken)[-PAST:]
        del self.buffer[:size]
        frames: list[int] = []
        keep: list[tuple[int, int]] = []
        before = 0
        for upto, frame in self.marks:
            if before < size:
                frames.append(frame)
            if upto > size:
                keep.append((upto - size, frame))
            before = upto
        self.marks = keep
        self.past_frame = frames[-1] if frames else self.past_frame
        return taken, tuple(dict.fromkeys(frames))

    def clear(self) -> None:
        """Throw away what is there."""
        self.past = b""
        self.buffer.clear()
        self.marks.clear()

    def _append(self, data: bytes, frame: int) -> None:
        self.next = (self.next + len(data)) % WHOLE
        if self.discard:
            gone = min(self.discard, len(data))
            self.discard -= gone
            self.past = b""
            data = data[gone:]
        if data:
            self.buffer += data
            self.marks.append((len(self.buffer), frame))

    def _wait(self, sequence: int, data: bytes, frame: int, counts: Counter[str]) -> None:
        known = self.waiting.get(sequence)
        if known is None or len(known[0]) < len(data):
            if known is not None and not data.startswith(known[0]):
                counts["overlap with other bytes"] += 1
                self.contested = True
                return
            self.waiting[sequence] = (data, frame)
            counts["out of order"] += 1

    def _give_up(self, counts: Counter[str]) -> None:
        """Go on after a gap: bytes were lost, by the capture or on purpose."""
        counts["gap in a stream"] += 1
        self.clear()
        self.discard, self.lost = 0, True
        first = min(self.waiting, key=lambda one: (one - self.next) % WHOLE)
        self.next = first
        while self.next in self.waiting:
            data, frame = self.waiting.pop(self.next)
            self._append(data, frame)

    def _compare(self, data: bytes, behind: int, counts: Counter[str]) -> None:
        """Count a repeat; one whose bytes differ from those still in the buffer is told apart."""
        counts["repeated"] += 1
        kept = self.past + bytes(self.buffer)
        if behind > len(kept) or len(data) <= PROBE:
            return
        kept = kept[len(kept) - behind :]
        if kept[: len(data)] != data[: len(kept)]:
            counts["overlap with other bytes"] += 1
            self.contested = True
