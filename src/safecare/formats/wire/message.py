"""What all protocol parsers give: one message, what it does, and to what; and what a parser must offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

Kind = Literal["request", "response", "error", "notice"]
Outcome = Literal["", "ok", "refused"]

MOST_MESSAGE = 1 << 20
"""Bytes kept of a message that is not complete (chosen: above the usual largest PDU of DICOM, 128 kB)."""
MOST_ANSWERED = 64
"""Requests of which it is remembered whether they were answered (chosen: above what is open at the same time)."""
MOST_MEMORY = 4096
"""Things that a conversation remembers (chosen: above the requests that any protocol here leaves open)."""


class WireError(ValueError):
    """Bytes that are no message of the protocol that their conversation speaks; the text is a short, fixed reason."""


class Message(msgspec.Struct, gc=False):
    """One message of a protocol.

    `command` is the protocol's own word, `operation` what it comes to, the same in all protocols: read, write, stop,
    start, restart, download, ... (`safecare.formats.wire.operations`). `fields` are the protocol's own, for people and
    for comparison with other tools.
    """

    protocol: str
    command: str
    kind: Kind
    operation: str = "other"
    unit: str = ""
    """Which part of the server is meant: Modbus unit, BACnet device, DNP3 outstation, CIP path."""
    target: str = ""
    """What is read or written there: register, object and property, block."""
    value: str = ""
    outcome: Outcome = ""
    fields: dict[str, Any] = {}
    file: bytes = b""
    """A file that the message carries, whole; to be judged, never told as it is."""
    media: str = ""


class Talk(msgspec.Struct):
    """What a parser knows of the conversation. `memory` is its own: open requests, agreed settings."""

    asked: bool = True
    """The bytes come from the client."""
    memory: dict[Any, Any] = msgspec.field(default_factory=dict)
    answered: dict[int, int] = msgspec.field(default_factory=dict)
    """Of the last requests, by their number: how many wait for an answer; 0 when they were answered."""
    over: bool = False
    """Nothing that comes after this is looked at: it is encrypted, or of no interest."""

    def remember(self, key: Any, value: Any) -> None:
        """Keep `value`; beyond `MOST_MEMORY` the oldest goes."""
        if len(self.memory) >= MOST_MEMORY:
            del self.memory[next(iter(self.memory))]
        self.memory[key] = value

    def ask(self, number: int) -> None:
        """Take note of a request with this number."""
        waiting = self.answered.pop(number, 0)
        if len(self.answered) >= MOST_ANSWERED:
            del self.answered[next(iter(self.answered))]
        self.answered[number] = waiting + 1

    def answer(self, number: int) -> bool:
        """Take note of an answer; tell whether its request was answered before, by somebody else or a second time."""
        waiting = self.answered.get(number)
        if waiting is None:  # its request was not seen, or is long ago
            return False
        self.answered[number] = max(0, waiting - 1)
        return waiting == 0


class Protocol(msgspec.Struct, frozen=True):
    """A protocol. All functions are pure; `parse` raises `WireError` only."""

    name: str
    tcp: bool
    udp: bool
    ports: frozenset[int]
    """Ports where servers usually listen: they tell only which end is the server, never which protocol is spoken."""
    sniff: Callable[[bytes], bool]
    """Tell whether bytes from the beginning of a message are surely this protocol."""
    size: Callable[[bytes | bytearray], int]
    """Return the size of the first message of a stream: 0 when more is needed to say, -1 if it is none."""
    parse: Callable[[bytes, Talk], Iterable[Message]]
    from_client: Callable[[bytes], bool | None]
    """Tell from a message whether the client sent it; None if it does not show."""
    most: int = MOST_MESSAGE
    """Bytes of one message that are kept; of longer ones the beginning is read and the rest passed over."""
