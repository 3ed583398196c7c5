"""MQTT as it passes by: who connects under which name, and who publishes under which topic. Values are not looked at.

Source: OASIS Standard MQTT Version 3.1.1 (2.2 fixed header, 3.1 CONNECT, 3.3 PUBLISH); MQTT 5.0 differs in CONNECT by
its properties (3.1.2.11), which stand before the client's name.
"""

from __future__ import annotations

from collections.abc import Iterator

from safecare.formats.mqtt import CONNECT, PUBLISH, SUBSCRIBE, MqttError, Packet, read_connect, read_publish
from safecare.formats.wire.message import Kind, Message, Outcome, Protocol, Talk, WireError

LARGEST = 1 << 20
"""Largest packet that is believed, bytes (chosen: sensors send some hundred; the standard allows 256 MB)."""
_LEVELS = {3, 4, 5}
_CONNACK = 2


def _length(data: bytes | bytearray) -> tuple[int, int]:
    """Return the remaining length (-1: it lies, -2: more is needed) and where it ends (2.2.3)."""
    total = 0
    for place in range(1, 5):
        if place >= len(data):
            return -2, place
        total |= (data[place] & 0x7F) << 7 * (place - 1)
        if not data[place] & 0x80:
            return total, place + 1
    return -1, 5


def size(data: bytes | bytearray) -> int:
    """Return the size of the first packet: 0 when more is needed to say, -1 when none begins here."""
    if not data:
        return 0
    length, at = _length(data)
    if length == -2:
        return 0
    return at + length if 0 <= length <= LARGEST and data[0] >> 4 not in (0, 15) else -1


def sniff(data: bytes) -> bool:
    """Tell whether a CONNECT begins here: only that names the protocol."""
    length, at = _length(data)
    if data[:1] != b"\x10" or length < 10 or len(data) < at + 9:
        return False
    return data[at : at + 6] == b"\x00\x04MQTT" or data[at : at + 8] == b"\x00\x06MQIsdp"


def from_client(data: bytes) -> bool | None:
    """Tell who sent a packet: CONNECT comes from clients, its answer from the broker."""
    return {CONNECT: True, _CONNACK: False}.get(data[0] >> 4) if data else None


def parse(data: bytes, talk: Talk) -> Iterator[Message]:
    """Yield what a packet does: a connection, its answer, a publication, a subscription. Raises `WireError`."""
    length, at = _length(data)
    if length < 0 or at + length > len(data):
        raise WireError("cut off inside a packet")
    packet = Packet(data[0] >> 4, data[0] & 15, data[at : at + length])
    try:
        yield from _said(packet, talk)
    except (MqttError, IndexError) as error:
        raise WireError("a packet that lies") from error


def _said(packet: Packet, talk: Talk) -> Iterator[Message]:
    body, client = packet.body, str(talk.memory.get("client", ""))
    if packet.type == CONNECT:
        client = _client(body)
        talk.remember("client", client)
        yield Message("mqtt", "connect", "request", "session", client, fields={"client_id": client})
    elif packet.type == _CONNACK and len(body) >= 2:
        refused = body[1] != 0
        kind: Kind = "error" if refused else "response"
        outcome: Outcome = "refused" if refused else "ok"
        yield Message("mqtt", "connack", kind, "session", client, "", "", outcome, {"client_id": client})
    elif packet.type == PUBLISH and talk.asked:
        topic = read_publish(packet).topic[:200]
        yield Message("mqtt", "publish", "request", "publish", client, topic, fields={"client_id": client})
    elif packet.type == SUBSCRIBE and len(body) >= 5:
        topic = body[4 : 4 + (body[2] << 8 | body[3])].decode("utf-8", "replace")[:200]
        yield Message("mqtt", "subscribe", "request", "read", client, topic, fields={"client_id": client})


def _client(body: bytes) -> str:
    """Return the client's name of a CONNECT of any level."""
    name = 2 + (body[0] << 8 | body[1])
    level = body[name]
    if level not in _LEVELS:
        raise MqttError("a level that does not exist")
    if level == 4:
        return read_connect(Packet(CONNECT, 0, body)).client[:100]
    at = name + 4
    if level == 5:
        length, end = _length(b"\0" + body[at : at + 4])
        if length < 0:
            raise MqttError("properties that lie")
        at += end - 1 + length
    return body[at + 2 : at + 2 + (body[at] << 8 | body[at + 1])].decode("utf-8", "replace")[:100]


PROTOCOL = Protocol("mqtt", True, False, frozenset({1883}), sniff, size, parse, from_client, LARGEST + 5)
