"""Multicast DNS: what stations call themselves and which services they offer. For the inventory.

Source: RFC 6762 (multicast DNS: identifier 0, names under .local), RFC 6763 (services, TXT), RFC 1035, 4.1 (message,
name compression).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from safecare.formats.wire.message import Message, Protocol, Talk, WireError

MOST_RECORDS = 200
"""Records of one message (chosen: a datagram holds fewer)."""
MOST_LABELS = 32
"""Labels and pointers of one name (RFC 1035: 255 bytes; honest names have about six)."""
_A, _PTR, _TXT, _SRV = 1, 12, 16, 33
_LOCAL = b"\x05local\x00"
_TOLD = ("model", "md", "ty", "product", "vendor", "manufacturer", "fv", "am")
"""Keys of TXT records that say what a device is (RFC 6763, 6; Bonjour Printing, AirPlay, Cast use them)."""


def sniff(data: bytes) -> bool:
    """Tell whether a question or an answer about names under .local stands here."""
    if len(data) < 12 or data[:2] != b"\0\0" or data[2] not in (0x00, 0x84) or data[3] != 0 or _LOCAL not in data:
        return False
    return bool(0 < sum(struct.unpack_from(">HHHH", data, 4)) <= MOST_RECORDS)


def size(data: bytes | bytearray) -> int:
    """Return the size of the message: all of a datagram."""
    return len(data)


def from_client(data: bytes) -> bool | None:
    """Tell who sent it: questions come from clients."""
    return data[2] & 0x80 == 0


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the message of one datagram. Raises `WireError`."""
    if not sniff(data):
        raise WireError("no message begins here")
    questions, *others = struct.unpack_from(">HHHH", data, 4)
    at, answer = 12, bool(data[2] & 0x80)
    hosts: dict[str, None] = {}
    services: dict[str, None] = {}
    told: dict[str, str] = {}
    try:
        for _ in range(questions):
            _, at = _name(data, at)
            at += 4
        for _ in range(sum(others)):
            name, at = _name(data, at)
            kind, _, _, length = struct.unpack_from(">HHIH", data, at)
            at += 10
            if at + length > len(data):
                raise WireError("cut off inside a record")
            if kind == _A and length == 4:
                hosts[name.removesuffix(".local")] = None
            elif kind in (_PTR, _SRV) and (service := _service(name)):
                services[service] = None
            elif kind == _TXT:
                told |= _texts(data[at : at + length])
            at += length
    except (struct.error, IndexError) as error:
        raise WireError("cut off inside a record") from error
    fields: dict[str, Any] = {"hosts": list(hosts), "services": sorted(services), "told": told}
    yield Message("mdns", "answer" if answer else "question", "notice", "announce", fields=fields)


def _name(data: bytes, at: int) -> tuple[str, int]:
    """Return a name, and where it ends."""
    labels: list[str] = []
    end = -1
    for _ in range(MOST_LABELS):
        length = data[at]
        if length == 0:
            return ".".join(labels), at + 1 if end < 0 else end
        if length >= 0xC0:
            end = at + 2 if end < 0 else end
            at = (length & 0x3F) << 8 | data[at + 1]
            continue
        if length > 63:
            raise WireError("a name of another kind")
        labels.append(_plain(data[at + 1 : at + 1 + length]))
        at += 1 + length
    raise WireError("a name without end")


def _service(name: str) -> str:
    """Return ``_ipp._tcp`` of ``Printer._ipp._tcp.local``; nothing for other names."""
    parts = name.split(".")
    place = next((at for at, one in enumerate(parts) if one in ("_tcp", "_udp")), 0)
    return ".".join(parts[place - 1 : place + 1]) if place and parts[place - 1].startswith("_") else ""


def _texts(raw: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(raw):
        key, _, value = raw[at + 1 : at + 1 + raw[at]].partition(b"=")
        name = key.decode("latin-1").lower()
        if name in _TOLD and value:
            found[name] = _plain(value)[:80]
        at += 1 + raw[at]
    return found


def _plain(raw: bytes) -> str:
    return "".join(char if char.isprintable() else "?" for char in raw.decode("utf-8", "replace"))


PROTOCOL = Protocol("mdns", False, True, frozenset({5353}), sniff, size, parse, from_client)
