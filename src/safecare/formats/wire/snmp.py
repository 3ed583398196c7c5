"""SNMP: which station asks another for what, what is set there, and what a device says that it is.

Versions 1 and 2c are read; of version 3, which encrypts, only that it is spoken. The community (a password in clear
text) is never kept: only whether it is one of those that devices are delivered with.
Source: RFC 1157 and RFC 3416 (messages), RFC 3418 (system group), RFC 3412, 6 (version 3), X.690 (BER).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from safecare.formats.wire.message import Kind, Message, Outcome, Protocol, Talk, WireError

MOST_BINDINGS = 64
"""Variables of one message that are told (chosen: a datagram of usual size holds fewer)."""
DEFAULTS = frozenset({b"public", b"private", b"community", b"admin", b"cisco", b"snmp", b"write", b"manager"})
"""Communities with which devices are delivered (SNMP default lists of Nmap and Metasploit)."""
PDUS: dict[int, tuple[str, Kind, str]] = {
    0xA0: ("get_request", "request", "read"),
    0xA1: ("get_next_request", "request", "read"),
    0xA2: ("response", "response", "read"),
    0xA3: ("set_request", "request", "write"),
    0xA4: ("trap", "notice", "notice"),
    0xA5: ("get_bulk_request", "request", "read"),
    0xA6: ("inform_request", "request", "notice"),
    0xA7: ("trap", "notice", "notice"),
    0xA8: ("report", "response", "read"),
}
_SYSTEM = {"1.3.6.1.2.1.1.1.0": "description", "1.3.6.1.2.1.1.5.0": "name", "1.3.6.1.2.1.1.6.0": "location"}
_VERSIONS = {0: "1", 1: "2c", 3: "3"}


def sniff(data: bytes) -> bool:
    """Tell whether a message of version 1, 2c or 3 stands here."""
    try:
        kind, at, end = _element(data, 0)
        version, start, stop = _element(data, at)
        if kind != 0x30 or version != 0x02 or stop - start != 1 or end != len(data):
            return False
        number, (follows, _, _) = data[start], _element(data, stop)
        if number == 3:
            return follows == 0x30
        return number in (0, 1) and follows == 0x04 and data[_element(data, stop)[2]] in PDUS
    except (WireError, IndexError):
        return False


def size(data: bytes | bytearray) -> int:
    """Return the size of the message: all of a datagram."""
    return len(data)


def from_client(data: bytes) -> bool | None:
    """Tell who sent it: answers and reports come from the server; of a notice, its sender is the client."""
    if not sniff(data):
        return None
    _, at, _ = _element(data, 0)
    _, start, stop = _element(data, at)
    return None if data[start] == 3 else data[_element(data, stop)[2]] not in (0xA2, 0xA8)


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the message of one datagram. Raises `WireError`."""
    if not sniff(data):
        raise WireError("no message begins here")
    try:
        yield _message(data, talk)
    except IndexError:
        raise WireError("cut off inside a message") from None


def _message(data: bytes, talk: Talk) -> Message:
    _, at, _ = _element(data, 0)
    _, start, stop = _element(data, at)
    version = _VERSIONS[data[start]]
    if version == "3":
        return Message("snmp", "version_3", "notice", "session", fields={"version": "3"})
    _, community, end = _element(data, stop)
    name, kind, operation = PDUS[data[end]]
    fields: dict[str, Any] = {"version": version, "default_community": data[community:end] in DEFAULTS}
    if data[end] == 0xA4:  # version 1's trap has a form of its own
        return Message("snmp", name, kind, operation, fields=fields)
    _, at, _ = _element(data, end)
    _, start, at = _element(data, at)
    request = data[start:at].hex()
    _, start, at = _element(data, at)
    status = int.from_bytes(data[start:at], "big")
    _, _, at = _element(data, at)
    _, at, end = _element(data, at)
    rows = list(_bindings(data, at, end))
    fields |= {"request_id": request, "variables": [{"oid": oid, "value": value} for oid, value in rows]}
    fields |= {_SYSTEM[oid]: value for oid, value in rows if oid in _SYSTEM and kind == "response" and value}
    if kind == "request":
        talk.remember(request, (name, operation))
    outcome: Outcome = ""
    if data[_element(data, stop)[2]] == 0xA2:
        asked, operation = talk.memory.pop(request, (name, operation))
        fields["answers"] = asked
        outcome, kind = ("refused", "error") if status else ("ok", kind)
    target = ", ".join(oid for oid, _ in rows[:4])
    value = ", ".join(value for _, value in rows[:4]) if operation == "write" else ""
    return Message("snmp", name, kind, operation, "", target, value, outcome, fields)


def _bindings(data: bytes, at: int, end: int) -> Iterator[tuple[str, str]]:
    for _ in range(MOST_BINDINGS):
        if at >= end:
            return
        kind, inner, at = _element(data, at)
        name, start, stop = _element(data, inner)
        if kind != 0x30 or name != 0x06:
            raise WireError("a variable of another kind")
        tag, first, last = _element(data, stop)
        yield _oid(data[start:stop]), _value(tag, data[first:last])


def _element(data: bytes | bytearray, at: int) -> tuple[int, int, int]:
    """Return tag, first byte and end of the element at `at`. Raises `WireError`, `IndexError`."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 3:
            raise WireError("lying length")
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + length > len(data):
        raise WireError("lying length")
    return tag, at, at + length


def _oid(raw: bytes) -> str:
    if not raw:
        return ""
    numbers, part = [min(raw[0] // 40, 2)], 0
    numbers.append(raw[0] - 40 * numbers[0])
    for byte in raw[1:]:
        part = (part << 7 | byte & 0x7F) & 0xFFFFFFFF
        if not byte & 0x80:
            numbers.append(part)
            part = 0
    return ".".join(map(str, numbers[:64]))


def _value(tag: int, raw: bytes) -> str:
    match tag:
        case 0x02:
            return str(int.from_bytes(raw[:8], "big", signed=True))
        case 0x41 | 0x42 | 0x43 | 0x46:
            return str(int.from_bytes(raw[:9], "big"))
        case 0x04:
            text = raw[:200].decode("utf-8", "replace")
            return text if text.isprintable() else raw[:100].hex()
        case 0x06:
            return _oid(raw)
        case 0x40:
            return ".".join(map(str, raw[:4]))
    return ""


PROTOCOL = Protocol("snmp", False, True, frozenset({161, 162}), sniff, size, parse, from_client)
