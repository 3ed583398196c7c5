"""ESPA 4.4.4 (1984): how nurse calls and fire panels call pagers, over a serial line or a TCP line that carries one.

A sender selects us (``1 ENQ 2 ENQ``: station 1 to station 2), we answer ACK; it sends a block ``SOH header STX records
ETX BCC``, we answer ACK or NAK; it ends with EOT. Records are ``number US data``, with RS between them; BCC is the
exclusive or of all bytes after SOH up to ETX. Source: ESPA publication 4.4.4, ISO 1745.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import msgspec

SOH, STX, ETX, EOT, ENQ, ACK, NAK, RS, US = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x15, 0x1E, 0x1F
LIMIT = 2048
"""Longest block, bytes (chosen: a display text has at most 128 characters, 8 records)."""
RECORDS = {
    "1": "address",
    "2": "text",
    "3": "beep",
    "4": "type",
    "5": "transmissions",
    "6": "priority",
    "7": "status",
    "8": "system",
}
"""Data identifiers of the standard, and the names by which mappings know them."""
STATUS = frozenset({"2", "3"})
"""Headers of blocks that call nobody: how the sender is, and a question how we are."""
ADDRESS = 16
"""Bytes before an ENQ that are looked at (chosen: addresses have one digit)."""


class EspaError(ValueError):
    """A block that can't be read: reason, and the byte in it."""


class Select(msgspec.Struct, frozen=True):
    """Somebody addresses station `address` (ENQ)."""

    address: str


class Block(msgspec.Struct, frozen=True):
    """A whole block, from SOH to ETX without both, and whether its check holds."""

    raw: bytes
    good: bool


class End(msgspec.Struct, frozen=True):
    """The sender ends (EOT)."""


Token = Select | Block | End


@dataclass
class Decoder:
    """Cuts a line's bytes into selects, blocks and ends; everything else is noise of the line and passed over."""

    _held: bytearray = field(default_factory=bytearray, init=False)
    _state: Literal["idle", "block", "check"] = field(default="idle", init=False)

    def feed(self, raw: bytes) -> Iterator[Token]:
        """Yield what is whole now. A block without an end is given up, as a bad one."""
        for byte in raw:
            if self._state == "check":
                check = 0
                for one in self._held:
                    check ^= one
                yield Block(bytes(self._held[:-1]), (check ^ byte) & 0x7F == 0)  # lines with parity have seven bits
                self._reset()
            elif self._state == "block" and byte in (EOT, SOH):  # broken off: the sender gives up, or begins anew
                self._reset()
                if byte == EOT:
                    yield End()
                else:
                    self._state = "block"
            elif self._state == "block":
                self._held.append(byte)
                if byte == ETX:
                    self._state = "check"
                elif len(self._held) > LIMIT:
                    yield Block(bytes(self._held), good=False)
                    self._reset()
            elif byte == SOH:
                self._reset()
                self._state = "block"
            elif byte == ENQ:
                yield Select(bytes(self._held).decode("latin-1").strip())
                self._held.clear()
            elif byte == EOT:
                self._reset()
                yield End()
            else:
                self._held.append(byte)
                del self._held[:-ADDRESS]

    def _reset(self) -> None:
        self._held.clear()
        self._state = "idle"


def read_block(raw: bytes) -> dict[str, str]:
    """Return the records of a block by name, and its ``header``. Raises `EspaError`.

    ``event`` is put together for mappings: type, priority and text, with a stroke between them.
    """
    header, stx, records = raw.partition(bytes([STX]))
    if not stx:
        raise EspaError("byte 0: no STX after the header")
    row = {"header": header.decode("latin-1").strip()[:8]}
    place = len(header) + 1
    for record in records.split(bytes([RS])):
        number, us, data = record.partition(bytes([US]))
        name = RECORDS.get(number.decode("latin-1").strip())
        if record.strip() and not us:
            raise EspaError(f"byte {place}: a record without its separator")
        if name:
            row[name] = data.decode("latin-1").strip()[:LIMIT]
        place += len(record) + 1
    if row["header"] in STATUS:
        return row
    if "address" not in row and "text" not in row:
        raise EspaError(f"byte {len(header) + 1}: neither call address nor text")
    row["event"] = "/".join(row.get(name, "") for name in ("type", "priority", "text"))
    return row


def framed(header: str, records: dict[str, str]) -> bytes:
    """Return a block as a sender writes it; `records` by number."""
    body = header.encode() + bytes([STX])
    body += bytes([RS]).join(f"{number}{chr(US)}{data}".encode("latin-1") for number, data in records.items())
    body += bytes([ETX])
    check = 0
    for one in body:
        check ^= one
    return bytes([SOH]) + body + bytes([check])
