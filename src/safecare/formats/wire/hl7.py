"""HL7 v2 over MLLP: framing, and who says what to whom. Only the header is told: no patient identity.

Source: HL7 v2.5.1 chapter 2 (MSH, MSA), table 0076 (message types); MLLP release 1: start block 0x0B, end 0x1C 0x0D.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from safecare.formats.wire.message import Message, Protocol, Talk, WireError

MOST_MESSAGE = 1 << 20
"""Bytes looked through for the end of a message (the reassembly's own limit)."""
START, END = 0x0B, b"\x1c\x0d"

OPERATIONS = {"QRY": "query", "QBP": "query", "QSX": "query", "QVP": "query", "ACK": "read", "RSP": "read"}


def size(data: bytes | bytearray) -> int:
    """Return the size of the first framed message: 0 while its end is not there, -1 when none begins here."""
    if not data:
        return 0
    if data[0] != START:
        return -1
    end = data.find(END)
    if end < 0:
        return 0 if len(data) < MOST_MESSAGE else -1
    return end + 2


def sniff(data: bytes) -> bool:
    """Tell whether a framed message begins here: start block, then a header segment of a known kind."""
    return data[:1] == b"\x0b" and data[1:4] in (b"MSH", b"FHS", b"BHS")


def from_client(data: bytes) -> bool | None:
    """Tell who sent a message: an acknowledgement is the server's."""
    return b"\rMSA" not in data[:2048]


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the message's header. Raises `WireError`."""
    body = data[1:-2] if data.endswith(END) else data[1:]
    if b"\x0b" in body:
        raise WireError("a start block inside a message")
    if body[:3] not in (b"MSH", b"FHS", b"BHS") or len(body) < 9:
        raise WireError("no message header")
    separator = body[3:4]
    segments = body.split(b"\r", 4)
    header = segments[0].split(separator)
    if len(header) < 9 or separator.isalnum() or len(header) > 200:
        raise WireError("message header cut off")
    component = header[1][:1] or b"^"

    def part(number: int, piece: int = 0) -> str:
        fields = header[number - 1].split(component) if number - 1 < len(header) else []
        return fields[piece].decode("latin-1")[:80] if piece < len(fields) else ""

    kind, trigger = part(9), part(9, 1)
    fields: dict[str, Any] = {
        "sending_application": part(3),
        "sending_facility": part(4),
        "receiving_application": part(5),
        "receiving_facility": part(6),
        "message_type": f"{kind}^{trigger}" if trigger else kind,
        "control_id": part(10),
        "version": part(12),
        "bytes": len(body),
    }
    code = ""
    for segment in segments[1:3]:
        if segment.startswith(b"MSA" + separator):
            code = segment.split(separator)[1].decode("latin-1")[:4]
            fields["acknowledgement"] = code
    operation = OPERATIONS.get(kind, "message")
    if code:
        refused = code[1:2] in ("E", "R")
        yield Message(
            "hl7",
            kind.lower(),
            "error" if refused else "response",
            "read",
            part(3),
            fields["message_type"],
            code,
            "refused" if refused else "ok",
            fields,
        )
        return
    file = body if b"^Base64^" in body or b"^base64^" in body else b""  # a document within (ED, 2.A.24)
    media = "x-application/hl7-v2+er7" if file else ""
    named = fields["message_type"]
    yield Message(
        "hl7", kind.lower() or "batch", "request", operation, part(5), named, "", "", fields, file=file, media=media
    )


PROTOCOL = Protocol("hl7", True, False, frozenset({2575, 6661}), sniff, size, parse, from_client)
