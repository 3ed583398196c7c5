"""MQTT 3.1.1 packets as a server that only takes in: pure, incremental, bounded.

Source: OASIS Standard MQTT Version 3.1.1, 29 October 2014; clause numbers below are of that text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

CONNECT: Final = 1
PUBLISH: Final = 3
PUBREL: Final = 6
SUBSCRIBE: Final = 8
UNSUBSCRIBE: Final = 10
PINGREQ: Final = 12
DISCONNECT: Final = 14
"""Types of packets (2.2.1, table 2.1)."""

PINGRESP: Final = b"\xd0\x00"
REFUSED_PROTOCOL: Final = 1
REFUSED_IDENTIFIER: Final = 2
REFUSED_CREDENTIALS: Final = 4
"""CONNACK return codes (3.2.2.3)."""


FLAGS: Final = {PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}
"""Reserved flags of the fixed header that are not 0 (2.2.2, table 2.2)."""


class MqttError(ValueError):
    """Bytes that are no MQTT 3.1.1, or over the limit; the connection must be closed (4.8.0-1)."""


class Packet(msgspec.Struct, frozen=True):
    """One control packet: type (2.2.1), flags (2.2.2), and what follows the fixed header."""

    type: int
    flags: int
    body: bytes


class Connect(msgspec.Struct, frozen=True):
    """A client's request to connect (3.1)."""

    client: str
    clean: bool
    """Whether the client wants to begin with an empty session; without an identifier it must (3.1.3-7)."""
    keep_alive: int
    """Seconds; 0 = none. The server waits one and a half times as long (3.1.2-24)."""
    level: int
    """Protocol level; 4 is MQTT 3.1.1."""
    user: str | None
    password: bytes | None


class Publish(msgspec.Struct, frozen=True):
    """A message (3.3). `packet` is 0 for QoS 0; `again`: it is sent once more (DUP)."""

    topic: str
    payload: bytes
    qos: int
    packet: int
    retain: bool
    again: bool = False


@dataclass
class Decoder:
    """Turns a stream of bytes into packets."""

    limit: int = 1 << 17
    """Largest packet, bytes (chosen: twice the largest payload that is understood; the standard allows 256 MB)."""
    _buffer: bytearray = field(default_factory=bytearray, init=False)

    @property
    def held(self) -> bytes:
        """What has come and is no whole packet yet."""
        return bytes(self._buffer)

    def feed(self, raw: bytes) -> Iterator[Packet]:
        """Take bytes and yield the packets that are complete. Raises `MqttError`."""
        self._buffer += raw
        while True:
            packet = self._next()
            if packet is None:
                return
            yield packet

    def _next(self) -> Packet | None:
        if not self._buffer:
            return None
        kind, flags = self._buffer[0] >> 4, self._buffer[0] & 0x0F
        if kind != PUBLISH and flags != FLAGS.get(kind, 0):
            raise MqttError(f"packet type {kind} with flags {flags}")  # 2.2.2-2
        length, at, shift = 0, 1, 0
        while True:  # remaining length, at most four bytes (2.2.3)
            if len(self._buffer) <= at:
                return None
            byte = self._buffer[at]
            length |= (byte & 0x7F) << shift
            at += 1
            shift += 7
            if not byte & 0x80:
                break
            if at > 4:
                raise MqttError("remaining length is longer than four bytes")
        if length > self.limit:
            raise MqttError(f"packet of {length} bytes is over the limit of {self.limit}")
        if len(self._buffer) < at + length:
            return None
        packet = Packet(kind, flags, bytes(self._buffer[at : at + length]))
        del self._buffer[: at + length]
        return packet


