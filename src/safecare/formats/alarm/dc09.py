"""ANSI/SIA DC-09: how alarm panels report over IP. Frames, checks, encryption, answers.

``LF crc 0LLL "id" seq [Rreceiver] Lprefix #account [data] [more] [_time] CR``: CRC-16 (polynomial 8005, reflected,
from 0) and length (hexadecimal) of what stands between length and CR. A ``*`` before the id says that all from the
data on is AES-CBC (key of 128, 192 or 256 bits, start value zero) in hexadecimal. Source: ANSI/SIA DC-09-2021; the
checksums of its samples are tests. What panels do beside it (two bytes of checksum, high byte first, and an answer in
kind; ``L`` without a digit; zero bytes behind a datagram) was checked against another receiver, github.com/schmupu/
ioBroker.sia, ``src/lib/sia.ts``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from safecare.formats.alarm.codes import BY_USER, cid_meaning, sia_meaning
from safecare.formats.alarm.extended import Extended, extended, moment

LIMIT = 8192
"""Longest frame, bytes (chosen: twice what the length field can say)."""
SHORTEST = 7
"""Bytes behind LF by which a binary checksum is known: two, four digits of the length, and the quotation mark."""
MOST = 32
"""Most events of one message (chosen: panels send one to four)."""
EARLY, LATE = timedelta(seconds=20), timedelta(seconds=40)
"""How far an encrypted message's time may be ahead of ours, and behind (5.4.4.9: +20 and -40 s)."""
ANY = "*"
"""Account in the table of keys that stands for all others."""

_HEAD = re.compile(
    rb'"(\*?)([A-Z-]{3,10})"(\d{4})(?:R([0-9A-F]{0,6}))?(?:L([0-9A-F]{0,6}))?(?:#([0-9A-F]{3,16}))?\[', re.IGNORECASE
)
_BINARY = re.compile(rb'(..)(0[0-9A-F]{3})"', re.IGNORECASE | re.DOTALL)
_TIME = re.compile(r"_\d{2}:\d{2}:\d{2},\d{2}-\d{2}-\d{4}$")
_CID = re.compile(r"^([136])(\d{3}) ?([0-9A-F]{2}) ?([0-9A-F]{3})", re.IGNORECASE)
_SIA = re.compile(r"^(?:[a-z]{2}[\d:.,-]{0,12})*?([A-Z]{2})(\d{0,6})")
"""An event, also where a panel leaves out the stroke behind a modifier: ``ri1BA5``."""


class Head(msgspec.Struct, frozen=True):
    """Who sent what: as it must stand in the answer."""

    id: str
    sequence: str
    receiver: str
    prefix: str
    account: str
    encrypted: bool
    binary: bool = False
    """Its checksum is two bytes instead of four digits, as the standard's first edition (2007) had it."""


class Dc09Error(ValueError):
    """A frame that can't be read: `reason`, `place` in it, and the `answer` to its sender (``NAK``, ``DUH``, none)."""

    def __init__(self, reason: str, place: str = "", answer: str = "", head: Head | None = None) -> None:
        """Keep all."""
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason, self.place, self.answer, self.head = reason, place, answer, head


class Said(msgspec.Struct, frozen=True):
    """One event: the number of the zone (empty: of the panel itself, or a user's) and the keys of a field message."""

    zone: str
    said: dict[str, object]


class Message(msgspec.Struct, frozen=True):
    """A message whose checks held. `id` NULL is a sign of life. `strange` are codes that nobody knows."""

    head: Head
    at: datetime | None
    events: tuple[Said, ...]
    strange: tuple[str, ...] = ()


def _steps() -> Iterator[int]:
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
        yield value


_STEPS = tuple(_steps())
"""What one byte does to the checksum, by byte."""


def crc16(raw: bytes) -> int:
    """Return CRC-16/ARC of `raw`."""
    value = 0
    for byte in raw:
        value = value >> 8 ^ _STEPS[(value ^ byte) & 0xFF]
    return value


def framed(body: str, *, binary: bool = False) -> bytes:
    """Return `body` with its frame; `binary`: with a checksum of two bytes."""
    raw = body.encode("latin-1", "replace")
    check = crc16(raw).to_bytes(2) if binary else b"%04X" % crc16(raw)
    return b"\n%s%04X%s\r" % (check, len(raw), raw)


