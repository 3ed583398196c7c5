"""The greetings that open TLS, and up to version 1.2 the server's certificate: what stands there in clear text.

Source: RFC 8446, 4.1 and RFC 5246, 7.4.1 (ClientHello, ServerHello), RFC 8701 (GREASE); JA4, the fingerprint of
clients, as FoxIO describes it (BSD-3-Clause); JA3S, the one of servers, as Salesforce describes it (BSD-3-Clause).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Any

from safecare.formats.wire.certificate import MOST_HANDSHAKE, certificate, first_certificate
from safecare.formats.wire.message import Message, Protocol, Talk, WireError

CLIENT, SERVER = 1, 2
"""Handshake types (RFC 8446, 4)."""
_NAME, _ALGORITHMS, _ALPN, _VERSIONS = 0, 13, 16, 43
_WORDS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3"}
_SPOKEN = {"13": "TLS 1.3", "12": "TLS 1.2", "11": "TLS 1.1", "10": "TLS 1.0", "s3": "SSL 3.0"}


def sniff(data: bytes) -> bool:
    """Tell whether a record with a greeting begins here."""
    return (
        len(data) >= 11
        and data[0] == 22
        and data[1] == 3
        and data[2] <= 4
        and data[5] in (CLIENT, SERVER)
        and data[9] == 3
    )


def size(data: bytes | bytearray) -> int:
    """Return the size of the first record; -1 when none begins here."""
    if len(data) < 5:
        return 0
    return 5 + (data[3] << 8 | data[4]) if 20 <= data[0] <= 24 and data[1] == 3 else -1


def from_client(data: bytes) -> bool | None:
    """Tell who sent a greeting."""
    return data[5] == CLIENT if sniff(data) else None


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the greetings, and the server's certificate if it shows; then it is over for us. Raises `WireError`."""
    if "held" in talk.memory:
        yield from _after(data, talk)
        return
    talk.over = not sniff(data) or data[5] == SERVER
    if not sniff(data):
        return
    length = 4 + int.from_bytes(data[6:9], "big")
    hello = data[5 : 5 + length]
    if len(hello) < length:
        raise WireError("greeting in several records")
    try:
        message = _client(hello) if hello[0] == CLIENT else _server(hello)
    except (struct.error, IndexError) as error:
        raise WireError("cut off inside a greeting") from error
    yield message
    if hello[0] == SERVER and message.fields["version"] != "TLS 1.3":
        talk.memory["held"], talk.over = b"", False
        yield from _after(data[:5] + data[5 + length :], talk)


def _after(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield the certificate once it is whole; until then keep the server's messages that follow its greeting."""
    held = talk.memory["held"] + data[5:]
    raw = first_certificate(held) if data[0] == 22 and not talk.asked and len(held) <= MOST_HANDSHAKE else b""
    talk.memory["held"], talk.over = held, raw is not None
    if raw and (fields := certificate(raw)):
        yield Message("tls", "certificate", "response", "session", target=fields["subject"], fields=fields)


def _client(hello: bytes) -> Message:
    at = 38
    at += 1 + hello[at]
    count = struct.unpack_from(">H", hello, at)[0] // 2
    ciphers = [one for one in struct.unpack_from(f">{count}H", hello, at + 2) if not _grease(one)]
    at += 2 + 2 * count
    at += 1 + hello[at]
    extensions = _extensions(hello, at)
    versions = extensions.get(_VERSIONS, b"\0")[1:]
    offered = [one for one in _shorts(versions) if not _grease(one)] or [struct.unpack_from(">H", hello, 4)[0]]
    version = _WORDS.get(max(offered), "00")
    name = extensions.get(_NAME, b"")[5:].decode("latin-1")
    protocols = extensions.get(_ALPN, b"")
    first = protocols[3 : 3 + protocols[2]].decode("latin-1") if len(protocols) > 3 else ""
    kinds = [one for one in extensions if not _grease(one)]
    algorithms = _shorts(extensions.get(_ALGORITHMS, b"")[2:])
    head = f"t{version}{'d' if name else 'i'}{min(len(ciphers), 99):02}{min(len(kinds), 99):02}{_ends(first)}"
    sorted_kinds = sorted(f"{one:04x}" for one in kinds if one not in (_NAME, _ALPN))
    said = ",".join(sorted_kinds) + ("_" + ",".join(f"{one:04x}" for one in algorithms) if algorithms else "")
    ja4 = f"{head}_{_hash(','.join(sorted(f'{one:04x}' for one in ciphers)))}_{_hash(said)}"
    fields: dict[str, Any] = {
        "version": _SPOKEN.get(version, version),
        "name": _printable(name),
        "alpn": first,
        "ja4": ja4,
    }
    return Message("tls", "client_hello", "request", "session", target=fields["name"], fields=fields)


def _server(hello: bytes) -> Message:
    at = 38
    at += 1 + hello[at]
    legacy, cipher = struct.unpack_from(">H", hello, 4)[0], struct.unpack_from(">H", hello, at)[0]
    extensions = _extensions(hello, at + 3)
    chosen = struct.unpack(">H", extensions[_VERSIONS])[0] if len(extensions.get(_VERSIONS, b"")) == 2 else legacy
    said = f"{legacy},{cipher},{'-'.join(map(str, extensions))}"
    ja3s = hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()
    version = _WORDS.get(chosen, "00")
    fields: dict[str, Any] = {"version": _SPOKEN.get(version, version), "cipher": f"{cipher:04x}", "ja3s": ja3s}
    return Message("tls", "server_hello", "response", "session", fields=fields)


def _extensions(hello: bytes, at: int) -> dict[int, bytes]:
    """Return the extensions in their order; none where there is no more."""
    found: dict[int, bytes] = {}
    if at + 2 > len(hello):
        return found
    end = min(len(hello), at + 2 + struct.unpack_from(">H", hello, at)[0])
    at += 2
    while at + 4 <= end:
        kind, length = struct.unpack_from(">HH", hello, at)
        found[kind] = hello[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def _shorts(raw: bytes) -> list[int]:
    return list(struct.unpack_from(f">{len(raw) // 2}H", raw))


def _grease(number: int) -> bool:
    """Tell a value that means nothing and keeps servers tolerant (RFC 8701: 0x0a0a, 0x1a1a, ...)."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def _ends(protocol: str) -> str:
    if not protocol:
        return "00"
    if protocol[0].isalnum() and protocol[-1].isalnum() and protocol.isascii():
        return protocol[0] + protocol[-1]
    said = protocol.encode("latin-1").hex()
    return said[0] + said[-1]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:100]


PROTOCOL = Protocol("tls", True, False, frozenset({443, 8443, 2762, 636, 8883}), sniff, size, parse, from_client)