def read_connect(packet: Packet) -> Connect:
    """Read a CONNECT packet (3.1). Raises `MqttError`."""
    name, at = _text(packet.body, 0)
    if name != "MQTT" or len(packet.body) < at + 4:
        raise MqttError("not an MQTT 3.1.1 connect")
    level, flags = packet.body[at], packet.body[at + 1]
    keep_alive = int.from_bytes(packet.body[at + 2 : at + 4], "big")
    if level != 4:  # what follows may be anything
        return Connect("", True, keep_alive, level, None, None)
    if flags & 0x01:
        raise MqttError("reserved connect flag is set")
    if flags & 0x40 and not flags & 0x80:
        raise MqttError("a password without a user name")  # 3.1.2-22
    client, at = _text(packet.body, at + 4)
    if flags & 0x04:  # will: read over it, nobody is told from here
        _, at = _text(packet.body, at)
        _, at = _binary(packet.body, at)
    user: str | None = None
    password: bytes | None = None
    if flags & 0x80:
        user, at = _text(packet.body, at)
    if flags & 0x40:
        password, at = _binary(packet.body, at)
    return Connect(client, bool(flags & 0x02), keep_alive, level, user, password)


def read_publish(packet: Packet) -> Publish:
    """Read a PUBLISH packet (3.3). Raises `MqttError`."""
    qos = packet.flags >> 1 & 3
    if qos == 3:
        raise MqttError("quality of service 3 does not exist")
    topic, at = _text(packet.body, 0)
    if not topic or "#" in topic or "+" in topic:
        raise MqttError("a message needs a topic without wildcards")
    number = 0
    if qos:
        if len(packet.body) < at + 2:
            raise MqttError("packet identifier is cut off")
        number = int.from_bytes(packet.body[at : at + 2], "big")
        at += 2
        if not number:
            raise MqttError("packet identifier 0")
    return Publish(topic, packet.body[at:], qos, number, bool(packet.flags & 1), bool(packet.flags & 8))


def read_number(packet: Packet) -> int:
    """Read the packet identifier of an acknowledgement or subscription. Raises `MqttError`."""
    if len(packet.body) < 2:
        raise MqttError("packet identifier is cut off")
    return int.from_bytes(packet.body[:2], "big")


def connack(code: int = 0, *, present: bool = False) -> bytes:
    """Write a CONNACK (3.2); `present`: the session goes on (3.2.2.2)."""
    return bytes((0x20, 2, present, code))


def puback(number: int) -> bytes:
    """Write a PUBACK (3.4): the message of QoS 1 is stored."""
    return b"\x40\x02" + number.to_bytes(2, "big")


def pubrec(number: int) -> bytes:
    """Write a PUBREC (3.5): the message of QoS 2 is stored."""
    return b"\x50\x02" + number.to_bytes(2, "big")


def pubcomp(number: int) -> bytes:
    """Write a PUBCOMP (3.7): the message of QoS 2 is done."""
    return b"\x70\x02" + number.to_bytes(2, "big")


def unsuback(number: int) -> bytes:
    """Write an UNSUBACK (3.11): there is no subscription any more, as there was none."""
    return b"\xb0\x02" + number.to_bytes(2, "big")


def suback_refused(packet: Packet) -> bytes:
    """Write a SUBACK (3.9) that refuses every topic asked for: this server only takes in. Raises `MqttError`."""
    number, at, topics = read_number(packet), 2, 0
    while at < len(packet.body):
        _, at = _text(packet.body, at)
        at += 1  # the quality of service that is asked for
        topics += 1
    if not topics or at > len(packet.body):
        raise MqttError("a subscription without topics, or cut off")  # 3.8.3-3
    body = number.to_bytes(2, "big") + b"\x80" * topics
    return b"\x90" + _length(len(body)) + body


def _length(value: int) -> bytes:
    out = bytearray()
    while True:
        value, byte = value >> 7, value & 0x7F
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _binary(body: bytes, at: int) -> tuple[bytes, int]:
    if len(body) < at + 2:
        raise MqttError("a length is cut off")
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    if len(body) < end:
        raise MqttError("a field is longer than its packet")
    return body[at + 2 : end], end


def _text(body: bytes, at: int) -> tuple[str, int]:
    raw, end = _binary(body, at)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MqttError(f"text is not UTF-8: {error.reason}") from error
    if "\0" in text:
        raise MqttError("text with a null character")  # 1.5.3-2
    return text, end