@dataclass
class Decoder:
    """Cuts a stream into frames (LF to CR, both left out); bytes between frames are passed over.

    Raises `Dc09Error` for a frame without an end.
    """

    held: bytes = field(default=b"", init=False)

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Yield the frames that are whole now."""
        self.held += raw
        while (start := self.held.find(b"\n")) >= 0 and (end := self._end(start + 1)) >= 0:
            frame, self.held = self.held[start + 1 : end], self.held[end + 1 :]
            yield frame
        if len(self.held) > LIMIT:
            raise Dc09Error(f"no end within {LIMIT} bytes", "frame")

    def _end(self, start: int) -> int:
        """Return where the frame that begins at `start` ends (its CR), -1 if it is not there yet.

        A binary checksum may hold any byte, CR too: such a frame ends where its length says.
        """
        if len(self.held) < start + SHORTEST:
            return -1
        found = _BINARY.match(self.held, start)
        if found is None:
            return self.held.find(b"\r", start)
        end = found.end() - 1 + int(found[2], 16)
        return end if self.held[end : end + 1] == b"\r" else self.held.find(b"\r", end)


def read(frame: bytes, key_of: Callable[[str], bytes | None], now: datetime) -> Message:
    """Read one frame (without LF and CR). `key_of` gives an account's key: its messages must be encrypted.

    Raises `Dc09Error`.
    """
    frame = _bare(frame)
    if len(frame) > LIMIT:
        raise Dc09Error(f"longer than {LIMIT} bytes", "frame")
    body, binary = _checked(frame)
    found = _HEAD.match(body)
    if not found:
        raise Dc09Error("no id, sequence number, line and account", "byte 8", "DUH")
    star, id, sequence, receiver, prefix, account = (one.decode().upper() if one else "" for one in found.groups())
    head = Head(id, sequence, receiver, prefix, account, bool(star), binary)
    key = key_of(account)
    if bool(star) != (key is not None):
        why = "is encrypted, and no key is known" if star else "must be encrypted, and is not"
        raise Dc09Error(f"account {account or '-'} {why}", "account", "DUH", head)
    rest = body[found.end() :]
    text = _decrypted(rest, key, head) if key is not None else rest.decode("latin-1")
    return _message(head, text, now)


def _bare(frame: bytes) -> bytes:
    """Return a frame without LF and CR (and zeros) around it; a binary checksum may begin with one of them."""
    frame = frame.rstrip(b"\r\n\0")
    if _BINARY.match(frame):
        return frame
    return frame[1:] if _BINARY.match(frame, 1) else frame.lstrip(b"\r\n")


def _checked(frame: bytes) -> tuple[bytes, bool]:
    """Return what stands behind checksum and length, both of which hold, and whether the checksum is binary."""
    if re.fullmatch(rb"[0-9A-Fa-f]{8}", frame[:8]):
        told, length, body, binary = int(frame[:4], 16), int(frame[4:8], 16), frame[8:], False
    elif found := _BINARY.match(frame):
        told, length, body, binary = int.from_bytes(found[1]), int(found[2], 16), frame[6:], True
    else:
        raise Dc09Error("does not begin with checksum and length", "byte 0")
    if told != crc16(body):
        raise Dc09Error(f"the checksum is {crc16(body):04X}, not {told:04X}", "byte 0")
    if length != len(body):
        raise Dc09Error(f"has {len(body)} bytes, not {length}", "byte 2" if binary else "byte 4")
    return body, binary


def _decrypted(rest: bytes, key: bytes, head: Head) -> str:
    try:
        sealed = bytes.fromhex(rest.decode("ascii"))
        opener = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor()
        return (opener.update(sealed) + opener.finalize()).decode("latin-1")
    except ValueError as error:
        raise Dc09Error("the encrypted part is no hexadecimal, or cut", "data", "DUH", head) from error


def _message(head: Head, text: str, now: datetime) -> Message:
    at = _time(text, head)
    if head.encrypted and (at is None or not now - LATE <= at <= now + EARLY):
        reason = "carries no time" if at is None else f"is of {at.isoformat()}, too far from our time"
        raise Dc09Error(f"{reason} (or the key is wrong)", "time", "NAK", head)
    block, closed, rest = text.partition("]")
    if not closed:
        raise Dc09Error("the data have no end", "data", "DUH", head)
    more = extended(rest)
    sealed = block.partition("|")[2] if head.encrypted else block  # behind its padding
    account, bar, data = sealed.partition("|")  # a zone's name may hold another
    data = data if bar else account
    told = account[1:].upper() if account.startswith("#") else ""
    if told and head.account and told != head.account:
        raise Dc09Error(f"the data are of account {told[:16]}", "data", "DUH", head)
    match head.id:
        case "NULL":
            return Message(head, at, ())
        case "SIA-DCS":
            return _told(_sia(head, at, data), more)
        case "ADM-CID":
            return _told(_cid(head, at, data), more)
    raise Dc09Error(f"messages of kind {head.id} are not taken", "id", "DUH", head)


def _time(text: str, head: Head) -> datetime | None:
    found = _TIME.search(text)
    try:
        return moment(found[0]) if found else None
    except ValueError as error:
        raise Dc09Error(f"{found[0][1:] if found else text} is no time", "time", "NAK", head) from error


def _told(message: Message, more: Extended) -> Message:
    """Return `message` with what its extended data add: when it happened, if that is not after it was said."""
    at = more.at if more.at and message.at and more.at <= message.at + EARLY else message.at
    if not more.told:
        return msgspec.structs.replace(message, at=at)
    events = tuple(
        Said(one.zone, one.said | {"code": f"{one.said.get('code', '')} {more.told}"}) for one in message.events
    )
    return msgspec.structs.replace(message, at=at, events=events)


def _sia(head: Head, at: datetime | None, data: str) -> Message:
    """Read ``Nri1/BA01/TA02``: modifiers begin with small letters, events with two capitals and a number."""
    events: list[Said] = []
    strange: list[str] = []
    for token in re.sub(r"\^[^^]*\^", "", data[:LIMIT])[1 if data[:1] in ("N", "O") else 0 :].split("/")[: MOST * 4]:
        found = _SIA.match(token)
        if not found or len(events) >= MOST:
            continue
        meaning = sia_meaning(found[1])
        if meaning is None:
            strange.append(found[1])
        else:
            events.append(Said(_zone(meaning.kind, found[2]), meaning.said))
    if not events and not strange:
        raise Dc09Error(f"no event in {data[:60]!r}", "data", "DUH", head)
    return Message(head, at, tuple(events), tuple(strange))


def _cid(head: Head, at: datetime | None, data: str) -> Message:
    found = _CID.match(data)
    if not found:
        raise Dc09Error(f"no Contact ID event in {data[:60]!r}", "data", "DUH", head)
    meaning = cid_meaning(found[1], found[2])
    if meaning is None:
        return Message(head, at, (), (found[1] + found[2],))
    return Message(head, at, (Said(_zone(meaning.kind, found[4]), meaning.said),))


def _zone(kind: str, number: str) -> str:
    return "" if kind in BY_USER else number.lstrip("0")


def answer(head: Head | None, word: str, keys: Mapping[str, bytes], now: datetime) -> bytes:
    """Return the answer ``ACK`` (encrypted where the message with `head` was), ``DUH`` or ``NAK``."""
    stamp = f"_{now:%H:%M:%S,%m-%d-%Y}"
    if word == "NAK" or head is None:  # 5.5.1.3: carries our time, so that the panel can set its clock
        rest = f'"NAK"0000R0L0A0[]{stamp}' if word == "NAK" else f'"{word}"0000R0L0A0[]'
        return framed(rest, binary=head is not None and head.binary)
    line = (f"R{head.receiver}" if head.receiver else "") + f"L{head.prefix or '0'}#{head.account}"
    key = key_for(head.account, keys) if head.encrypted and word == "ACK" else None
    if key is None:
        return framed(f'"{word}"{head.sequence}{line}[]', binary=head.binary)
    return framed(f'"*{word}"{head.sequence}{line}[{encrypted(f"]{stamp}", key)}', binary=head.binary)


def encrypted(text: str, key: bytes) -> str:
    """Return ``pad|text`` encrypted, in hexadecimal; the pad has 16 to 31 characters and fills up to whole blocks."""
    pad = secrets.token_hex(16)[: 16 + -(len(text) + 1) % 16]
    sealer = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    return (sealer.update(f"{pad}|{text}".encode("latin-1", "replace")) + sealer.finalize()).hex().upper()


def key_for(account: str, keys: Mapping[str, bytes]) -> bytes | None:
    """Return the key of `account`, that of all others, or None."""
    return keys.get(account, keys.get(ANY))


def read_keys(written: Mapping[str, str]) -> dict[str, bytes]:
    """Return keys from hexadecimal, by account in capitals. Raises `ValueError`."""
    keys: dict[str, bytes] = {}
    for account, text in written.items():
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) not in (16, 24, 32):
            raise ValueError(f"the key of account {account} must be 32, 48 or 64 hexadecimal digits")
        keys[account.upper()] = key
    return keys
