"""DHCP for IPv4: who asks for an address, under which name, and which one it is given. For the inventory.

Source: RFC 2131 (message), RFC 2132 (options), RFC 1533's magic cookie. The order in which a client asks for options
(55) depends on its operating system or firmware: the fingerprint that Fingerbank and Satori collect.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

from safecare.formats.wire.message import Message, Protocol, Talk, WireError

HEAD = 240
"""Bytes up to the first option, with the cookie (RFC 2131, 2)."""
MOST_OPTIONS = 100
"""Options of one message (chosen: clients send about ten)."""
_COOKIE = b"\x63\x82\x53\x63"
_KINDS = {1: "discover", 2: "offer", 3: "request", 4: "decline", 5: "ack", 6: "nak", 7: "release", 8: "inform"}
_PAD, _END, _HOST, _ASKED, _TYPE, _SERVER, _WANTED, _CLASS = 0, 255, 12, 50, 53, 54, 55, 60


def sniff(data: bytes) -> bool:
    """Tell whether a message over Ethernet, with the cookie, stands here."""
    return len(data) > HEAD and data[0] in (1, 2) and data[1:3] == b"\x01\x06" and data[236:240] == _COOKIE


def size(data: bytes | bytearray) -> int:
    """Return the size of the message: all of a datagram."""
    return len(data)


def from_client(data: bytes) -> bool | None:
    """Tell who sent it: BOOTREQUEST comes from clients."""
    return data[0] == 1


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the message of one datagram. Raises `WireError`."""
    if not sniff(data):
        raise WireError("no message begins here")
    options = _options(data)
    kind = _KINDS.get(options.get(_TYPE, b"\0")[0] if options.get(_TYPE) else 0, "bootp")
    own, given = _address(data[12:16]), _address(data[16:20])
    fields: dict[str, Any] = {
        "mac": data[28:34].hex(":"),
        "address": given or own or _address(options.get(_ASKED, b"")),
        "host": _text(options.get(_HOST, b"")),
        "vendor_class": _text(options.get(_CLASS, b"")),
        "asks_for": ",".join(str(one) for one in options.get(_WANTED, b"")),
        "server": _address(options.get(_SERVER, b"")),
    }
    answer = data[0] == 2
    yield Message("dhcp", kind, "response" if answer else "request", "session", fields=fields)


def _options(data: bytes) -> dict[int, bytes]:
    """Return the options; a repeated one is joined (RFC 3396), one that is cut off ends them."""
    found: dict[int, bytes] = {}
    at = HEAD
    for _ in range(MOST_OPTIONS):
        if at >= len(data) or data[at] == _END:
            break
        if data[at] == _PAD:
            at += 1
            continue
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            raise WireError("cut off inside an option")
        found[data[at]] = found.get(data[at], b"") + data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found


def _address(raw: bytes) -> str:
    return str(IPv4Address(raw)) if len(raw) == 4 and any(raw) else ""


def _text(raw: bytes) -> str:
    return "".join(char if char.isprintable() else "?" for char in raw.rstrip(b"\0").decode("utf-8", "replace"))[:100]


PROTOCOL = Protocol("dhcp", False, True, frozenset({67}), sniff, size, parse, from_client)
