"""MLLP framing of HL7 v2 messages: an incremental, bounded decoder.

Source: HL7 Version 2 Implementation Guide, Transport Specification MLLP Release 1 (start 0x0B, end 0x1C 0x0D).
"""

from __future__ import annotations

from dataclasses import dataclass, field

START = b"\x0b"
END = b"\x1c\x0d"
MAX_MESSAGE = 32 * 1024 * 1024
"""Bytes of one message. Chosen: enclosed documents (ED) of French exchanges stay below 15 MB."""
MAX_JUNK = 64 * 1024
"""Bytes outside of any frame, since the last message, after which the peer does not speak MLLP. Chosen."""


class MllpError(ValueError):
    """The peer does not speak MLLP, or sends more than the limit; the connection can't go on."""


@dataclass
class MllpDecoder:
    """Collects bytes and gives whole messages. Bytes between frames are kept apart in `junk`."""

    limit: int = MAX_MESSAGE
    junk: bytearray = field(default_factory=bytearray, init=False)
    _buffer: bytearray = field(default_factory=bytearray, init=False)
    _searched: int = field(default=0, init=False)
    _odd: int = field(default=0, init=False)

    @property
    def pending(self) -> bytes:
        """Bytes of a message whose end has not come yet (without the start byte)."""
        return bytes(self._buffer[1:])

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return len(self._buffer) + len(self.junk)

    @property
    def waiting(self) -> bool:
        """True while half a message is held."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the messages that are now whole. Raises `MllpError`."""
        self._buffer += data
        messages: list[bytes] = []
        while self._buffer:
            if self._buffer[0] != START[0]:
                self._skip()
                continue
            end = self._buffer.find(END, max(1, self._searched))
            if end < 0:
                self._searched = max(1, len(self._buffer) - 1)
                break
            messages.append(bytes(self._buffer[1:end]))
            del self._buffer[: end + len(END)]
            self._searched = self._odd = 0
        if len(self._buffer) > self.limit:
            raise MllpError(f"a message of more than {self.limit} bytes")
        return messages

    def take_junk(self) -> bytes:
        """Return what came outside of frames, and forget it."""
        junk = bytes(self.junk)
        self.junk.clear()
        return junk

    def _skip(self) -> None:
        start = self._buffer.find(START)
        end = start if start >= 0 else len(self._buffer)
        odd = self._buffer[:end].strip(b"\r\n \x00")  # senders put line ends between frames
        self.junk += odd[:MAX_JUNK]
        self._odd += len(odd)
        del self._buffer[:end]
        self._searched = 0
        if self._odd > MAX_JUNK:
            raise MllpError(f"more than {MAX_JUNK} bytes that belong to no message")


def frame(message: bytes) -> bytes:
    """Return `message` framed for sending."""
    return START + message + END
